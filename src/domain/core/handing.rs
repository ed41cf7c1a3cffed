//! Stays in halls that go on with another session of the same user.

use std::collections::VecDeque;

use super::super::hall::{HandedHall, Leaving};
use super::super::id::{Entropy, SessionId};
use super::super::time::Time;
use super::Core;
use super::halls::Attendance;

/// What another session can go on with.
pub(super) fn handed(halls: Vec<Attendance>) -> Vec<HandedHall> {
    let handed = |Attendance { hall, own, roster, held, .. }| HandedHall { hall, own, roster, held };
    halls.into_iter().map(handed).collect()
}

impl<E: Entropy> Core<E> {
    /// Goes on with stays of an earlier session: the others are told where, as soon as the store knows. `late`: the
    /// client was not kept waiting for them, and may have come in by itself.
    pub(super) fn attend_on(&mut self, id: SessionId, halls: Vec<HandedHall>, late: bool, now: Time) {
        for handed in halls {
            let Some(pool) = self.pool_of(id) else { return };
            let Some(session) = self.sessions.get_mut(id) else { return };
            if late || session.attendance(&handed.hall).is_some() {
                self.attend_no_more(&handed);
                self.tell_gone(pool, handed.hall, vec![handed.own]);
            } else {
                self.attend_on_in(id, handed, now);
            }
        }
    }

    fn attend_on_in(&mut self, id: SessionId, handed: HandedHall, now: Time) {
        let address = self.address(id);
        let HandedHall { hall, own, mut roster, held } = handed;
        let Some(member) = roster.members.iter_mut().find(|member| member.entry == own) else { return };
        member.address = address;
        let name = member.name.clone();
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.halls.push(Attendance {
            hall: hall.clone(),
            own,
            name,
            over: None,
            roster,
            gone: VecDeque::new(),
            held,
        });
        self.halls.attends(id, now);
        self.restore_in_hall(id, &hall);
    }

    /// Nobody goes on with this stay.
    pub(super) fn attend_no_more(&mut self, HandedHall { hall, own, roster, .. }: &HandedHall) {
        self.tell_others_gone(hall, roster, *own, Leaving::Disconnected);
    }
}
