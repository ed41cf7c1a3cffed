//! Randomness from one seed: what happens in a run, and what its cores draw their ids from.

use qala::domain::id::Entropy;

/// `SplitMix64`: every seed is a good one, so neighbouring runs have nothing in common.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The sequence of `seed`.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A sequence of its own for somebody else.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.next_u64())
    }

    /// From 0 to `limit - 1`; 0 if there is no such number.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next_u64().checked_rem(limit).unwrap_or(0)
    }

    /// From `low` to `high`.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high + 1 - low)
    }

    /// Yes in so many of a hundred cases.
    pub(crate) fn percent(&mut self, yes: u64) -> bool {
        self.below(100) < yes
    }

    /// One of them.
    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        let index = self.below(u64::try_from(from.len()).expect("no list is longer than memory"));
        from.get(usize::try_from(index).expect("an index")).cloned()
    }

    /// One by its weight.
    pub(crate) fn weighted<T: Copy>(&mut self, from: &[(u64, T)]) -> T {
        let mut left = self.below(from.iter().map(|(weight, _)| weight).sum());
        for (weight, item) in from {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return *item,
            }
        }
        unreachable!("what was drawn is below the sum of the weights")
    }
}

impl Entropy for Random {
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
