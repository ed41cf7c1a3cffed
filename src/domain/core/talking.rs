//! In a room: signals, chat, leaving, being away.

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::command::{Refusal, Reply, RoomRef};
use super::super::envelope::{Ended, Envelope};
use super::super::event::Event;
use super::super::id::{Address, Entropy, RoomId, SessionId, UserId};
use super::super::limits::MESSAGES_AT_ONCE;
use super::super::notice::{Notice, Partner};
use super::super::operation::{Appended, Operation, Outcome};
use super::super::policy::RETRY_AFTER;
use super::super::proposal::Proposal;
use super::super::talk::{ChatMessage, Departure, Payload, Quality, SignalKind, Talk};
use super::super::time::Time;
use super::Core;
use super::matching::ms;
use super::session::{Asker, HeardSignal, Session, State, Talking, Work};
use super::storing::{Appending, Purpose};

/// Sessions of one peer that are known as left behind: more than anybody has devices to come back with.
const MOST_LEFT_BEHIND: usize = 8;

impl Session {
    /// The room of an agreed proposal begins for this session. `false` for a stranger to it.
    pub(super) fn begin_talk(&mut self, proposal: &Arc<Proposal>, now: Time) -> bool {
        let Some((_, other)) = proposal.sides_of(&self.user) else { return false };
        let moved = self.proposed(proposal.id).and_then(|proposed| proposed.peer.take());
        let talk = Talk {
            proposal: proposal.id,
            room: proposal.room,
            peer: moved.unwrap_or_else(|| other.ticket.owner.clone()),
            partner: Partner::from(other),
            initiator: proposal.sides[0].ticket.user == self.user,
            since: now,
        };
        self.state = State::Talking(Box::new(Talking::new(talk)));
        true
    }
}

impl Talking {
    /// A talk in which nothing was said yet.
    pub(super) fn new(talk: Talk) -> Self {
        Self {
            talk,
            told: false,
            heard_signal: HeardSignal::Nothing,
            held: VecDeque::new(),
            last_sequence: 0,
            heard_sequence: 0,
            written: [0; 2],
            catching_up: false,
            looks_again: false,
            catch_up_at: Time::NEVER,
            reopen_at: Time::NEVER,
            left_behind: Vec::new(),
            reopened: false,
        }
    }

    /// Counts a message for its writer.
    fn heard_of(&mut self, message: &ChatMessage) {
        let side = usize::from(message.from == self.talk.partner.user);
        self.written[side] = self.written[side].max(message.own_sequence);
    }
}

