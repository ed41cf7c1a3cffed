//! What clients and the edge say to each other about who somebody is, once the connection stands.

use serde_json::value::RawValue;

use super::{Dialect, Outgoing, qala};
use crate::domain::command::Refusal;
use crate::domain::time::Time;

/// What became of a newer token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// It holds, until then; [`Time::NEVER`]: without end.
    Until(Time),
    /// It does not hold, in the words of the handshake's refusals. The older one goes on to hold.
    Denied(&'static str),
    /// It is not looked at.
    Refused(Refusal),
}

/// Why somebody has to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// The token's time is over.
    Expired,
    /// Put out.
    Suspended,
}

impl Dialect {
    /// The newer token that a client shows by `packet`; `None` where it says something else, or has no words for that.
    pub fn renewal(self, packet: &str) -> Option<Result<String, Refusal>> {
        match self {
            Self::Qala => qala::renewal(packet),
            Self::Animochat(_) | Self::WebrtcChat | Self::Signaling | Self::Sorsu => None,
        }
    }

    /// How a client is answered that showed a newer token. Only those ask that have words for it.
    pub fn renewed(self, renewed: &Renewed) -> Box<RawValue> {
        qala::renewed(renewed)
    }

    /// How a client is told that it has to go, where it has an event for that.
    pub fn farewell(self, farewell: Farewell) -> Option<Outgoing> {
        match self {
            Self::Qala => Some(qala::farewell(farewell)),
            Self::Animochat(_) | Self::WebrtcChat | Self::Signaling | Self::Sorsu => None,
        }
    }
}
