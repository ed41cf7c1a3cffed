//! A core whose store is the test: every operation is answered by the test, when and how it likes, or never.

use std::cell::Cell;
use std::ops::Range;

use super::super::super::errand::{Tidings, Token};
use super::super::super::happening::Happening;
use super::super::super::id::{Entropy, EntryId, NodeId, ProposalId, TicketId};
use super::super::super::operation::Search;
use super::super::super::search::SearchPlan;
use super::super::super::survey::{QueueKey, Survey, Tally};
use super::super::Core;
use super::*;

/// Splitmix64: seeded, and copied by the test to know what the core draws.
#[derive(Clone, Copy)]
pub(super) struct Dice(pub(super) u64);

impl Entropy for Dice {
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// The core under test, and what the test knows of it.
pub(super) struct Scripted {
    core: Core<Dice>,
    /// Draws what the core draws, in the same order.
    twin: Cell<Dice>,
    policy: Policy,
    limits: Limits,
    now: Time,
    /// The name of the last operation; every one is new.
    last: Option<OperationId>,
    /// What others were told since somebody looked.
    told: Vec<Happening>,
    /// What clients show a backend.
    pub(super) token: Option<Token>,
}

impl Scripted {
    pub(super) fn new() -> Self {
        Self::with(Policy::new(POOL.0), Limits::default())
    }

    pub(super) fn with(policy: Policy, limits: Limits) -> Self {
        let dice = Dice(7);
        let core = Core::new(NodeId::new("here"), 0, vec![policy.clone()], limits.clone(), dice).telling();
        Self {
            core,
            twin: Cell::new(dice),
            policy,
            limits,
            now: at(0),
            last: None,
            token: None,
            told: Vec::new(),
        }
    }

    /// Moves time. Nothing must be due before.
    #[track_caller]
    pub(super) fn at(&mut self, ms: u64) {
        assert!(self.core.poll_timeout() >= at(ms), "{:?} is due", self.core.poll_timeout());
        self.now = at(ms);
    }

    /// Moves time to the next deadline, which must be this one, and lets the core do what is due.
    #[track_caller]
    pub(super) fn wakes(&mut self, ms: u64) {
        self.sleeps_until(at(ms));
        self.now = at(ms);
        self.handle_timeout();
    }

    /// Moves time while the one ticket of this core waits as before: leases are renewed, stages searched.
    pub(super) fn waits_until(&mut self, ms: u64) {
        while self.core.poll_timeout() < at(ms) {
            self.now = self.core.poll_timeout();
            self.handle_timeout();
            while let Some(effect) = self.core.poll_effect() {
                let Effect::Ask { operation, request } = effect else { continue };
                self.last = Some(operation);
                let outcome = if let Operation::Renew { tickets, .. } = request {
                    let waits = |ticket| (ticket, Standing::Waiting(place(3)));
                    Outcome::Renewed(tickets.into_iter().map(waits).collect())
                } else {
                    assert!(matches!(request, Operation::Search(_)), "{request:?}");
                    let _ = (self.draw(ProposalId::random), self.draw(RoomId::random));
                    listed(3)
                };
                self.stored(operation, outcome);
            }
        }
        self.now = at(ms);
    }

    /// Moves time to a deadline that has moved away since: it is looked at, and there is nothing to do.
    #[track_caller]
    pub(super) fn wakes_in_vain(&mut self, ms: u64) {
        self.wakes(ms);
        self.expect([]);
    }

    pub(super) fn handle_timeout(&mut self) {
        self.core.handle_timeout(self.now);
    }

    /// The next deadline is this one.
    #[track_caller]
    pub(super) fn sleeps_until(&self, deadline: Time) {
        assert_eq!(self.core.poll_timeout(), deadline);
    }

    pub(super) fn handle(&mut self, input: Input) {
        self.core.handle(input, self.now);
    }

    pub(super) fn abandon(&mut self, connection: ConnectionId) {
        self.core.abandon(connection);
    }

    /// Counts what the sessions in these places do.
    pub(super) fn survey(&self, places: Range<usize>, survey: &mut Survey) -> bool {
        self.core.survey(places, survey)
    }

    /// Of each queue in which something happened: arrivals, matches, and how many found somebody.
    pub(super) fn tallied(&self) -> Vec<(QueueKey, (u64, u64, u64))> {
        let waits = |tally: &Tally| tally.waits.iter().flatten().sum();
        self.core.tallies().map(|(key, tally)| (key, (tally.arrivals, tally.matched, waits(tally)))).collect()
    }

    pub(super) fn sessions(&self) -> usize {
        self.core.session_count()
    }

    pub(super) fn connected(&mut self, connection: ConnectionId, name: &str) {
        let comer = Comer { user: user(name), guest: false, pool: POOL, token: self.token.clone() };
        self.handle(Input::Connected { connection, comer });
    }

    pub(super) fn disconnected(&mut self, connection: ConnectionId) {
        self.handle(Input::Disconnected { connection, left: false });
    }

