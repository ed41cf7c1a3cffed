//! A node's inbox: a stream that others append to and its node alone reads, over a connection of its own.
//!
//! An entry is what was ready together: sender, its start and the number of the first letter, then the letters.
//! An interruption loses nothing: what was not handled is still there, and what was sent again is known by its
//! number. A stream exists only while its node does, so that nothing is kept for the dead: appending does not
//! make one.

use std::collections::HashMap;
use std::time::Duration;

use redis::{Cmd, Value};
use tokio::time::{Instant, sleep, timeout};

use super::Timeouts;
use super::address::RedisUrl;
use super::link::{Link, dial};
use super::reach::blocking;
use super::wire;
use crate::domain::id::NodeId;
use crate::domain::ticket::PoolId;
use crate::store::snapshot::Ordered;
use crate::store::{Inbox, Letter, Pending, Received};

/// Entries that an inbox holds, about: a node that stands still for as long as it counts as living misses
/// nothing, and a stream of entries of one signal each takes some ten megabytes. The oldest make way; the
/// reader sees the gap and counts what is missing.
const MOST_ENTRIES: usize = 65_536;
/// Entries read at once.
const ENTRIES_AT_ONCE: usize = 512;
/// The longest wait of one read. After it, it is looked whether the stream is still there.
const BLOCK: Duration = Duration::from_secs(1);
/// Handled entries are removed that often, and not each for itself.
const TRIM_EVERY: Duration = Duration::from_secs(1);
/// The stream goes when its node was not seen for a day, in case nobody buried it.
const KEPT_SECONDS: u32 = 24 * 3_600;
/// Between two attempts to connect.
const RECONNECT_AFTER: Duration = Duration::from_millis(200);
/// Before everything in a stream.
const BEGINNING: &str = "0-0";

/// The command that appends an order to the inbox `key`.
pub(super) fn order(key: &str, ordered: &Ordered) -> Cmd {
    let mut command = redis::cmd("XADD");
    command.arg(key).arg("NOMKSTREAM").arg("MAXLEN").arg("~").arg(MOST_ENTRIES).arg("*");
    // No node has an empty name.
    command.arg("").arg(serde_json::to_string(ordered).unwrap_or_default());
    command
}

/// The command that appends letters to the inbox `key`.
pub(super) fn append(key: &str, from: &NodeId, start: u64, first: u64, letters: &[Letter]) -> Cmd {
    let mut command = redis::cmd("XADD");
    command.arg(key).arg("NOMKSTREAM").arg("MAXLEN").arg("~").arg(MOST_ENTRIES).arg("*");
    command.arg(from.as_str()).arg(format!("{start:x} {first}"));
    for letter in letters {
        command.arg("e").arg(wire::write_letter(letter));
    }
    command
}

/// Reads an inbox.
pub(super) struct RedisInbox {
    url: RedisUrl,
    timeouts: Timeouts,
    key: String,
    pools: Vec<PoolId>,
    link: Option<Link>,
    /// The last entry that was read.
    last: String,
    /// When handled entries were removed; `None` if there are none.
    trim_at: Option<Instant>,
    senders: Senders,
}

impl RedisInbox {
    pub(super) fn new(url: RedisUrl, timeouts: &Timeouts, key: String, pools: Vec<PoolId>) -> Self {
        let timeouts = blocking(timeouts, BLOCK);
        let (last, senders) = (BEGINNING.to_owned(), Senders::default());
        Self { url, timeouts, key, pools, link: None, last, trim_at: None, senders }
    }

    /// `None` when the connection is of no use.
    async fn read(&mut self) -> Option<Received> {
        if self.link.is_none() {
            self.link = Some(dial(&self.url, &self.timeouts).await.ok()?);
            self.begin().await?;
        }
        if self.trim_at.is_some_and(|at| at <= Instant::now()) {
            self.trim().await?;
        }
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(ENTRIES_AT_ONCE).arg("BLOCK").arg(BLOCK.as_millis().to_string());
        command.arg("STREAMS").arg(&self.key).arg(&self.last);
        let value = self.ask(&command).await?;
        if value == Value::Nil {
            self.trim().await?;
            self.begin().await?;
            return Some(Received::default());
        }
        self.trim_at.get_or_insert_with(|| Instant::now() + TRIM_EVERY);
        Some(self.take(value))
    }

