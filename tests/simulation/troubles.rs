//! What befell nodes and the store, and whom it left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use qala::domain::id::{RoomId, UserId};
use qala::domain::operation::Operation;
use qala::domain::time::Time;

use super::ledger::{Ledger, Line, Standing, View};
use super::observation::{Moment, Observation};
use super::scene::BEGIN;

/// What befell whom.
#[derive(Default)]
pub(crate) struct Troubles {
    /// Until when a core stood still or was cut off.
    until: BTreeMap<usize, Time>,
    /// Cores that are no more, and since when.
    pub(crate) killed: BTreeMap<usize, Time>,
    /// Rooms with a member in one of them.
    pub(crate) bereaved: BTreeSet<RoomId>,
    /// Rooms with a member where a core was in trouble.
    pub(crate) shaken: BTreeSet<RoomId>,
    /// Rooms of which the store lost the newest messages and kept the others.
    pub(crate) rewound: BTreeSet<RoomId>,
    /// Rooms whose end the store lost.
    pub(crate) unclosed: BTreeSet<RoomId>,
    /// Users whose newest session the store lost.
    pub(crate) unknown: BTreeSet<UserId>,
    /// When the store last lost something.
    pub(crate) store_lost_at: Option<Time>,
}

/// Somebody in a room whose other member does not know it, or is away.
pub(crate) struct Alone {
    pub(crate) room: RoomId,
    /// The other one is not there, rather than elsewhere.
    pub(crate) away: bool,
    pub(crate) since: Time,
}

impl Troubles {
    /// Whether a core ever stood still or was cut off.
    pub(crate) fn met(&self, core: usize) -> bool {
        self.until.contains_key(&core)
    }

    /// Whether a core's trouble has just come to its end.
    pub(crate) fn end_at(&self, core: usize, at: Time) -> bool {
        self.until.get(&core).is_some_and(|until| *until >= at)
    }
}

/// Connections that came or went within this may not have taken each other's place yet.
const LATELY: Duration = Duration::from_secs(4);
/// After a core's trouble it has heard of everything by then.
const RECOVERED: Duration = Duration::from_secs(5);
/// A client is back in time if it is this much before the end of its grace.
const IN_TIME: Duration = Duration::from_secs(4);

impl Ledger {
    /// Takes note of a blow.
    pub(super) fn befall(&mut self, moment: &Moment) {
        match &moment.seen {
            Observation::Troubled { core, until } => {
                let known = self.troubles.until.entry(*core).or_default();
                *known = (*known).max(*until);
                let rooms = self.rooms_at(*core);
                self.troubles.shaken.extend(rooms);
            }
            Observation::Killed { core } => {
                self.troubles.killed.insert(*core, moment.at);
                let rooms = self.rooms_at(*core);
                self.troubles.bereaved.extend(rooms.iter());
                self.troubles.shaken.extend(rooms);
            }
            Observation::StoreLost { everything, undone } => {
                self.troubles.store_lost_at = Some(moment.at);
                for request in undone {
                    self.undo(request, *everything);
                }
            }
            _ => {}
        }
    }

    /// The store lost what it had done. One that lost everything is told anew of what goes on.
    fn undo(&mut self, request: &Operation, everything: bool) {
        match request {
            Operation::Remember { .. } => self.lost(request),
            _ if everything => {}
            Operation::Append { room, .. } => {
                self.troubles.rewound.insert(*room);
            }
            Operation::CloseRoom { room } => {
                self.troubles.unclosed.insert(*room);
            }
            Operation::Attach { user, .. } | Operation::Register { user, .. } => {
                self.troubles.unknown.insert(user.clone());
            }
            Operation::Detach { .. } => self.lost(request),
            _ => {}
        }
    }

    /// Rooms that clients at that core were told of last, open or to be opened.
    fn rooms_at(&self, core: usize) -> Vec<RoomId> {
        let at = self.lines.values().filter(|line| line.core == core);
        at.filter_map(|line| line.view.match_room()).collect()
    }

    /// When everything on the way between these cores and the store was last in order again, as of `at`; `None`
    /// while it is not.
    pub(crate) fn calm_since(&self, cores: &[usize], at: Time) -> Option<Time> {
        let away = self.scene.outages().filter(|(from, _, place)| *from <= at && place.is_none());
        let of_store = away.map(|(_, until, _)| until);
        let of_cores = cores.iter().filter_map(|core| self.troubles.until.get(core).copied());
        let last = of_store.chain(of_cores).max().unwrap_or(BEGIN);
        (last <= at).then_some(last)
    }

    /// Whether that core is neither dead nor in trouble, nor was so lately that it may not have heard what
    /// happened meanwhile.
    pub(crate) fn is_well(&self, core: usize, at: Time) -> bool {
        !self.troubles.killed.contains_key(&core)
            && self.troubles.until.get(&core).is_none_or(|until| *until + RECOVERED <= at)
    }

    /// Until when a session of `user` is kept that has something going on.
    pub(super) fn goes_on(&self, user: &UserId, at: Time) -> Option<Time> {
        let mut lines = self.lines_of(user).rev().map(|(_, line)| line);
        let line = lines.next()?;
        // Of several that came in at once, any may be the one that stays.
        if lines.any(|older| older.standing == Standing::Open || older.since + LATELY > at) {
            return None;
        }
        let kept_until = match line.standing {
            Standing::Open => Time::NEVER,
            Standing::Vanished | Standing::Closed => line.since + self.scene.policy.grace,
            Standing::Over | Standing::Left => return None,
        };
        Some(kept_until).filter(|until| at + IN_TIME < *until && line.truth != View::Idle)
    }

    /// Notes since when who is alone.
    pub(super) fn look_who_is_alone(&mut self, at: Time) {
        let mut alone = BTreeMap::new();
        for user in self.people.keys() {
            let Some(View::Talking { room, partner, .. }) = self.view_of(user) else { continue };
            let other = self.line_of(partner);
            let knows = |line: &Line| line.view.room() == Some(*room);
            if other.is_some_and(knows) {
                continue;
            }
            let away = other.is_none();
            let before = self.alone.get(user).filter(|before| before.room == *room && before.away == away);
            let since = before.map_or(at, |before| before.since);
            alone.insert(user.clone(), Alone { room: *room, away, since });
        }
        self.alone = alone;
    }
}

impl View {
    /// The room of a talk.
    pub(crate) fn room(&self) -> Option<RoomId> {
        match self {
            Self::Talking { room, .. } => Some(*room),
            Self::Idle | Self::Waiting | Self::Proposed { .. } => None,
        }
    }

    /// The room of a talk or of a proposal.
    pub(crate) fn match_room(&self) -> Option<RoomId> {
        match self {
            Self::Talking { room, .. } | Self::Proposed { room, .. } => Some(*room),
            Self::Idle | Self::Waiting => None,
        }
    }
}
