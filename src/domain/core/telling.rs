//! What others are told, where somebody wants to know. Costs nothing where nobody does.

use super::super::command::Refusal;
use super::super::event::Event;
use super::super::happening::{Happening, What};
use super::super::id::{ConnectionId, Entropy, SessionId};
use super::super::policy::Acceptance;
use super::super::proposal::{Failure, Proposal};
use super::super::talk::{Departure, Quality};
use super::super::time::Time;
use super::session::Talking;
use super::{Core, Effect};

impl<E: Entropy> Core<E> {
    /// This core, telling others what happens.
    #[must_use]
    pub fn telling(mut self) -> Self {
        self.tells = true;
        self
    }

    /// From now on, or no longer.
    pub fn tell_others(&mut self, tells: bool) {
        self.tells = tells;
    }

    /// Tells what happened to the user of a session.
    pub(super) fn tell(&mut self, id: SessionId, what: What) {
        if !self.tells {
            return;
        }
        let Some(session) = self.sessions.get(id) else { return };
        let (user, pool) = (session.user.clone(), self.policy(session).pool);
        self.effects.push_back(Effect::Tell(Box::new(Happening { user, pool, what })));
    }

    /// A command of that client was refused. Spent budgets and full queues come in floods: those are told by
    /// [`Core::refuse`], as seldom as the client is.
    pub(super) fn tell_refused(&mut self, connection: ConnectionId, refusal: &Refusal) {
        let flood = matches!(refusal, Refusal::RateLimited { .. } | Refusal::Busy { .. });
        if self.tells
            && !flood
            && let Some(id) = self.by_connection.get(&connection).copied()
        {
            self.tell(id, What::Refused { code: refusal.code() });
        }
    }

    /// The session's user is asked whether to meet somebody.
    pub(super) fn tell_proposed(&mut self, id: SessionId, proposal: &Proposal) {
        let Some(session) = self.sessions.get(id).filter(|_| self.tells) else { return };
        let Some((own, other)) = proposal.sides_of(&session.user) else { return };
        let (peer, stage) = (other.ticket.user.clone(), own.stage);
        // News of it may come late; how long it stands says when it was made.
        let within = self.policy(session).acceptance.within();
        let waited = proposal.expires_at.since(own.ticket.enqueued_at).saturating_sub(within);
        self.tell(id, What::Proposed { proposal: proposal.id, peer, stage, waited });
    }

    /// The session's proposal came to nothing, where its user was asked.
    pub(super) fn tell_proposal_failed(&mut self, id: SessionId, proposal: &Proposal, failure: Failure) {
        let Some(session) = self.sessions.get(id).filter(|_| self.tells) else { return };
        let asked = self.policy(session).acceptance != Acceptance::AtOnce;
        if let Some((_, other)) = proposal.sides_of(&session.user).filter(|_| asked) {
            let peer = other.ticket.user.clone();
            self.tell(id, What::ProposalFailed { proposal: proposal.id, peer, failure });
        }
    }

    /// The session's user is in the room of that proposal.
    pub(super) fn tell_entered(&mut self, id: SessionId, proposal: &Proposal, now: Time) {
        let sides = self.sessions.get(id).and_then(|session| proposal.sides_of(&session.user));
        let Some((own, other)) = sides else { return };
        let (room, peer) = (proposal.room, other.ticket.user.clone());
        let waited = now.since(own.ticket.enqueued_at);
        self.tell(id, What::RoomOpened { room, peer, proposal: proposal.id, waited });
    }

    /// The session's user is out of its room by its own doing, which ended as said.
    pub(super) fn tell_left(&mut self, id: SessionId, ended: What) {
        if let What::RoomClosed { room, peer, departure: Departure::Skipped, .. } = &ended {
            self.tell(id, What::Skipped { room: *room, peer: peer.clone() });
        }
        self.tell(id, ended);
    }

    /// A client says how its call goes.
    pub(super) fn tell_quality(&mut self, id: SessionId, quality: Quality) {
        self.record(Event::QualityReported(quality));
        self.tell(id, What::Quality(quality));
    }
}

impl Talking {
    /// Its end, by `departure` of the user itself (`own`) or of the other one.
    pub(super) fn end(&self, departure: Departure, own: bool, now: Time) -> What {
        What::RoomClosed {
            room: self.talk.room,
            peer: self.talk.partner.user.clone(),
            departure,
            own,
            lasted: now.since(self.talk.since),
            messages: self.last_sequence.max(self.heard_sequence),
        }
    }
}
