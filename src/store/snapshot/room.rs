//! Rooms of two, and halls: signaling's rooms of many, which clients name.

use serde::{Deserialize, Serialize};

/// A page of rooms.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoomsPage {
    /// Rooms and halls that the store lists.
    pub total: u64,
    /// How many are before this page.
    pub offset: u64,
    /// Those of the page, newest first; halls after rooms.
    pub rooms: Vec<Room>,
}

/// A room.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Room {
    /// Its id; of a hall its name, which users chose.
    pub id: String,
    /// Of which kind.
    pub kind: RoomKind,
    /// The pool, which is the dialect. Empty where the store does not say.
    pub pool: String,
    /// Who is in it.
    pub members: Vec<Member>,
    /// When it was opened.
    pub opened_at_ms: u64,
    /// Chat messages so far; a hall keeps none.
    pub messages: u64,
    /// When the last of them was written; `None` if there is none.
    pub last_message_at_ms: Option<u64>,
}

/// Of which kind a room is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// Of two who were matched.
    #[default]
    Pair,
    /// Of many, by name.
    Hall,
}

/// Somebody in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Member {
    /// Who; in a hall the name there.
    pub user: String,
    /// The node where the session lives, or empty.
    pub node: String,
}

/// A room in detail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoomDetail {
    /// The room.
    pub room: Room,
    /// The newest messages, oldest first: who and when, never what.
    pub messages: Vec<Message>,
}

/// That somebody wrote something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Message {
    /// Its number in the room.
    pub sequence: u64,
    /// Who wrote it.
    pub from: String,
    /// When.
    pub at_ms: u64,
    /// How long it is, bytes.
    pub length_bytes: u64,
}
