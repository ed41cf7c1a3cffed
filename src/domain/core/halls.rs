//! What a core knows of halls: which its sessions are in, with whom. It says regularly that they still are, and learns
//! from the answers what it missed.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::super::envelope::Envelope;
use super::super::hall::{
    HallNews, HallNotice, HallOperation, HallOutcome, HallView, HeldSignal, Leaving, Roster,
};
use super::super::id::{Address, ConnectionId, Entropy, EntryId, HallName, MemberName, NodeId, SessionId};
use super::super::limits::{CLOSED_AT_ONCE, ENTRIES_RENEWED_AT_ONCE};
use super::super::operation::{Operation, Outcome};
use super::super::policy::{HALLS_RENEWED_EVERY, RETRY_AFTER};
use super::super::ticket::PoolId;
use super::super::time::Time;
use super::Core;
use super::session::{Asker, Session};
use super::storing::Purpose;

/// Entries that the store was not told are gone. Of more, the oldest are left to the end of their leases.
const MOST_UNTOLD: usize = 65_536;
/// Entries that a member knows as gone, so that a roster that is older cannot bring them back.
const GONE_REMEMBERED: usize = 64;

/// Whose entry, and where.
pub(super) type Attending = (SessionId, HallName, EntryId);

/// A session's stay in a hall.
pub(super) struct Attendance {
    pub(super) hall: HallName,
    pub(super) own: EntryId,
    pub(super) name: MemberName,
    /// Over which connection it came in. Over another one it comes in anew: a page that was loaded again has none of
    /// the calls that the one before it had.
    pub(super) over: Option<ConnectionId>,
    pub(super) roster: Roster,
    /// Who said to be gone, newest last.
    pub(super) gone: VecDeque<EntryId>,
    /// Signals that came while the client was away.
    pub(super) held: VecDeque<HeldSignal>,
}

/// News that wait for the store's answer to an entering session; of more, the newest are made up for by asking.
const NEWS_HELD: usize = 64;

/// A session is coming into a hall. Others may hear of it before it does, and what they say must not be taken for news
/// of a hall that it is not in.
pub(super) struct Entering {
    pub(super) hall: HallName,
    pub(super) news: Vec<HallNews>,
    /// There were more.
    pub(super) missed: bool,
}

impl Entering {
    pub(super) fn new(hall: HallName) -> Self {
        Self { hall, news: Vec::new(), missed: false }
    }

    pub(super) fn hold(&mut self, news: HallNews) {
        if self.news.len() < NEWS_HELD {
            self.news.push(news);
        } else {
            self.missed = true;
        }
    }
}

impl Attendance {
    pub(super) fn view(&self) -> HallView {
        let others = self.roster.others(self.own).map(|member| member.name.clone()).collect();
        HallView { hall: self.hall.clone(), name: self.name.clone(), others }
    }

    /// That stay is over, whatever older rosters say.
    pub(super) fn forget(&mut self, entry: EntryId) {
        if self.gone.len() >= GONE_REMEMBERED {
            self.gone.pop_front();
        }
        self.gone.push_back(entry);
    }
}

impl Session {
    pub(super) fn attendance(&mut self, hall: &HallName) -> Option<&mut Attendance> {
        self.halls.iter_mut().find(|attendance| attendance.hall == *hall)
    }

    pub(super) fn take_attendance(&mut self, hall: &HallName) -> Option<Attendance> {
        let place = self.halls.iter().position(|attendance| attendance.hall == *hall)?;
        Some(self.halls.remove(place))
    }
}

/// What a store is asked about halls for.
pub(super) enum HallPurpose {
    /// A session comes in.
    Enter { asker: Asker, hall: HallName, entry: EntryId, name: MemberName, over: Option<ConnectionId> },
    /// A session speaks of a hall that it is not in: is there one?
    Seek { asker: Asker },
    /// Somebody is gone.
    Leave { pool: PoolId, hall: HallName, entries: Vec<EntryId> },
    /// These live, in the order asked.
    Renew { entries: Vec<Attending> },
    /// A session says that it is in this hall.
    Restore(Restored),
    /// A session missed a change.
    Look { session: SessionId, hall: HallName },
}

/// A stay that the store is told of again.
pub(super) struct Restored {
    session: SessionId,
    pool: PoolId,
    hall: HallName,
    own: EntryId,
}

/// What a core has to do about halls.
pub(super) struct Halls {
    /// Sessions that are in one.
    attending: BTreeSet<SessionId>,
    renew_at: Time,
    /// Entries that the store was not told are gone, because it did not answer.
    untold: VecDeque<(PoolId, HallName, Vec<EntryId>)>,
    tell_at: Time,
}

impl Default for Halls {
    fn default() -> Self {
        Self {
            attending: BTreeSet::new(),
            renew_at: Time::NEVER,
            untold: VecDeque::new(),
            tell_at: Time::NEVER,
        }
    }
}

impl Halls {
    pub(super) fn due_at(&self) -> Time {
        self.renew_at.min(self.tell_at)
    }

    pub(super) fn attends(&mut self, id: SessionId, now: Time) {
        self.attending.insert(id);
        self.renew_at = self.renew_at.min(now + HALLS_RENEWED_EVERY);
    }

