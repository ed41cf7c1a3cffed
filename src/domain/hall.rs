//! Halls: rooms that clients name and enter, any number of members up to a limit. Nobody is matched for them.
//!
//! A hall comes into being when it is first entered and is over when the last member is gone. The store orders the
//! changes of its members: each gives it a higher version. Members know each other's addresses from the roster, so
//! that signals go straight from one to the other, and whoever changes the roster tells all of it to the others: one
//! that comes late is older than what its receiver knows, and one that was lost is made up for by the next.

use std::collections::VecDeque;
use std::sync::Arc;

use super::id::{Address, EntryId, HallName, MemberName};
use super::talk::{Payload, SignalKind};
use super::time::Time;

/// Somebody in a hall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Which stay.
    pub entry: EntryId,
    /// As others call it.
    pub name: MemberName,
    /// Where its session lives.
    pub address: Address,
}

/// Who is in a hall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    /// When the hall was first entered or reserved.
    pub created_at: Time,
    /// Of two rosters of a hall the one with the higher version is newer.
    pub version: u64,
    /// Who came first, first.
    pub members: Vec<Member>,
}

impl Roster {
    /// That stay, if it is one of them.
    pub fn entry(&self, entry: EntryId) -> Option<&Member> {
        self.members.iter().find(|member| member.entry == entry)
    }

    /// Who has that name.
    pub fn named(&self, name: &MemberName) -> Option<&Member> {
        self.members.iter().find(|member| member.name == *name)
    }

    /// Everybody but one.
    pub fn others(&self, own: EntryId) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(move |member| member.entry != own)
    }
}

/// What a client asks about a hall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HallCommand {
    /// I come in. Whoever is there by that name is put out.
    Enter {
        /// Where.
        hall: HallName,
        /// What others call me there.
        name: MemberName,
    },
    /// I leave.
    Leave {
        /// Which.
        hall: HallName,
    },
    /// Carry this to one of the others.
    Signal {
        /// Where we are.
        hall: HallName,
        /// To whom.
        to: MemberName,
        /// What kind it is.
        kind: SignalKind,
        /// What to carry.
        payload: Payload,
    },
}

/// Why a command about a hall was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HallRefusal {
    /// Nobody is in such a hall, and nobody has reserved it.
    NoSuchHall,
    /// Nobody there has that name.
    NoSuchMember,
    /// The hall has as many members as it may.
    Full,
    /// The session is in as many halls as it may be.
    InTooMany,
    /// There are as many halls as there may be.
    NoMoreHalls,
}

impl HallRefusal {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoSuchHall => "room_not_found",
            Self::NoSuchMember => "target_not_found",
            Self::Full => "room_full",
            Self::InTooMany => "too_many_rooms",
            Self::NoMoreHalls => "rooms_full",
        }
    }
}

/// A hall as one of its members sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HallView {
    /// Which.
    pub hall: HallName,
    /// What the member is called.
    pub name: MemberName,
    /// The others, who came first, first.
    pub others: Vec<MemberName>,
}

/// What a client is told about a hall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HallNotice {
    /// The connection is new, the session is not: it still is in these.
    Resumed(Vec<HallView>),
    /// Somebody came in.
    Joined {
        /// Where.
        hall: HallName,
        /// Who.
        name: MemberName,
    },
    /// Somebody is gone.
    Left {
        /// Where.
        hall: HallName,
        /// Who.
        name: MemberName,
        /// Why.
        leaving: Leaving,
    },
    /// Somebody lost its connection and may come back.
    Away {
        /// Where.
        hall: HallName,
        /// Who.
        name: MemberName,
        /// How long the place is kept.
        grace_ms: u64,
    },
    /// Somebody is back.
    Back {
        /// Where.
        hall: HallName,
        /// Who.
        name: MemberName,
    },
    /// Somebody sends this.
    Signal {
        /// Where.
        hall: HallName,
        /// Who.
        from: MemberName,
        /// To whom: you.
        to: MemberName,
        /// What kind.
        kind: SignalKind,
        /// What it is.
        payload: Payload,
    },
    /// Somebody came in by your name: you are out.
    Replaced {
        /// Where.
        hall: HallName,
        /// The name.
        name: MemberName,
    },
}

