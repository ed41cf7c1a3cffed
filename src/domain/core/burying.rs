//! A node is gone: what becomes of sessions here that dealt with one there.

use std::collections::{BTreeMap, BTreeSet};

use super::super::envelope::Envelope;
use super::super::event::Event;
use super::super::id::{Entropy, NodeId, RoomId, SessionId};
use super::super::notice::Notice;
use super::super::operation::Operation;
use super::super::talk::Departure;
use super::super::time::Time;
use super::Core;
use super::matching::ms;
use super::session::State;
use super::storing::Purpose;

/// Sessions whose peer's node is gone, and until when the peer may come back.
#[derive(Default)]
pub(super) struct Widowed {
    by_session: BTreeMap<SessionId, (Time, RoomId)>,
    by_time: BTreeSet<(Time, SessionId)>,
}

impl Widowed {
    /// When the next of them gives its peer up.
    pub(super) fn next(&self) -> Time {
        self.by_time.first().map_or(Time::NEVER, |(until, _)| *until)
    }

    fn insert(&mut self, id: SessionId, until: Time, room: RoomId) {
        self.remove(id);
        self.by_session.insert(id, (until, room));
        self.by_time.insert((until, id));
    }

    fn remove(&mut self, id: SessionId) -> Option<RoomId> {
        let (until, room) = self.by_session.remove(&id)?;
        self.by_time.remove(&(until, id));
        Some(room)
    }

    fn due(&self, now: Time) -> Option<SessionId> {
        self.by_time.first().filter(|(until, _)| *until <= now).map(|(_, id)| *id)
    }
}

impl<E: Entropy> Core<E> {
    /// Nothing comes from `node` any more. Whoever talks with somebody there is told, and waits as for anybody
    /// who lost a connection; a proposal with somebody there is answered for them, so that the one here is
    /// queued again at once.
    pub(super) fn node_gone(&mut self, node: &NodeId, now: Time) {
        let sessions: BTreeSet<SessionId> = self.by_user.values().copied().collect();
        for id in sessions {
            let Some(session) = self.sessions.get(id) else { continue };
            let grace = self.policy(session).grace;
            match &session.state {
                State::Talking(talking) if talking.peer.node == *node => {
                    let (room, user) = (talking.room, talking.partner.user.clone());
                    self.widowed.insert(id, now + grace, room);
                    self.notify(id, Notice::PeerAway { room, user, grace_ms: ms(grace) });
                }
                State::Proposed(proposed) => {
                    let proposal = &proposed.proposal;
                    let other = proposal.sides_of(&session.user).map(|(_, other)| &other.ticket);
                    if let Some(other) = other.filter(|other| other.owner.node == *node) {
                        self.decline(proposal.pool, proposal.id, other.user.clone());
                    }
                }
                State::Talking(_) | State::Idle | State::Waiting(_) => {}
            }
        }
    }

    /// A node that was thought dead is not: the talks that have not ended go on.
    pub(super) fn node_back(&mut self, node: &NodeId) {
        let sessions: Vec<SessionId> = self.widowed.by_session.keys().copied().collect();
        for id in sessions {
            let Some(State::Talking(talking)) = self.sessions.get(id).map(|session| &session.state) else {
                continue;
            };
            if talking.peer.node == *node {
                self.reunite(id);
            }
        }
    }

    /// Whoever says something about the room is there again.
    pub(super) fn heard_from_peer(&mut self, id: SessionId, envelope: &Envelope) {
        let room = match envelope {
            Envelope::Signal { room, .. } | Envelope::Quality { room, .. } | Envelope::Chat { room, .. } => {
                room
            }
            // These tell the client themselves.
            Envelope::Back { room } | Envelope::Left { room, .. } => {
                if self.widowed.by_session.get(&id).is_some_and(|(_, own)| own == room) {
                    self.widowed.remove(id);
                }
                return;
            }
            Envelope::Away { .. }
            | Envelope::Proposed(_)
            | Envelope::Accepted(_)
            | Envelope::Agreed(_)
            | Envelope::Failed { .. } => return,
        };
        if self.widowed.by_session.get(&id).is_some_and(|(_, own)| own == room) {
            self.reunite(id);
        }
    }

    fn reunite(&mut self, id: SessionId) {
        let Some(room) = self.widowed.remove(id) else { return };
        let Some(talking) = self.sessions.get_mut(id).and_then(|session| session.talking(room)) else {
            return;
        };
        let user = talking.partner.user.clone();
        self.notify(id, Notice::PeerBack { room, user });
    }

    /// Ends the rooms of those whose peer did not come back in time.
    pub(super) fn part_due(&mut self, now: Time) {
        while let Some(id) = self.widowed.due(now) {
            let Some(room) = self.widowed.remove(id) else { continue };
            let Some(talking) = self.sessions.get_mut(id).and_then(|session| session.talking(room)) else {
                continue;
            };
            let (peer, lasted) = (talking.peer.clone(), now.since(talking.since));
            let departure = Departure::Disconnected;
            // Should the peer's node live after all, the peer must not wait in a room that is over.
            self.send(&peer, Envelope::Left { room, departure });
            self.ask_aside(Purpose::Nothing, Operation::CloseRoom { room });
            self.record(Event::RoomClosed { departure, lasted });
            self.peer_left(id, room, departure, now);
        }
    }
}
