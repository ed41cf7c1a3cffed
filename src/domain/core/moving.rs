//! A session's client goes on elsewhere: what it has is handed over, gone on with there, and what still comes
//! for it is sent after it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::super::envelope::{Envelope, GoingOn, Handover};
use super::super::event::{Event, TicketEnd};
use super::super::id::{Address, Entropy, RoomId, SessionId, TicketId, UserId};
use super::super::notice::Notice;
use super::super::operation::Operation;
use super::super::policy::FORWARDED_FOR;
use super::super::proposal::Proposal;
use super::super::talk::{Departure, Payload, SignalKind, Talk};
use super::super::ticket::Ticket;
use super::super::time::Time;
use super::handing::handed;
use super::session::{HeardSignal, Session, State, Talking, Waiting, Work};
use super::storing::Purpose;
use super::{Core, Effect};

/// Sessions of which is known where they went; the oldest are forgotten first. More than clients can come back
/// to other nodes in [`FORWARDED_FOR`] while this one serves anybody else.
const MOST_MOVED: usize = 65_536;

/// How often an envelope is sent after somebody who moves on and on. Two sessions that were told to follow each
/// other would send it round for ever.
const FORWARDED_AT_MOST: u8 = 4;

/// Partners that are handed over: more than can be met while the last of them is being written down.
const MET_HANDED_OVER: usize = 8;

/// Where sessions are that were here.
#[derive(Default)]
pub(super) struct Moved {
    by_session: HashMap<SessionId, (Address, Time)>,
    by_time: VecDeque<(Time, SessionId)>,
}

impl Moved {
    fn insert(&mut self, id: SessionId, to: Address, now: Time) {
        while self.by_time.len() >= MOST_MOVED || self.by_time.front().is_some_and(|(until, _)| *until <= now)
        {
            let Some((_, old)) = self.by_time.pop_front() else { break };
            self.by_session.remove(&old);
        }
        let until = now + FORWARDED_FOR;
        self.by_session.insert(id, (to, until));
        self.by_time.push_back((until, id));
    }

    fn find(&self, id: SessionId, now: Time) -> Option<Address> {
        self.by_session.get(&id).filter(|(_, until)| *until > now).map(|(to, _)| to.clone())
    }
}

impl<E: Entropy> Core<E> {
    /// What comes for a session that is not here goes after it, or is answered for it. The envelope comes back if
    /// neither is to be done.
    pub(super) fn for_absent(
        &mut self,
        id: SessionId,
        envelope: Envelope,
        times: u8,
        now: Time,
    ) -> Option<Envelope> {
        let moved = self.moved.find(id, now).filter(|_| times < FORWARDED_AT_MOST);
        match (moved, envelope) {
            (_, Envelope::TakeOver { by, .. }) => self.send(&by, Envelope::HandedOver(None)),
            (Some(to), envelope) => {
                // Whatever is answered there is believed only if it comes from where the peer is.
                if let Envelope::Here { room, from } | Envelope::Back { room, from } = &envelope {
                    self.send(from, Envelope::Here { room: *room, from: to.clone() });
                }
                let (times, envelope) = (times + 1, Box::new(envelope));
                self.send(&to, Envelope::Forwarded { times, envelope });
            }
            (None, Envelope::HandedOver(Some(handover))) => self.wind_up(id, *handover),
            (None, Envelope::Hall { hall, news }) => self.not_in_hall(id, &hall, &news),
            (None, Envelope::Here { room, from } | Envelope::Back { room, from }) => {
                self.send_left(id, &from, room);
            }
            (None, envelope) => return Some(envelope),
        }
        None
    }

    /// Tells somebody who speaks of a room that this session is not in it.
    pub(super) fn send_left(&mut self, id: SessionId, to: &Address, room: RoomId) {
        let from = self.address(id);
        self.send(to, Envelope::Left { room, departure: Departure::Left, from });
    }

    /// A newer session of the user waits for what this one has: whatever its client asked for and is not under
    /// way yet is not done any more, and what came late from the session before it goes with it.
    pub(super) fn hand_over_next(&mut self, id: SessionId, by: Address, rank: Time, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.queue.push_front(Work::HandOver { by, rank });
        self.advance(id, now);
    }

    /// It is this session's turn to hand over what it has, unless it has learned since that it is the newer one.
    pub(super) fn hand_over_to_newer(&mut self, id: SessionId, by: Address, rank: Time, now: Time) {
        let own = self.sessions.get(id).and_then(|session| session.rank);
        if own.is_some_and(|own| own > rank) {
            self.asked_to_hand_over(id, by, rank, now);
        } else {
            self.hand_over(id, &by, now);
        }
    }

