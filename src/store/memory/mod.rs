//! The embedded store: everything in the memory of one process, answered at once.
//!
//! [`State`] carries operations out and is plain data, so that a simulation can put delay, loss and crashes
//! around it. [`MemoryStore`] is the same state for the shards of one node. Nothing here survives the
//! process and nothing is decided here: the rules are compiled into the plans that arrive.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::sight::Sight;
use super::snapshot::Survey;
use super::{Store, Submitted};
use crate::domain::operation::{Attached, Operation, Outcome};
use crate::domain::ticket::PoolId;
use crate::domain::time::Time;

mod halls;
mod histories;
mod line;
mod look;
mod pool;
mod proposals;
mod queue;
mod rooms;
mod sessions;
mod sight;
mod waiting;
mod waits;

use halls::Halls;
use histories::Histories;
use pool::Pool;
use rooms::Rooms;
use sessions::Sessions;

/// The store of a node that stands alone.
#[derive(Default)]
pub struct MemoryStore {
    /// Guards everything that the shards of this node share. A lock, not a task of its own: a search holds it
    /// for one to three microseconds, less than a message to another task and back would take, and the
    /// answer is there at once. The longest hold is a renewal of as many tickets as one operation renews,
    /// below a millisecond. Never held across an await: `submit` is not async and keeps the guard to itself.
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Store for MemoryStore {
    fn submit(&self, operation: Operation, now: Time) -> Submitted {
        // A shard that panicked in here must not take the other shards with it.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Submitted::Answered(state.execute(operation, now))
    }

    fn sight(&self, survey: &Survey, now: Time) -> Option<Sight> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Some(state.sight(survey, now))
    }
}

/// All that a store keeps, and the one place where operations are carried out.
#[derive(Default)]
pub struct State {
    /// Grows with the dialects alone: nothing a client sends names a pool.
    pools: BTreeMap<PoolId, Pool>,
    rooms: Rooms,
    /// As many as there are pools.
    halls: BTreeMap<PoolId, Halls>,
    histories: Histories,
    sessions: Sessions,
}

impl State {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Carries out `operation` as of `now`.
    pub fn execute(&mut self, operation: Operation, now: Time) -> Outcome {
        match operation {
            Operation::Attach { user, pool, address, since } => {
                match self.sessions.attach((user.clone(), pool), address, since, now) {
                    Ok((former, rank)) => {
                        let history = self.histories.of(user, pool, now);
                        Outcome::Attached(Attached { history, former, rank })
                    }
                    Err(superseded) => Outcome::Superseded(superseded),
                }
            }
            Operation::Register { user, pool, address, rank, talk } => {
                Outcome::Registered(self.sessions.register((user, pool), address, rank, talk, now))
            }
            Operation::Locate { user, pool } => Outcome::Located(self.sessions.locate(&(user, pool), now)),
            Operation::Reclaim { pool, user, owner } => {
                Outcome::Reclaimed(self.pool(pool).reclaim(&user, &owner, now))
            }
            Operation::Detach { user, pool, address } => {
                self.sessions.detach((user, pool), &address, now);
                Outcome::Done
            }
            Operation::Remember { user, pool, partner, until } => {
                self.histories.remember((user, pool), partner, until, now);
                Outcome::Done
            }
            Operation::Search(search) => {
                Outcome::Searched(self.pool(search.plan.ticket.pool).search(*search, now))
            }
            Operation::Withdraw { pool, ticket } => Outcome::Withdrawn(self.pool(pool).withdraw(ticket, now)),
            Operation::Renew { pool, tickets, lease_until } => {
                Outcome::Renewed(self.pool(pool).renew(tickets, lease_until, now))
            }
            Operation::Answer { pool, proposal, user, verdict } => {
                Outcome::Answered(self.pool(pool).answer(proposal, &user, verdict, now))
            }
            Operation::Expire { pool, proposal } => Outcome::Expired(self.pool(pool).expire(proposal, now)),
            Operation::OpenRoom { pool, room, members, heard, written } => {
                self.rooms.open((pool, room), &members, heard, written, now);
                Outcome::Done
            }
            Operation::Rejoin { room, user } => Outcome::Rejoined(self.rooms.rejoin(room, &user)),
            Operation::CloseRoom { room } => {
                self.rooms.close(room);
                Outcome::Done
            }
            Operation::Append { room, from, content, client_message_id } => {
                Outcome::Appended(self.rooms.append(room, from, content, client_message_id, now))
            }
            Operation::Hall { pool, request } => {
                Outcome::Hall(self.halls.entry(pool).or_default().execute(request, now))
            }
            Operation::Messages { room, after } => Outcome::Messages(self.rooms.messages(room, after)),
        }
    }

