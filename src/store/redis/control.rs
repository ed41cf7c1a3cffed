//! The stream of what operators order of all nodes: `qala:control`. An entry is `action ban user <id>`, with
//! `seconds <n>` or `until_ms <n>` where it ends by itself, or `action unban user <id>`. Anybody may write there.
//!
//! It is read from its beginning when a node starts, and looked at over the store's own connection from then on: two
//! small questions a second cost less than a connection that waits.

use std::collections::HashMap;
use std::sync::Arc;

use redis::Value;
use tokio::task::JoinSet;

use super::RedisStore;
use super::call::Call;
use super::carry::Carrier;
use super::inbox::entry;
use crate::domain::id::UserId;
use crate::domain::time::Time;
use crate::store::{BanOrder, Heard};

/// Orders that are kept, about; the oldest make way.
const MOST_ORDERS: usize = 100_000;
/// Orders read at once: all of them, but for what others may have written beyond that number.
const ORDERS_AT_ONCE: usize = 120_000;
/// The longest name that is believed, bytes.
const LONGEST_USER: usize = 128;
/// Before everything in a stream.
const BEGINNING: EntryId = (0, 0);

/// A place in the stream.
type EntryId = (u64, u64);

/// The stream, over the store's connection.
pub struct ControlStream {
    key: String,
    carrier: Arc<Carrier>,
    /// The last entry that was read.
    last: EntryId,
    /// Keeps the connection while the stream is in use.
    _keeper: Arc<JoinSet<()>>,
}

impl ControlStream {
    /// The stream of all nodes that share `store`.
    pub fn new(store: &RedisStore) -> Self {
        Self {
            key: store.caller.keys.control(),
            carrier: Arc::clone(&store.carrier),
            last: BEGINNING,
            _keeper: Arc::clone(&store.keeper),
        }
    }

    /// Gives an order to all nodes. `false`: nothing is known of what became of it.
    pub async fn give(&self, order: &BanOrder) -> bool {
        let mut command = redis::cmd("XADD");
        command.arg(&self.key).arg("MAXLEN").arg("~").arg(MOST_ORDERS).arg("*");
        match order {
            BanOrder::Ban { user, until } => {
                command.arg("action").arg("ban").arg("user").arg(user.as_str());
                if *until != Time::NEVER {
                    command.arg("until_ms").arg(until.as_ms());
                }
            }
            BanOrder::Lift { user } => {
                command.arg("action").arg("unban").arg("user").arg(user.as_str());
            }
        }
        matches!(self.carrier.fetch(&Call::plain(command)).await, Some(Value::BulkString(_)))
    }

    /// What was ordered since this was asked for the last time: of each user the last order alone. `None`: Redis does
    /// not answer.
    pub async fn hear(&mut self) -> Option<Heard> {
        let mut command = redis::cmd("XREVRANGE");
        command.arg(&self.key).arg("+").arg("-").arg("COUNT").arg(1);
        let newest = entries(self.carrier.fetch(&Call::plain(command)).await?);
        let newest = newest.first().map_or(BEGINNING, |(id, _)| *id);
        if newest < self.last {
            self.last = BEGINNING;
            return Some(Heard::Forgotten);
        }
        if newest == self.last {
            return Some(Heard::Orders(Vec::new()));
        }
        let (ms, number) = self.last;
        let mut command = redis::cmd("XRANGE");
        command.arg(&self.key).arg(format!("({ms}-{number}")).arg("+").arg("COUNT").arg(ORDERS_AT_ONCE);
        let entries = entries(self.carrier.fetch(&Call::plain(command)).await?);
        self.last = entries.last().map_or(newest, |(id, _)| *id);
        Some(Heard::Orders(last_of_each(entries)))
    }
}

fn entries(value: Value) -> Vec<(EntryId, Vec<String>)> {
    let Value::Array(entries) = value else { return Vec::new() };
    entries.into_iter().filter_map(entry).filter_map(|(id, fields)| Some((parse(&id)?, fields))).collect()
}

fn parse(id: &str) -> Option<EntryId> {
    let (ms, number) = id.split_once('-')?;
    Some((ms.parse().ok()?, number.parse().ok()?))
}

/// Who was put out and let in again long ago must not be thrown out once more by a node that reads it all at once.
fn last_of_each(entries: Vec<(EntryId, Vec<String>)>) -> Vec<BanOrder> {
    let mut orders: Vec<Option<BanOrder>> = Vec::with_capacity(entries.len());
    let mut places: HashMap<UserId, usize> = HashMap::new();
    for ((put_at_ms, _), fields) in entries {
        let Some(order) = order(put_at_ms, &fields) else {
            tracing::warn!("an entry of the control stream means nothing: it is left out");
            continue;
        };
        if let Some(place) = places.insert(order.user().clone(), orders.len()) {
            orders[place] = None;
        }
        orders.push(Some(order));
    }
    orders.into_iter().flatten().collect()
}

fn order(put_at_ms: u64, fields: &[String]) -> Option<BanOrder> {
    let pairs = fields.as_chunks::<2>().0;
    let field = |name: &str| pairs.iter().find(|[key, _]| key == name).map(|[_, value]| value.as_str());
    let user = field("user").filter(|user| (1..=LONGEST_USER).contains(&user.len())).map(UserId::new)?;
    match field("action")? {
        "ban" => {
            let until_ms = match (field("until_ms"), field("seconds")) {
                (Some(until_ms), _) => until_ms.parse().ok()?,
                (None, Some(seconds)) => {
                    put_at_ms.saturating_add(seconds.parse::<u64>().ok()?.saturating_mul(1_000))
                }
                (None, None) => return Some(BanOrder::Ban { user, until: Time::NEVER }),
            };
            Some(BanOrder::Ban { user, until: Time::from_ms(until_ms) })
        }
        "unban" => Some(BanOrder::Lift { user }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(ms: u64, text: &str) -> (EntryId, Vec<String>) {
        ((ms, 0), text.split(' ').map(str::to_owned).collect())
    }

    fn ban(user: &str, until: Time) -> BanOrder {
        BanOrder::Ban { user: UserId::new(user), until }
    }

    #[test]
    fn an_entry_is_an_order_or_nothing() {
        let lift = BanOrder::Lift { user: UserId::new("u1") };
        let long = format!("action ban user {}", "x".repeat(129));
        for (text, expected) in [
            ("action ban user u1", Some(ban("u1", Time::NEVER))),
            ("user u1 action ban reason spam", Some(ban("u1", Time::NEVER))),
            ("action ban user u1 seconds 60", Some(ban("u1", Time::from_ms(65_000)))),
            ("action ban user u1 until_ms 70000 seconds 60", Some(ban("u1", Time::from_ms(70_000)))),
            ("action unban user u1", Some(lift)),
            ("action ban", None),
            ("user u1", None),
            ("action ban user", None),
            ("action ban user u1 seconds soon", None),
            ("action ban user u1 seconds -1", None),
            ("action dance user u1", None),
            (&long, None),
        ] {
            let ((ms, _), fields) = written(5_000, text);
            assert_eq!(order(ms, &fields), expected, "{text}");
        }
    }

    #[test]
    fn of_each_user_the_last_order_counts() {
        let entries = vec![
            written(1, "action ban user u1"),
            written(2, "action ban user u2 until_ms 9"),
            written(3, "no order"),
            written(4, "action unban user u1"),
            written(5, "action ban user u2"),
        ];
        let expected = vec![BanOrder::Lift { user: UserId::new("u1") }, ban("u2", Time::NEVER)];
        assert_eq!(last_of_each(entries), expected);
    }
}