    /// The session's user has a newer session, which gets what this one has. A client that is still connected is
    /// told why it is sent away.
    pub(super) fn hand_over(&mut self, id: SessionId, by: &Address, now: Time) {
        let Some(session) = self.send_away(id) else { return };
        let Session { user, state, settled, mut avoid, mut queue, halls, ended, backing, .. } = session;
        queue.retain(|work| !matches!(work, Work::HandOver { by: other, .. } if other == by));
        let seeks = backing.is_some_and(|backing| backing.seeks);
        let met = avoid.split_off(avoid.len().saturating_sub(MET_HANDED_OVER));
        let halls = handed(halls);
        let ended = ended.map(|ended| *ended);
        let handover = Handover { user, going_on: going_on(state), settled, met, halls, ended, seeks };
        self.moved.insert(id, by.clone(), now);
        self.send(by, Envelope::HandedOver(Some(Box::new(handover))));
        let (waits, comes) = left_undone(queue);
        self.turn_away(waits);
        for handover in comes {
            self.send(by, Envelope::HandedOver(Some(Box::new(handover))));
        }
    }

    /// Who still waits for what a session has that is not here any more gets nothing.
    fn turn_away(&mut self, waits: Vec<Address>) {
        for by in waits {
            self.send(&by, Envelope::HandedOver(None));
        }
    }

    /// A session is over: nobody gets what it had, nor goes on with what came for it.
    pub(super) fn leave_undone(&mut self, id: SessionId, queue: VecDeque<Work>) {
        let (waits, comes) = left_undone(queue);
        self.turn_away(waits);
        for handover in comes {
            self.wind_up(id, handover);
        }
    }

    /// Ends a session whose user has a newer one. Nobody else is told: what it was in goes on there.
    pub(super) fn send_away(&mut self, id: SessionId) -> Option<Session> {
        let session = self.remove(id)?;
        if let Some(connection) = session.connection {
            self.record(Event::SessionReplaced);
            self.effects.push_back(Effect::Notify { connection, notice: Notice::Replaced });
            self.effects.push_back(Effect::Close { connection });
        }
        self.record(Event::SessionClosed);
        Some(session)
    }

    /// Goes on with what an earlier session had. `late`: the client was not kept waiting for it, and may have
    /// begun something else, or ended what this would begin again.
    pub(super) fn go_on(&mut self, id: SessionId, handover: Handover, late: bool, now: Time) {
        let Handover { user, going_on, settled, met, halls, ended, seeks } = handover;
        self.attend_on(id, halls, late, now);
        let Some(session) = self.sessions.get_mut(id) else { return };
        let idle = matches!(session.state, State::Idle);
        let begun = match going_on {
            GoingOn::Idle => false,
            GoingOn::Waiting(ticket) if idle && !late => self.wait_on(id, &ticket, now),
            GoingOn::Waiting(ticket) => self.wait_no_more(id, user, &ticket),
            GoingOn::Proposed { proposal, .. } if session.knows(&proposal) => false,
            GoingOn::Proposed { proposal, peer_gone } if idle && !late => {
                self.propose_on(id, &user, proposal, peer_gone, now)
            }
            GoingOn::Proposed { proposal, .. } => self.propose_no_more(id, user, &proposal),
            GoingOn::Talking { talk, heard_sequence, held, .. } if session.talking(talk.room).is_some() => {
                self.hear_late(id, talk.room, heard_sequence, held, now)
            }
            GoingOn::Talking { talk, .. } if session.settled.contains(&talk.proposal) => {
                // Where it comes from, its room may have been opened again.
                self.close_room(talk.room);
                false
            }
            GoingOn::Talking { talk, last_sequence, heard_sequence, told, held } if idle => {
                let mut talking = Talking::new(*talk);
                talking.told = told;
                talking.last_sequence = last_sequence;
                talking.heard_sequence = heard_sequence;
                self.talk_on(id, talking, held, now)
            }
            GoingOn::Talking { talk, .. } => self.talk_no_more(id, &talk),
        };
        if let Some(session) = self.sessions.get_mut(id) {
            for proposal in settled {
                session.settle(proposal);
            }
            session.avoid.retain(|(known, _)| !met.iter().any(|(user, _)| user == known));
            session.avoid.extend(met);
            session.ended = session.ended.take().or(ended.map(Box::new));
        }
        if seeks && !late {
            self.seek_on(id, now);
        }
        if late {
            self.tell_missed_end(id);
        }
        if begun || !late {
            self.tell_going_on(id, now);
        }
    }

