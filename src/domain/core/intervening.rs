//! What somebody who runs the service has done to a user.

use super::super::envelope::Envelope;
use super::super::event::Event;
use super::super::happening::{Happening, What};
use super::super::id::{Entropy, RoomId, SessionId};
use super::super::intervention::{Act, Intervention};
use super::super::talk::{Departure, Talk};
use super::super::time::Time;
use super::session::Work;
use super::{Core, Effect};

impl<E: Entropy> Core<E> {
    /// Carries an order out, if it concerns anybody here. Others are told of it also by a core that tells nothing else.
    pub(super) fn intervene(&mut self, intervention: Intervention, now: Time) {
        let Intervention { user, pool, act, by } = intervention;
        let Some(id) = self.by_user.get(&(pool, user.clone())).copied() else { return };
        if let Act::CloseRoom(room) = act
            && self.peer_of(id, room).is_none()
        {
            return;
        }
        let what = What::Intervened { act, by };
        self.effects.push_back(Effect::Tell(Box::new(Happening { user, pool, what })));
        match act {
            Act::CloseRoom(room) => {
                self.report_end(id, room);
                self.part(id, room, Departure::Left, now);
            }
            Act::Disconnect => self.expel(id, now),
        }
    }

    /// Ends a room for both of its members, of whom neither has left.
    pub(super) fn part(&mut self, id: SessionId, room: RoomId, departure: Departure, now: Time) {
        let Some(talking) = self.sessions.get_mut(id).and_then(|session| session.talking(room)) else {
            return;
        };
        let Talk { peer, since, .. } = talking.talk.clone();
        // Closed here, once.
        talking.reopened = false;
        let lasted = now.since(since);
        // Should the peer's node live after all, the peer must not wait in a room that is over.
        let from = self.address(id);
        self.send(&peer, Envelope::Left { room, departure, from });
        self.close_room(room);
        self.record(Event::RoomClosed { departure, lasted });
        self.peer_left(id, room, departure, now);
    }

    /// Ends a session as if its client had said good-bye.
    fn expel(&mut self, id: SessionId, now: Time) {
        let Some(session) = self.sessions.get(id) else { return };
        if let Some(connection) = session.connection {
            self.effects.push_back(Effect::Close { connection });
            self.disconnected(connection, true, now);
        } else {
            self.enqueue(id, Work::End(Departure::Left), now);
        }
    }
}
