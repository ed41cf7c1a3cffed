//! What clients ask about halls: coming in, leaving, signals to one of the others.

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::command::{Refusal, Reply};
use super::super::envelope::Envelope;
use super::super::event::Event;
use super::super::hall::{
    HallCommand, HallNews, HallNotice, HallOperation, HallOutcome, HallRefusal, Leaving, Member, Roster,
};
use super::super::id::{Entropy, EntryId, HallName, MemberName, SessionId};
use super::super::limits::HALLS_OF_A_SESSION;
use super::super::notice::Notice;
use super::super::operation::Outcome;
use super::super::talk::{Payload, SignalKind};
use super::super::time::Time;
use super::Core;
use super::halls::{Attendance, Entering, HallPurpose};
use super::session::{Asker, Session};

impl<E: Entropy> Core<E> {
    pub(super) fn hall_command(&mut self, id: SessionId, asker: Asker, command: HallCommand) {
        match command {
            HallCommand::Enter { hall, name } => self.enter_hall(id, asker, hall, name),
            HallCommand::Leave { hall } => self.leave_hall(id, asker, hall),
            HallCommand::Signal { hall, to, kind, payload } => {
                self.signal_in_hall(id, asker, &hall, &to, kind, payload);
            }
        }
    }

    fn enter_hall(&mut self, id: SessionId, asker: Asker, hall: HallName, name: MemberName) {
        let address = self.address(id);
        let (most_members, most_halls) = (self.limits.hall_members, self.limits.halls);
        let Some(session) = self.sessions.get_mut(id) else { return };
        let (over, in_many) = (session.connection, session.halls.len() >= HALLS_OF_A_SESSION);
        let known = session.attendance(&hall);
        let instead = known.as_ref().map(|attendance| attendance.own);
        if let Some(attendance) = known
            && attendance.name == name
            && attendance.over == over
        {
            // Pages ask twice: nobody else is told of that.
            let view = attendance.view();
            return self.acknowledge(asker, Ok(Reply::Entered(view)));
        }
        if instead.is_none() && in_many {
            return self.acknowledge(asker, Err(Refusal::Hall(HallRefusal::InTooMany)));
        }
        let entry = EntryId(self.entropy.next_u64());
        session.entering = Some(Box::new(Entering::new(hall.clone())));
        let member = Member { entry, name: name.clone(), address };
        let purpose = HallPurpose::Enter { asker, hall: hall.clone(), entry, name, over };
        let request = HallOperation::Enter { hall, member, instead, most_members, most_halls };
        self.ask_hall(id, purpose, request);
    }

    /// What the store says to a session that waits for it.
    pub(super) fn hall_answered(&mut self, id: SessionId, purpose: HallPurpose, outcome: Outcome, now: Time) {
        let entering = self.sessions.get_mut(id).and_then(|session| session.entering.take());
        match (purpose, outcome) {
            (
                HallPurpose::Enter { asker, hall, entry, name, over },
                Outcome::Hall(HallOutcome::Entered { roster, replaced }),
            ) => {
                let attendance = Attendance {
                    hall,
                    own: entry,
                    name,
                    over,
                    roster,
                    gone: VecDeque::new(),
                    held: VecDeque::new(),
                };
                self.entered_hall(id, asker, attendance, replaced, now);
            }
            (HallPurpose::Enter { asker, hall, entry, .. }, outcome) => {
                self.not_entered(id, asker, hall, entry, &outcome, now);
            }
            (HallPurpose::Seek { asker }, outcome) => {
                let refusal = match (&outcome, outcome.retry_after_ms()) {
                    (_, Some(retry_after_ms)) => Refusal::Unavailable { retry_after_ms },
                    (Outcome::Hall(HallOutcome::Roster(Some(_))), None) => Refusal::NotInRoom,
                    (_, None) => Refusal::Hall(HallRefusal::NoSuchHall),
                };
                self.acknowledge(asker, Err(refusal));
            }
            (purpose, outcome) => self.hall_answered_aside(purpose, outcome, now),
        }
        if let Some(entering) = entering {
            self.hear_held(id, *entering);
        }
    }

    /// What was said while the session was coming in.
    fn hear_held(&mut self, id: SessionId, Entering { hall, news, missed }: Entering) {
        for news in news {
            self.hear_in_hall(id, &hall, news);
        }
        if missed && let Some(pool) = self.pool_of(id) {
            self.look_in_hall(id, pool, hall);
        }
    }

    fn entered_hall(
        &mut self,
        id: SessionId,
        asker: Asker,
        attendance: Attendance,
        replaced: Option<Member>,
        now: Time,
    ) {
        // Of a session that is over the entry ends with its lease.
        let Some(session) = self.sessions.get_mut(id) else { return };
        let former = session.take_attendance(&attendance.hall);
        let (hall, own, roster) = (attendance.hall.clone(), attendance.own, attendance.roster.clone());
        let view = attendance.view();
        session.halls.push(attendance);
        self.halls.attends(id, now);
        self.record(Event::HallEntered);
        if let Some(former) = former.filter(|former| former.name != view.name) {
            self.tell_others_gone(&hall, &former.roster, former.own, Leaving::Left);
        }
        let roster = Arc::new(roster);
        self.tell_roster(&hall, own, &roster);
        if let Some(Member { address, .. }) = replaced.filter(|member| member.address != self.address(id)) {
            let news = HallNews::Roster(roster);
            self.send(&address, Envelope::Hall { hall, news });
        }
        self.acknowledge(asker, Ok(Reply::Entered(view)));
    }