impl<E: Entropy> Core<E> {
    /// Another session says something to this one.
    pub(super) fn envelope(&mut self, id: SessionId, envelope: Envelope, now: Time) {
        let (times, envelope) = envelope.unwrapped();
        let envelope = if self.sessions.get(id).is_some() {
            envelope
        } else {
            let Some(envelope) = self.for_absent(id, envelope, times, now) else { return };
            envelope
        };
        if let Envelope::Away { room, from } | Envelope::Left { room, from, .. } = &envelope
            && self.is_left_behind(id, *room, from)
        {
            return;
        }
        self.heard_from_peer(id, &envelope);
        match envelope {
            Envelope::Proposed(proposal) => self.proposed_by_other(id, &proposal),
            Envelope::Accepted(proposal) => self.accepted_by_other(id, &proposal),
            Envelope::Agreed(proposal) => self.agreed_by_other(id, &proposal, now),
            Envelope::Failed { proposal, failure } => self.failed(id, proposal, failure, now),
            Envelope::Signal { room, .. } if self.is_overtaken(id, room, times) => {
                self.record(Event::HeldSignalDropped);
            }
            Envelope::Signal { room, kind, payload } => self.hear_signal(id, room, kind, payload),
            Envelope::Quality { room, quality } => {
                self.tell_of_peer(id, room, |from| Notice::Quality { room, from, quality });
            }
            Envelope::Hall { hall, news } => self.hear_in_hall(id, &hall, news),
            Envelope::Chat { room, message } => self.hear_chat(id, room, message, now),
            Envelope::Typing { room, on } => {
                self.tell_of_peer(id, room, |user| Notice::Typing { room, user, on });
            }
            Envelope::Away { room, .. } => {
                let grace = self.sessions.get(id).map(|session| self.policy(session).grace);
                let grace_ms = grace.map(ms).unwrap_or_default();
                self.tell_of_peer(id, room, |user| Notice::PeerAway { room, user, grace_ms });
            }
            Envelope::Back { room, from } => {
                self.peer_is_at(id, room, from, now);
                self.tell_of_peer(id, room, |user| Notice::PeerBack { room, user });
            }
            Envelope::Here { room, from } => {
                self.peer_is_at(id, room, from, now);
                // What the peer wrote before it knew where this session is, only the store can tell.
                let listens = self.sessions.get(id).is_some_and(|session| session.listening().is_some());
                if listens && self.peer_of(id, room).is_some() {
                    self.enqueue(id, Work::CatchUp, now);
                }
            }
            Envelope::Left { room, departure, .. } => self.peer_left(id, room, departure, now),
            Envelope::TakeOver { user, by, rank } => match self.sessions.get(id) {
                Some(session) if session.user == user => self.asked_to_hand_over(id, by, rank, now),
                Some(_) | None => self.send(&by, Envelope::HandedOver(None)),
            },
            Envelope::HandedOver(handover) => self.handed_over(id, handover, now),
            // Nothing is wrapped twice.
            Envelope::Forwarded { .. } => {}
        }
    }

    /// Where the peer in that room is, if the session is in it.
    pub(super) fn peer_of(&self, id: SessionId, room: RoomId) -> Option<&Address> {
        match &self.sessions.get(id)?.state {
            State::Talking(talking) if talking.talk.room == room => Some(&talking.talk.peer),
            State::Talking(_) | State::Idle | State::Waiting(_) | State::Proposed(_) => None,
        }
    }

    /// Whether the peer's user has a newer session in the room than the one that speaks: what that one says of its
    /// own whereabouts is neither news nor a sign of life.
    fn is_left_behind(&mut self, id: SessionId, room: RoomId, from: &Address) -> bool {
        self.talking(id, room).is_some_and(|talking| talking.left_behind.contains(from))
    }

    /// The other member of a room says where it is. One that is elsewhere than before, because its client came
    /// back there, is told where this one is; one that is alone there, that it is.
    fn peer_is_at(&mut self, id: SessionId, room: RoomId, from: Address, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let (away, seeks) = (session.connection.is_none(), session.seeks());
        match &mut session.state {
            State::Talking(talking) if talking.talk.room == room => {
                if talking.talk.peer == from {
                    return;
                }
                let before = std::mem::replace(&mut talking.talk.peer, from.clone());
                talking.left_behind.retain(|left| *left != from);
                if talking.left_behind.len() < MOST_LEFT_BEHIND {
                    talking.left_behind.push(before);
                }
                self.register(id);
                let own = self.address(id);
                let here = Envelope::Here { room, from: own.clone() };
                self.send(&from, here);
                if away {
                    self.send(&from, Envelope::Away { room, from: own });
                }
            }
            State::Proposed(proposed) if proposed.proposal.room == room => proposed.peer = Some(from),
            // What it had elsewhere may be this talk.
            _ if !session.arrival.is_settled() => {}
            State::Idle if seeks => {
                if !self.may_be_found(id, room, now) {
                    self.send_left(id, &from, room);
                }
            }
            State::Talking(_) | State::Proposed(_) | State::Idle | State::Waiting(_) => {
                self.send_left(id, &from, room);
            }
        }
    }

    pub(super) fn tell_of_peer(
        &mut self,
        id: SessionId,
        room: RoomId,
        notice: impl FnOnce(UserId) -> Notice,
    ) {
        if let Some(talking) = self.talking(id, room) {
            let partner = talking.talk.partner.user.clone();
            self.notify(id, notice(partner));
        }
    }