    /// Tells the client what goes on, or others that it is away already.
    fn tell_going_on(&mut self, id: SessionId, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        match (&mut session.state, session.connection) {
            // It is told in its turn; what it asks for first may be to leave.
            (State::Talking(talking), Some(_)) if session.resuming => {
                let Talk { peer, room, .. } = talking.talk.clone();
                let from = self.address(id);
                self.send(&peer, Envelope::Here { room, from });
            }
            (_, Some(_)) if session.resuming => {}
            (_, Some(_)) => self.resume(id),
            (State::Idle, None) => self.tell_halls_away(id),
            (State::Proposed(_), None) => {}
            (State::Waiting(waiting), None) => {
                waiting.listed = true;
                self.enqueue(id, Work::Suspend, now);
            }
            (State::Talking(talking), None) => {
                let Talk { peer, room, .. } = talking.talk.clone();
                let from = self.address(id);
                self.send(&peer, Envelope::Here { room, from });
                self.enqueue(id, Work::Away, now);
            }
        }
        self.schedule(id);
    }

    fn wait_on(&mut self, id: SessionId, ticket: &Ticket, now: Time) -> bool {
        let ticket = Ticket { owner: self.address(id), ..ticket.clone() };
        let Some(session) = self.sessions.get_mut(id) else { return false };
        let stage = self.policies[session.policy].ladder.stage_at(ticket.enqueued_at, now);
        let mut waiting = Waiting::new(Arc::new(ticket), None, now);
        waiting.stage = stage;
        session.brought = Some(waiting.ticket.id);
        // A wish that cools down begins in the future.
        let cooldown = self.policies[session.policy].skip_cooldown;
        session.cooled_at = waiting.ticket.enqueued_at.min(now + cooldown);
        session.state = State::Waiting(Box::new(waiting));
        true
    }

    /// Nobody waits with a ticket that came too late, unless it is the one this session has.
    fn wait_no_more(&mut self, id: SessionId, user: UserId, ticket: &Ticket) -> bool {
        let (pool, ticket) = (ticket.pool, ticket.id);
        if self.sessions.get(id).and_then(Session::ticket) != Some(ticket) {
            self.ask_aside(Purpose::Disown { pool, user }, Operation::Withdraw { pool, ticket });
            self.end_unless_brought(id, ticket);
        }
        false
    }

    /// A proposal that came too late is declined.
    fn propose_no_more(&mut self, id: SessionId, user: UserId, proposal: &Proposal) -> bool {
        if let Some((own, _)) = proposal.sides_of(&user)
            && self.sessions.get(id).and_then(Session::ticket) != Some(own.ticket.id)
        {
            self.end_unless_brought(id, own.ticket.id);
        }
        self.decline(proposal.pool, proposal.id, user);
        false
    }

    /// A ticket is gone that nobody goes on with. What became of one that was brought here before, this session
    /// has told.
    fn end_unless_brought(&mut self, id: SessionId, ticket: TicketId) {
        if self.sessions.get(id).and_then(|session| session.brought) != Some(ticket) {
            self.record(Event::TicketEnded(TicketEnd::Gone));
        }
    }

    fn propose_on(
        &mut self,
        id: SessionId,
        user: &UserId,
        proposal: Arc<Proposal>,
        peer_gone: Option<Departure>,
        now: Time,
    ) -> bool {
        let owner = self.address(id);
        let Some((own, _)) = proposal.sides_of(user) else { return false };
        let (ticket, accepted) = (Ticket { owner, ..(*own.ticket).clone() }, own.accepted);
        // A room that stands already is entered as soon as the store says so.
        let at_once = peer_gone.is_some() || proposal.agreed();
        let settle_at = if at_once { now } else { proposal.expires_at };
        let proposed = super::session::Proposed {
            proposal,
            ticket: Arc::new(ticket),
            accepted,
            settle_at,
            lost: false,
            peer_gone,
            peer: None,
            brought: true,
        };
        let Some(session) = self.sessions.get_mut(id) else { return false };
        session.brought = Some(proposed.ticket.id);
        session.state = State::Proposed(Box::new(proposed));
        true
    }

