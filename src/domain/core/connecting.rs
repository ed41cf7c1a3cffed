//! Connections come and go; sessions outlive them for a while.

use std::collections::VecDeque;

use super::super::budget::Budgets;
use super::super::command::Command;
use super::super::criteria::Stage;
use super::super::envelope::Envelope;
use super::super::errand::Token;
use super::super::event::{Event, TicketEnd};
use super::super::hall::Leaving;
use super::super::happening::What;
use super::super::id::{ConnectionId, Entropy, SessionId, UserId};
use super::super::limits::AVOIDED;
use super::super::notice::{Notice, Resumed};
use super::super::operation::Operation;
use super::super::policy::{Acceptance, Matchmaker};
use super::super::proposal::Verdict;
use super::super::talk::{Departure, Talk};
use super::super::time::Time;
use super::consulting::Backing;
use super::session::{Arrival, Flight, HeardSignal, Session, State, Work};
use super::storing::{Answering, Purpose, Withdrawal};
use super::{Comer, Core, Effect};

impl<E: Entropy> Core<E> {
    /// A client came in: a new session begins, or the user's session goes on over the new connection.
    pub(super) fn connected(&mut self, connection: ConnectionId, comer: Comer, now: Time) {
        let Comer { user, guest, pool, token } = comer;
        let Some(policy) = self.policies.iter().position(|policy| policy.pool == pool) else {
            self.effects.push_back(Effect::Close { connection });
            return;
        };
        let welcome = Notice::Welcome { user: user.clone(), guest, node: self.node.clone() };
        match self.by_user.get(&(pool, user.clone())).copied() {
            Some(id) => self.come_back(id, connection, welcome, token, now),
            None => self.begin(connection, user, policy, welcome, token, now),
        }
    }

    fn begin(
        &mut self,
        connection: ConnectionId,
        user: UserId,
        policy: usize,
        welcome: Notice,
        token: Option<Token>,
        now: Time,
    ) {
        let pool = self.policies[policy].pool;
        let backed = matches!(self.policies[policy].matchmaker, Matchmaker::Backend { .. });
        let backing = token.filter(|_| backed).map(|token| Box::new(Backing::new(token, now)));
        let session = Session {
            user: user.clone(),
            policy,
            connection: Some(connection),
            resuming: false,
            since: now,
            rank: None,
            arrival: Arrival::Asked,
            state: State::Idle,
            halls: Vec::new(),
            entering: None,
            flight: Flight::None,
            appends: VecDeque::new(),
            queue: VecDeque::new(),
            avoid: Vec::new(),
            ended: None,
            told_over: None,
            budgets: Budgets::default(),
            told_online: None,
            seen_at: now,
            cooled_at: Time::default(),
            away_until: Time::NEVER,
            wake_at: Time::NEVER,
            settled: Vec::new(),
            backing,
            brought: None,
        };
        let id = self.sessions.insert(self.shard, session);
        self.by_user.insert((pool, user), id);
        self.by_connection.insert(connection, id);
        self.record(Event::SessionOpened);
        self.tell(id, What::Connected { back: false });
        self.notify(id, welcome);
        self.attach(id);
        self.run_errands(id, now);
        self.schedule(id);
    }