    /// The client is about to be told of its match, if it is there.
    pub(super) fn note_told(&mut self, id: SessionId, room: RoomId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let listens = session.listening().is_some();
        if let Some(talking) = session.talking(room) {
            talking.told |= listens;
        }
    }

    fn talking(&mut self, id: SessionId, room: RoomId) -> Option<&mut Talking> {
        self.sessions.get_mut(id)?.talking(room)
    }

    /// The room that a client speaks of, if it is in it, and where the other one is.
    pub(super) fn room_meant(&self, id: SessionId, room: RoomRef) -> Option<(RoomId, &Address)> {
        match &self.sessions.get(id)?.state {
            State::Talking(talking) if room.means(talking.talk.room) => {
                Some((talking.talk.room, &talking.talk.peer))
            }
            State::Talking(_) | State::Idle | State::Waiting(_) | State::Proposed(_) => None,
        }
    }

    /// Tells the peer that this client is writing. It is of now only: nobody keeps it.
    pub(super) fn typing(&mut self, id: SessionId, asker: Asker, room: RoomRef, on: bool) {
        let Some((room, peer)) = self.room_meant(id, room) else {
            return self.acknowledge(asker, Err(Refusal::NotInRoom));
        };
        let peer = peer.clone();
        self.send(&peer, Envelope::Typing { room, on });
        self.acknowledge(asker, Ok(Reply::Done));
    }

    /// Carries a signal to the peer, unread.
    pub(super) fn signal(
        &mut self,
        id: SessionId,
        asker: Asker,
        room: RoomRef,
        kind: SignalKind,
        payload: Payload,
    ) {
        let Some((room, peer)) = self.room_meant(id, room) else {
            return self.acknowledge(asker, Err(Refusal::NotInRoom));
        };
        let peer = peer.clone();
        self.send(&peer, Envelope::Signal { room, kind, payload });
        self.record(Event::Relayed(kind));
        self.acknowledge(asker, Ok(Reply::Done));
    }

    /// Tells the client, or keeps it for its return. Candidates make way first: a call can begin with fewer
    /// of them, but not without its offer.
    /// Whether a signal of that room, sent after this session so many times, was overtaken by a newer one: the peer
    /// has sent to where this session is since, and order holds.
    fn is_overtaken(&mut self, id: SessionId, room: RoomId, times: u8) -> bool {
        let Some(talking) = self.sessions.get_mut(id).and_then(|session| session.talking(room)) else {
            return false;
        };
        if times == 0 {
            talking.heard_signal = HeardSignal::Here;
        }
        times > 0 && talking.heard_signal == HeardSignal::Here
    }

    pub(super) fn hear_signal(&mut self, id: SessionId, room: RoomId, kind: SignalKind, payload: Payload) {
        let most = self.limits.candidates_buffered;
        let Some(session) = self.sessions.get_mut(id) else { return };
        let away = session.listening().is_none();
        let Some(talking) = session.talking(room) else { return };
        if !away {
            talking.heard_signal = talking.heard_signal.max(HeardSignal::Some);
            let from = talking.talk.partner.user.clone();
            return self.notify(id, Notice::Signal { room, kind, payload, from });
        }
        talking.held.push_back((kind, payload));
        if talking.held.len() > most {
            let candidate = |(kind, _): &(SignalKind, Payload)| *kind == SignalKind::Candidate;
            let oldest = talking.held.iter().position(candidate).unwrap_or(0);
            talking.held.remove(oldest);
            self.record(Event::HeldSignalDropped);
        }
    }

    pub(super) fn quality(&mut self, id: SessionId, asker: Asker, room: Option<RoomId>, quality: Quality) {
        let Some(session) = self.sessions.get(id) else { return };
        let talk = match &session.state {
            State::Talking(talking) => Some((talking.talk.peer.clone(), talking.talk.room)),
            State::Idle | State::Waiting(_) | State::Proposed(_) => None,
        };
        match (talk, room) {
            (Some((peer, own)), asked) if asked.is_none_or(|asked| asked == own) => {
                self.send(&peer, Envelope::Quality { room: own, quality });
                self.tell_quality(id, quality);
                self.acknowledge(asker, Ok(Reply::Done));
            }
            (_, Some(_)) => self.acknowledge(asker, Err(Refusal::NotInRoom)),
            (_, None) => {
                self.tell_quality(id, quality);
                self.acknowledge(asker, Ok(Reply::Done));
            }
        }
    }

