//! A node is gone: what becomes of sessions here that dealt with one there.

use std::collections::{BTreeMap, BTreeSet};

use super::super::envelope::Envelope;
use super::super::id::{Entropy, NodeId, RoomId, SessionId};
use super::super::notice::Notice;
use super::super::proposal::Proposal;
use super::super::talk::Departure;
use super::super::time::Time;
use super::Core;
use super::matching::ms;
use super::session::State;

/// Nodes that are known as gone; of more, some are forgotten.
const MOST_GONE: usize = 1_024;

/// Nodes that are gone.
#[derive(Default)]
pub(super) struct Gone(BTreeSet<NodeId>);

impl Gone {
    pub(super) fn contains(&self, node: &NodeId) -> bool {
        self.0.contains(node)
    }

    fn insert(&mut self, node: NodeId) {
        if self.0.len() >= MOST_GONE {
            self.0.pop_first();
        }
        self.0.insert(node);
    }
}

/// A session that does not know whether its peer still lives.
#[derive(Clone, Copy)]
struct Widow {
    /// Until when the peer may come back.
    until: Time,
    room: RoomId,
    /// Whether the client knows.
    told: bool,
}

/// Sessions whose peer's node is gone, or that came from elsewhere and have not heard of their peer since.
#[derive(Default)]
pub(super) struct Widowed {
    by_session: BTreeMap<SessionId, Widow>,
    by_time: BTreeSet<(Time, SessionId)>,
}

impl Widowed {
    /// When the next of them gives its peer up.
    pub(super) fn next(&self) -> Time {
        self.by_time.first().map_or(Time::NEVER, |(until, _)| *until)
    }

    /// The session's client was told that its peer is away.
    fn bereaved(&mut self, id: SessionId, until: Time, room: RoomId) {
        self.insert(id, Widow { until, room, told: true });
    }

    /// The session goes on with a talk in which its peer is to be heard of.
    pub(super) fn unheard(&mut self, id: SessionId, until: Time, room: RoomId) {
        self.insert(id, Widow { until, room, told: false });
    }

    fn insert(&mut self, id: SessionId, widow: Widow) {
        self.remove(id);
        self.by_session.insert(id, widow);
        self.by_time.insert((widow.until, id));
    }

    fn remove(&mut self, id: SessionId) -> Option<Widow> {
        let widow = self.by_session.remove(&id)?;
        self.by_time.remove(&(widow.until, id));
        Some(widow)
    }

    /// The session is over.
    pub(super) fn forget(&mut self, id: SessionId) {
        self.remove(id);
    }

    fn is_of(&self, id: SessionId, room: RoomId) -> bool {
        self.by_session.get(&id).is_some_and(|widow| widow.room == room)
    }

    fn due(&self, now: Time) -> Option<SessionId> {
        self.by_time.first().filter(|(until, _)| *until <= now).map(|(_, id)| *id)
    }
}

impl<E: Entropy> Core<E> {
    /// Nothing comes from `node` any more. Whoever talks with somebody there is told, and waits as for anybody
    /// who lost a connection; a proposal with somebody there is answered for them, so that the one here is
    /// queued again at once. What was to be taken over from there is not waited for.
    pub(super) fn node_gone(&mut self, node: &NodeId, now: Time) {
        self.gone.insert(node.clone());
        self.halls_without(node);
        let sessions: BTreeSet<SessionId> = self.by_user.values().copied().collect();
        for id in sessions {
            let Some(session) = self.sessions.get(id) else { continue };
            match &session.state {
                State::Talking(talking) if talking.talk.peer.node == *node => self.bereave(id, now),
                State::Proposed(proposed) => {
                    let proposal = proposed.proposal.clone();
                    self.decline_for_gone(id, &proposal);
                }
                State::Idle if session.arrival.waits_for(node) => self.arrival_due(id, now),
                State::Talking(_) | State::Idle | State::Waiting(_) => {}
            }
        }
    }

    /// The peer's node is gone: the client is told, and its peer may come back for a while.
    fn bereave(&mut self, id: SessionId, now: Time) {
        let Some(session) = self.sessions.get(id) else { return };
        let State::Talking(talking) = &session.state else { return };
        let (room, user, grace) =
            (talking.talk.room, talking.talk.partner.user.clone(), self.policy(session).grace);
        self.widowed.bereaved(id, now + grace, room);
        self.notify(id, Notice::PeerAway { room, user, grace_ms: ms(grace) });
    }

    /// A talk begins: should its peer's node be gone already, nobody will say so again.
    pub(super) fn bereave_if_gone(&mut self, id: SessionId, now: Time) {
        let Some(State::Talking(talking)) = self.sessions.get(id).map(|session| &session.state) else {
            return;
        };
        if self.gone.contains(&talking.talk.peer.node) {
            self.bereave(id, now);
        }
    }

    /// Answers a proposal for the other side if its node is gone.
    pub(super) fn decline_for_gone(&mut self, id: SessionId, proposal: &Proposal) {
        let Some(session) = self.sessions.get(id) else { return };
        let other = proposal.sides_of(&session.user).map(|(_, other)| &other.ticket);
        if let Some(other) = other.filter(|other| self.gone.contains(&other.owner.node)) {
            self.decline(proposal.pool, proposal.id, other.user.clone());
        }
    }

    /// A node that was thought dead is not: the talks that have not ended go on.
    pub(super) fn node_back(&mut self, node: &NodeId) {
        self.gone.0.remove(node);
        let told = |(id, widow): (&SessionId, &Widow)| widow.told.then_some(*id);
        let sessions: Vec<SessionId> = self.widowed.by_session.iter().filter_map(told).collect();
        for id in sessions {
            let Some(State::Talking(talking)) = self.sessions.get(id).map(|session| &session.state) else {
                continue;
            };
            if talking.talk.peer.node == *node {
                self.reunite(id);
            }
        }
    }

    /// Whoever says something about the room is there again.
    pub(super) fn heard_from_peer(&mut self, id: SessionId, envelope: &Envelope) {
        let room = match envelope {
            Envelope::Signal { room, .. }
            | Envelope::Quality { room, .. }
            | Envelope::Chat { room, .. }
            | Envelope::Typing { room, .. }
            | Envelope::Here { room, .. } => room,
            // These tell the client themselves.
            Envelope::Back { room, .. } | Envelope::Away { room, .. } | Envelope::Left { room, .. } => {
                if self.widowed.is_of(id, *room) {
                    self.widowed.remove(id);
                }
                return;
            }
            Envelope::Hall { .. }
            | Envelope::Proposed(_)
            | Envelope::Accepted(_)
            | Envelope::Agreed(_)
            | Envelope::Failed { .. }
            | Envelope::TakeOver { .. }
            | Envelope::HandedOver(_)
            | Envelope::Forwarded { .. } => return,
        };
        if self.widowed.is_of(id, *room) {
            self.reunite(id);
        }
    }

    fn reunite(&mut self, id: SessionId) {
        let Some(Widow { room, told: true, .. }) = self.widowed.remove(id) else { return };
        self.tell_of_peer(id, room, |user| Notice::PeerBack { room, user });
    }

    /// Ends the rooms of those whose peer did not come back in time.
    pub(super) fn part_due(&mut self, now: Time) {
        while let Some(id) = self.widowed.due(now) {
            let Some(Widow { room, .. }) = self.widowed.remove(id) else { continue };
            self.part(id, room, Departure::Disconnected, now);
        }
    }
}