    /// A client asks and wants an answer.
    pub(super) fn asks(&mut self, connection: ConnectionId, ack: u64, command: Command) {
        self.handle(Input::Command { connection, ack: Some(AckId::from(ack)), command: Ok(command) });
    }

    /// A client asks and wants no answer.
    pub(super) fn says(&mut self, connection: ConnectionId, command: Command) {
        self.handle(Input::Command { connection, ack: None, command: Ok(command) });
    }

    pub(super) fn stored(&mut self, operation: OperationId, outcome: Outcome) {
        self.handle(Input::Stored { operation, outcome });
    }

    pub(super) fn consulted(&mut self, operation: OperationId, tidings: Tidings) {
        self.handle(Input::Consulted { operation, tidings });
    }

    /// An envelope arrives for the session in this place.
    pub(super) fn hears(&mut self, slot: u32, envelope: Envelope) {
        self.handle(Input::Envelope { to: session(slot), envelope });
    }

    /// Exactly these effects, and nothing is left. What is asked of the store is never answered.
    #[track_caller]
    pub(super) fn expect<const N: usize>(&mut self, effects: [Effect; N]) {
        self.drained(effects.into());
    }

    /// Exactly these effects, `M` of them questions to the store.
    #[track_caller]
    pub(super) fn asked<const N: usize, const M: usize>(&mut self, effects: [Effect; N]) -> [OperationId; M] {
        let operations = self.drained(effects.into());
        operations.try_into().expect("as many operations as the test takes")
    }

    /// The same of questions alone, as many as there are.
    #[track_caller]
    pub(super) fn asks_all(&mut self, effects: Vec<Effect>) -> Vec<OperationId> {
        self.drained(effects)
    }

    #[track_caller]
    fn drained(&mut self, expected: Vec<Effect>) -> Vec<OperationId> {
        let mut operations = Vec::new();
        let mut effects = Vec::new();
        while let Some(mut effect) = self.core.poll_effect() {
            if let Effect::Ask { operation, .. } | Effect::Consult { operation, .. } = &mut effect {
                assert!(self.last < Some(*operation), "an operation's name is new");
                self.last = Some(*operation);
                operations.push(std::mem::replace(operation, ANY));
            }
            if let Effect::Tell(happening) = effect {
                self.told.push(*happening);
                continue;
            }
            effects.push(effect);
        }
        let many = expected.len();
        for (number, (effect, expected)) in effects.iter().zip(expected).enumerate() {
            assert_eq!(*effect, expected, "effect {number}");
        }
        assert_eq!(effects.get(many..), Some(&[][..]), "more than expected, or less");
        operations
    }

    /// What others were told since this was asked last.
    pub(super) fn told(&mut self) -> Vec<Happening> {
        std::mem::take(&mut self.told)
    }

    /// A client comes in; the store knows nobody to avoid.
    #[track_caller]
    pub(super) fn connect(&mut self, connection: ConnectionId, name: &str, slot: u32) {
        self.connected(connection, name);
        let welcome = notify(connection, welcome(name));
        let [attach] =
            self.asked([record(Event::SessionOpened), welcome, attach_since(name, slot, self.now)]);
        self.stored(attach, attached());
        self.expect([]);
    }

    /// The moment it is.
    pub(super) fn now(&self) -> Time {
        self.now
    }

    /// The ticket that the core makes of a wish now.
    pub(super) fn ticket(&self, name: &str, slot: u32, wish: &Wish) -> Arc<Ticket> {
        Arc::new(ticket(TicketId(self.draw(Dice::next_u64)), name, here(slot), wish, self.now))
    }

    /// The search that the core makes now.
    pub(super) fn search(&self, ticket: &Arc<Ticket>, stage: Stage) -> Search {
        let mut plan = SearchPlan::new(ticket.clone(), stage, &self.policy.ladder);
        if self.policy.choice == Choice::Random {
            plan.order = ticket.shuffled();
        }
        let (seconds, agreed) = match self.policy.acceptance {
            Acceptance::Mutual { .. } => (20, false),
            Acceptance::AtOnce => (2, true),
        };
        Search {
            plan,
            proposal: self.draw(ProposalId::random),
            room: self.draw(RoomId::random),
            accept_within: Duration::from_secs(seconds),
            agreed,
            lease_until: self.now + Duration::from_secs(6),
            most_waiting: self.limits.waiting_tickets,
        }
    }

    /// That search, as an effect.
    pub(super) fn look(&self, ticket: &Arc<Ticket>, stage: Stage) -> Effect {
        looking(self.search(ticket, stage))
    }

    /// The place where the search that the core makes now begins, if it begins anywhere.
    pub(super) fn anywhere(&self) -> Order {
        Ticket::anywhere(self.draw(Dice::next_u64))
    }

    /// The entry that the core makes now.
    pub(super) fn entry(&self) -> EntryId {
        EntryId(self.draw(Dice::next_u64))
    }

    fn draw<T>(&self, draw: impl FnOnce(&mut Dice) -> T) -> T {
        let mut dice = self.twin.get();
        let drawn = draw(&mut dice);
        self.twin.set(dice);
        drawn
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.core.poll_effect(), None, "nothing is left over");
        }
    }
}
