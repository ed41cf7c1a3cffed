//! Which partition a key belongs to: as Kafka's own clients decide, so that a user's events of every producer are in one.

/// The partition of `key` among `count`.
pub(super) fn partition(key: &[u8], count: usize) -> usize {
    let positive = hash(key) & 0x7fff_ffff;
    usize::try_from(positive).unwrap_or(0).checked_rem(count).unwrap_or(0)
}

/// Murmur2 of 32 bits with the seed of Kafka's clients.
fn hash(key: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    const R: u32 = 24;
    // Keys are far shorter than 4 GB.
    let mut hash = SEED ^ u32::try_from(key.len()).unwrap_or(0);
    let (words, rest) = key.as_chunks::<4>();
    for word in words {
        let mut mixed = u32::from_le_bytes(*word).wrapping_mul(M);
        mixed ^= mixed >> R;
        hash = hash.wrapping_mul(M) ^ mixed.wrapping_mul(M);
    }
    for (place, byte) in rest.iter().enumerate().rev() {
        hash ^= u32::from(*byte) << (8 * place);
    }
    if !rest.is_empty() {
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_kafkas_clients() {
        for (key, expected) in [
            ("21", -973_932_308_i32),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ] {
            assert_eq!(hash(key.as_bytes()).cast_signed(), expected, "{key}");
        }
    }

    #[test]
    fn partitions_are_below_their_number() {
        assert_eq!(partition(b"abc", 4), 479_470_107 % 4);
        assert_eq!(partition(b"abc", 0), 0);
        assert!((0..200_u8).all(|byte| partition(&[byte], 3) < 3));
    }
}