    pub(super) fn forget(&mut self, id: SessionId) {
        self.attending.remove(&id);
    }
}

impl<E: Entropy> Core<E> {
    /// Asks about halls for a session, which then waits for the answer.
    pub(super) fn ask_hall(&mut self, id: SessionId, purpose: HallPurpose, request: HallOperation) {
        let Some(pool) = self.pool_of(id) else { return };
        self.ask(id, Purpose::Hall(purpose), Operation::Hall { pool, request });
    }

    pub(super) fn pool_of(&self, id: SessionId) -> Option<PoolId> {
        self.sessions.get(id).map(|session| self.policy(session).pool)
    }

    fn ask_hall_aside(&mut self, pool: PoolId, purpose: HallPurpose, request: HallOperation) {
        self.ask_aside(Purpose::Hall(purpose), Operation::Hall { pool, request });
    }

    /// What the store says about halls, where no session waits for it. What it did not say, the next renewal makes up
    /// for.
    pub(super) fn hall_answered_aside(&mut self, purpose: HallPurpose, outcome: Outcome, now: Time) {
        let unavailable = outcome.retry_after_ms().is_some();
        let Outcome::Hall(outcome) = outcome else {
            if let (HallPurpose::Leave { pool, hall, entries }, true) = (purpose, unavailable) {
                self.tell_again(pool, hall, entries, now);
            }
            return;
        };
        match purpose {
            HallPurpose::Renew { entries } => {
                let HallOutcome::Renewed(versions) = outcome else { return };
                for (attending, version) in entries.into_iter().zip(versions) {
                    self.renewed_in_hall(attending, version);
                }
            }
            HallPurpose::Restore(restored) => {
                let HallOutcome::Restored { roster, changed } = outcome else { return };
                self.restored(restored, roster, changed);
            }
            HallPurpose::Look { session, hall } => {
                let HallOutcome::Roster(Some(roster)) = outcome else { return };
                self.hear_in_hall(session, &hall, HallNews::Roster(Arc::new(roster)));
            }
            HallPurpose::Leave { .. } | HallPurpose::Enter { .. } | HallPurpose::Seek { .. } => {}
        }
    }

    /// Renews what is in halls, and tells the store who is gone, if it is time.
    pub(super) fn renew_halls_if_due(&mut self, now: Time) {
        if self.halls.tell_at <= now {
            let some = self.halls.untold.len().min(CLOSED_AT_ONCE);
            let due: Vec<_> = self.halls.untold.drain(..some).collect();
            self.halls.tell_at = if self.halls.untold.is_empty() { Time::NEVER } else { now + RETRY_AFTER };
            for (pool, hall, entries) in due {
                self.tell_gone(pool, hall, entries);
            }
        }
        if self.halls.renew_at <= now {
            self.renew_halls(now);
        }
    }

    /// Tells the store of everybody here who is in a hall.
    pub(super) fn renew_halls(&mut self, now: Time) {
        let mut by_pool = Vec::<(PoolId, Vec<Attending>)>::new();
        for id in &self.halls.attending {
            let Some(session) = self.sessions.get(*id) else { continue };
            let pool = self.policy(session).pool;
            let place = by_pool.iter().position(|(known, _)| *known == pool).unwrap_or_else(|| {
                by_pool.push((pool, Vec::new()));
                by_pool.len() - 1
            });
            let entries =
                session.halls.iter().map(|attendance| (*id, attendance.hall.clone(), attendance.own));
            by_pool[place].1.extend(entries);
        }
        self.halls.renew_at = if by_pool.is_empty() { Time::NEVER } else { now + HALLS_RENEWED_EVERY };
        for (pool, all) in by_pool {
            for entries in all.chunks(ENTRIES_RENEWED_AT_ONCE) {
                let told = entries.iter().map(|(_, hall, entry)| (hall.clone(), *entry)).collect();
                let purpose = HallPurpose::Renew { entries: entries.to_vec() };
                self.ask_hall_aside(pool, purpose, HallOperation::Renew { entries: told });
            }
        }
    }

    fn renewed_in_hall(&mut self, (id, hall, entry): Attending, version: Option<u64>) {
        let Some(pool) = self.pool_of(id) else { return };
        let Some(attendance) = self.sessions.get_mut(id).and_then(|session| session.attendance(&hall)) else {
            return;
        };
        if attendance.own != entry || version == Some(attendance.roster.version) {
            return;
        }
        match version {
            Some(_) => self.look_in_hall(id, pool, hall),
            None => self.restore_in_hall(id, &hall),
        }
    }

    /// A session missed something: who is there?
    pub(super) fn look_in_hall(&mut self, id: SessionId, pool: PoolId, hall: HallName) {
        let purpose = HallPurpose::Look { session: id, hall: hall.clone() };
        self.ask_hall_aside(pool, purpose, HallOperation::Look { hall });
    }

