//! One client: what it is doing, and what it waits for.

use std::time::Duration;

use qala::domain::command::RoomRef;
use qala::domain::id::{HallName, ProposalId};

use crate::event::{Client, Stream};
use crate::plan::Arrival;
use crate::scenario::Family;
use crate::time::Moment;

/// An acknowledgement that takes longer than this does not come.
pub(crate) const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(5);
/// Acknowledgements that one client waits for; the oldest beyond it are given up.
pub(super) const PENDING_AT_MOST: usize = 64;

/// How a client's connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// There is none, and none is wanted at the moment.
    Away,
    /// One is being opened.
    Opening,
    /// It stands; the server has not said yet who the client is, or what goes on.
    Entering,
    /// It stands, and all is said.
    In,
    /// It stands and is not used any more.
    Silent,
}

/// What a client is doing. Kept while it is away: it may come back to it.
#[derive(Debug)]
pub(super) enum Phase {
    /// Nothing.
    Idle,
    /// Waiting for somebody.
    Waiting(Box<Arrival>),
    /// Before an answer to a proposal, or for the other's.
    Asked(Box<Asked>),
    /// In a room.
    Talking(Box<Talk>),
}

/// Somebody was found.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) arrival: Arrival,
    pub(super) proposal: ProposalId,
    /// Said with the proposal, and not again with the room.
    pub(super) partner: Option<Client>,
    pub(super) initiator: Option<bool>,
    /// This side said no: it goes on waiting when the server has heard of it.
    pub(super) rejected: bool,
}

/// Where and with whom somebody talks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) room: RoomRef,
    pub(super) partner: Option<Client>,
    /// This side makes the offer and ends the talk.
    pub(super) leads: bool,
}

/// A talk.
#[derive(Debug)]
pub(super) struct Talk {
    /// Its number, which this side's messages name.
    pub(super) number: u32,
    pub(super) place: Place,
    /// How many signals and lines this side has sent, and heard.
    pub(super) sent: [u32; 2],
    pub(super) heard: [u32; 2],
    /// It began before the searches ended.
    pub(super) awaited: bool,
    /// When to leave, heard or not.
    pub(super) leave_by: Moment,
}

/// Something whose acknowledgement is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) id: u32,
    pub(super) asked: Matter,
    pub(super) due: Moment,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Matter {
    Search,
    Cancel,
    Accept,
    Reject,
    Message(Stream),
    Leave,
}

impl Matter {
    /// The word in counts of errors.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Cancel => "cancel",
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Message(Stream::Signal) => "signal",
            Self::Message(Stream::Chat) => "chat line",
            Self::Leave => "leave",
        }
    }
}

/// One client.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) family: Family,
    /// What others call it.
    pub(super) name: Option<Box<str>>,
    pub(super) link: Link,
    pub(super) phase: Phase,
    /// Where it waits or talks, in families that meet in halls.
    pub(super) hall: Option<HallName>,
    /// When the connection being opened was due.
    pub(super) connect_due: Moment,
    /// The connection is being closed because the client wants it, which opens another one then.
    pub(super) hangs_up: Option<Moment>,
    /// Is in the line of those who may be free.
    pub(super) in_line: bool,
    pub(super) pending: Vec<Pending>,
    pub(super) next_id: u32,
}

impl Person {
    pub(super) const fn new(family: Family) -> Self {
        Self {
            family,
            name: None,
            link: Link::Away,
            phase: Phase::Idle,
            hall: None,
            connect_due: Moment::from_us(0),
            hangs_up: None,
            in_line: false,
            pending: Vec::new(),
            next_id: 0,
        }
    }

    /// Can take a search.
    pub(super) const fn is_free(&self) -> bool {
        matches!((self.link, &self.phase), (Link::In, Phase::Idle))
    }

    /// How many acknowledgements did not come in time.
    pub(super) fn pending_since(&self, now: Moment) -> usize {
        let late = |pending: &&Pending| now.since(pending.due) >= ACKNOWLEDGED_WITHIN;
        self.pending.iter().filter(late).count()
    }

    /// The talk of that number, if it goes on.
    pub(super) fn talk_mut(&mut self, number: u32) -> Option<&mut Talk> {
        match &mut self.phase {
            Phase::Talking(talk) if talk.number == number => Some(talk),
            Phase::Talking(_) | Phase::Idle | Phase::Waiting(_) | Phase::Asked(_) => None,
        }
    }
}