    /// Sees to it that the stream is there, and reads it from its beginning: after a failover its entries may
    /// have smaller numbers than those that were read. What is known already is dropped.
    async fn begin(&mut self) -> Option<()> {
        BEGINNING.clone_into(&mut self.last);
        let mut expire = redis::cmd("EXPIRE");
        if self.ask(expire.arg(&self.key).arg(KEPT_SECONDS)).await? == Value::Int(0) {
            self.ask(redis::cmd("XADD").arg(&self.key).arg("*").arg("").arg("")).await?;
            self.ask(&expire).await?;
        }
        Some(())
    }

    /// Removes what was read.
    async fn trim(&mut self) -> Option<()> {
        self.trim_at = None;
        let Some(next) = after(&self.last) else { return Some(()) };
        self.ask(redis::cmd("XTRIM").arg(&self.key).arg("MINID").arg(next)).await.map(drop)
    }

    async fn ask(&mut self, command: &Cmd) -> Option<Value> {
        let link = self.link.as_mut()?;
        match timeout(self.timeouts.response, link.ask(command)).await {
            Ok(Ok(value)) => Some(value),
            Ok(Err(error)) => {
                tracing::debug!(%error, "lost the connection to the inbox");
                None
            }
            Err(_) => None,
        }
    }

    fn take(&mut self, streams: Value) -> Received {
        let mut received = Received::default();
        for (id, fields) in entries(streams) {
            let before = received.letters.len();
            self.senders.take(&fields, &self.pools, &mut received);
            if before == 0 && !received.letters.is_empty() {
                received.oldest_ms = put_at_ms(&id);
            }
            self.last = id;
        }
        received
    }
}

impl Inbox for RedisInbox {
    fn receive(&mut self) -> Pending<'_, Received> {
        Box::pin(async {
            loop {
                match self.read().await {
                    Some(received) if received != Received::default() => return received,
                    Some(_) => {}
                    None => {
                        self.link = None;
                        sleep(RECONNECT_AFTER).await;
                    }
                }
            }
        })
    }
}

/// What came from whom: a sender's start and the number of its last letter.
#[derive(Debug, Default)]
pub struct Senders(HashMap<String, (u64, u64)>);

/// Senders that are remembered. A node that was not heard of for so many others is long gone.
const MOST_SENDERS: usize = 4_096;

impl Senders {
    /// Adds the letters of an entry (its fields and values) that did not come before. `pools` are those this node
    /// serves. Trusts nothing: other nodes and whoever holds the store may have written it.
    pub fn take(&mut self, fields: &[String], pools: &[PoolId], received: &mut Received) {
        let [sender, numbers, letters @ ..] = fields else { return };
        if sender.is_empty() {
            received.orders.extend(serde_json::from_str(numbers).ok());
            return;
        }
        // The entry with which a stream begins has no sender.
        let Some((start, first)) = numbers.split_once(' ') else { return };
        let (Ok(start), Ok(first)) = (u64::from_str_radix(start, 16), first.parse::<u64>()) else { return };
        if self.0.len() >= MOST_SENDERS && !self.0.contains_key(sender) {
            self.0.clear();
        }
        let known = self.0.get(sender).filter(|known| known.0 == start).map(|known| known.1);
        let missing = known.map_or(0, |last| first.saturating_sub(last.saturating_add(1)));
        // Numbers are the sender's word: a false one must not carry over into a small sum.
        received.lost = received.lost.saturating_add(missing);
        let mut number = first;
        for [_, text] in letters.as_chunks::<2>().0 {
            if known.is_none_or(|last| number > last) {
                match wire::parse_letter(text, pools) {
                    Some(letter) => received.letters.push(letter),
                    None => received.lost = received.lost.saturating_add(1),
                }
            }
            number = number.saturating_add(1);
        }
        let last = known.unwrap_or(0).max(number.saturating_sub(1));
        self.0.insert(sender.clone(), (start, last));
    }
}

