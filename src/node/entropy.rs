//! Randomness nobody can guess.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rand::Rng;
use rand::SeedableRng;
use rand::rngs::{StdRng, SysRng};

use crate::domain::id::Entropy;

/// `ChaCha12`, seeded by the system.
pub struct SystemEntropy {
    rng: StdRng,
    tickets: Tickets,
}

/// Numbers of tickets, counted by all shards of a node together from a random start: of two people who come
/// in one millisecond the first goes first, and two nodes hardly ever use one number.
#[derive(Clone)]
pub(super) struct Tickets(Arc<AtomicU64>);

impl SystemEntropy {
    /// A generator of its own seed, which counts its tickets alone.
    ///
    /// # Panics
    /// When the system has no randomness to give: without it no id would be safe.
    pub fn new() -> Self {
        let mut rng = StdRng::try_from_rng(&mut SysRng).expect("the system gives randomness");
        // Half of all numbers lie ahead: the count never wraps.
        let tickets = Tickets(Arc::new(AtomicU64::new(rng.next_u64() >> 1)));
        Self { rng, tickets }
    }

    /// A generator that counts its tickets with all others made from `tickets`.
    pub(super) fn counting(tickets: Tickets) -> Self {
        Self { tickets, ..Self::new() }
    }

    pub(super) fn tickets(&self) -> Tickets {
        self.tickets.clone()
    }
}

impl Default for SystemEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl Entropy for SystemEntropy {
    fn next_u64(&mut self) -> u64 {
        self.rng.next_u64()
    }

    fn next_ticket(&mut self) -> u64 {
        self.tickets.0.fetch_add(1, Ordering::Relaxed)
    }
}