    fn talk_on(
        &mut self,
        id: SessionId,
        mut talking: Talking,
        held: Vec<(SignalKind, Payload)>,
        now: Time,
    ) -> bool {
        let room = talking.talk.room;
        talking.held = held.into();
        // The session it comes from may have opened it after the peer had left and closed it.
        talking.reopened = true;
        let Some(session) = self.sessions.get_mut(id) else { return false };
        let grace = self.policies[session.policy].grace;
        session.settle(talking.talk.proposal);
        session.state = State::Talking(Box::new(talking));
        self.widowed.unheard(id, now + grace, room);
        self.register(id);
        true
    }

    /// The former session kept what came for it while this one had begun already. Signals keep their order: of
    /// those none is passed on after a newer one.
    fn hear_late(
        &mut self,
        id: SessionId,
        room: RoomId,
        heard_sequence: u64,
        held: Vec<(SignalKind, Payload)>,
        now: Time,
    ) -> bool {
        let heard =
            |talking: &mut Talking| talking.heard_signal != HeardSignal::Nothing || !talking.held.is_empty();
        let newer = self.sessions.get_mut(id).and_then(|session| session.talking(room)).is_some_and(heard);
        for (kind, payload) in held {
            if newer {
                self.record(Event::HeldSignalDropped);
            } else {
                self.hear_signal(id, room, kind, payload);
            }
        }
        let from = self.address(id);
        if let Some(peer) = self.peer_of(id, room).cloned() {
            // The former session may have answered it since.
            self.send(&peer, Envelope::Here { room, from });
        }
        let Some(talking) = self.sessions.get_mut(id).and_then(|session| session.talking(room)) else {
            return false;
        };
        talking.heard_sequence = talking.heard_sequence.max(heard_sequence);
        if talking.heard_sequence > talking.last_sequence && !talking.catching_up {
            talking.catching_up = true;
            self.enqueue(id, Work::CatchUp, now);
        }
        false
    }

    /// A talk that came too late is over: its peer must not wait in it.
    fn talk_no_more(&mut self, id: SessionId, talk: &Talk) -> bool {
        let (room, from) = (talk.room, self.address(id));
        self.send(&talk.peer, Envelope::Here { room, from });
        self.send_left(id, &talk.peer, room);
        self.close_room(room);
        false
    }

    /// Ends what was handed over to a session that is over itself.
    fn wind_up(&mut self, id: SessionId, handover: Handover) {
        let Handover { user, going_on, halls, .. } = handover;
        // The store learns of it when their leases end.
        for handed in &halls {
            self.attend_no_more(handed);
        }
        match going_on {
            GoingOn::Idle => {}
            GoingOn::Waiting(ticket) => {
                self.wait_no_more(id, user, &ticket);
            }
            GoingOn::Proposed { proposal, .. } => {
                self.propose_no_more(id, user, &proposal);
            }
            GoingOn::Talking { talk, .. } => {
                self.talk_no_more(id, &talk);
            }
        }
    }
}

impl Session {
    fn knows(&mut self, proposal: &Proposal) -> bool {
        self.settled.contains(&proposal.id) || self.proposed(proposal.id).is_some()
    }
}

/// Who waits for what a session has, and what an earlier one has handed over to it, both in order.
fn left_undone(queue: VecDeque<Work>) -> (Vec<Address>, Vec<Handover>) {
    let (mut waits, mut comes) = (Vec::new(), Vec::new());
    for work in queue {
        match work {
            Work::HandOver { by, .. } => waits.push(by),
            Work::GoOn { handover, .. } => comes.push(*handover),
            Work::Command { .. }
            | Work::Search
            | Work::Suspend
            | Work::Silence
            | Work::Expire
            | Work::Away
            | Work::Resume
            | Work::CatchUp
            | Work::End(_)
            | Work::Attach
            | Work::Reopen => {}
        }
    }
    (waits, comes)
}

/// What another session can go on with.
fn going_on(state: State) -> GoingOn {
    match state {
        State::Idle => GoingOn::Idle,
        State::Waiting(waiting) => GoingOn::Waiting(waiting.ticket),
        State::Proposed(proposed) => {
            GoingOn::Proposed { proposal: proposed.proposal, peer_gone: proposed.peer_gone }
        }
        State::Talking(talking) => GoingOn::Talking {
            last_sequence: talking.last_sequence,
            heard_sequence: talking.heard_sequence,
            told: talking.told,
            held: talking.held.into(),
            talk: Box::new(talking.talk),
        },
    }
}