    fn not_entered(
        &mut self,
        id: SessionId,
        asker: Asker,
        hall: HallName,
        entry: EntryId,
        outcome: &Outcome,
        now: Time,
    ) {
        let refusal = match (outcome, outcome.retry_after_ms()) {
            (_, Some(retry_after_ms)) => {
                // It may be in all the same.
                if let Some(pool) = self.pool_of(id) {
                    self.tell_again(pool, hall, vec![entry], now);
                }
                Refusal::Unavailable { retry_after_ms }
            }
            (Outcome::Hall(HallOutcome::Full), None) => Refusal::Hall(HallRefusal::Full),
            (_, None) => Refusal::Hall(HallRefusal::NoMoreHalls),
        };
        self.acknowledge(asker, Err(refusal));
    }

    fn leave_hall(&mut self, id: SessionId, asker: Asker, hall: HallName) {
        let Some(pool) = self.pool_of(id) else { return };
        let Some(session) = self.sessions.get_mut(id) else { return };
        let Some(attendance) = session.take_attendance(&hall) else {
            return self.seek_hall(id, asker, hall);
        };
        if session.halls.is_empty() {
            self.halls.forget(id);
        }
        self.leave_halls(pool, vec![attendance], Leaving::Left);
        self.acknowledge(asker, Ok(Reply::Done));
    }

    /// A client speaks of a hall that it is not in.
    fn seek_hall(&mut self, id: SessionId, asker: Asker, hall: HallName) {
        self.ask_hall(id, HallPurpose::Seek { asker }, HallOperation::Look { hall });
    }

    fn signal_in_hall(
        &mut self,
        id: SessionId,
        asker: Asker,
        hall: &HallName,
        to: &MemberName,
        kind: SignalKind,
        payload: Payload,
    ) {
        let from = self.address(id);
        let Some(session) = self.sessions.get_mut(id) else { return };
        let Some(attendance) = session.attendance(hall) else {
            return self.seek_hall(id, asker, hall.clone());
        };
        let own = attendance.own;
        let Some(target) = attendance.roster.others(own).find(|member| member.name == *to) else {
            return self.acknowledge(asker, Err(Refusal::Hall(HallRefusal::NoSuchMember)));
        };
        let (address, to) = (target.address.clone(), target.entry);
        let from = Box::new(Member { entry: own, name: attendance.name.clone(), address: from });
        let news = HallNews::Signal { from, to, kind, payload };
        self.send(&address, Envelope::Hall { hall: hall.clone(), news });
        self.record(Event::Relayed(kind));
        self.acknowledge(asker, Ok(Reply::Done));
    }

    /// Somebody else came in by this session's name.
    pub(super) fn put_out(&mut self, id: SessionId, hall: &HallName) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let Some(Attendance { name, .. }) = session.take_attendance(hall) else { return };
        if session.halls.is_empty() {
            self.halls.forget(id);
        }
        self.notify_hall(id, HallNotice::Replaced { hall: hall.clone(), name });
    }

    pub(super) fn notify_hall(&mut self, id: SessionId, notice: HallNotice) {
        self.notify(id, Notice::Hall(notice));
    }

    /// Everybody in the halls of this session is told the same.
    fn tell_halls(&mut self, id: SessionId, news: impl Fn(EntryId) -> HallNews) {
        let Some(session) = self.sessions.get(id) else { return };
        let told: Vec<_> = session
            .halls
            .iter()
            .flat_map(|attendance| {
                let others = attendance.roster.others(attendance.own);
                others.map(|other| (other.address.clone(), attendance.hall.clone(), attendance.own))
            })
            .collect();
        for (address, hall, own) in told {
            self.send(&address, Envelope::Hall { hall, news: news(own) });
        }
    }

    /// The client of a session that is in halls is away.
    pub(super) fn tell_halls_away(&mut self, id: SessionId) {
        self.tell_halls(id, |entry| HallNews::Away { entry });
    }

    /// The client of a session is back: it is told which halls it is in, and what came meanwhile.
    pub(super) fn resume_halls(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id).filter(|session| !session.halls.is_empty()) else {
            return;
        };
        let views = session.halls.iter().map(Attendance::view).collect();
        let mut signals = Vec::new();
        for attendance in &mut session.halls {
            let held = std::mem::take(&mut attendance.held);
            let (hall, to) = (&attendance.hall, &attendance.name);
            signals.extend(held.into_iter().map(|held| HallNotice::Signal {
                hall: hall.clone(),
                from: held.from,
                to: to.clone(),
                kind: held.kind,
                payload: held.payload,
            }));
        }
        self.notify_hall(id, HallNotice::Resumed(views));
        for signal in signals {
            self.notify_hall(id, signal);
        }
        self.tell_halls(id, |entry| HallNews::Back { entry });
    }
}

impl Roster {
    /// Who is there no longer, compared with an older one, and who is new.
    pub(super) fn changes_since(&self, older: &Self) -> (Vec<Member>, Vec<Member>) {
        let missing = |from: &Self, to: &Self| {
            let members = from.members.iter().filter(|member| to.entry(member.entry).is_none());
            members.cloned().collect::<Vec<_>>()
        };
        (missing(older, self), missing(self, older))
    }
}

impl Session {
    /// Whether it is in any hall.
    pub(super) fn is_in_halls(&self) -> bool {
        !self.halls.is_empty()
    }
}