    pub(super) fn chat(
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
        let Some(session) = self.sessions.get(id) else { return };
        let from = session.user.clone();
        let appending = Appending { room, asker };
        self.ask_append(id, appending, Operation::Append { room, from, content, client_message_id });
    }

    pub(super) fn appended(&mut self, id: SessionId, appending: Appending, outcome: Outcome, now: Time) {
        let Appending { room, asker } = appending;
        if let Some(retry_after_ms) = outcome.retry_after_ms() {
            return self.acknowledge(asker, Err(Refusal::Unavailable { retry_after_ms }));
        }
        let appended = if let Outcome::Appended(appended) = outcome { appended } else { Appended::NoRoom };
        match appended {
            Appended::Added(message) => {
                self.carry_chat(id, room, message.clone());
                self.record(Event::ChatAdded);
                self.acknowledge(asker, Ok(Reply::Sent { room, message }));
            }
            // The answer to the first attempt may have been lost, and then the peer was not told.
            Appended::Duplicate(message) => {
                self.carry_chat(id, room, message.clone());
                self.acknowledge(asker, Ok(Reply::Sent { room, message }));
            }
            Appended::NoRoom => self.room_unknown(id, room, asker, now),
        }
    }

    /// Carries a message of this session's to the peer.
    fn carry_chat(&mut self, id: SessionId, room: RoomId, message: ChatMessage) {
        let Some(talking) = self.talking(id, room) else { return };
        talking.heard_of(&message);
        if message.sequence == talking.last_sequence + 1 {
            talking.last_sequence = message.sequence;
        }
        let peer = talking.talk.peer.clone();
        self.send(&peer, Envelope::Chat { room, message });
    }

    /// Tells the client, unless it knows, or something before it is missing: that is fetched first.
    fn hear_chat(&mut self, id: SessionId, room: RoomId, message: ChatMessage, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let away = session.listening().is_none();
        let Some(talking) = session.talking(room) else { return };
        talking.heard_sequence = talking.heard_sequence.max(message.sequence);
        talking.heard_of(&message);
        // Who is away, or still catching up, gets it from the store: in order, each once.
        if away || talking.catching_up || message.sequence <= talking.last_sequence {
            return;
        }
        if message.sequence > talking.last_sequence + 1 {
            talking.catching_up = true;
            return self.enqueue(id, Work::CatchUp, now);
        }
        talking.last_sequence = message.sequence;
        self.notify(id, Notice::Chat { room, message });
    }

    pub(super) fn sync(&mut self, id: SessionId, asker: Asker, room: RoomRef, after: u64) {
        let Some((room, _)) = self.room_meant(id, room) else {
            return self.acknowledge(asker, Err(Refusal::NotInRoom));
        };
        self.ask(id, Purpose::Sync { asker }, Operation::Messages { room, after });
    }

    pub(super) fn synced(&mut self, asker: Asker, outcome: Outcome) {
        let retry_after_ms = outcome.retry_after_ms();
        let answer = match (outcome, retry_after_ms) {
            (Outcome::Messages(messages), _) => Ok(Reply::Messages(messages)),
            (_, Some(retry_after_ms)) => Err(Refusal::Unavailable { retry_after_ms }),
            (_, None) => Err(Refusal::NotInRoom),
        };
        self.acknowledge(asker, answer);
    }

    /// Fetches what a client missed while it was away.
    pub(super) fn catch_up(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let State::Talking(talking) = &mut session.state else { return };
        // Nothing newer until it is answered, also if another fetch has just been.
        talking.catching_up = true;
        talking.catch_up_at = Time::NEVER;
        let (room, after, heard) = (talking.talk.room, talking.last_sequence, talking.heard_sequence);
        self.ask(id, Purpose::CatchUp { room, heard }, Operation::Messages { room, after });
    }

