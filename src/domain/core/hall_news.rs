//! What members of a hall hear of each other.

use super::super::envelope::Envelope;
use super::super::event::Event;
use super::super::hall::{HallNews, HallNotice, HeldSignal, Leaving, Member, Roster};
use super::super::id::{Entropy, EntryId, HallName, MemberName, SessionId};
use super::super::talk::SignalKind;
use super::Core;
use super::halls::Attendance;
use super::matching::ms;

impl<E: Entropy> Core<E> {
    /// Another member says something.
    pub(super) fn hear_in_hall(&mut self, id: SessionId, hall: &HallName, news: HallNews) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if let Some(entering) = session.entering.as_mut().filter(|entering| entering.hall == *hall) {
            return entering.hold(news);
        }
        if session.attendance(hall).is_none() {
            return self.not_in_hall(id, hall, &news);
        }
        match news {
            HallNews::Roster(roster) => self.hear_roster(id, hall, &roster),
            HallNews::Gone { entry, leaving } => self.hear_gone(id, hall, entry, leaving),
            HallNews::Away { entry } => {
                let grace = self.sessions.get(id).map(|session| self.policy(session).grace);
                let grace_ms = grace.map(ms).unwrap_or_default();
                self.tell_of_member(id, hall, entry, |hall, name| HallNotice::Away { hall, name, grace_ms });
            }
            HallNews::Back { entry } => {
                self.tell_of_member(id, hall, entry, |hall, name| HallNotice::Back { hall, name });
            }
            HallNews::Signal { from, to, kind, payload } => {
                let held = HeldSignal { from: from.name.clone(), kind, payload };
                self.hear_hall_signal(id, hall, &from, to, held);
            }
        }
    }

    /// Somebody speaks to a session that is not in that hall, or is over.
    pub(super) fn not_in_hall(&mut self, id: SessionId, hall: &HallName, news: &HallNews) {
        match news {
            HallNews::Roster(roster) => self.leave_again(id, hall, roster),
            HallNews::Signal { from, to, .. } => self.tell_missing(hall, from, *to),
            HallNews::Gone { .. } | HallNews::Away { .. } | HallNews::Back { .. } => {}
        }
    }

    /// Tells somebody that the one it speaks to is not there.
    fn tell_missing(&mut self, hall: &HallName, from: &Member, entry: EntryId) {
        let news = HallNews::Gone { entry, leaving: Leaving::Disconnected };
        self.send(&from.address, Envelope::Hall { hall: hall.clone(), news });
    }

    /// Somebody changed who is there, or the store said so.
    pub(super) fn hear_roster(&mut self, id: SessionId, hall: &HallName, roster: &Roster) {
        let Some(attendance) = self.sessions.get_mut(id).and_then(|session| session.attendance(hall)) else {
            return;
        };
        if roster.version <= attendance.roster.version {
            return;
        }
        if roster.entry(attendance.own).is_none() {
            let is_replaced = roster.named(&attendance.name).is_some();
            return if is_replaced { self.put_out(id, hall) } else { self.restore_in_hall(id, hall) };
        }
        let mut newer = roster.clone();
        newer.members.retain(|member| !attendance.gone.contains(&member.entry));
        let (left, joined) = newer.changes_since(&attendance.roster);
        attendance.roster = newer;
        for Member { name, .. } in left {
            let leaving =
                if roster.named(&name).is_some() { Leaving::Replaced } else { Leaving::Disconnected };
            self.notify_hall(id, HallNotice::Left { hall: hall.clone(), name, leaving });
        }
        for Member { name, .. } in joined {
            self.notify_hall(id, HallNotice::Joined { hall: hall.clone(), name });
        }
    }

    fn hear_gone(&mut self, id: SessionId, hall: &HallName, entry: EntryId, leaving: Leaving) {
        let Some(attendance) = self.sessions.get_mut(id).and_then(|session| session.attendance(hall)) else {
            return;
        };
        let Some(Member { name, .. }) = attendance.take_out(entry) else { return };
        self.notify_hall(id, HallNotice::Left { hall: hall.clone(), name, leaving });
    }

    fn tell_of_member(
        &mut self,
        id: SessionId,
        hall: &HallName,
        entry: EntryId,
        notice: impl FnOnce(HallName, MemberName) -> HallNotice,
    ) {
        let attendance = self.sessions.get_mut(id).and_then(|session| session.attendance(hall));
        let member = attendance.and_then(|attendance| attendance.roster.entry(entry));
        let Some(name) = member.map(|member| member.name.clone()) else { return };
        self.notify_hall(id, notice(hall.clone(), name));
    }

    /// Tells the client, or keeps it for its return: candidates make way first.
    fn hear_hall_signal(
        &mut self,
        id: SessionId,
        hall: &HallName,
        from: &Member,
        to: EntryId,
        signal: HeldSignal,
    ) {
        let most = self.limits.candidates_buffered;
        let Some(session) = self.sessions.get_mut(id) else { return };
        let listens = session.listening().is_some();
        let Some(attendance) = session.attendance(hall) else { return };
        if attendance.own != to {
            // The one who is meant was here before.
            return self.tell_missing(hall, from, to);
        }
        let is_other = |known: &Member| known.entry != from.entry;
        if attendance.gone.contains(&from.entry) || attendance.roster.named(&from.name).is_some_and(is_other)
        {
            return;
        }
        if listens {
            let HeldSignal { from, kind, payload } = signal;
            let (hall, to) = (hall.clone(), attendance.name.clone());
            return self.notify_hall(id, HallNotice::Signal { hall, from, to, kind, payload });
        }
        attendance.held.push_back(signal);
        if attendance.held.len() > most {
            let candidate = |held: &HeldSignal| held.kind == SignalKind::Candidate;
            let oldest = attendance.held.iter().position(candidate).unwrap_or(0);
            attendance.held.remove(oldest);
            self.record(Event::HeldSignalDropped);
        }
    }
}

impl Attendance {
    /// That stay is over, whatever older rosters say. The member, if it was known.
    fn take_out(&mut self, entry: EntryId) -> Option<Member> {
        self.forget(entry);
        let place = self.roster.members.iter().position(|member| member.entry == entry)?;
        Some(self.roster.members.remove(place))
    }
}
