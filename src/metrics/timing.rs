//! What is measured by time.

use super::Histogram;

/// How many stages a ladder has.
pub const STAGES: usize = 5;

/// Upper bounds of what takes microseconds to milliseconds, us.
const QUICK: &[u64] = &[
    10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000,
];
/// Upper bounds of what people wait for, us.
const WAITED: &[u64] = &[
    10_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    15_000_000,
    20_000_000,
    30_000_000,
    45_000_000,
    60_000_000,
    90_000_000,
    120_000_000,
    180_000_000,
    300_000_000,
];
/// Upper bounds of what people do for a while, us.
const LASTED: &[u64] = &[
    1_000_000,
    5_000_000,
    15_000_000,
    30_000_000,
    60_000_000,
    120_000_000,
    300_000_000,
    600_000_000,
    1_800_000_000,
    3_600_000_000,
    7_200_000_000,
];
/// Upper bounds of round trips between two people, us.
const ROUND_TRIPS: &[u64] =
    &[5_000, 10_000, 25_000, 50_000, 100_000, 150_000, 200_000, 300_000, 500_000, 1_000_000, 2_500_000];

macro_rules! store_operations {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What a store is asked.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum StoreOperation {
            $($(#[$doc])* $variant,)*
        }

        impl StoreOperation {
            /// Every one, in the order they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in metrics.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

store_operations! {
    /// A session begins.
    Attach = "attach",
    /// A session says where it lives.
    Register = "register",
    /// Where does a session live?
    Locate = "locate",
    /// A session takes over what an earlier one had.
    Reclaim = "reclaim",
    /// A session is over.
    Detach = "detach",
    /// Two are not to meet again for a while.
    Remember = "remember",
    /// A ticket is listed and somebody looked for.
    Search = "search",
    /// A ticket is taken off its list.
    Withdraw = "withdraw",
    /// Tickets are still wanted.
    Renew = "renew",
    /// A proposal is answered.
    Answer = "answer",
    /// A proposal's time is over.
    Expire = "expire",
    /// A room begins.
    OpenRoom = "open_room",
    /// Does a room still stand?
    Rejoin = "rejoin",
    /// A room is over.
    CloseRoom = "close_room",
    /// A chat message is added.
    Append = "append",
    /// Chat messages are read.
    Messages = "messages",
    /// Something about rooms by id.
    Hall = "hall",
}

/// How long things took.
#[derive(Debug)]
pub struct Timings {
    /// From wish to proposal, for each of the two tickets, by the ticket's own stage.
    pub search_to_match: [Histogram; STAGES],
    /// Connections, from their session's beginning or return to their end.
    pub connection: Histogram,
    /// Rooms, from both having accepted to the end.
    pub room: Histogram,
    /// Signals, from their arrival to when they were handed to the peer's connection, or to the shard or the way to
    /// the node that has it.
    pub relay: Histogram,
    /// Store operations, from asking to the answer, by operation.
    pub store: [Histogram; StoreOperation::ALL.len()],
    /// Letters of other nodes, from being put into the inbox to being taken out.
    pub inbox_lag: Histogram,
    /// Round trips between two people, as their clients report them.
    pub quality_rtt: Histogram,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            search_to_match: std::array::from_fn(|_| Histogram::new(WAITED)),
            connection: Histogram::new(LASTED),
            room: Histogram::new(LASTED),
            relay: Histogram::new(QUICK),
            store: std::array::from_fn(|_| Histogram::new(QUICK)),
            inbox_lag: Histogram::new(QUICK),
            quality_rtt: Histogram::new(ROUND_TRIPS),
        }
    }
}

impl Timings {
    /// That of one operation.
    pub fn of(&self, operation: StoreOperation) -> &Histogram {
        &self.store[operation as usize]
    }
}
