//! Pools whose partners a backend finds and whose messages it keeps.
//!
//! ```text
//! Join ─▶ present ──Start──▶ nobody: asked again later
//!            ▲                  │ found
//!            │                  ▼
//!            └── not there ── OpenRoom ─▶ Locate ─▶ talking;  Here ─▶ the other one asks at once
//! ```
//! Each side asks for itself and hears from the backend alone whom it is with. What a session waits for is its own
//! messages; everything else goes on beside it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::command::{Refusal, Reply, RoomRef};
use super::super::envelope::Envelope;
use super::super::errand::{Errand, Tidings, Token, What};
use super::super::event::{Event, TicketEnd};
use super::super::id::{Address, Entropy, OperationId, ProposalId, RoomId, SessionId, UserId};
use super::super::limits::MESSAGES_AT_ONCE;
use super::super::notice::{Notice, Partner};
use super::super::operation::{Operation, Outcome};
use super::super::person::{Language, Proficiency};
use super::super::policy::{Matchmaker, Policy, RETRY_AFTER};
use super::super::talk::{ChatMessage, Talk};
use super::super::time::Time;
use super::matching::ms;
use super::session::{Arrival, Asker, Session, State, Talking, Work};
use super::storing::{Appending, Purpose};
use super::{Core, Effect};

/// Names of messages that a session remembers as kept: more than a client repeats after it came back.
const NAMES: usize = 64;

/// What a session has to do with a backend.
pub(super) struct Backing {
    token: Token,
    /// Wants somebody to talk to.
    pub(super) seeks: bool,
    /// The backend, or what follows from its answer, is waited for.
    asking: bool,
    /// When to ask it next, while seeking.
    ask_at: Time,
    /// When to say next that the user is there.
    beat_at: Time,
    /// It is being said.
    beating: bool,
    /// A partner that is nowhere to be found, and until when it is waited for.
    missing: Option<(ProposalId, Time)>,
    /// The client's names of messages that were kept last.
    names: VecDeque<Arc<str>>,
}

/// Whom a backend found, and for whom.
#[derive(Clone)]
pub(super) struct Match {
    session: SessionId,
    room: RoomId,
    partner: UserId,
}

/// A message on its way to a backend.
pub(super) struct Writing {
    from: UserId,
    room: RoomId,
    asker: Asker,
    client_message_id: Option<Arc<str>>,
}

/// What is asked of a backend for who came back.
pub(super) struct Missing {
    asker: Asker,
    room: RoomId,
    partner: UserId,
    after: u64,
}

impl Backing {
    pub(super) fn new(token: Token, now: Time) -> Self {
        Self {
            token,
            seeks: false,
            asking: false,
            ask_at: Time::NEVER,
            beat_at: now,
            beating: false,
            missing: None,
            names: VecDeque::new(),
        }
    }

    /// The client is back, and may show another token.
    pub(super) fn renew(&mut self, token: Token, now: Time) {
        self.token = token;
        self.beat_at = now;
        self.ask_at = now;
    }

    fn remember(&mut self, name: Arc<str>) {
        if self.names.len() == NAMES {
            self.names.pop_front();
        }
        self.names.push_back(name);
    }
}

impl Session {
    /// Whether it waits for a partner that a backend finds.
    pub(super) fn seeks(&self) -> bool {
        self.backing.as_ref().is_some_and(|backing| backing.seeks)
    }

    /// When the backend is to be asked or told something.
    pub(super) fn errand_at(&self) -> Time {
        let Some(backing) = self.backing.as_ref().filter(|_| self.connection.is_some()) else {
            return Time::NEVER;
        };
        let asks = backing.seeks && !backing.asking && self.arrival.is_settled();
        let beat_at = if backing.beating { Time::NEVER } else { backing.beat_at };
        beat_at.min(if asks { backing.ask_at } else { Time::NEVER })
    }
}

impl<E: Entropy> Core<E> {
    fn backing(&mut self, id: SessionId) -> Option<&mut Backing> {
        self.sessions.get_mut(id)?.backing.as_deref_mut()
    }

    /// Asks for something that the session does not wait for.
    fn consult_aside(&mut self, id: SessionId, purpose: Purpose, what: What) {
        if let Some(token) = self.backing(id).map(|backing| backing.token.clone()) {
            self.consult(None, purpose, Errand { token, what });
        }
    }

    fn consult(&mut self, session: Option<SessionId>, purpose: Purpose, errand: Errand) -> OperationId {
        let operation = self.name_operation(session, purpose);
        self.effects.push_back(Effect::Consult { operation, errand });
        operation
    }

