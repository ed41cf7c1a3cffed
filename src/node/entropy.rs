//! Randomness nobody can guess.

use rand::Rng;
use rand::SeedableRng;
use rand::rngs::{StdRng, SysRng};

use crate::domain::id::Entropy;

/// `ChaCha12`, seeded by the system.
pub struct SystemEntropy(StdRng);

impl SystemEntropy {
    /// A generator of its own seed.
    ///
    /// # Panics
    /// When the system has no randomness to give: without it no id would be safe.
    pub fn new() -> Self {
        let rng = StdRng::try_from_rng(&mut SysRng).expect("the system gives randomness");
        Self(rng)
    }
}

impl Default for SystemEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl Entropy for SystemEntropy {
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}
