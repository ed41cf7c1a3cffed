//! The names, units and helps of everything `/metrics` shows: the one place that spells them.

use super::Counter;

/// What a family's samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Only grows while the process lives.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by upper bound, with sum and count.
    Histogram,
}

impl Shape {
    /// The word in the text and in the documentation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// What tells a family's samples apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// What it may be, for the documentation: the set is closed.
    pub values: &'static str,
}

macro_rules! families {
    ($($variant:ident: $shape:ident $name:literal [$($label:literal: $values:literal),*] $help:literal;)*) => {
        /// Samples of one name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each has its help, which is what there is to say")]
        pub enum Family {
            $($variant,)*
        }

        impl Family {
            /// Every one, in the order they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name, with its unit.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What its samples are.
            pub const fn shape(self) -> Shape {
                match self {
                    $(Self::$variant => Shape::$shape,)*
                }
            }

            /// What it is, in one sentence.
            pub const fn help(self) -> &'static str {
                match self {
                    $(Self::$variant => $help,)*
                }
            }

            /// What tells its samples apart.
            pub const fn labels(self) -> &'static [Label] {
                match self {
                    $(Self::$variant => &[$(Label { name: $label, values: $values }),*],)*
                }
            }
        }
    };
}

families! {
    Build: Gauge "qala_build_info" ["version": "of qala", "node": "its name", "store": "`embedded`, `redis`"]
        "Always 1: which node of which version this is.";
    Draining: Gauge "qala_draining" [] "1 once the node is going down, else 0.";
    StoreAvailable: Gauge "qala_store_available" [] "1 while the store answers, else 0.";

    Connections: Gauge "qala_connections" [] "Connections open now.";
    ConnectionsOpened: Counter "qala_connections_opened_total" [] "Transports that reached a session.";
    ConnectionsRefused: Counter "qala_connections_refused_total" ["reason": "`denied`, `unidentified`, `node_full`, `address_full`, `attempts`, `origin`"]
        "Connections refused: no valid credentials, nobody could say whose they are, the node or the address holds as many as it may, the address tried too often, or the page's origin is not allowed.";
    ConnectionSeconds: Histogram "qala_connection_seconds" [] "How long connections lasted that are over.";
    RequestsRefused: Counter "qala_requests_refused_total" [] "HTTP requests refused because their address sent too many.";
    StreamsRefused: Counter "qala_streams_refused_total" [] "TCP streams refused because their address holds as many as it may.";
    StreamsSilent: Counter "qala_streams_silent_total" [] "TCP streams closed because they did not say what they were for.";
    SlowConsumers: Counter "qala_slow_consumers_total" [] "Connections closed because their client did not read.";

    ConnectionsEnded: Counter "qala_connections_ended_total" ["reason": "`expired`, `suspended`"]
        "Connections closed by the server because of who has them: the token's time was over, or the user was put out.";
    Renewals: Counter "qala_token_renewals_total" ["outcome": "`renewed`, `refused`"] "Newer tokens shown over a connection.";
    BansRefused: Counter "qala_bans_refused_total" [] "Orders to put somebody out for which there was no room.";

    Sessions: Gauge "qala_sessions" [] "Sessions now, those of clients that are away included.";
    SessionsOpened: Counter "qala_sessions_opened_total" [] "Sessions begun.";
    SessionsReplaced: Counter "qala_sessions_replaced_total" [] "Connections replaced by a newer one of the same user.";
    SessionsInactive: Counter "qala_sessions_inactive_total" [] "Connections closed because their client said nothing for too long.";

    TicketsWaiting: Gauge "qala_tickets_waiting" ["pool": "names of the dialects spoken", "stage": "`0` to `4`"]
        "Tickets of this node's clients that wait, by the stage of their last search.";
    TicketsOpened: Counter "qala_tickets_opened_total" [] "Tickets made.";
    TicketsEnded: Counter "qala_tickets_ended_total" ["end": "`matched`, `cancelled`, `expired`, `replaced`, `gone`"]
        "Tickets that ended, each in one way.";
    SearchToMatch: Histogram "qala_search_to_match_seconds" ["stage": "`0` to `4`"]
        "From a wish to the proposal made of it, for both tickets of a proposal, by the stage of each.";
    ProposalsMade: Counter "qala_proposals_made_total" [] "Pairs of tickets claimed.";
    ProposalsEnded: Counter "qala_proposals_ended_total" ["outcome": "`agreed`, `rejected`, `expired`, `partner_left`"]
        "Proposals that became a room, or why not.";

    Rooms: Gauge "qala_rooms" [] "Rooms that this node opened less those that it closed; sum it over all nodes.";
    RoomsOpened: Counter "qala_rooms_opened_total" [] "Rooms opened.";
    RoomsClosed: Counter "qala_rooms_closed_total" ["reason": "`left`, `skipped`, `disconnected`"] "Rooms that are over.";
    RoomSeconds: Histogram "qala_room_seconds" [] "How long rooms stood that are over.";

    HallsEntered: Counter "qala_halls_entered_total" [] "Rooms by id entered, once for each member that came in.";

    SignalsRelayed: Counter "qala_signals_relayed_total" ["kind": "`offer`, `answer`, `candidate`, `ready`, `other`"]
        "Signals carried to a peer.";
    RelaySeconds: Histogram "qala_relay_seconds" []
        "From a signal's arrival to when it was handed to the peer's connection, or to the shard or the way to the node that has it.";
    SignalsDropped: Counter "qala_signals_dropped_total" [] "Signals kept for somebody away that made way for newer ones.";
    CallsFailed: Counter "qala_calls_failed_total" [] "Calls of which a client says that they came to nothing.";
    QualityRtt: Histogram "qala_quality_rtt_seconds" [] "Round trips between two people, as their clients report them.";
    ChatMessages: Counter "qala_chat_messages_total" [] "Chat messages added to rooms.";

    Refusals: Counter "qala_refusals_total" ["reason": "the codes that clients see: `invalid`, `unknown_event`, `too_large`, `match_gone`, `not_in_session`, `in_session`, `searching`, `cooling_down`, `rate_limited`, `busy`, `unavailable`, `queue_full`, `room_not_found`, `target_not_found`, `room_full`, `too_many_rooms`, `rooms_full`"]
        "Commands refused.";
    RateLimited: Counter "qala_rate_limited_total" ["scope": "`matching`, `chat`, `signaling`"]
        "Commands refused because their user's budget was spent.";

    StoreSeconds: Histogram "qala_store_operation_seconds" ["operation": "`attach`, `register`, `locate`, `reclaim`, `detach`, `remember`, `search`, `withdraw`, `renew`, `answer`, `expire`, `open_room`, `rejoin`, `close_room`, `append`, `messages`, `hall`"]
        "From asking the store to its answer, failures included.";
    StoreUnavailable: Counter "qala_store_unavailable_total" [] "Store operations without an answer.";

    BackendUnavailable: Counter "qala_backend_unavailable_total" [] "Errands that the backend did not answer.";

    LettersSent: Counter "qala_letters_sent_total" [] "Letters that reached another node.";
    LettersReceived: Counter "qala_letters_received_total" [] "Letters that came from other nodes.";
    LettersLost: Counter "qala_letters_lost_total" [] "Letters between nodes that were lost.";
    InboxEntries: Gauge "qala_inbox_entries" []
        "Entries in the node's inbox that were not removed yet; those that were handled go once a second.";
    InboxLag: Histogram "qala_inbox_lag_seconds" [] "From a letter's being put into the inbox to its being taken out.";
    NodesGone: Counter "qala_nodes_gone_total" [] "Times that another node gave no sign of life any more.";

    EventsWritten: Counter "qala_events_written_total" ["sink": "`log`, `redis`, `kafka`, those that are on"]
        "Events that a sink took over.";
    EventsDropped: Counter "qala_events_dropped_total" ["sink": "the same"]
        "Events that a sink did not get because its buffer was full.";
    EventsWaiting: Gauge "qala_events_waiting" ["sink": "the same"] "Events in a sink's buffer, and on their way to it.";

    MailboxLength: Gauge "qala_shard_mailbox_length" ["shard": "`0` up to one less than `--threads`"]
        "Inputs that wait for their shard.";
    ShardsSilent: Gauge "qala_shards_silent" [] "Shards that did not say how they are in time.";
    Panics: Counter "qala_panics_total" [] "Inputs whose handling panicked; their sessions were given up.";
    LogLinesLost: Counter "qala_log_lines_lost_total" [] "Log lines dropped because stderr or the log file took them too slowly.";
    RuntimeBusy: Counter "qala_runtime_busy_seconds_total" ["worker": "`0` up to one less than `--threads`"]
        "Time in which a thread of the runtime had something to do: its rate is the busy ratio.";
    RuntimeTasks: Gauge "qala_runtime_tasks" [] "Tasks that live.";
    RuntimeQueue: Gauge "qala_runtime_queue_length" [] "Tasks that wait for any thread of the runtime.";

    ProcessCpu: Counter "process_cpu_seconds_total" [] "Processor time used, user and system.";
    ProcessResident: Gauge "process_resident_memory_bytes" [] "Memory in use.";
    ProcessVirtual: Gauge "process_virtual_memory_bytes" [] "Address space.";
    ProcessThreads: Gauge "process_threads" [] "Threads.";
    ProcessFiles: Gauge "process_open_fds" [] "Open files, sockets among them.";
    ProcessMostFiles: Gauge "process_max_fds" [] "How many files may be open.";
    ProcessStart: Gauge "process_start_time_seconds" [] "When the process began, seconds since 1970.";

    FamilyActiveConnections: Gauge "webrtc_active_connections" [] "As `qala_connections`.";
    FamilyTotalConnections: Counter "webrtc_total_connections" [] "As `qala_connections_opened_total`.";
    FamilySession: Histogram "webrtc_session_duration_seconds" [] "As `qala_connection_seconds`.";
    FamilyMatchmaking: Histogram "webrtc_matchmaking_duration_seconds" [] "As `qala_search_to_match_seconds`, of all stages.";
    FamilyActiveMatches: Gauge "webrtc_active_matches" [] "As `qala_rooms`.";
    FamilyMatchmakingSuccess: Counter "webrtc_matchmaking_success_total" [] "As `qala_rooms_opened_total`.";
    FamilyMatch: Histogram "webrtc_match_duration_seconds" [] "As `qala_room_seconds`.";
    FamilyQueue: Gauge "webrtc_queue_size" [] "As `qala_tickets_waiting`, of this family's pool and all stages.";
    FamilySignals: Counter "webrtc_signaling_messages_total" ["type": "as `kind` of `qala_signals_relayed_total`"]
        "As `qala_signals_relayed_total`.";
    FamilyRelay: Histogram "webrtc_signaling_latency_seconds" [] "As `qala_relay_seconds`.";
    FamilyErrors: Counter "webrtc_errors_total" ["type": "as `reason` of `qala_refusals_total`, without `rate_limited`"]
        "As `qala_refusals_total`, those of spent budgets apart.";
    FamilyRateLimits: Counter "webrtc_rate_limit_hits_total" ["type": "`connection`, `matchmaking`, `messaging`, `signaling`"]
        "As `qala_rate_limited_total`; `connection`: refused because of how much came from one address.";
    FamilyRtt: Histogram "webrtc_connection_quality_rtt_ms" [] "As `qala_quality_rtt_seconds`, in milliseconds.";
    FamilyStore: Histogram "redis_operation_duration_seconds" ["operation": "as `operation` of `qala_store_operation_seconds`"]
        "As `qala_store_operation_seconds`.";
}

