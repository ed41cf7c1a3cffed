//! From an agreement into the room, which is open in the store before anybody is told that it stands.

use std::sync::Arc;

use super::super::command::Reply;
use super::super::envelope::Envelope;
use super::super::event::{Event, TicketEnd};
use super::super::id::{Entropy, SessionId};
use super::super::notice::{Found, Notice};
use super::super::operation::{Operation, Outcome};
use super::super::policy::RETRY_AFTER;
use super::super::proposal::Proposal;
use super::super::talk::Departure;
use super::super::time::Time;
use super::Core;
use super::session::{Asker, Work};
use super::storing::Purpose;

impl<E: Entropy> Core<E> {
    /// Opens the room of an agreed proposal in the store; only then is anybody told that it stands.
    pub(super) fn open(&mut self, id: SessionId, proposal: Arc<Proposal>, asker: Asker) {
        let [claimer, claimed] = &proposal.sides;
        let members = [claimer.ticket.user.clone(), claimed.ticket.user.clone()];
        let (pool, room) = (proposal.pool, proposal.room);
        let request = Operation::OpenRoom { pool, room, members, heard: None, written: [0; 2] };
        self.ask(id, Purpose::Open { proposal, asker }, request);
    }

    pub(super) fn opened(
        &mut self,
        id: SessionId,
        proposal: &Arc<Proposal>,
        asker: Asker,
        outcome: &Outcome,
        now: Time,
    ) {
        let Some(session) = self.sessions.get_mut(id) else {
            return self.stay_away(id, proposal, Departure::Disconnected);
        };
        let user = session.user.clone();
        let Some(proposed) = session.proposed(proposal.id) else {
            if session.talking(proposal.room).is_none() {
                // It was entered, left and closed while the store opened it once more.
                self.stay_away(id, proposal, Departure::Left);
            }
            return self.acknowledge(asker, Ok(Reply::Done));
        };
        if outcome.retry_after_ms().is_some() {
            // Agreed is agreed: the store keeps it, asking again finds it.
            proposed.settle_at = now + RETRY_AFTER;
            return self.acknowledge(asker, Ok(Reply::Done));
        }
        self.acknowledge(asker, Ok(Reply::Done));
        if let Some((_, other)) = proposal.sides_of(&user) {
            self.send(&other.ticket.owner, Envelope::Agreed(proposal.clone()));
        }
        self.record(Event::RoomOpened);
        self.enter(id, proposal, now);
    }

    /// The other side accepted as the second, and the room stands.
    pub(super) fn agreed_by_other(&mut self, id: SessionId, proposal: &Arc<Proposal>, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else {
            return self.stay_away(id, proposal, Departure::Disconnected);
        };
        if session.proposed(proposal.id).is_some() {
            self.enter(id, proposal, now);
            self.advance(id, now);
        } else if session.talking(proposal.room).is_none() {
            // It gave the proposal up, or has left the room since.
            self.stay_away(id, proposal, Departure::Left);
        }
    }

    /// A room stands, or is about to, that this session will never enter: the other one must not wait in it.
    pub(super) fn stay_away(&mut self, id: SessionId, proposal: &Proposal, departure: Departure) {
        if let Some((own, other)) = self.sides_for(id, proposal) {
            let (room, from) = (proposal.room, own.ticket.owner.clone());
            self.send(&other.ticket.owner, Envelope::Left { room, departure, from });
            self.close_room(room);
        }
    }

    /// The room begins for this session.
    pub(super) fn enter(&mut self, id: SessionId, proposal: &Arc<Proposal>, now: Time) {
        let here = self.address(id);
        let Some(session) = self.sessions.get_mut(id) else { return };
        let elsewhere = proposal.sides_of(&session.user).is_some_and(|(own, _)| own.ticket.owner != here);
        let found = proposal.found_by(&session.user);
        let Some(proposed) = session.proposed(proposal.id) else { return };
        let (peer_gone, brought) = (proposed.peer_gone, proposed.brought);
        let moved = brought || elsewhere;
        if !session.begin_talk(proposal, now) {
            return;
        }
        if let Some(talking) = session.talking(proposal.room) {
            talking.reopened = brought;
        }
        self.tally_match(id, Some(proposal), now);
        self.record(Event::TicketEnded(TicketEnd::Matched));
        self.tell_entered(id, proposal, now);
        self.settle(id, proposal, now);
        if let Some(Found { proposal, room, partner, initiator, .. }) = found {
            self.note_told(id, room);
            self.notify(id, Notice::MatchReady { proposal, room, partner, initiator });
        }
        self.register(id);
        if moved && let Some(peer) = self.peer_of(id, proposal.room).cloned() {
            // The other side may know this one by what its ticket said, on a node where it is no more.
            self.send(&peer, Envelope::Here { room: proposal.room, from: here });
        }
        self.bereave_if_gone(id, now);
        if self.sessions.get(id).is_some_and(|session| session.connection.is_none()) {
            self.enqueue(id, Work::Away, now);
        }
        if let Some(departure) = peer_gone {
            let room = proposal.room;
            self.close_room(room);
            self.peer_left(id, room, departure, now);
        }
    }
}
