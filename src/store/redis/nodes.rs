//! Signs of life: which nodes there are, by Redis' clock.

use std::time::Duration;

use redis::Value;
use tokio::time::sleep;

use super::call::Call;
use super::carry::Carrier;
use super::keys::Keys;
use super::scripts;
use crate::domain::id::NodeId;
use crate::domain::presence::Presence;
use crate::domain::ticket::PoolId;
use crate::store::{NotEntered, Pulse};

/// A name is free when its last sign of life is older: the others have noticed its end by then.
const FREE_AFTER_MS: &str = "6000";
/// How long the inbox of a node is kept that others think dead.
const INBOX_SECONDS: u32 = 60;
/// How often it is looked whether the name is free.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Takes the name of `node` unless somebody lives under it, and tells when. One that stopped without a word is
/// waited for.
pub(super) async fn enter(carrier: &Carrier, keys: &Keys, node: &NodeId) -> Result<u64, NotEntered> {
    let mut first_seen = None;
    loop {
        let (free, pulse) =
            ask(carrier, keys, node, FREE_AFTER_MS, None, ("", &[])).await.ok_or(NotEntered::Unavailable)?;
        if free {
            // What was meant for an earlier run of that name.
            forget_inbox(carrier, keys, node).await;
            return Ok(pulse.now_ms);
        }
        let last = pulse.nodes.into_iter().find(|(named, _)| named == node).map(|(_, last)| last);
        if *first_seen.get_or_insert(last) != last {
            return Err(NotEntered::NameTaken(node.clone()));
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Gives a sign of life. The one before was answered at `last_ms`.
pub(super) async fn beat(
    carrier: &Carrier,
    keys: &Keys,
    node: &NodeId,
    last_ms: u64,
    people: &[(PoolId, Presence)],
    pools: &[PoolId],
) -> Option<Pulse> {
    let people = written(people);
    ask(carrier, keys, node, "", Some(last_ms), (&people, pools)).await.map(|(_, pulse)| pulse)
}

/// How many people there are, as nodes tell each other.
fn written(people: &[(PoolId, Presence)]) -> String {
    let of_pool = |(PoolId(pool), presence): &(PoolId, Presence)| {
        let Presence { online, waiting, talking } = presence;
        format!("{pool},{online},{waiting},{talking}")
    };
    people.iter().map(of_pool).collect::<Vec<_>>().join(";")
}

/// That, read by a node that serves `pools`. What means nothing to it is left out.
fn read_people(text: &str, pools: &[PoolId]) -> Vec<(PoolId, Presence)> {
    let of_pool = |text: &str| {
        let [name, online, waiting, talking] = text.split(',').collect::<Vec<_>>().try_into().ok()?;
        let pool = pools.iter().find(|PoolId(pool)| *pool == name)?;
        let number = |text: &str| text.parse().ok();
        let presence =
            Presence { online: number(online)?, waiting: number(waiting)?, talking: number(talking)? };
        Some((*pool, presence))
    };
    text.split(';').filter_map(of_pool).collect()
}

async fn ask(
    carrier: &Carrier,
    keys: &Keys,
    node: &NodeId,
    free_after: &str,
    last_ms: Option<u64>,
    (people, pools): (&str, &[PoolId]),
) -> Option<(bool, Pulse)> {
    let last = last_ms.map(|last| last.to_string()).unwrap_or_default();
    let call = Call::script(
        &scripts::BEAT,
        &[keys.nodes(), keys.people()],
        &[node.as_str(), free_after, &last, people],
    );
    read(carrier.fetch(&call).await?, pools)
}

/// Removes `node`, unless it lives. `true` for the one who did.
pub(super) async fn bury(carrier: &Carrier, keys: &Keys, node: &NodeId, last_ms: u64) -> bool {
    let call = Call::script(&scripts::BURY, &[keys.nodes()], &[node.as_str(), &last_ms.to_string()]);
    let mine = carrier.fetch(&call).await == Some(Value::Int(1));
    if mine {
        // It may only have stood still: then it goes on with what it was told meanwhile.
        let mut expire = redis::cmd("EXPIRE");
        expire.arg(keys.inbox(node)).arg(INBOX_SECONDS);
        carrier.fetch(&Call::plain(expire)).await;
    }
    mine
}

/// Removes `node` as one that will not come back.
pub(super) async fn leave(carrier: &Carrier, keys: &Keys, node: &NodeId) {
    let mut remove = redis::cmd("ZREM");
    remove.arg(keys.nodes()).arg(node.as_str());
    carrier.fetch(&Call::plain(remove)).await;
    forget_inbox(carrier, keys, node).await;
}

async fn forget_inbox(carrier: &Carrier, keys: &Keys, node: &NodeId) {
    let mut unlink = redis::cmd("UNLINK");
    unlink.arg(keys.inbox(node)).arg(keys.stats(node.as_str()));
    carrier.fetch(&Call::plain(unlink)).await;
}

/// Reads what the script says; `None` if it means nothing.
fn read(value: Value, pools: &[PoolId]) -> Option<(bool, Pulse)> {
    let Value::Array(parts) = value else { return None };
    let [free, now, Value::Array(pairs), known, Value::Array(people)] = parts.as_slice() else { return None };
    let (pairs, _) = pairs.as_chunks::<2>();
    let node = |[name, last]: &[Value; 2]| Some((NodeId::new(text(name)?), text(last)?.parse().ok()?));
    let nodes = pairs.iter().map(node).collect::<Option<_>>()?;
    let (of_nodes, _) = people.as_chunks::<2>();
    let mut people = Vec::new();
    for [name, counts] in of_nodes {
        let node = NodeId::new(text(name)?);
        let pools = read_people(text(counts)?, pools).into_iter();
        people.extend(pools.map(|(pool, presence)| (node.clone(), pool, presence)));
    }
    let (now_ms, known) = (text(now)?.parse().ok()?, text(known)? == "1");
    Some((text(free)? == "1", Pulse { now_ms, nodes, people, known }))
}

fn text(value: &Value) -> Option<&str> {
    if let Value::BulkString(bytes) = value { std::str::from_utf8(bytes).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOLS: [PoolId; 2] = [PoolId("qala"), PoolId("animochat")];

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    #[test]
    fn what_is_not_a_pulse_is_none() {
        let nodes = Value::Array(vec![bulk("n-1"), bulk("5")]);
        let people = Value::Array(vec![bulk("n-1"), bulk("animochat,3,2,1"), bulk("n-2"), bulk("")]);
        let presence = Presence { online: 3, waiting: 2, talking: 1 };
        let pulse = Pulse {
            now_ms: 7,
            nodes: vec![(NodeId::new("n-1"), 5)],
            people: vec![(NodeId::new("n-1"), PoolId("animochat"), presence)],
            known: false,
        };
        let answer =
            |now: &str| Value::Array(vec![bulk("1"), bulk(now), nodes.clone(), bulk("0"), people.clone()]);
        assert_eq!(read(answer("7"), &POOLS), Some((true, pulse)));
        for value in [Value::Nil, Value::Array(vec![]), answer("x")] {
            assert_eq!(read(value, &POOLS), None);
        }
    }

    #[test]
    fn how_many_people_there_are_is_read_as_it_was_written_and_what_means_nothing_is_left_out() {
        let presence = |online| Presence { online, waiting: 2, talking: u64::MAX };
        let people = vec![(PoolId("animochat"), presence(3)), (PoolId("qala"), presence(0))];
        assert_eq!(read_people(&written(&people), &POOLS), people);
        for text in
            ["", ";", "animochat", "animochat,1,2", "animochat,1,2,3,4", "animochat,-1,2,3", "sorsu,1,2,3"]
        {
            assert_eq!(read_people(text, &POOLS), [], "{text}");
        }
    }
}