    pub(super) fn caught_up(&mut self, id: SessionId, room: RoomId, heard: u64, outcome: Outcome, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let (user, away) = (session.user.clone(), session.listening().is_none());
        let Some(talking) = session.talking(room) else { return };
        talking.catching_up = !away;
        if away {
            return;
        }
        let Outcome::Messages(messages) = outcome else {
            talking.catch_up_at = now + RETRY_AFTER;
            return;
        };
        if let Some(newest) = messages.last() {
            talking.last_sequence = talking.last_sequence.max(newest.sequence);
        }
        for message in &messages {
            talking.heard_of(message);
        }
        // Something came while the store answered, or there was more than one answer holds.
        let came = talking.heard_sequence > talking.last_sequence.max(heard);
        let more = talking.fetched(came || messages.len() >= MESSAGES_AT_ONCE, now);
        for message in messages.into_iter().filter(|message| message.from != user) {
            self.notify(id, Notice::Chat { room, message });
        }
        if more {
            self.enqueue(id, Work::CatchUp, now);
        }
    }

    /// Tells the peer that this session's client is away.
    pub(super) fn tell_away(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(id) else { return };
        if let (State::Talking(talking), None) = (&session.state, session.connection) {
            let Talk { peer, room, .. } = talking.talk.clone();
            let from = self.address(id);
            self.send(&peer, Envelope::Away { room, from });
        } else if session.connection.is_none() {
            self.tell_halls_away(id);
        }
    }

    /// The session leaves the room it is in, which ends the room.
    pub(super) fn leave_room(&mut self, id: SessionId, departure: Departure, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let State::Talking(talking) = &session.state else { return };
        let Talk { room, peer, since, .. } = talking.talk.clone();
        let ended = talking.end(departure, true, now);
        session.end_talk();
        let from = self.address(id);
        self.send(&peer, Envelope::Left { room, departure, from });
        self.close_room(room);
        self.report_end(id, room);
        self.record(Event::RoomClosed { departure, lasted: now.since(since) });
        self.tell_left(id, ended);
    }

    /// The peer is gone for good, which ends the room.
    pub(super) fn peer_left(&mut self, id: SessionId, room: RoomId, departure: Departure, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        match &mut session.state {
            State::Talking(talking) if talking.talk.room == room => {
                let (user, reopened) = (talking.talk.partner.user.clone(), talking.reopened);
                let ended = talking.end(departure, false, now);
                session.end_talk();
                // Who talked was not silent, however few words that took.
                session.seen_at = now;
                if reopened {
                    self.close_room(room);
                }
                if departure == Departure::Disconnected {
                    // Its node may have died with it, and have told nobody.
                    self.report_end(id, room);
                }
                self.tell_end(id, Ended { room, user, departure });
                self.tell(id, ended);
                self.advance(id, now);
            }
            State::Proposed(proposed) if proposed.proposal.room == room => {
                // Only an agreed room can be left: the store says so as soon as it is asked.
                proposed.peer_gone = Some(departure);
                proposed.settle_at = now;
                self.schedule(id);
            }
            State::Talking(_) | State::Proposed(_) | State::Idle | State::Waiting(_) => {}
        }
    }

    /// The other one ended the room. Who is away hears of it later, where its pool has it so.
    fn tell_end(&mut self, id: SessionId, ended: Ended) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.listening().is_none() {
            let kept = self.policies[session.policy].keeps_endings;
            session.ended = kept.then(|| Box::new(ended));
            return;
        }
        let Ended { room, user, departure } = ended;
        session.told_over = Some(Box::new(room));
        self.notify(id, Notice::PeerLeft { room, user, departure });
    }

    /// Tells a client that is back what ended while it was away.
    pub(super) fn tell_missed_end(&mut self, id: SessionId) {
        if let Some(ended) = self.sessions.get_mut(id).and_then(|session| session.ended.take()) {
            self.tell_end(id, *ended);
        }
    }
}