    /// Does what is due.
    pub(super) fn run_errands(&mut self, id: SessionId, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.errand_at() > now {
            return;
        }
        let Matchmaker::Backend { beat_every, .. } = self.policies[session.policy].matchmaker else { return };
        let seeks = session.arrival.is_settled();
        let Some(backing) = &mut session.backing else { return };
        let beats = !backing.beating && backing.beat_at <= now;
        if beats {
            backing.beat_at = now + beat_every;
            backing.beating = true;
        }
        let asks = seeks && backing.seeks && !backing.asking && backing.ask_at <= now;
        backing.asking |= asks;
        if beats {
            self.consult_aside(id, Purpose::Beat { session: id }, What::Present);
        }
        if asks {
            self.consult_aside(id, Purpose::Start { session: id }, What::Start);
        }
    }

    /// A client wants to be matched.
    pub(super) fn seek(&mut self, id: SessionId, asker: Asker, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let refusal = match (&session.state, &session.arrival) {
            (State::Talking(_), _) => Some(Refusal::InRoom),
            // The user may be in a talk elsewhere.
            (_, Arrival::Unanswered { .. }) => Some(Refusal::Unavailable { retry_after_ms: ms(RETRY_AFTER) }),
            (State::Idle | State::Waiting(_) | State::Proposed(_), _) => None,
        };
        if let Some(refusal) = refusal {
            return self.acknowledge(asker, Err(refusal));
        }
        if let Some(backing) = self.backing(id)
            && !backing.seeks
        {
            backing.seeks = true;
            backing.ask_at = now;
            self.tally_arrival(id, now);
            self.record(Event::Searching);
        }
        self.run_errands(id, now);
        self.acknowledge(asker, Ok(Reply::Joined { position: 1, estimated_wait_seconds: 0 }));
    }

    /// A search that began elsewhere goes on.
    pub(super) fn seek_on(&mut self, id: SessionId, now: Time) {
        if let Some(backing) = self.backing(id) {
            backing.seeks = true;
            backing.ask_at = now;
        }
    }

    /// A client wants to be matched no more.
    pub(super) fn seek_no_more(&mut self, id: SessionId, asker: Asker) {
        let Some(session) = self.sessions.get(id) else { return };
        if matches!(session.state, State::Talking(_)) {
            return self.acknowledge(asker, Err(Refusal::InRoom));
        }
        self.give_up_seeking(id, TicketEnd::Cancelled);
        self.acknowledge(asker, Ok(Reply::Done));
    }

    /// The search of a session is over, if it has one.
    pub(super) fn give_up_seeking(&mut self, id: SessionId, end: TicketEnd) {
        if let Some(backing) = self.backing(id).filter(|backing| backing.seeks) {
            backing.seeks = false;
            self.record(Event::TicketEnded(end));
        }
    }

    /// The other one is in a room that this session does not know: the backend may be about to say so.
    pub(super) fn may_be_found(&mut self, id: SessionId, room: RoomId, now: Time) -> bool {
        let Some(session) = self.sessions.get_mut(id) else { return false };
        let over = session.settled.contains(&ProposalId::numbered(room.number()));
        let Some(backing) = session.backing.as_mut().filter(|backing| backing.seeks && !over) else {
            return false;
        };
        backing.ask_at = now;
        self.run_errands(id, now);
        true
    }

    /// The backend's answer to `operation`.
    pub(super) fn consulted(&mut self, operation: OperationId, tidings: Tidings, now: Time) {
        if matches!(tidings, Tidings::Unavailable { .. }) {
            self.record(Event::BackendUnavailable);
        }
        match self.taken(operation) {
            Some((_, Purpose::Start { session })) => self.started(session, tidings, now),
            Some((_, Purpose::Beat { session })) => {
                if let Some(backing) = self.backing(session) {
                    backing.beating = false;
                }
                self.schedule(session);
            }
            Some((Some(id), Purpose::Write(writing))) => {
                self.land(id);
                self.written(id, writing, tidings);
                self.advance(id, now);
            }
            Some((Some(id), Purpose::Said(missing))) => {
                self.land(id);
                self.was_said(id, *missing, tidings);
                self.advance(id, now);
            }
            // Whatever else was said needs no answer.
            Some(_) | None => {}
        }
    }