    fn pool(&mut self, pool: PoolId) -> &mut Pool {
        self.pools.entry(pool).or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::criteria::{AgeRange, Criteria, Ladder, Stage, Strict};
    use crate::domain::id::{Address, Entropy, NodeId, ProposalId, RoomId, SessionId, TicketId, UserId};
    use crate::domain::operation::Search;
    use crate::domain::person::{Attributes, Proficiency};
    use crate::domain::search::SearchPlan;
    use crate::domain::ticket::{Priority, Ticket};

    const POOL: PoolId = PoolId("memory");
    const LEASE: Duration = Duration::from_secs(6);

    struct Number(u64);

    impl Entropy for Number {
        fn next_u64(&mut self) -> u64 {
            self.0
        }
    }

    /// Arrival number `number`: every third speaks what the two before it learn.
    fn search(number: u64, now: Time) -> Operation {
        let (speaks, learns) = if number.is_multiple_of(3) { ("es", "en") } else { ("en", "es") };
        let language = |tag: &str| tag.parse().expect("a language");
        let ticket = Ticket {
            id: TicketId(number),
            user: UserId::new(number.to_string()),
            owner: Address {
                node: NodeId::new("node"),
                session: SessionId { shard: 0, slot: 0, generation: 0 },
            },
            pool: POOL,
            attributes: Attributes {
                speaks: language(speaks),
                learns: language(learns),
                proficiency: Proficiency::ALL[usize::try_from(number % 4).expect("small")],
                age: 30,
                gender: None,
            },
            criteria: Criteria {
                same_proficiency: number.is_multiple_of(2),
                age: AgeRange::ALL,
                gender: None,
                strict: Strict::default(),
            },
            enqueued_at: now,
            priority: Priority::Usual,
            avoid: Arc::default(),
        };
        let id = &mut Number(number);
        Operation::Search(Box::new(Search {
            plan: SearchPlan::new(Arc::new(ticket), Stage::Exact, &Ladder::default()),
            proposal: ProposalId::random(id),
            room: RoomId::random(id),
            accept_within: Duration::from_secs(20),
            agreed: false,
            lease_until: now + LEASE,
            most_waiting: usize::MAX,
        }))
    }

    #[test]
    fn what_dead_nodes_leave_behind_goes_while_others_search() {
        let mut state = State::new();
        (0..3_000).for_each(|number| drop(state.execute(search(number, Time::default()), Time::default())));
        assert!(!state.pools[&POOL].is_bare());
        // Nobody renews, answers or expires anything: the tickets are dead in 6 s, the proposals in 80 s.
        for number in 0..3_000 {
            let now = Time::from_ms(80_000 + number);
            let ticket = TicketId(10_000 + number);
            state.execute(search(ticket.0, now), now);
            state.execute(Operation::Withdraw { pool: POOL, ticket }, now);
        }
        let later = Time::from_ms(1_000_000);
        for _ in 0..3_000 {
            state.execute(Operation::Withdraw { pool: POOL, ticket: TicketId(0) }, later);
        }
        assert!(state.pools[&POOL].is_bare());
    }
}
