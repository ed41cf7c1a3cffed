//! A match that both must accept.

use std::sync::Arc;

use super::criteria::Stage;
use super::id::{ProposalId, RoomId, TicketId, UserId};
use super::ticket::{PoolId, Ticket};
use super::time::Time;

/// Two claimed tickets and everything needed to make a room of them or to queue them again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Its name; the match it becomes keeps it.
    pub id: ProposalId,
    /// The room that opens when both accept.
    pub room: RoomId,
    /// Where it was made.
    pub pool: PoolId,
    /// The claimer, who starts the call, and the claimed.
    pub sides: [Side; 2],
    /// Until when both must have accepted.
    pub expires_at: Time,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The ticket as it was when claimed.
    pub ticket: Arc<Ticket>,
    /// The stage it stood at.
    pub stage: Stage,
    /// Whether its owner accepted.
    pub accepted: bool,
}

impl Proposal {
    /// The side of `user` and the other one; `None` for anybody else.
    pub fn sides_of(&self, user: &UserId) -> Option<(&Side, &Side)> {
        match &self.sides {
            [own, other] | [other, own] if own.ticket.user == *user => Some((own, other)),
            _ => None,
        }
    }

    /// Whether it is made of this ticket.
    pub fn claims(&self, ticket: TicketId) -> bool {
        self.sides.iter().any(|side| side.ticket.id == ticket)
    }

    /// Whether it is between these two.
    pub fn is_between(&self, one: &UserId, other: &UserId) -> bool {
        self.sides_of(one).is_some_and(|(_, side)| side.ticket.user == *other)
    }

    /// Whether both accepted.
    pub fn agreed(&self) -> bool {
        self.sides.iter().all(|side| side.accepted)
    }
}

/// What one of the two says to a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Accept,
    /// No, and wants somebody else.
    Reject,
    /// Is gone, or no longer wants anybody.
    Leave,
}

/// Why a proposal came to nothing, as the one who is told sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// One of the two said no.
    Rejected,
    /// Not both answered in time.
    Expired,
    /// The other one is gone.
    PartnerLeft,
}

impl Failure {
    /// The word in logs and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::PartnerLeft => "partner_left",
        }
    }
}