    fn started(&mut self, id: SessionId, tidings: Tidings, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let idle = matches!(session.state, State::Idle);
        let Tidings::Found { room, partner } = tidings else {
            let absent = tidings == Tidings::NotPresent;
            self.ask_again(id, now);
            if let Some(backing) = self.backing(id).filter(|_| absent) {
                backing.beat_at = now;
            }
            return self.schedule(id);
        };
        let over = session.settled.contains(&ProposalId::numbered(room));
        if over {
            // The end of it did not reach the backend.
            self.consult_aside(id, Purpose::Nothing, What::End { room });
        }
        if over || !idle || !self.sessions.get(id).is_some_and(Session::seeks) {
            self.ask_again(id, now);
            return self.schedule(id);
        }
        let found = Match { session: id, room: RoomId::numbered(room), partner };
        self.open_found(found);
    }

    fn open_found(&mut self, found: Match) {
        let Some(session) = self.sessions.get(found.session) else { return };
        let mut members = [session.user.clone(), found.partner.clone()];
        members.sort_unstable();
        let (pool, room) = (self.policy(session).pool, found.room);
        let request = Operation::OpenRoom { pool, room, members, heard: None, written: [0; 2] };
        self.ask_aside(Purpose::OpenFound(Box::new(found)), request);
    }

    pub(super) fn opened_found(&mut self, found: Match, outcome: &Outcome, now: Time) {
        let Some(session) = self.sessions.get(found.session) else { return };
        if outcome.retry_after_ms().is_some() {
            self.ask_again(found.session, now);
            return self.schedule(found.session);
        }
        let pool = self.policy(session).pool;
        let user = found.partner.clone();
        self.ask_aside(Purpose::LocateFound(Box::new(found)), Operation::Locate { user, pool });
    }

    pub(super) fn located_found(&mut self, found: Match, outcome: Outcome, now: Time) {
        let id = found.session;
        let idle = self.sessions.get(id).is_some_and(|session| matches!(session.state, State::Idle));
        let waits = idle && self.sessions.get(id).is_some_and(Session::seeks);
        self.ask_again(id, now);
        // Who left meanwhile, or gave up: the backend is told when it says so once more.
        if let Outcome::Located(peer) = outcome
            && waits
        {
            match peer {
                Some(peer) => self.enter_found(found, &peer, now),
                None => self.partner_missing(&found, now),
            }
        }
        self.schedule(id);
    }

    /// A partner that is on no node is waited for as long as one that lost its connection.
    fn partner_missing(&mut self, found: &Match, now: Time) {
        let (id, proposal) = (found.session, ProposalId::numbered(found.room.number()));
        let Some(session) = self.sessions.get_mut(id) else { return };
        let grace = self.policies[session.policy].grace;
        let Some(backing) = &mut session.backing else { return };
        let (missing, until) = *backing.missing.get_or_insert((proposal, now + grace));
        if missing != proposal {
            backing.missing = Some((proposal, now + grace));
        } else if until <= now {
            backing.missing = None;
            session.settle(proposal);
            self.consult_aside(id, Purpose::Nothing, What::End { room: found.room.number() });
        }
    }

    fn enter_found(&mut self, Match { session: id, room, partner: user }: Match, peer: &Address, now: Time) {
        let own = self.address(id);
        let Some(session) = self.sessions.get_mut(id) else { return };
        let proposal = ProposalId::numbered(room.number());
        let (speaks, learns) = (Language::UNDETERMINED, Language::UNDETERMINED);
        let partner = Partner { user, speaks, learns, proficiency: Proficiency::Any };
        let initiator = session.user < partner.user;
        let talk =
            Talk { proposal, room, peer: peer.clone(), partner: partner.clone(), initiator, since: now };
        session.settle(proposal);
        let mut talking = Talking::new(talk);
        talking.catching_up = true;
        session.state = State::Talking(Box::new(talking));
        let away = session.connection.is_none();
        self.tally_match(id, None, now);
        self.give_up_seeking(id, TicketEnd::Matched);
        if initiator {
            self.record(Event::RoomOpened);
        }
        self.note_told(id, room);
        self.notify(id, Notice::MatchReady { proposal, room, partner, initiator });
        self.register(id);
        self.send(peer, Envelope::Here { room, from: own });
        self.bereave_if_gone(id, now);
        self.enqueue(id, if away { Work::Away } else { Work::CatchUp }, now);
    }

    fn ask_again(&mut self, id: SessionId, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let policy: &Policy = &self.policies[session.policy];
        if let (Matchmaker::Backend { ask_every, .. }, Some(backing)) =
            (policy.matchmaker, &mut session.backing)
        {
            backing.asking = false;
            backing.ask_at = now + ask_every;
        }
    }