/// Why somebody is in a hall no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// It said so.
    Left,
    /// Its connection ended, and it did not come back.
    Disconnected,
    /// Somebody came in by the same name.
    Replaced,
}

impl Leaving {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Disconnected => "disconnected",
            Self::Replaced => "replaced",
        }
    }
}

/// What one member's session tells another's.
#[derive(Clone, Debug, PartialEq)]
pub enum HallNews {
    /// I changed who is here.
    Roster(Arc<Roster>),
    /// I am gone.
    Gone {
        /// Which stay was mine.
        entry: EntryId,
        /// Why.
        leaving: Leaving,
    },
    /// I lost my connection.
    Away {
        /// Who I am.
        entry: EntryId,
    },
    /// I am back.
    Back {
        /// Who I am.
        entry: EntryId,
    },
    /// For you.
    Signal {
        /// Who I am, and where.
        from: Box<Member>,
        /// Who you are.
        to: EntryId,
        /// What kind.
        kind: SignalKind,
        /// What it is.
        payload: Payload,
    },
}

/// A signal that came while its receiver was away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldSignal {
    /// Who sent it.
    pub from: MemberName,
    /// What kind.
    pub kind: SignalKind,
    /// What it is.
    pub payload: Payload,
}

/// A stay in a hall that goes on elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedHall {
    /// Where.
    pub hall: HallName,
    /// Which stay.
    pub own: EntryId,
    /// Who is there.
    pub roster: Roster,
    /// Signals that came while the client was away, oldest first.
    pub held: VecDeque<HeldSignal>,
}

/// What is asked of a store about the halls of one pool. Each counts who did not renew its entry for
/// [`HALL_LEASE`](super::policy::HALL_LEASE) as gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HallOperation {
    /// Somebody comes in; whoever is there by the same name goes. Repeated, nothing is changed.
    Enter {
        /// Where.
        hall: HallName,
        /// Who.
        member: Member,
        /// An earlier stay of the same session there, which ends.
        instead: Option<EntryId>,
        /// Members that the hall may have.
        most_members: usize,
        /// Halls that there may be.
        most_halls: usize,
    },
    /// Somebody who is in this hall says so, to a store that may not know it, or not where. A hall that is not known
    /// has the members that are named; of one that is known only the own entry is changed.
    Restore {
        /// Where.
        hall: HallName,
        /// Who is there, as far as is known; the own entry among them.
        roster: Roster,
        /// Which entry is the own.
        own: EntryId,
    },
    /// These are gone.
    Leave {
        /// Where.
        hall: HallName,
        /// Who.
        entries: Vec<EntryId>,
    },
    /// These live.
    Renew {
        /// Where and who.
        entries: Vec<(HallName, EntryId)>,
    },
    /// Who is there?
    Look {
        /// Where.
        hall: HallName,
    },
    /// Which halls are there? The newest first, at most [`HALLS_LISTED_AT_ONCE`](super::limits::HALLS_LISTED_AT_ONCE).
    List {
        /// So many of them are known already.
        skip: usize,
    },
    /// The hall is there for [`HALL_RESERVED_FOR`](super::policy::HALL_RESERVED_FOR), also with nobody in it.
    Reserve {
        /// Which.
        hall: HallName,
        /// Halls that may be reserved.
        most_reserved: usize,
        /// Halls that there may be.
        most_halls: usize,
    },
}

/// A store's answer to a [`HallOperation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HallOutcome {
    /// To `Enter`: who is there now, and who went for it.
    Entered {
        /// The one who entered included.
        roster: Roster,
        /// Who had the name.
        replaced: Option<Member>,
    },
    /// To `Enter`: the hall has as many members as it may.
    Full,
    /// To `Enter` and `Reserve`: there are as many halls as there may be.
    NoMoreHalls,
    /// To `Restore`: who is there. The own entry is not, if somebody else has its name.
    Restored {
        /// Who is there.
        roster: Roster,
        /// Whether something was changed by it.
        changed: bool,
    },
    /// To `Leave` and `Look`: who is there; `None` if there is no such hall.
    Roster(Option<Roster>),
    /// To `Renew`, in the order asked: the hall's version; `None` if the entry is not known.
    Renewed(Vec<Option<u64>>),
    /// To `List`.
    Listed(Vec<(HallName, Roster)>),
    /// To `Reserve`.
    Reserved,
}