    /// Tells a store that does not know that this session is in the hall, or where it is.
    pub(super) fn restore_in_hall(&mut self, id: SessionId, hall: &HallName) {
        let Some(pool) = self.pool_of(id) else { return };
        let Some(attendance) = self.sessions.get_mut(id).and_then(|session| session.attendance(hall)) else {
            return;
        };
        let (hall, roster, own) = (attendance.hall.clone(), attendance.roster.clone(), attendance.own);
        let purpose = HallPurpose::Restore(Restored { session: id, pool, hall: hall.clone(), own });
        self.ask_hall_aside(pool, purpose, HallOperation::Restore { hall, roster, own });
    }

    fn restored(&mut self, restored: Restored, roster: Roster, changed: bool) {
        let Restored { session: id, pool, hall, own } = restored;
        let session = self.sessions.get_mut(id);
        let stays = session.is_some_and(|session| {
            let enters = session.entering.as_ref().is_some_and(|entering| entering.hall == hall);
            !enters && session.attendance(&hall).is_some_and(|attendance| attendance.own == own)
        });
        if !stays {
            // It left meanwhile, or came in anew, and this may have brought its former stay back.
            if self.sessions.get(id).is_none() {
                self.leave_again(id, &hall, &roster);
            }
            return self.tell_gone(pool, hall, vec![own]);
        }
        if roster.entry(own).is_none() {
            return self.put_out(id, &hall);
        }
        self.hear_roster(id, &hall, &roster);
        if changed {
            self.tell_roster(&hall, own, &Arc::new(roster));
        }
    }

    /// Whoever thinks that a session is in a hall that is not is told otherwise.
    pub(super) fn leave_again(&mut self, id: SessionId, hall: &HallName, roster: &Roster) {
        let address = self.address(id);
        let own: Vec<EntryId> = roster
            .members
            .iter()
            .filter(|member| member.address == address)
            .map(|member| member.entry)
            .collect();
        for entry in &own {
            self.tell_others_gone(hall, roster, *entry, Leaving::Left);
        }
    }

    /// Tells all other members who is there.
    pub(super) fn tell_roster(&mut self, hall: &HallName, own: EntryId, roster: &Arc<Roster>) {
        let others: Vec<Address> = roster.others(own).map(|member| member.address.clone()).collect();
        for other in others {
            let news = HallNews::Roster(roster.clone());
            self.send(&other, Envelope::Hall { hall: hall.clone(), news });
        }
    }

    /// Tells all other members of a roster that one of it is gone.
    pub(super) fn tell_others_gone(
        &mut self,
        hall: &HallName,
        roster: &Roster,
        entry: EntryId,
        leaving: Leaving,
    ) {
        for other in roster.others(entry) {
            let news = HallNews::Gone { entry, leaving };
            self.send(&other.address, Envelope::Hall { hall: hall.clone(), news });
        }
    }

    /// Tells the store who is gone.
    pub(super) fn tell_gone(&mut self, pool: PoolId, hall: HallName, entries: Vec<EntryId>) {
        let purpose = HallPurpose::Leave { pool, hall: hall.clone(), entries: entries.clone() };
        self.ask_hall_aside(pool, purpose, HallOperation::Leave { hall, entries });
    }

    /// The same a moment later.
    pub(super) fn tell_again(&mut self, pool: PoolId, hall: HallName, entries: Vec<EntryId>, now: Time) {
        if self.halls.untold.len() >= MOST_UNTOLD {
            self.halls.untold.pop_front();
        }
        self.halls.untold.push_back((pool, hall, entries));
        self.halls.tell_at = self.halls.tell_at.min(now + RETRY_AFTER);
    }

    /// A session is out of all halls that it was in.
    pub(super) fn leave_halls(&mut self, pool: PoolId, halls: Vec<Attendance>, leaving: Leaving) {
        for Attendance { hall, own, roster, .. } in halls {
            self.tell_others_gone(&hall, &roster, own, leaving);
            self.tell_gone(pool, hall, vec![own]);
        }
    }

    /// Nothing comes from `node` any more: its members are gone. The one who came first of those who live tells the
    /// store so.
    pub(super) fn halls_without(&mut self, node: &NodeId) {
        let attending: Vec<SessionId> = self.halls.attending.iter().copied().collect();
        for id in attending {
            let Some(pool) = self.pool_of(id) else { continue };
            let Some(session) = self.sessions.get_mut(id) else { continue };
            let mut left = Vec::new();
            for attendance in &mut session.halls {
                let members = std::mem::take(&mut attendance.roster.members);
                let (dead, living): (Vec<_>, Vec<_>) =
                    members.into_iter().partition(|member| member.address.node == *node);
                attendance.roster.members = living;
                if !dead.is_empty() {
                    let speaks = attendance.roster.members.first().map(|first| first.entry);
                    left.push((attendance.hall.clone(), dead, speaks == Some(attendance.own)));
                }
            }
            for (hall, dead, speaks) in left {
                if speaks {
                    let entries = dead.iter().map(|member| member.entry).collect();
                    self.tell_gone(pool, hall.clone(), entries);
                }
                for member in dead {
                    let leaving = Leaving::Disconnected;
                    self.notify_hall(id, HallNotice::Left { hall: hall.clone(), name: member.name, leaving });
                }
            }
        }
    }
}
