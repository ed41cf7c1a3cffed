//! The names of everything this store keeps: the one place that declares keys.
//!
//! | key | type | holds | goes |
//! |---|---|---|---|
//! | `qala:{p:<pool>}:tickets` | hash | ticket -> its record while it waits, `=<proposal>` while it is part of one | a week after the last write |
//! | `qala:{p:<pool>}:users` | hash | user -> the ticket that the user listed last, while it waits or is part of a proposal | the same |
//! | `qala:{p:<pool>}:leases` | zset | waiting tickets by lease end | the same |
//! | `qala:{p:<pool>}:queue:<direction>:<bucket>` | zset | effective enqueue time, ticket, its ages: one text, in that order | the same |
//! | `qala:{p:<pool>}:heads:<direction>` | zset | the first of each queue of the direction, and its bucket | the same |
//! | `qala:{p:<pool>}:line:<direction>` | zset | effective enqueue time and ticket of all its queues, for positions | the same |
//! | `qala:{p:<pool>}:proposals` | hash | proposal -> both sides, and how it ended | 10 s after its time, by the next operation |
//! | `qala:{p:<pool>}:expiries` | zset | proposals by the end of their time | with them |
//! | `qala:{p:<pool>}:waits`, `:waits:former` | hash | direction -> eight times the mean of recent waits, ms | a week after the last match |
//! | `qala:{u:<user>}:history:<pool>` | zset | recent partners by the end of their time | with the last of them |
//! | `qala:{u:<user>}:session:<pool>` | hash | `address` of the session, its `rank`, the `talk` it is in; until it is registered, `former` and `former_talk` of the one before, and the `earlier` ones | when it is over, or a week after it was last registered |
//! | `qala:{r:<room>}` | hash | members `a` and `b`, their `pool`, number of the `last` message, how many are `by_a` and `by_b` | when it is closed, or a day after the last message |
//! | `qala:rooms` | zset | rooms by when they were listed first, ms: for those who look at them, a moment late | when it is closed, or eight days later |
//! | `qala:{r:<room>}:messages` | stream | the newest messages, `<number>-0` | with the room |
//! | `qala:{r:<room>}:names` | hash | names of those messages -> number and submission | with the room |
//! | `qala:{h:<pool>}:halls` | zset | halls by when they came into being, ms | a week after the last write |
//! | `qala:{h:<pool>}:ends` | zset | the same by the last end of a lease in them | the same |
//! | `qala:{h:<pool>}:reserved` | zset | reserved ones by the end of that | the same |
//! | `qala:{h:<pool>}:hall:<hall>` | hash | `created`, `version`, `reserved` (until), `order`; entry -> end of its lease, place, name and address of a member | with its last member, or an hour after it was last written |
//! | `qala:nodes` | zset | nodes by the time of their last sign of life, ms | a node 5 s after its last |
//! | `{qala:nodes}:people` | hash | node -> how many people it has, `<pool>,<online>,<waiting>,<talking>;...` | with its node |
//! | `qala:{n:<node>}:stats` | string | how the node is: JSON of `NodeFigures` in `src/store/snapshot/figures.rs` | a minute after it was last written |
//! | `qala:events` | stream | what happened, as `docs/events.v1.schema.json` says, in the field `event` | never; the oldest make way |
//! | `qala:control` | stream | what operators order of all nodes: `action`, `user`, `until_ms` or `seconds` | never; the oldest make way |
//! | `qala:{n:<node>}:inbox` | stream | envelopes for that node: sender, its start and the first one's number, then each | with the node; a minute after others thought it dead, a day after it last looked |
//!
//! What stands in braces decides the slot of a Cluster: each script touches one. A direction is written
//! `en>es`, a bucket `b1mf`: level, whether it is asked, gender, asked gender.

use crate::domain::id::{NodeId, RoomId, UserId};
use crate::domain::ticket::PoolId;

/// What keys begin with in production.
pub const PREFIX: &str = "qala:";

