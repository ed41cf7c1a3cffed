//! Commands: paid for, queued in order, carried out.

use super::super::command::{Command, Refusal, Reply, Scope};
use super::super::event::Event;
use super::super::happening::What;
use super::super::id::{AckId, ConnectionId, Entropy, SessionId};
use super::super::notice::Notice;
use super::super::policy::Acceptance;
use super::super::proposal::Verdict;
use super::super::time::Time;
use super::Core;
use super::session::{Asker, State, Work};
use super::storing::{Answering, Withdrawal};

/// A refused command is worth trying again after this long when the reason is a full queue.
const BUSY_RETRY_MS: u64 = 250;

impl Work {
    /// Whether it may follow a chat append that is under way.
    pub(super) fn is_append(&self) -> bool {
        match self {
            Self::Command { command, .. } => matches!(command, Command::Chat { .. }),
            Self::Search
            | Self::Suspend
            | Self::Silence
            | Self::Expire
            | Self::Away
            | Self::Resume
            | Self::CatchUp
            | Self::HandOver { .. }
            | Self::GoOn { .. }
            | Self::Attach
            | Self::Reopen
            | Self::End(_) => false,
        }
    }
}

impl<E: Entropy> Core<E> {
    /// A client asks for something.
    pub(super) fn command(
        &mut self,
        connection: ConnectionId,
        ack: Option<AckId>,
        command: Result<Command, Refusal>,
        now: Time,
    ) {
        let Some(id) = self.by_connection.get(&connection).copied() else { return };
        let asker = ack.map(|ack| (connection, ack));
        match self.admit(id, command, now) {
            Ok(command) => self.enqueue(id, Work::Command { asker, command }, now),
            Err(refusal) => {
                self.refuse(id, asker, refusal, now);
                if matches!(refusal, Refusal::RateLimited { .. }) {
                    self.refused_once_more(id, now);
                }
            }
        }
    }

    fn admit(
        &mut self,
        id: SessionId,
        command: Result<Command, Refusal>,
        now: Time,
    ) -> Result<Command, Refusal> {
        let Some(session) = self.sessions.get_mut(id) else {
            return Err(Refusal::Busy { retry_after_ms: BUSY_RETRY_MS });
        };
        let most = self.policies[session.policy].events_per_minute;
        let most = most.unwrap_or(self.limits.events_per_minute());
        session.seen_at = now;
        let scope = command.as_ref().map_or(Scope::Signaling, Command::scope);
        let paid = session.budgets.spend(scope, most, now);
        let full = session.waiting_commands() >= self.limits.commands_waiting;
        match paid {
            Ok(()) => {}
            Err(_) if self.limits.dry_run => self.record(Event::OverBudget(scope)),
            Err(retry_after_ms) => return Err(Refusal::RateLimited { scope, retry_after_ms }),
        }
        if full { Err(Refusal::Busy { retry_after_ms: BUSY_RETRY_MS }) } else { command }
    }

    /// Refuses in the answer; who asked for no acknowledgement is told of a spent budget now and then: a flood of
    /// events must not become a flood of answers, that a slow reader would be closed for.
    fn refuse(&mut self, id: SessionId, asker: Asker, refusal: Refusal, now: Time) {
        if asker.is_some_and(|asker| waits_for(asker, refusal)) {
            self.acknowledge(asker, Err(refusal));
            return;
        }
        self.record(Event::Refused(refusal));
        let code = refusal.code();
        let (scope, retry_after_ms) = match refusal {
            Refusal::RateLimited { scope, retry_after_ms } => (scope, retry_after_ms),
            Refusal::Busy { retry_after_ms } => (Scope::Signaling, retry_after_ms),
            Refusal::Invalid { .. }
            | Refusal::UnknownEvent
            | Refusal::TooLarge { .. }
            | Refusal::NoSuchProposal
            | Refusal::NotInRoom
            | Refusal::InRoom
            | Refusal::Searching
            | Refusal::CoolingDown { .. }
            | Refusal::Unavailable { .. }
            | Refusal::PoolFull { .. }
            | Refusal::TooManyBlocks
            | Refusal::Hall(_) => return self.tell(id, What::Refused { code }),
        };
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.budgets.tells(scope, now) {
            self.notify(id, Notice::RateLimited { scope, retry_after_ms });
            self.tell(id, What::Refused { code });
        }
    }