    /// Has a message kept; it is in the room, and answered, when it is.
    pub(super) fn write(
        &mut self,
        id: SessionId,
        asker: Asker,
        room: RoomRef,
        content: Arc<str>,
        client_message_id: Option<Arc<str>>,
    ) {
        let Some((room, _)) = self.room_meant(id, room) else {
            return self.acknowledge(asker, Err(Refusal::NotInRoom));
        };
        let Some(session) = self.sessions.get_mut(id) else { return };
        let (from, Some(backing)) = (session.user.clone(), &session.backing) else { return };
        let known = client_message_id.as_ref().is_some_and(|name| backing.names.contains(name));
        if known {
            // The room knows it by its name.
            let appending = Appending { room, asker };
            return self.ask_append(
                id,
                appending,
                Operation::Append { room, from, content, client_message_id },
            );
        }
        let errand =
            Errand { token: backing.token.clone(), what: What::Write { room: room.number(), content } };
        let writing = Writing { from, room, asker, client_message_id };
        let operation = self.consult(Some(id), Purpose::Write(writing), errand);
        self.wait_for(id, operation);
    }

    fn written(&mut self, id: SessionId, writing: Writing, tidings: Tidings) {
        let Writing { from, room, asker, client_message_id } = writing;
        let content = match tidings {
            Tidings::Written(content) => content,
            Tidings::Unavailable { retry_after_ms } => {
                return self.acknowledge(asker, Err(Refusal::Unavailable { retry_after_ms }));
            }
            Tidings::Refused
            | Tidings::Found { .. }
            | Tidings::Nobody
            | Tidings::NotPresent
            | Tidings::Said(_)
            | Tidings::Done => return self.acknowledge(asker, Err(Refusal::NotInRoom)),
        };
        if self.sessions.get(id).is_none() {
            // The writer went elsewhere. What is kept is to be read, and its peer finds it with what comes next.
            let request = Operation::Append { room, from, content, client_message_id };
            return self.ask_aside(Purpose::Nothing, request);
        }
        if self.peer_of(id, room).is_none() {
            return self.acknowledge(asker, Err(Refusal::NotInRoom));
        }
        if let (Some(name), Some(backing)) = (&client_message_id, self.backing(id)) {
            backing.remember(name.clone());
        }
        let appending = Appending { room, asker };
        self.ask_append(id, appending, Operation::Append { room, from, content, client_message_id });
    }

    /// Asks the backend what was said in the room that a client came back to. `false` where there is none to ask.
    pub(super) fn asks_what_was_said(
        &mut self,
        id: SessionId,
        asker: Asker,
        room: RoomId,
        after: u64,
    ) -> bool {
        let Some(session) = self.sessions.get(id) else { return false };
        let (Some(backing), State::Talking(talking)) = (&session.backing, &session.state) else {
            return false;
        };
        let errand = Errand { token: backing.token.clone(), what: What::Said { room: room.number() } };
        let missing = Missing { asker, room, partner: talking.talk.partner.user.clone(), after };
        let operation = self.consult(Some(id), Purpose::Said(Box::new(missing)), errand);
        self.wait_for(id, operation);
        true
    }

    fn was_said(&mut self, id: SessionId, missing: Missing, tidings: Tidings) {
        let Missing { asker, room, partner, after } = missing;
        // It may keep some that never came into the room: the room's numbers count as long as it has them.
        let said = if let Tidings::Said(said) = tidings { said } else { Vec::new() };
        let of_partner = said.into_iter().filter(|(from, _)| *from == partner).zip(1..);
        let messages = of_partner.filter(|(_, number)| *number > after).take(MESSAGES_AT_ONCE);
        let kept = messages.map(|((from, content), number)| ChatMessage {
            sequence: number,
            own_sequence: number,
            from,
            content,
            client_message_id: None,
            at: Time::default(),
        });
        self.reread_from(id, asker, room, after, kept.collect());
    }

    /// Tells the backend that a talk is over.
    pub(super) fn report_end(&mut self, id: SessionId, room: RoomId) {
        self.consult_aside(id, Purpose::Nothing, What::End { room: room.number() });
    }

    /// Tells the backend that a user is gone.
    pub(super) fn report_gone(&mut self, id: SessionId) {
        self.consult_aside(id, Purpose::Nothing, What::Gone);
    }
}
