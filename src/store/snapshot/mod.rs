//! One picture of the service at one moment: what `qala top` reads and shows, and `/admin/snapshot` answers.
//!
//! Plain values: totals since each node's start, never rates (those who look twice make rates of two pictures),
//! moments in milliseconds since 1970 by the store's clock, texts as users sent them. Names of people and halls may
//! hold anything, control characters too: whoever shows them takes those out. A field may be added; one that is
//! missing reads as nothing, so that pictures of other versions can be shown.

use serde::{Deserialize, Serialize};

mod figures;
mod order;
mod people;
mod room;
mod survey;

pub use figures::{Directed, Histogram, NodeFigures, PoolFigures, Proposals, Queue, STAGES, Side, Totals};
pub use figures::{RELAY_BOUNDS_US, WAIT_BOUNDS_MS};
pub use order::{Order, Ordered, Outcome};
pub use people::{Excluded, Explanation, Person, QueueDetail, UserDetail, UserState};
pub use room::{Member, Message, Room, RoomDetail, RoomKind, RoomsPage};
pub use survey::{Detail, Page, Survey};

/// The version of the schema. Fields may be added to it; anything else is a new one.
pub const VERSION: u32 = 1;

/// One picture of the service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// [`VERSION`].
    pub version: u32,
    /// When it was taken, by the store's clock.
    pub taken_at_ms: u64,
    /// How the store is.
    pub store: StoreHealth,
    /// Nodes that live, by name.
    pub nodes: Vec<NodeFigures>,
    /// Pools, by name.
    pub pools: Vec<PoolFigures>,
    /// Queues by pool and language pair: the sums of all nodes.
    pub queues: Vec<Queue>,
    /// Queues that are in no node's figures because there are more than a node tells of.
    pub queues_left_out: u64,
    /// The sums of all nodes that live.
    pub totals: Totals,
    /// A page of rooms, if it was asked for.
    pub rooms: Option<RoomsPage>,
    /// The newest of what happened, oldest first.
    pub events: Vec<EventLine>,
    /// What was asked for in detail; `None` too where it is not there (any more).
    pub found: Option<Found>,
    /// What this picture cost.
    pub cost: Cost,
}

/// What was asked for in detail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// A queue.
    Queue(QueueDetail),
    /// A room or hall.
    Room(RoomDetail),
    /// A node.
    Node(Box<NodeFigures>),
    /// A user.
    User(Box<UserDetail>),
}

/// How the store is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoreHealth {
    /// `redis`, `redis-sentinel`, `redis-cluster` or `embedded`.
    pub kind: String,
    /// Where it is, without a password.
    pub address: String,
    /// Its version; empty where there is none.
    pub version: String,
    /// How long one question takes, us.
    pub latency_us: u64,
    /// Memory it uses, bytes. Of a Cluster: the sum of its masters.
    pub memory_bytes: u64,
    /// Memory it may use, bytes; zero: as much as there is.
    pub most_memory_bytes: u64,
    /// Clients connected to it.
    pub clients: u64,
    /// Commands it carries out each second, as it says itself.
    pub commands_per_second: u64,
    /// How long it runs, s. Of a Cluster: the master that started last.
    pub uptime_seconds: u64,
    /// Masters that answer: one, but of a Cluster.
    pub masters: u32,
}

/// An event, as `qala:events` holds it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventLine {
    /// Its place in the stream: larger is later. Without Redis a number that counts up.
    pub id: String,
    /// When, by the node that tells it.
    pub at_ms: u64,
    /// The word for what happened: `type` in `docs/events.v1.schema.json`.
    pub kind: String,
    /// The node that tells it.
    pub node: String,
    /// The dialect.
    pub dialect: String,
    /// To whom it happened.
    pub user: String,
    /// With whom, or empty.
    pub peer: String,
    /// In which room, or empty.
    pub room: String,
    /// Why, or empty.
    pub reason: String,
    /// The whole event: JSON of that schema.
    pub json: String,
}

impl EventLine {
    /// The event that `json` says, as far as it says what every event does.
    pub fn read(id: String, json: &str) -> Self {
        let told: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        let reason = [text("reason"), text("action")].into_iter().find(|reason| !reason.is_empty());
        Self {
            id,
            at_ms: told["timestamp"].as_u64().unwrap_or_default(),
            kind: text("type"),
            node: text("node"),
            dialect: text("dialect"),
            user: text("userId"),
            peer: [text("peerId"), text("operator")]
                .into_iter()
                .find(|who| !who.is_empty())
                .unwrap_or_default(),
            room: text("roomId"),
            reason: reason.unwrap_or_default(),
            json: json.to_owned(),
        }
    }
}

/// What a picture cost the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cost {
    /// Batches of commands that were waited for one after the other.
    pub round_trips: u32,
    /// Commands in them.
    pub commands: u32,
    /// How long all of it took, us.
    pub took_us: u64,
}
