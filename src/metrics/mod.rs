//! What is counted and measured. A counter is a variant, never a string, so that code, health and documentation
//! agree.

use std::sync::atomic::{AtomicU64, Ordering};

mod describe;
mod family;
mod histogram;
mod page;
mod process;
mod reading;
mod sink;
mod timing;

pub use describe::metrics_page;
pub use family::{Family, Label, Shape};
pub use histogram::Histogram;
pub use page::page;
pub use process::{Process, Usage};
pub use reading::{Reading, Runtime, Shard, Waiting};
pub use sink::{Reach, Sink, SinkFigures, SinkReading};
pub use timing::{STAGES, StoreOperation, Timings};

macro_rules! counters {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Something that is counted since the node started.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Counter {
            $($(#[$doc])* $variant,)*
        }

        impl Counter {
            /// Every counter, in the order they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name for people and machines.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

counters! {
    /// Transports that reached a session.
    ConnectionsOpened = "connections_opened",
    /// Those that are closed again.
    ConnectionsClosed = "connections_closed",
    /// Clients refused because of who they are not.
    ConnectionsDenied = "connections_denied",
    /// Clients refused because nobody could say who they are.
    ConnectionsUnidentified = "connections_unidentified",
    /// Clients refused because the node holds as many as it may.
    ConnectionsOverLimit = "connections_over_limit",
    /// Clients refused because their address holds as many as it may.
    ConnectionsPerAddressOverLimit = "connections_per_address_over_limit",
    /// Clients refused because their address tried too often to enter.
    AttemptsPerAddressOverLimit = "attempts_per_address_over_limit",
    /// Requests refused because of the page they came from.
    OriginsRefused = "origins_refused",
    /// HTTP requests refused because their address sent too many.
    RequestsPerAddressOverLimit = "requests_per_address_over_limit",
    /// TCP streams refused because their address holds as many as it may.
    StreamsPerAddressOverLimit = "streams_per_address_over_limit",
    /// TCP streams closed because they never said, or no longer said, what they were for.
    SilentStreams = "silent_streams",
    /// Connections closed because their client did not read.
    SlowConsumers = "slow_consumers",
    /// Connections closed because their token's time was over.
    ConnectionsExpired = "connections_expired",
    /// Connections closed because their user was put out.
    ConnectionsSuspended = "connections_suspended",
    /// Newer tokens accepted over a connection.
    TokensRenewed = "tokens_renewed",
    /// Newer tokens that did not hold, or were not looked at.
    RenewalsRefused = "renewals_refused",
    /// Orders to put somebody out that came to nothing, because as many are out as may be.
    BansOverLimit = "bans_over_limit",
    /// Sessions begun.
    SessionsOpened = "sessions_opened",
    /// Sessions that are over.
    SessionsClosed = "sessions_closed",
    /// Sessions taken over by a newer connection of the same user.
    SessionsReplaced = "sessions_replaced",
    /// Connections closed because their client said nothing for too long.
    SessionsInactive = "sessions_inactive",
    /// Tickets made.
    TicketsSearching = "tickets_searching",
    /// Tickets that became part of a match.
    TicketsMatched = "tickets_matched",
    /// Tickets their owner gave up.
    TicketsCancelled = "tickets_cancelled",
    /// Tickets that ended without a sign of life or an answer.
    TicketsExpired = "tickets_expired",
    /// Tickets replaced by another wish.
    TicketsReplaced = "tickets_replaced",
    /// Tickets gone with their owner.
    TicketsGone = "tickets_gone",
    /// Pairs claimed.
    Proposals = "proposals",
    /// Proposals that both accepted.
    ProposalsAgreed = "proposals_agreed",
    /// Proposals one side said no to.
    ProposalsRejected = "proposals_rejected",
    /// Proposals not answered in time.
    ProposalsExpired = "proposals_expired",
    /// Proposals one side left.
    ProposalsPartnerLeft = "proposals_partner_left",
    /// Rooms opened.
    RoomsOpened = "rooms_opened",
    /// Rooms that are over.
    RoomsClosed = "rooms_closed",
    /// Of those, rooms that somebody left.
    RoomsLeft = "rooms_left",
    /// Of those, rooms in which somebody was skipped.
    RoomsSkipped = "rooms_skipped",
    /// Of those, rooms in which somebody was away for too long.
    RoomsDisconnected = "rooms_disconnected",
    /// Rooms by id entered: once for each member that came in.
    HallsEntered = "halls_entered",
    /// Signals carried to a peer.
    SignalsRelayed = "signals_relayed",
    /// Of those, offers.
    SignalsOffer = "signals_offer",
    /// Of those, answers.
    SignalsAnswer = "signals_answer",
    /// Of those, candidates.
    SignalsCandidate = "signals_candidate",
    /// Of those, the news that a call stands.
    SignalsReady = "signals_ready",
    /// Of those, what only the clients can tell apart.
    SignalsOther = "signals_other",
    /// Signals kept for somebody away that made way for newer ones.
    SignalsDropped = "signals_dropped",
    /// Calls of which a client says that they came to nothing.
    CallsFailed = "calls_failed",
    /// Chat messages added to rooms.
    ChatMessages = "chat_messages",
    /// Commands refused: wrong payload.
    RefusedInvalid = "refused_invalid",
    /// Commands refused: no such event.
    RefusedUnknownEvent = "refused_unknown_event",
    /// Commands refused: a part is too long.
    RefusedTooLarge = "refused_too_large",
    /// Commands refused: no such proposal.
    RefusedMatchGone = "refused_match_gone",
    /// Commands refused: not in that room.
    RefusedNotInSession = "refused_not_in_session",
    /// Commands refused: in a room already.
    RefusedInSession = "refused_in_session",
    /// Commands refused: searching already.
    RefusedSearching = "refused_searching",
    /// Commands refused: skipped somebody a moment ago.
    RefusedCoolingDown = "refused_cooling_down",
    /// Commands refused: budget spent.
    RefusedRateLimited = "refused_rate_limited",
    /// Of those, searching and answering.
    RateLimitedMatching = "rate_limited_matching",
    /// Of those, writing and reading.
    RateLimitedChat = "rate_limited_chat",
    /// Of those, everything else.
    RateLimitedSignaling = "rate_limited_signaling",
    /// Commands refused: too many waiting already.
    RefusedBusy = "refused_busy",
    /// Commands refused: the store is away.
    RefusedUnavailable = "refused_unavailable",
    /// Commands refused: the pool is full.
    RefusedQueueFull = "refused_queue_full",
    /// Commands refused: no room of that id.
    RefusedRoomNotFound = "refused_room_not_found",
    /// Commands refused: no such member in the room.
    RefusedTargetNotFound = "refused_target_not_found",
    /// Commands refused: the room has as many members as it may.
    RefusedRoomFull = "refused_room_full",
    /// Commands refused: in as many rooms as a session may be.
    RefusedTooManyRooms = "refused_too_many_rooms",
    /// Commands and requests refused: as many rooms as there may be.
    RefusedRoomsFull = "refused_rooms_full",
    /// Store operations without an answer.
    StoreUnavailable = "store_unavailable",
    /// Errands that the backend did not answer.
    BackendUnavailable = "backend_unavailable",
    /// Letters that reached another node.
    LettersSent = "letters_sent",
    /// Letters that came from other nodes.
    LettersReceived = "letters_received",
    /// Letters between nodes that were lost: no room, a dead node, or a full inbox.
    LettersLost = "letters_lost",
    /// Nodes that gave no sign of life any more.
    NodesGone = "nodes_gone",
    /// Inputs whose handling panicked; the session was given up, the others went on.
    Panics = "panics",
    /// Log lines dropped because nobody took them in time.
    LogLinesLost = "log_lines_lost",
}

/// One number for each counter, and how long things took. Shared by all threads; each addition is one relaxed
/// atomic, and nothing is allocated for it.
#[derive(Debug)]
pub struct Counters {
    counts: [AtomicU64; Counter::ALL.len()],
    timings: Timings,
    sinks: [SinkFigures; Sink::ALL.len()],
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
            timings: Timings::default(),
            sinks: Default::default(),
        }
    }
}

impl Counters {
    /// One more.
    pub fn add(&self, counter: Counter) {
        self.counts[counter as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// So many more.
    pub fn add_many(&self, counter: Counter, count: u64) {
        self.counts[counter as usize].fetch_add(count, Ordering::Relaxed);
    }

    /// How many so far.
    pub fn get(&self, counter: Counter) -> u64 {
        self.counts[counter as usize].load(Ordering::Relaxed)
    }

    /// How long things took.
    pub fn timings(&self) -> &Timings {
        &self.timings
    }

    /// How that sink fares.
    pub fn sink(&self, sink: Sink) -> &SinkFigures {
        &self.sinks[sink as usize]
    }

    /// Connections open now.
    pub fn connections(&self) -> u64 {
        self.get(Counter::ConnectionsOpened).saturating_sub(self.get(Counter::ConnectionsClosed))
    }

    /// Sessions now, those of clients that are away included.
    pub fn sessions(&self) -> u64 {
        self.get(Counter::SessionsOpened).saturating_sub(self.get(Counter::SessionsClosed))
    }

    /// Rooms open now.
    pub fn rooms(&self) -> u64 {
        self.get(Counter::RoomsOpened).saturating_sub(self.get(Counter::RoomsClosed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counter_has_a_name_and_a_number_of_its_own() {
        let counters = Counters::default();
        let mut names = std::collections::BTreeSet::new();
        for (index, counter) in Counter::ALL.iter().enumerate() {
            assert!(names.insert(counter.name()), "{} is named twice", counter.name());
            for _ in 0..=index {
                counters.add(*counter);
            }
        }
        let values: Vec<u64> = Counter::ALL.iter().map(|counter| counters.get(*counter)).collect();
        assert_eq!(values, (1..=Counter::ALL.len() as u64).collect::<Vec<_>>());
    }
}