/// What every key of one store begins with, so that several services, or tests, may share a server.
#[derive(Clone, Debug)]
pub(super) struct Keys(String);

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self(prefix.to_owned())
    }

    /// The keys of a pool, in the order in which its scripts take them. The last three are beginnings:
    /// scripts add the direction, and the bucket to the last.
    pub(super) fn pool(&self, PoolId(pool): PoolId) -> [String; 10] {
        self.pool_named(pool)
    }

    /// The same of a pool that this process need not serve.
    pub(super) fn pool_named(&self, pool: &str) -> [String; 10] {
        let of_pool = |name: &str| format!("{}{{p:{pool}}}:{name}", self.0);
        let fixed = ["tickets", "leases", "proposals", "expiries", "waits", "waits:former", "users"];
        let [tickets, leases, proposals, expiries, waits, former, users] = fixed.map(of_pool);
        let [lines, heads, queues] = ["line:", "heads:", "queue:"].map(of_pool);
        [tickets, leases, proposals, expiries, waits, former, users, lines, heads, queues]
    }

    /// The halls of a pool, in the order in which their scripts take them. The last is a beginning: scripts add a
    /// hall's name.
    pub(super) fn halls(&self, PoolId(pool): PoolId) -> [String; 4] {
        self.halls_named(pool)
    }

    /// The same of a pool that this process need not serve.
    pub(super) fn halls_named(&self, pool: &str) -> [String; 4] {
        ["halls", "ends", "reserved", "hall:"].map(|name| format!("{}{{h:{pool}}}:{name}", self.0))
    }

    /// Whom a user has met.
    pub(super) fn history(&self, user: &UserId, PoolId(pool): PoolId) -> String {
        format!("{}{{u:{user}}}:history:{pool}", self.0)
    }

    /// What happened.
    pub(super) fn events(&self) -> String {
        format!("{}events", self.0)
    }

    /// What operators order.
    pub(super) fn control(&self) -> String {
        format!("{}control", self.0)
    }

    /// Where a user's session lives.
    pub(super) fn session(&self, user: &UserId, PoolId(pool): PoolId) -> String {
        self.session_named(user.as_str(), pool)
    }

    /// The same of a pool that this process need not serve.
    pub(super) fn session_named(&self, user: &str, pool: &str) -> String {
        format!("{}{{u:{user}}}:session:{pool}", self.0)
    }

    /// A room, the names of its messages, its messages.
    pub(super) fn room(&self, room: RoomId) -> [String; 3] {
        self.room_named(&room.to_string())
    }

    /// The same of a room that is spelled so.
    pub(super) fn room_named(&self, room: &str) -> [String; 3] {
        ["", ":names", ":messages"].map(|name| format!("{}{{r:{room}}}{name}", self.0))
    }

    /// The rooms that stand.
    pub(super) fn rooms(&self) -> String {
        format!("{}rooms", self.0)
    }

    /// How a node is.
    pub(super) fn stats(&self, node: &str) -> String {
        format!("{}{{n:{node}}}:stats", self.0)
    }

    /// Which nodes live.
    pub(super) fn nodes(&self) -> String {
        format!("{}nodes", self.0)
    }

    /// How many people each of them has.
    pub(super) fn people(&self) -> String {
        format!("{{{}nodes}}:people", self.0)
    }

    /// What a node is told by others.
    pub(super) fn inbox(&self, node: &NodeId) -> String {
        format!("{}{{n:{}}}:inbox", self.0, node.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_one_script_share_what_decides_their_slot() {
        let keys = Keys::new(PREFIX);
        for key in keys.pool(PoolId("qala")) {
            assert!(key.starts_with("qala:{p:qala}:"), "{key}");
        }
        for key in keys.halls(PoolId("signaling")) {
            assert!(key.starts_with("qala:{h:signaling}:"), "{key}");
        }
        let room = "00000000-0000-4000-8000-000000000000";
        for key in keys.room(room.parse().expect("an id")) {
            assert!(key.starts_with(&format!("qala:{{r:{room}}}")), "{key}");
        }
        assert_eq!((keys.nodes(), keys.people()), ("qala:nodes".into(), "{qala:nodes}:people".into()));
        assert_eq!(keys.history(&UserId::new("ana"), PoolId("qala")), "qala:{u:ana}:history:qala");
        assert_eq!(keys.session(&UserId::new("ana"), PoolId("qala")), "qala:{u:ana}:session:qala");
    }
}
