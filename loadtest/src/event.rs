//! What happens in a run. Clients make events; figures, oracle and live view only consume them.

use std::time::Duration;

use crate::people::Wish;
use crate::scenario::Family;
use crate::time::Moment;

/// A client, by its number.
pub type Client = u32;

/// Something happened to a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub at: Moment,
    /// To whom.
    pub client: Client,
    /// What.
    pub what: What,
}

/// The two kinds of messages that members of a room send each other; each has an order of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Offers, answers, candidates.
    Signal,
    /// Chat lines.
    Chat,
}

/// A message that names its sender: every signal and chat line of a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who sent it.
    pub from: Client,
    /// In which of the sender's talks.
    pub talk: u32,
    /// As a signal or a line.
    pub stream: Stream,
    /// The how many-th of that stream in that talk: 0, 1, 2, ...
    pub number: u32,
    /// When it was due.
    pub due: Moment,
}

/// Two were brought together, as one of them was told.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The other one, if it is one of ours.
    pub partner: Option<Client>,
    /// The room.
    pub room: Box<str>,
    /// At which stage the server says that the own wishes were.
    pub stage: Option<u8>,
    /// Whether to start the call, where that is said.
    pub initiator: Option<bool>,
    /// Told again after coming back.
    pub again: bool,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The connection stands.
    Connected {
        /// Since it was due.
        took: Duration,
    },
    /// The server says who the client is; somebody new, or who it was before.
    Known {
        /// Somebody new.
        new: bool,
    },
    /// The connection ended, or could not be opened.
    Dropped {
        /// Whether the client wanted it.
        wanted: bool,
    },
    /// It came back and is told that nothing of it goes on.
    Fresh,
    /// It fell silent for good, or reads nothing for a while: what it would hear is no measure.
    Troubled,
    /// It reads again.
    Recovered,
    /// Its search was sent.
    Searched {
        /// When it was due.
        due: Moment,
        /// Its family.
        family: Family,
        /// What it is and wants.
        wish: Box<Wish>,
    },
    /// Its search was given up and the server told so, or told by the server to have found nobody.
    Unmatched {
        /// Whether the client gave it up.
        wanted: bool,
    },
    /// It was offered somebody.
    Found(Told),
    /// It said yes.
    Accepted,
    /// It said no.
    Rejected,
    /// What it was offered came to nothing.
    Failed {
        /// Whether it is waiting again.
        requeued: bool,
    },
    /// It is in a room.
    Ready {
        /// The number of its talk, which its messages name.
        talk: u32,
        /// With whom and where. The partner may be left out by a server that named it in `Found`.
        told: Told,
    },
    /// It sent a message.
    Sent(Message),
    /// It heard one.
    Heard(Message),
    /// It heard something that no client of this run sent.
    HeardStrange(Stream),
    /// It left the room, having heard everything that was due, or having waited long enough for it.
    Left,
    /// It was told that its peer left.
    PeerLeft,
    /// What it asked for was acknowledged.
    Acknowledged {
        /// Since it was due.
        took: Duration,
    },
    /// An acknowledgement came that it did not wait for.
    AcknowledgedTwice,
    /// An acknowledgement did not come.
    Unacknowledged,
    /// Something that was due was done, this much later: the tester's own delay.
    Late(Duration),
    /// A search was due and no client was free.
    NobodyFree,
    /// Something went wrong.
    Error {
        /// What, in words that are few enough to be counted.
        what: Box<str>,
    },
}
