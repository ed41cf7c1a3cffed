//! What the suites of the stores share: asking a store, and making people and ids.

#[allow(dead_code, reason = "each test binary needs some of the servers")]
pub(crate) mod redis;
#[allow(dead_code, reason = "each test binary needs some of them")]
pub(crate) mod servers;

use std::time::Duration;

use qala::domain::criteria::{Ladder, Stage};
use qala::domain::id::{Address, Entropy, NodeId, ProposalId, RoomId, SessionId};
use qala::domain::operation::{Operation, Outcome, Search};
use qala::domain::search::SearchPlan;
use qala::domain::ticket::Ticket;
use qala::domain::time::Time;
use qala::store::{Store, Submitted};

/// Has `operation` carried out, and waits for the answer where it takes a while.
pub(crate) fn answer(store: &dyn Store, operation: Operation, now: Time) -> Outcome {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime for one thread");
    }
    // Submitting happens inside the runtime too: a store may want to spawn or to connect there.
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            match store.submit(operation, now) {
                Submitted::Answered(outcome) => outcome,
                Submitted::Underway(answer) => answer.await,
            }
        })
    })
}

/// Numbers instead of randomness, so that a test can name its ids.
struct Number(u64);

impl Entropy for Number {
    fn next_u64(&mut self) -> u64 {
        self.0
    }
}

/// Proposal number `number`.
pub(crate) fn proposal_id(number: u64) -> ProposalId {
    ProposalId::random(&mut Number(number))
}

/// Room number `number`.
pub(crate) fn room_id(number: u64) -> RoomId {
    RoomId::random(&mut Number(number))
}

/// Where session number `slot` lives.
pub(crate) fn address(slot: u32) -> Address {
    Address { node: NodeId::new("node-1"), session: SessionId { shard: 0, slot, generation: 0 } }
}

/// A search for `ticket` that would make proposal and room number `number`. Its lease and limits do not end.
pub(crate) fn search(ticket: Ticket, stage: Stage, ladder: &Ladder, number: u64) -> Search {
    Search {
        plan: SearchPlan::new(ticket.into(), stage, ladder),
        proposal: proposal_id(number),
        room: room_id(number),
        accept_within: Duration::from_secs(20),
        agreed: false,
        lease_until: Time::NEVER,
        most_waiting: usize::MAX,
    }
}