    fn come_back(
        &mut self,
        id: SessionId,
        connection: ConnectionId,
        welcome: Notice,
        token: Option<Token>,
        now: Time,
    ) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let older = session.connection.replace(connection);
        session.rank = session.rank.map(|rank| rank + now.since(session.since));
        session.since = now;
        if let Arrival::Unanswered { gone, .. } = &mut session.arrival {
            *gone = None;
        }
        session.seen_at = now;
        session.away_until = Time::NEVER;
        session.resuming = true;
        session.told_online = None;
        session.told_over = None;
        if let (Some(backing), Some(token)) = (&mut session.backing, token) {
            backing.renew(token, now);
        }
        session.queue.retain(|work| !work.is_of_absence());
        session.queue.push_back(Work::Resume);
        self.by_connection.insert(connection, id);
        if let Some(older) = older {
            self.by_connection.remove(&older);
            self.record(Event::SessionReplaced);
            self.effects.push_back(Effect::Notify { connection: older, notice: Notice::Replaced });
            self.effects.push_back(Effect::Close { connection: older });
        }
        self.effects.push_back(Effect::Notify { connection, notice: welcome });
        self.tell(id, What::Connected { back: true });
        self.run_errands(id, now);
        self.advance(id, now);
    }

    /// Tells a client that is back where it stands, and lets its search, its signals and its chat go on. It
    /// does so in its turn: what was asked before may still end the wait or the talk that it would tell of.
    pub(super) fn resume(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.resuming = false;
        let resumed = session.resumed(self.policies[session.policy].acceptance);
        let mut held = VecDeque::new();
        let mut back = None;
        match &mut session.state {
            State::Idle | State::Proposed(_) => {}
            State::Waiting(waiting) => {
                if !waiting.listed && !waiting.search_queued {
                    waiting.search_queued = true;
                    session.queue.push_back(Work::Search);
                }
            }
            State::Talking(talking) => {
                held = std::mem::take(&mut talking.held);
                talking.told = true;
                if !held.is_empty() {
                    talking.heard_signal = talking.heard_signal.max(HeardSignal::Some);
                }
                let Talk { peer, room, partner, .. } = &talking.talk;
                back = Some((peer.clone(), *room, partner.user.clone()));
                talking.catching_up = true;
                session.queue.push_back(Work::CatchUp);
            }
        }
        self.notify(id, Notice::Resumed(resumed));
        self.tell_missed_end(id);
        if let Some((peer, room, user)) = back {
            for (kind, payload) in held {
                self.notify(id, Notice::Signal { room, kind, payload, from: user.clone() });
            }
            let from = self.address(id);
            self.send(&peer, Envelope::Back { room, from });
        }
        self.resume_halls(id);
    }

    /// A transport is closed.
    pub(super) fn disconnected(&mut self, connection: ConnectionId, left: bool, now: Time) {
        let Some(id) = self.by_connection.remove(&connection) else { return };
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.connection != Some(connection) {
            return;
        }
        self.tell(id, What::Disconnected { left });
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.connection = None;
        session.resuming = false;
        // Nor does who has said good-bye wish for anybody, should the client be back before its wish has its turn.
        session.queue.retain(|work| !(matches!(work, Work::Resume) || left && work.is_wish()));
        let grace = self.policies[session.policy].grace;
        session.away_until = now + grace;
        // Told to come back elsewhere: its peers hear that it is back, or from that node that it is gone.
        let moves = self.leaving && (matches!(session.state, State::Talking(_)) || session.is_in_halls());
        let work = match &session.state {
            _ if left => Work::End(Departure::Left),
            _ if moves || !session.arrival.is_settled() => return self.schedule(id),
            State::Idle if session.is_in_halls() => Work::Away,
            State::Idle if session.queue.is_empty() && session.owes_nothing(now) && !session.seeks() => {
                Work::End(Departure::Left)
            }
            State::Waiting(_) => Work::Suspend,
            State::Talking(_) => Work::Away,
            State::Idle | State::Proposed(_) => return self.schedule(id),
        };
        self.enqueue(id, work, now);
    }

    /// The client has not said anything for too long, and nothing goes on for it.
    pub(super) fn close_silent(&mut self, id: SessionId, now: Time) {
        let Some(connection) = self.sessions.get(id).and_then(|session| session.connection) else { return };
        self.record(Event::SessionInactive);
        self.effects.push_back(Effect::Notify { connection, notice: Notice::Inactive });
        self.effects.push_back(Effect::Close { connection });
        self.disconnected(connection, true, now);
    }

    /// The client of a waiting session is away: nobody is matched with somebody who is not there, and the
    /// place is kept.
    pub(super) fn suspend(&mut self, id: SessionId, now: Time) {
        if self.sessions.get(id).is_some_and(|session| session.connection.is_none()) {
            if self.leaving {
                self.park(id, now);
            } else {
                self.withdraw(id, Withdrawal::Suspend, now);
            }
        }
    }

    /// The session is over, unless its client came back meanwhile.
    pub(super) fn end(&mut self, id: SessionId, departure: Departure, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.connection.is_some() {
            return;
        }
        let kept_until = session.seen_at + self.policies[session.policy].grace;
        if let Arrival::Unanswered { gone, .. } = &mut session.arrival
            && now < kept_until
        {
            // What the user has elsewhere ends with this session as well, once it is known where it is.
            *gone = Some(departure);
            return;
        }
        match &session.state {
            State::Idle => self.close_session(id),
            State::Waiting(_) => self.withdraw(id, Withdrawal::End(departure), now),
            State::Proposed(proposed) => {
                let proposal = proposed.proposal.id;
                self.ask_answer(id, proposal, Verdict::Leave, None, Answering::End(departure));
            }
            State::Talking(_) => {
                self.leave_room(id, departure, now);
                self.close_session(id);
            }
        }
    }

    /// Ends a session that waits for nothing; it stays if its client came back meanwhile.
    pub(super) fn close_session(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(id) else { return };
        if session.connection.is_none() {
            let (user, pool) = (session.user.clone(), self.policy(session).pool);
            let address = self.address(id);
            self.give_up_seeking(id, TicketEnd::Gone);
            self.report_gone(id);
            self.ask_aside(Purpose::Nothing, Operation::Detach { user, pool, address });
            self.forget(id);
        }
    }

    pub(super) fn forget(&mut self, id: SessionId) {
        let Some(session) = self.remove(id) else { return };
        self.leave_halls(self.policies[session.policy].pool, session.halls, Leaving::Disconnected);
        match session.state {
            State::Talking(talking) => {
                let Talk { room, peer, .. } = talking.talk;
                let from = self.address(id);
                self.send(&peer, Envelope::Left { room, departure: Departure::Disconnected, from });
            }
            State::Waiting(_) | State::Proposed(_) => self.record(Event::TicketEnded(TicketEnd::Gone)),
            State::Idle => {}
        }
        self.leave_undone(id, session.queue);
        self.record(Event::SessionClosed);
    }

    /// Takes a session out of everything that knows it.
    pub(super) fn remove(&mut self, id: SessionId) -> Option<Session> {
        let session = self.sessions.remove(id)?;
        self.listed.remove(&id);
        self.halls.forget(id);
        self.widowed.forget(id);
        let pool = self.policies[session.policy].pool;
        self.by_user.remove(&(pool, session.user.clone()));
        if let Some(connection) = session.connection {
            self.by_connection.remove(&connection);
        }
        Some(session)
    }

    /// The two were brought together: for a while they are not again.
    pub(super) fn remember(&mut self, id: SessionId, partner: UserId, now: Time) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let policy = &self.policies[session.policy];
        if policy.rematch_after.is_zero() {
            return;
        }
        let until = now + policy.rematch_after;
        session.avoid.retain(|(user, until)| *until > now && *user != partner);
        session.avoid.push((partner.clone(), until));
        let surplus = session.avoid.len().saturating_sub(AVOIDED);
        session.avoid.drain(..surplus);
        let (user, pool) = (session.user.clone(), policy.pool);
        self.ask_aside(Purpose::Nothing, Operation::Remember { user, pool, partner, until });
    }
}