    /// Does one thing for a session whose turn it is.
    pub(super) fn perform(&mut self, id: SessionId, work: Work, now: Time) {
        match work {
            Work::Command { asker, command } => self.carry_out(id, asker, command, now),
            Work::Search => self.search(id, None, now),
            Work::Suspend => self.suspend(id, now),
            Work::Silence => self.withdraw(id, Withdrawal::Silence, now),
            Work::Expire => self.expire(id),
            Work::Away => self.tell_away(id),
            Work::Resume => self.resume(id),
            Work::CatchUp => self.catch_up(id),
            Work::End(departure) => self.end(id, departure, now),
            Work::HandOver { by, rank } => self.hand_over_to_newer(id, by, rank, now),
            Work::GoOn { handover, late } => self.go_on(id, *handover, late, now),
            Work::Attach => self.attach(id),
            Work::Reopen => self.reopen(id),
        }
    }

    fn carry_out(&mut self, id: SessionId, asker: Asker, command: Command, now: Time) {
        match command {
            Command::Join { .. } if self.has_backend(id) => self.seek(id, asker, now),
            Command::LeaveQueue if self.has_backend(id) => self.seek_no_more(id, asker),
            Command::Join { attributes, criteria } => self.join(id, asker, attributes, criteria, now),
            Command::Skip { attributes, criteria } => self.skip(id, asker, attributes, criteria, now),
            Command::LeaveQueue => self.leave_queue(id, asker, now),
            Command::Accept(proposal) => self.answer(id, proposal, Verdict::Accept, asker),
            Command::Reject(proposal) => self.answer(id, proposal, Verdict::Reject, asker),
            Command::Signal { room, kind, payload } => self.signal(id, asker, room, kind, payload),
            Command::Heartbeat => {
                self.acknowledge(asker, Ok(Reply::Alive { timestamp_ms: now.as_ms() }));
            }
            Command::WhoAmI => self.who_am_i(id, asker),
            Command::CallFailed => {
                self.record(Event::CallFailed);
                self.tell(id, What::CallFailed);
                self.acknowledge(asker, Ok(Reply::Done));
            }
            Command::Quality { room, quality } => self.quality(id, asker, room, quality),
            Command::Chat { room, content, client_message_id } if self.has_backend(id) => {
                self.write(id, asker, room, content, client_message_id);
            }
            Command::Chat { room, content, client_message_id } => {
                self.chat(id, asker, room, content, client_message_id);
            }
            Command::Sync { room, after } => self.sync(id, asker, room, after),
            Command::Typing { room, on } => self.typing(id, asker, room, on),
            Command::Hall(command) => self.hall_command(id, asker, command),
            Command::Safety(command) => self.safety(id, asker, command, now),
            Command::Rejoin { room, after } => self.rejoin(id, asker, room, after),
            Command::LeaveRoom(room) => self.leave(id, asker, room, now),
        }
    }

    fn has_backend(&self, id: SessionId) -> bool {
        self.sessions.get(id).is_some_and(|session| session.backing.is_some())
    }

    fn who_am_i(&mut self, id: SessionId, asker: Asker) {
        let Some(user) = self.sessions.get(id).map(|session| session.user.clone()) else { return };
        let node = self.node.clone();
        self.acknowledge(asker, Ok(Reply::You { user, node }));
    }

    pub(super) fn leave_queue(&mut self, id: SessionId, asker: Asker, now: Time) {
        let Some(session) = self.sessions.get(id) else { return };
        match &session.state {
            State::Waiting(_) => self.withdraw(id, Withdrawal::Leave(asker), now),
            State::Proposed(proposed) => {
                let proposal = proposed.proposal.id;
                self.ask_answer(id, proposal, Verdict::Leave, asker, Answering::Asked);
            }
            // Somebody was found before the wish to stop arrived. Who was told of a room must not believe to be out
            // of it: the other one would talk to nobody.
            State::Talking(_) if self.policy(session).acceptance == Acceptance::AtOnce => {
                self.acknowledge(asker, Err(Refusal::InRoom));
            }
            State::Idle | State::Talking(_) => self.acknowledge(asker, Ok(Reply::Done)),
        }
    }
}

/// Whether that one is answered each time. Where commands are answered by events as well, those are answered that
/// nobody waits for.
const fn waits_for((_, ack): (ConnectionId, AckId), refusal: Refusal) -> bool {
    ack.number.is_some() || !matches!(refusal, Refusal::RateLimited { .. })
}
