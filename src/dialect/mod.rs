//! Wire vocabularies: pure tables between what clients send and hear and the words of the domain.
//!
//! A dialect translates and checks shape. It decides nothing, keeps nothing between two calls and knows
//! neither sockets nor time.

use serde_json::value::RawValue;

use crate::domain::command::{Command, Refusal, Reply};
use crate::domain::limits::Limits;
use crate::domain::notice::Notice;
use crate::domain::policy::Policy;

mod field;
mod json;
mod packet;
mod qala;

/// What binary attachments are called when they are refused: no dialect asks for any yet.
pub const ATTACHMENTS: &str = "attachments";

/// An event on its way to a client.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Its name.
    pub event: &'static str,
    /// Its argument.
    pub argument: Box<RawValue>,
}

/// One client family's event names and payloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Language exchange by video.
    Qala,
}

impl Dialect {
    /// The word in flags, logs and metrics, and the name of its pool.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Qala => qala::NAME,
        }
    }

    /// How its pool is run.
    pub fn policy(self) -> Policy {
        match self {
            Self::Qala => Policy::new(qala::NAME),
        }
    }

    /// What a client asks by `packet`: the JSON text `["event", argument, ...]` as it arrived.
    pub fn decode(self, packet: &str, limits: &Limits) -> Result<Command, Refusal> {
        match self {
            Self::Qala => qala::decode(packet, limits),
        }
    }

    /// How a client is told; `None` where the dialect has no event for it, or where a relayed payload is not
    /// what [`Dialect::decode`] makes.
    pub fn notice(self, notice: &Notice) -> Option<Outgoing> {
        match self {
            Self::Qala => qala::notice(notice),
        }
    }

    /// The one argument of an acknowledgement.
    pub fn answer(self, answer: &Result<Reply, Refusal>) -> Box<RawValue> {
        match self {
            Self::Qala => qala::answer(answer),
        }
    }
}