impl Work {
    /// Whether it is for a client that is not there, or for the one that was there before.
    fn is_of_absence(&self) -> bool {
        match self {
            Self::End(_) | Self::Suspend | Self::Away | Self::Resume | Self::CatchUp => true,
            Self::Command { .. }
            | Self::Search
            | Self::Silence
            | Self::Expire
            | Self::HandOver { .. }
            | Self::GoOn { .. }
            | Self::Attach
            | Self::Reopen => false,
        }
    }
}

impl Work {
    /// The connection over which a client asked for it, where it wants an answer.
    pub(super) fn asked_by(&self) -> Option<ConnectionId> {
        if let Self::Command { asker: Some((connection, _)), .. } = self { Some(*connection) } else { None }
    }

    /// Whether a client wishes for somebody.
    pub(super) fn is_wish(&self) -> bool {
        match self {
            Self::Command { command, .. } => matches!(command, Command::Join { .. } | Command::Skip { .. }),
            Self::Search
            | Self::Suspend
            | Self::Silence
            | Self::Expire
            | Self::Away
            | Self::Resume
            | Self::CatchUp
            | Self::End(_)
            | Self::HandOver { .. }
            | Self::GoOn { .. }
            | Self::Attach
            | Self::Reopen => false,
        }
    }
}

impl Session {
    fn resumed(&self, acceptance: Acceptance) -> Resumed {
        match &self.state {
            State::Idle if self.seeks() => Resumed::Waiting { stage: Stage::Exact },
            State::Idle => Resumed::Idle,
            State::Waiting(waiting) => Resumed::Waiting { stage: waiting.stage },
            State::Proposed(proposed) => match (proposed.proposal.found_by(&self.user), acceptance) {
                (Some(found), Acceptance::Mutual { .. }) => Resumed::Proposed(found),
                // It hears of the room when that stands.
                (Some(found), Acceptance::AtOnce) => Resumed::Waiting { stage: found.stage },
                (None, _) => Resumed::Idle,
            },
            State::Talking(talking) => Resumed::Talking {
                proposal: talking.talk.proposal,
                room: talking.talk.room,
                partner: talking.talk.partner.clone(),
                initiator: talking.talk.initiator,
                last_sequence: talking.last_sequence,
                told: talking.told,
            },
        }
    }
}
