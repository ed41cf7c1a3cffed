//! Halls: who is in each, and until when each of them counts as somebody who lives.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::hall::{HallOperation, HallOutcome, Member, Roster};
use crate::domain::id::{EntryId, HallName};
use crate::domain::limits::HALLS_LISTED_AT_ONCE;
use crate::domain::policy::{HALL_LEASE, HALL_RESERVED_FOR};
use crate::domain::time::Time;

/// Halls that one operation looks at because their time may be over: more than the one it may add.
const SWEPT_AT_ONCE: usize = 4;

/// The halls of a pool.
#[derive(Default)]
pub(super) struct Halls {
    by_name: BTreeMap<HallName, Hall>,
    /// The same in the order in which they came into being.
    by_creation: BTreeSet<(Time, HallName)>,
    /// The same by the moment at which nobody in it may live any more, unless a lease is renewed.
    by_end: BTreeSet<(Time, HallName)>,
    /// Those that are or were reserved, by the end of that.
    reserved: BTreeSet<(Time, HallName)>,
}

struct Hall {
    roster: Roster,
    /// Ends of the leases of its members, in their order.
    leases: Vec<Time>,
    /// Until when it is there with nobody in it.
    reserved_until: Time,
}

impl Hall {
    fn new(created_at: Time) -> Self {
        let roster = Roster { created_at, version: 0, members: Vec::new() };
        Self { roster, leases: Vec::new(), reserved_until: Time::default() }
    }

    fn changed(&mut self, now: Time) {
        self.roster.version = (self.roster.version + 1).max(now.as_ms());
    }

    fn push(&mut self, member: Member, now: Time) {
        self.roster.members.push(member);
        self.leases.push(now + HALL_LEASE);
        self.changed(now);
    }

    /// Removes those of whom `is_gone` says so.
    fn remove(&mut self, is_gone: impl Fn(&Member, Time) -> bool, now: Time) {
        let members = std::mem::take(&mut self.roster.members);
        let (before, leases) = (members.len(), std::mem::take(&mut self.leases));
        for (member, lease) in members.into_iter().zip(leases) {
            if !is_gone(&member, lease) {
                self.roster.members.push(member);
                self.leases.push(lease);
            }
        }
        if self.roster.members.len() < before {
            self.changed(now);
        }
    }

    fn renew(&mut self, entry: EntryId, now: Time) -> Option<u64> {
        let place = self.roster.members.iter().position(|member| member.entry == entry)?;
        *self.leases.get_mut(place)? = now + HALL_LEASE;
        Some(self.roster.version)
    }

    /// The own member says that it is there. Tells whether that was news.
    fn take_back(&mut self, told: &Roster, own: EntryId, now: Time) -> bool {
        let Some(member) = told.entry(own) else { return false };
        self.roster.version = self.roster.version.max(told.version);
        if self.renew(own, now).is_some() {
            let known = self.roster.members.iter_mut().find(|known| known.entry == own);
            let Some(known) = known.filter(|known| known.address != member.address) else { return false };
            known.address = member.address.clone();
            self.changed(now);
            return true;
        }
        let is_free = self.roster.named(&member.name).is_none();
        if is_free {
            self.push(member.clone(), now);
        }
        is_free
    }

    /// When nobody in it may live any more.
    fn ends_at(&self) -> Time {
        self.leases.iter().copied().max().unwrap_or_default().max(self.reserved_until)
    }
}

