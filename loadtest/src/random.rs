//! Randomness from one seed: the same on every machine and in every version, so that a seed names a schedule.

/// `SplitMix64`: every seed is a good one.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0, included, to 1, not included.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what a double holds")]
    pub const fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 to `limit - 1`; 0 if there is no such number.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next().checked_rem(limit).unwrap_or(0)
    }

    /// Yes in so many of a hundred cases.
    pub const fn percent(&mut self, yes: f64) -> bool {
        self.unit() * 100.0 < yes
    }

    /// A waiting time of a Poisson process of that rate, in the rate's unit.
    pub fn gap(&mut self, rate: f64) -> f64 {
        -(1.0 - self.unit()).ln() / rate
    }

    /// The place of one by its weight; 0 where nothing has any.
    pub fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let mut left = self.unit() * weights.clone().sum::<f64>();
        for (place, weight) in weights.enumerate() {
            left -= weight;
            if left < 0.0 {
                return place;
            }
        }
        0
    }
}
