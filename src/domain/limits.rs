//! A number for everything that could grow. Design section 8 unless another source is named.

/// Candidates that one search operation looks at (design section 5: each costs Redis 0.7 us).
pub const SEARCH_CANDIDATES: usize = 32;
/// Tickets renewed by one operation, so that a store is never busy with one call for long.
pub const RENEWED_AT_ONCE: usize = 512;
/// Sessions that a core makes known again at once, to a store that knows them no more.
pub const REBUILT_AT_ONCE: usize = 256;
/// Rooms that a core closes at once, in a store that did not answer when they were over.
pub const CLOSED_AT_ONCE: usize = 1_024;
/// People one user is not matched with again, newest kept.
pub const AVOIDED: usize = 256;
/// People one user may have blocked; more are refused: `too_many_blocks`. Fewer than [`AVOIDED`], among which they are.
pub const BLOCKED: usize = 128;
/// Chat messages a room keeps for those who come back, newest kept. A client message id is recognised as
/// long as its message is kept.
pub const ROOM_MESSAGES: usize = 1_000;
/// Chat messages one `Messages` operation returns.
pub const MESSAGES_AT_ONCE: usize = 200;

/// Sessions that a core looks at, and may tell, before others have their turn.
pub const ANNOUNCED_AT_ONCE: usize = 256;

/// Numbers that are left out in a room that is opened again, because nobody knows how many were given: more than
/// the messages of one session that may be under way.
pub const SEQUENCE_GAP: u64 = 256;

/// Halls one session may be in at once. Refused beyond: `too_many_rooms`.
pub const HALLS_OF_A_SESSION: usize = 16;
/// Characters of the name of a hall, or of a member of one.
pub const HALL_NAME_CHARACTERS: usize = 128;
/// Halls that may be reserved at once, by somebody who has not come yet.
pub const HALLS_RESERVED: usize = 10_000;
/// Halls that one `List` operation returns.
pub const HALLS_LISTED_AT_ONCE: usize = 100;
/// Halls that are shown to who asks for all of them.
pub const HALLS_SHOWN: usize = 1_000;
/// Entries of halls renewed by one operation.
pub const ENTRIES_RENEWED_AT_ONCE: usize = 128;

/// Limits an operator may set.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Length of an offer, an answer or another signal, bytes.
    pub sdp_bytes: usize,
    /// Length of a chat message, characters.
    pub chat_characters: usize,
    /// Signals kept for a peer that is away; the oldest go first.
    pub candidates_buffered: usize,
    /// Commands of one session that wait for its store operation; more are refused as busy.
    pub commands_waiting: usize,
    /// Waiting tickets in one pool.
    pub waiting_tickets: usize,
    /// Members of one hall.
    pub hall_members: usize,
    /// Halls of one pool, those that are reserved included.
    pub halls: usize,
    /// Matching commands of one user in a minute; 0 is no limit.
    pub matching_events_per_minute: u32,
    /// Chat commands of one user in a minute; 0 is no limit.
    pub chat_events_per_minute: u32,
    /// Signaling commands of one user in a minute; 0 is no limit.
    pub signaling_events_per_minute: u32,
    /// Refusals of one user for a spent budget in a minute, before its connection is closed; 0 is no limit.
    pub refusals_per_minute: u32,
    /// Whether spent budgets refuse nothing and are only counted.
    pub dry_run: bool,
}

/// How often one user may ask in a minute, by budget; 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerMinute {
    /// Matching commands.
    pub matching: u32,
    /// Chat commands.
    pub chat: u32,
    /// Signaling commands.
    pub signaling: u32,
}

impl Limits {
    /// How often one user may ask, where the pool does not say.
    pub const fn events_per_minute(&self) -> PerMinute {
        PerMinute {
            matching: self.matching_events_per_minute,
            chat: self.chat_events_per_minute,
            signaling: self.signaling_events_per_minute,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sdp_bytes: 32 * 1024,
            chat_characters: 1_000,
            candidates_buffered: 64,
            commands_waiting: 256,
            waiting_tickets: 1_000_000,
            hall_members: 16,
            halls: 100_000,
            matching_events_per_minute: 100,
            chat_events_per_minute: 100,
            signaling_events_per_minute: 100,
            refusals_per_minute: 3_000,
            dry_run: false,
        }
    }
}
