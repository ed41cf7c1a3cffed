//! Names of things. Each is its own type, so that one can never be passed for another.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Randomness, given to the core from outside: the system's in production, a seed in tests.
pub trait Entropy {
    /// 64 fresh random bits.
    fn next_u64(&mut self) -> u64;

    /// The number of the next ticket. All cores of a node count together where they can: of two tickets made
    /// in one millisecond the smaller number goes first.
    fn next_ticket(&mut self) -> u64 {
        self.next_u64()
    }

    /// 128 fresh random bits.
    fn next_u128(&mut self) -> u128 {
        (u128::from(self.next_u64()) << 64) | u128::from(self.next_u64())
    }
}

/// Who a person is, for everybody: the token's subject, or a guest's public id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Arc<str>);

/// One server process.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(Arc<str>);

/// A hall, as clients call it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HallName(Arc<str>);

/// A member of a hall, as clients call it. One at a time has it there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberName(Arc<str>);

macro_rules! text_id {
    ($name:ident) => {
        impl $name {
            /// The id spelled `text`.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// As it is spelled.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(UserId);
text_id!(NodeId);
text_id!(HallName);
text_id!(MemberName);

/// One ticket. Never shown to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TicketId(pub u64);

/// One stay of a member in a hall. Never shown to clients: who comes again by the same name is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u64);

/// One proposal, and the match it becomes. Shown to clients; written like a UUID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProposalId(u128);

/// One room. Shown to clients; written like a UUID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(u128);

/// A text is not an id written like a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnId;

fn parse_uuid(text: &str) -> Result<u128, NotAnId> {
    let bytes = text.as_bytes();
    if bytes.len() != 36 {
        return Err(NotAnId);
    }
    let mut value = 0_u128;
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 8 | 13 | 18 | 23) {
            if *byte != b'-' {
                return Err(NotAnId);
            }
            continue;
        }
        let digit = char::from(*byte).to_digit(16).ok_or(NotAnId)?;
        value = (value << 4) | u128::from(digit);
    }
    Ok(value)
}

macro_rules! random_id {
    ($name:ident) => {
        impl $name {
            /// A new id nobody can guess: 122 random bits, the rest as a version 4 UUID has them.
            pub fn random(entropy: &mut impl Entropy) -> Self {
                const VERSION: u128 = 0x4 << 76;
                const VARIANT: u128 = 0b10 << 62;
                let bits = entropy.next_u128() & !(0xF << 76) & !(0b11 << 62);
                Self(bits | VERSION | VARIANT)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let v = self.0;
                write!(
                    f,
                    "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                    v >> 96,
                    (v >> 80) & 0xFFFF,
                    (v >> 64) & 0xFFFF,
                    (v >> 48) & 0xFFFF,
                    v & 0xFFFF_FFFF_FFFF
                )
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                parse_uuid(text).map(Self)
            }
        }
    };
}

random_id!(ProposalId);
random_id!(RoomId);

/// Bits of a number that is exact in JSON.
const EXACT: u128 = (1 << 53) - 1;

impl ProposalId {
    /// The match that somebody else numbered.
    pub const fn numbered(number: u64) -> Self {
        Self(number as u128 & EXACT)
    }
}

impl RoomId {
    /// The room that somebody else numbered, from 1 on. The same number is the same room on every node.
    pub const fn numbered(number: u64) -> Self {
        Self(number as u128 & EXACT)
    }

    /// The room's number, for families whose rooms have one: positive, and small enough to be exact in JSON. It is
    /// 53 random bits, and only tells rooms apart that one user was in.
    pub const fn number(self) -> u64 {
        let bits = (self.0 & EXACT) as u64;
        if bits == 0 { 1 } else { bits }
    }
}

/// One session of one core: the shard that owns it, its place there, and how often that place was used,
/// so that an id outlives its session without ever meaning another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    /// The shard that owns the session.
    pub shard: u8,
    /// Its place in that shard.
    pub slot: u32,
    /// How many sessions had this place before.
    pub generation: u32,
}

/// Where a session lives: enough to send it an envelope from anywhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The node.
    pub node: NodeId,
    /// The session on that node.
    pub session: SessionId,
}

/// One transport of a session. Given by the edge, unique within a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// An answer that a client waits for. Given by the edge; the core hands it back with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AckId {
    /// The number of the acknowledgement, where the client wants one.
    pub number: Option<u64>,
    /// Which event of its dialect is answered: some are answered by another event.
    pub topic: u8,
}

impl From<u64> for AckId {
    fn from(number: u64) -> Self {
        Self { number: Some(number), topic: 0 }
    }
}

/// One store operation of one core. The store's answer carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u64);

    impl Entropy for Fixed {
        fn next_u64(&mut self) -> u64 {
            self.0
        }
    }

    #[test]
    fn a_random_id_is_written_like_a_version_4_uuid_and_read_back() {
        let id = RoomId::random(&mut Fixed(u64::MAX));
        assert_eq!(id.to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(RoomId::random(&mut Fixed(0)).to_string(), "00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn anything_else_is_not_an_id() {
        for text in ["", "x", "ffffffff-ffff-4fff-bfff-fffffffffff", "ffffffff_ffff-4fff-bfff-ffffffffffff"] {
            assert_eq!(text.parse::<RoomId>(), Err(NotAnId), "{text}");
        }
        assert_eq!("gfffffff-ffff-4fff-bfff-ffffffffffff".parse::<ProposalId>(), Err(NotAnId));
    }
}