/// The entries of an answer to `XREAD` of one stream: id, fields and values. What is none is left out.
fn entries(streams: Value) -> Vec<(String, Vec<String>)> {
    // One stream was asked for: its name, then its entries.
    let Value::Array(streams) = streams else { return Vec::new() };
    let Some(Value::Array(stream)) = streams.into_iter().next() else { return Vec::new() };
    let Some(Value::Array(entries)) = stream.into_iter().nth(1) else { return Vec::new() };
    entries.into_iter().filter_map(entry).collect()
}

pub(super) fn entry(value: Value) -> Option<(String, Vec<String>)> {
    let Value::Array(parts) = value else { return None };
    let [Value::BulkString(id), fields] = <[Value; 2]>::try_from(parts).ok()? else { return None };
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    // A field that is no text stays in its place as one that means nothing.
    let field = |field| if let Value::BulkString(bytes) = field { text(bytes) } else { String::new() };
    let fields =
        if let Value::Array(fields) = fields { fields.into_iter().map(field).collect() } else { vec![] };
    Some((text(id), fields))
}

/// When the entry `id` was put there, by Redis' clock.
fn put_at_ms(id: &str) -> Option<u64> {
    id.split_once('-')?.0.parse().ok()
}

/// The smallest id behind `id`; `None` at the beginning, where nothing was read.
fn after(id: &str) -> Option<String> {
    let (ms, number) = id.split_once('-')?;
    let number: u64 = number.parse().ok()?;
    (id != BEGINNING).then(|| format!("{ms}-{}", number.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::envelope::Envelope;
    use crate::domain::id::{Address, SessionId};

    fn signal(slot: u32) -> Letter {
        let room = "00000000-0000-4000-8000-000000000000".parse().expect("an id");
        let to = SessionId { shard: 0, slot, generation: 0 };
        let from = Address { node: NodeId::new("n-1"), session: to };
        Letter { to, envelope: Envelope::Away { room, from } }
    }

    fn sent(start: u64, first: u64, count: u32) -> Vec<String> {
        let mut fields = vec!["n-1".to_owned(), format!("{start:x} {first}")];
        let base = u32::try_from(first).expect("small");
        fields.extend(
            (base..base + count).flat_map(|slot| ["e".to_owned(), wire::write_letter(&signal(slot))]),
        );
        fields
    }

    #[test]
    fn what_is_sent_again_is_dropped_and_what_is_missing_is_counted() {
        let mut senders = Senders::default();
        let mut slots = |fields: &[String]| {
            let mut received = Received::default();
            senders.take(fields, &[], &mut received);
            (received.letters.iter().map(|letter| letter.to.slot).collect::<Vec<_>>(), received.lost)
        };
        assert_eq!(slots(&sent(7, 1, 2)), (vec![1, 2], 0));
        assert_eq!(slots(&sent(7, 1, 2)), (vec![], 0));
        assert_eq!(slots(&sent(7, 1, 3)), (vec![3], 0));
        assert_eq!(slots(&sent(7, 6, 1)), (vec![6], 2));
        // The same node after a restart counts anew.
        assert_eq!(slots(&sent(8, 1, 1)), (vec![1], 0));
        assert_eq!(slots(&["n-1".into(), "8 2".into(), "e".into(), "no letter".into()]), (vec![], 1));
        assert_eq!(slots(&[String::new(), String::new()]), (vec![], 0));
    }

    #[test]
    fn an_id_says_when_it_was_given() {
        assert_eq!(put_at_ms("1700000000123-4"), Some(1_700_000_000_123));
        assert_eq!(put_at_ms("x-4"), None);
    }

    #[test]
    fn what_is_behind_an_id() {
        assert_eq!(after("5-9").as_deref(), Some("5-10"));
        assert_eq!(after(BEGINNING), None);
        assert_eq!(after("x"), None);
    }
}