impl Family {
    /// Whether it is shown only where the dialect webrtc-chat is spoken.
    pub const fn is_of_webrtc_chat(self) -> bool {
        self as usize >= Self::FamilyActiveConnections as usize
    }
}

impl Counter {
    /// Under which name it is shown, and with which value of that family's label. `None` of a sum of others, and of
    /// what a gauge shows.
    pub const fn sample(self) -> Option<(Family, Option<&'static str>)> {
        let (family, value) = match self {
            Self::SessionsClosed | Self::ConnectionsClosed | Self::RoomsClosed | Self::SignalsRelayed => {
                return None;
            }
            Self::ConnectionsOpened => (Family::ConnectionsOpened, None),
            Self::ConnectionsDenied => (Family::ConnectionsRefused, Some("denied")),
            Self::ConnectionsUnidentified => (Family::ConnectionsRefused, Some("unidentified")),
            Self::ConnectionsExpired => (Family::ConnectionsEnded, Some("expired")),
            Self::ConnectionsSuspended => (Family::ConnectionsEnded, Some("suspended")),
            Self::TokensRenewed => (Family::Renewals, Some("renewed")),
            Self::RenewalsRefused => (Family::Renewals, Some("refused")),
            Self::BansOverLimit => (Family::BansRefused, None),
            Self::ConnectionsOverLimit => (Family::ConnectionsRefused, Some("node_full")),
            Self::ConnectionsPerAddressOverLimit => (Family::ConnectionsRefused, Some("address_full")),
            Self::AttemptsPerAddressOverLimit => (Family::ConnectionsRefused, Some("attempts")),
            Self::OriginsRefused => (Family::ConnectionsRefused, Some("origin")),
            Self::RequestsPerAddressOverLimit => (Family::RequestsRefused, None),
            Self::StreamsPerAddressOverLimit => (Family::StreamsRefused, None),
            Self::SilentStreams => (Family::StreamsSilent, None),
            Self::SlowConsumers => (Family::SlowConsumers, None),
            Self::SessionsOpened => (Family::SessionsOpened, None),
            Self::SessionsReplaced => (Family::SessionsReplaced, None),
            Self::SessionsInactive => (Family::SessionsInactive, None),
            Self::TicketsSearching => (Family::TicketsOpened, None),
            Self::TicketsMatched => (Family::TicketsEnded, Some("matched")),
            Self::TicketsCancelled => (Family::TicketsEnded, Some("cancelled")),
            Self::TicketsExpired => (Family::TicketsEnded, Some("expired")),
            Self::TicketsReplaced => (Family::TicketsEnded, Some("replaced")),
            Self::TicketsGone => (Family::TicketsEnded, Some("gone")),
            Self::Proposals => (Family::ProposalsMade, None),
            Self::ProposalsAgreed => (Family::ProposalsEnded, Some("agreed")),
            Self::ProposalsRejected => (Family::ProposalsEnded, Some("rejected")),
            Self::ProposalsExpired => (Family::ProposalsEnded, Some("expired")),
            Self::ProposalsPartnerLeft => (Family::ProposalsEnded, Some("partner_left")),
            Self::RoomsOpened => (Family::RoomsOpened, None),
            Self::RoomsLeft => (Family::RoomsClosed, Some("left")),
            Self::RoomsSkipped => (Family::RoomsClosed, Some("skipped")),
            Self::RoomsDisconnected => (Family::RoomsClosed, Some("disconnected")),
            Self::SignalsOffer => (Family::SignalsRelayed, Some("offer")),
            Self::SignalsAnswer => (Family::SignalsRelayed, Some("answer")),
            Self::SignalsCandidate => (Family::SignalsRelayed, Some("candidate")),
            Self::SignalsReady => (Family::SignalsRelayed, Some("ready")),
            Self::SignalsOther => (Family::SignalsRelayed, Some("other")),
            Self::SignalsDropped => (Family::SignalsDropped, None),
            Self::CallsFailed => (Family::CallsFailed, None),
            Self::ChatMessages => (Family::ChatMessages, None),
            Self::RefusedInvalid => (Family::Refusals, Some("invalid")),
            Self::RefusedUnknownEvent => (Family::Refusals, Some("unknown_event")),
            Self::RefusedTooLarge => (Family::Refusals, Some("too_large")),
            Self::RefusedMatchGone => (Family::Refusals, Some("match_gone")),
            Self::RefusedNotInSession => (Family::Refusals, Some("not_in_session")),
            Self::RefusedInSession => (Family::Refusals, Some("in_session")),
            Self::RefusedSearching => (Family::Refusals, Some("searching")),
            Self::RefusedCoolingDown => (Family::Refusals, Some("cooling_down")),
            Self::RefusedRateLimited => (Family::Refusals, Some("rate_limited")),
            Self::RefusedBusy => (Family::Refusals, Some("busy")),
            Self::RefusedUnavailable => (Family::Refusals, Some("unavailable")),
            Self::RefusedQueueFull => (Family::Refusals, Some("queue_full")),
            Self::RefusedRoomNotFound => (Family::Refusals, Some("room_not_found")),
            Self::RefusedTargetNotFound => (Family::Refusals, Some("target_not_found")),
            Self::RefusedRoomFull => (Family::Refusals, Some("room_full")),
            Self::RefusedTooManyRooms => (Family::Refusals, Some("too_many_rooms")),
            Self::RefusedRoomsFull => (Family::Refusals, Some("rooms_full")),
            Self::RateLimitedMatching => (Family::RateLimited, Some("matching")),
            Self::RateLimitedChat => (Family::RateLimited, Some("chat")),
            Self::RateLimitedSignaling => (Family::RateLimited, Some("signaling")),
            Self::HallsEntered => (Family::HallsEntered, None),
            Self::BackendUnavailable => (Family::BackendUnavailable, None),
            Self::StoreUnavailable => (Family::StoreUnavailable, None),
            Self::LettersSent => (Family::LettersSent, None),
            Self::LettersReceived => (Family::LettersReceived, None),
            Self::LettersLost => (Family::LettersLost, None),
            Self::NodesGone => (Family::NodesGone, None),
            Self::Panics => (Family::Panics, None),
            Self::LogLinesLost => (Family::LogLinesLost, None),
        };
        Some((family, value))
    }
}