impl Halls {
    /// Carries out `request` as of `now`.
    pub(super) fn execute(&mut self, request: HallOperation, now: Time) -> HallOutcome {
        self.sweep(now);
        match request {
            HallOperation::Enter { hall, member, instead, most_members, most_halls } => {
                self.enter(hall, member, instead, [most_members, most_halls], now)
            }
            HallOperation::Restore { hall, roster, own } => self.restore(hall, roster, own, now),
            HallOperation::Leave { hall, entries } => {
                let Some(mut known) = self.take(&hall, now) else { return HallOutcome::Roster(None) };
                known.remove(|member, _| entries.contains(&member.entry), now);
                HallOutcome::Roster(self.put(hall, known, now))
            }
            HallOperation::Renew { entries } => HallOutcome::Renewed(
                entries.into_iter().map(|(hall, entry)| self.renew(hall, entry, now)).collect(),
            ),
            HallOperation::Look { hall } => {
                let known = self.take(&hall, now);
                HallOutcome::Roster(known.and_then(|known| self.put(hall, known, now)))
            }
            HallOperation::List { skip } => self.list(skip, now),
            HallOperation::Reserve { hall, most_reserved, most_halls } => {
                self.reserve(hall, [most_reserved, most_halls], now)
            }
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// All of them, the newest first; also such as nobody has found over.
    pub(super) fn newest(&self) -> impl Iterator<Item = (&HallName, &Roster)> {
        let newest = self.by_creation.iter().rev();
        newest.filter_map(|(_, name)| Some((name, &self.by_name.get(name)?.roster)))
    }

    /// Who is in one.
    pub(super) fn roster(&self, hall: &HallName) -> Option<&Roster> {
        self.by_name.get(hall).map(|hall| &hall.roster)
    }

    fn enter(
        &mut self,
        hall: HallName,
        member: Member,
        instead: Option<EntryId>,
        [most_members, most_halls]: [usize; 2],
        now: Time,
    ) -> HallOutcome {
        let known = self.take(&hall, now);
        if known.is_none() && self.by_name.len() >= most_halls {
            return HallOutcome::NoMoreHalls;
        }
        let mut known = known.unwrap_or_else(|| Hall::new(now));
        let mut replaced = None;
        let mut full = false;
        if known.renew(member.entry, now).is_none() {
            let goes = |other: &Member| Some(other.entry) == instead || other.name == member.name;
            let others = known.roster.members.iter().filter(|other| !goes(other)).count();
            full = others >= most_members;
            if !full {
                replaced = known.roster.named(&member.name).cloned();
                known.remove(|other, _| goes(other), now);
                known.push(member, now);
            }
        }
        let roster = known.roster.clone();
        self.put(hall, known, now);
        if full { HallOutcome::Full } else { HallOutcome::Entered { roster, replaced } }
    }

    fn restore(&mut self, hall: HallName, told: Roster, own: EntryId, now: Time) -> HallOutcome {
        let (known, changed) = if let Some(mut known) = self.take(&hall, now) {
            let changed = known.take_back(&told, own, now);
            (known, changed)
        } else {
            let mut known = Hall::new(told.created_at);
            known.leases = vec![now + HALL_LEASE; told.members.len()];
            known.roster = told;
            known.changed(now);
            (known, true)
        };
        let roster = known.roster.clone();
        self.put(hall, known, now);
        HallOutcome::Restored { roster, changed }
    }

    fn renew(&mut self, hall: HallName, entry: EntryId, now: Time) -> Option<u64> {
        let mut known = self.take(&hall, now)?;
        let version = known.renew(entry, now);
        self.put(hall, known, now);
        version
    }

    fn list(&mut self, skip: usize, now: Time) -> HallOutcome {
        let newest = self.by_creation.iter().rev().skip(skip).take(HALLS_LISTED_AT_ONCE);
        let names: Vec<HallName> = newest.map(|(_, hall)| hall.clone()).collect();
        let look = |hall: HallName| {
            let known = self.take(&hall, now)?;
            Some((hall.clone(), self.put(hall, known, now)?))
        };
        HallOutcome::Listed(names.into_iter().filter_map(look).collect())
    }

    fn reserve(&mut self, hall: HallName, [most_reserved, most_halls]: [usize; 2], now: Time) -> HallOutcome {
        while self.reserved.first().is_some_and(|(until, _)| *until <= now) {
            self.reserved.pop_first();
        }
        let known = self.take(&hall, now);
        let full = known.is_none() && self.by_name.len() >= most_halls;
        let mut known = known.unwrap_or_else(|| Hall::new(now));
        let is_reserved = known.reserved_until > now;
        if full || !is_reserved && self.reserved.len() >= most_reserved {
            self.put(hall, known, now);
            return HallOutcome::NoMoreHalls;
        }
        if !is_reserved {
            known.reserved_until = now + HALL_RESERVED_FOR;
            self.reserved.insert((known.reserved_until, hall.clone()));
            known.changed(now);
        }
        self.put(hall, known, now);
        HallOutcome::Reserved
    }

    /// The hall of that name, taken out, with those members who live.
    fn take(&mut self, hall: &HallName, now: Time) -> Option<Hall> {
        let mut known = self.by_name.remove(hall)?;
        self.by_creation.remove(&(known.roster.created_at, hall.clone()));
        self.by_end.remove(&(known.ends_at(), hall.clone()));
        known.remove(|_, lease| lease <= now, now);
        Some(known).filter(|known| known.ends_at() > now)
    }

    /// Keeps a hall, unless it is over; tells who is in it.
    fn put(&mut self, hall: HallName, known: Hall, now: Time) -> Option<Roster> {
        if known.ends_at() <= now {
            return None;
        }
        let roster = known.roster.clone();
        self.by_creation.insert((roster.created_at, hall.clone()));
        self.by_end.insert((known.ends_at(), hall.clone()));
        self.by_name.insert(hall, known);
        Some(roster)
    }

    /// Clears halls away whose last member died.
    fn sweep(&mut self, now: Time) {
        for _ in 0..SWEPT_AT_ONCE {
            let Some((_, hall)) = self.by_end.first().filter(|(until, _)| *until <= now).cloned() else {
                return;
            };
            self.take(&hall, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{Address, MemberName, NodeId, SessionId};

    fn enter(number: u64) -> HallOperation {
        let session = SessionId { shard: 0, slot: 0, generation: 0 };
        HallOperation::Enter {
            hall: HallName::new(number.to_string()),
            member: Member {
                entry: EntryId(number),
                name: MemberName::new("ana"),
                address: Address { node: NodeId::new("node"), session },
            },
            instead: None,
            most_members: 16,
            most_halls: 2_000,
        }
    }

    #[test]
    fn halls_of_dead_members_go_while_others_are_used() {
        let mut halls = Halls::default();
        for number in 0..1_000 {
            halls.execute(enter(number), Time::from_ms(1));
        }
        let later = Time::from_ms(1) + HALL_LEASE;
        for _ in 0..300 {
            halls.execute(HallOperation::Look { hall: HallName::new("none") }, later);
        }
        let sizes = [halls.by_creation.len(), halls.by_end.len(), halls.by_name.len()];
        assert_eq!(sizes, [0, 0, 0]);
    }

    #[test]
    fn every_list_of_halls_has_the_same_ones() {
        let mut halls = Halls::default();
        for number in 0..200 {
            let now = Time::from_ms(1 + number);
            let hall = HallName::new((number % 7).to_string());
            halls.execute(enter(number % 7), now);
            if number % 3 == 0 {
                let (most_reserved, most_halls) = (10, 10);
                let reserve = HallOperation::Reserve { hall: hall.clone(), most_reserved, most_halls };
                halls.execute(reserve, now);
            }
            let entries = vec![EntryId(number % 5)];
            halls.execute(HallOperation::Leave { hall, entries }, now);
            assert_eq!(halls.by_creation.len(), halls.by_name.len());
            assert_eq!(halls.by_end.len(), halls.by_name.len());
        }
    }
}
