//! What one person, address or connection may ask for (design section 8).

use std::num::NonZeroU32;

use super::foreign::{self, per_minute};
use super::matching::GRACE_SECONDS;
use super::option::{Group, Kind, OptionSpec, bytes, count, seconds};
use super::reader::Reader;

pub(super) static MAX_CONNECTIONS: OptionSpec = OptionSpec {
    flag: "max-connections",
    environment: &["QALA_MAX_CONNECTIONS"],
    group: Group::Limits,
    kind: count(1, 10_000_000),
    value_name: "number",
    default: Some("100000"),
    example: "10000",
    help: "connections at once; more are refused",
    secret: false,
};

/// How many connections one address may have.
pub static CONNECTIONS_PER_ADDRESS: OptionSpec = OptionSpec {
    flag: "connections-per-address",
    environment: &["QALA_CONNECTIONS_PER_ADDRESS", "MAX_CONNECTIONS_PER_IP"],
    group: Group::Limits,
    kind: count(0, 1_000_000),
    value_name: "number",
    default: Some("20"),
    example: "5",
    help: "connections of one address at once, loopback excepted; 0 = no limit; of sorsu 5 in production",
    secret: false,
};

/// How often one address may try to enter.
pub static ATTEMPTS_PER_ADDRESS: OptionSpec = OptionSpec {
    flag: "attempts-per-address-per-minute",
    environment: &["QALA_ATTEMPTS_PER_ADDRESS_PER_MINUTE"],
    group: Group::Limits,
    kind: count(0, 1_000_000_000),
    value_name: "number",
    default: Some("0"),
    example: "60",
    help: "times one address may connect, loopback excepted; 0 = no limit; unsaid: of sorsu 10, of webrtc-chat 5",
    secret: false,
};

pub(super) static REQUESTS_PER_ADDRESS: OptionSpec = OptionSpec {
    flag: "requests-per-address-per-minute",
    environment: &["QALA_REQUESTS_PER_ADDRESS_PER_MINUTE"],
    group: Group::Limits,
    kind: count(0, 1_000_000_000),
    value_name: "number",
    default: Some("100"),
    example: "100",
    help: "HTTP requests of one address, loopback and established polling excepted; 0 = no limit",
    secret: false,
};

pub(super) static MAX_UNAUTHENTICATED: OptionSpec = OptionSpec {
    flag: "max-unauthenticated",
    environment: &["QALA_MAX_UNAUTHENTICATED"],
    group: Group::Limits,
    kind: count(1, 10_000_000),
    value_name: "number",
    default: Some("20000"),
    example: "20000",
    help: "connections at once that have not said yet who they are; more are refused for a moment",
    secret: false,
};

pub(super) static DRY_RUN: OptionSpec = OptionSpec {
    flag: "limits-dry-run",
    environment: &["QALA_LIMITS_DRY_RUN"],
    group: Group::Limits,
    kind: Kind::Words(&["on", "off"]),
    value_name: "when",
    default: Some("off"),
    example: "on",
    help: "limits per address and per user refuse nobody and only count whom they would: on or off",
    secret: false,
};

/// How often one user may search.
pub static MATCHING_EVENTS: OptionSpec = OptionSpec {
    flag: "matching-events-per-minute",
    environment: &["QALA_MATCHING_EVENTS_PER_MINUTE"],
    group: Group::Limits,
    kind: count(0, 1_000_000_000),
    value_name: "number",
    default: Some("100"),
    example: "100",
    help: "matching events of one user; 0 = no limit",
    secret: false,
};

/// How often one user may write.
pub static CHAT_EVENTS: OptionSpec = OptionSpec {
    flag: "chat-events-per-minute",
    environment: &["QALA_CHAT_EVENTS_PER_MINUTE"],
    group: Group::Limits,
    kind: count(0, 1_000_000_000),
    value_name: "number",
    default: Some("100"),
    example: "100",
    help: "chat events of one user; 0 = no limit",
    secret: false,
};

/// How much one user may send besides.
pub static SIGNALING_EVENTS: OptionSpec = OptionSpec {
    flag: "signaling-events-per-minute",
    environment: &["QALA_SIGNALING_EVENTS_PER_MINUTE"],
    group: Group::Limits,
    kind: count(0, 1_000_000_000),
    value_name: "number",
    default: Some("100"),
    example: "100",
    help: "signaling events of one user; 0 = no limit",
    secret: false,
};

pub(super) static REFUSALS: OptionSpec = OptionSpec {
    flag: "refusals-per-minute",
    environment: &["QALA_REFUSALS_PER_MINUTE"],
    group: Group::Limits,
    kind: count(0, 1_000_000_000),
    value_name: "number",
    default: Some("3000"),
    example: "3000",
    help: "events of one user refused for these three before its connection is closed; 0 = never",
    secret: false,
};

pub(super) static MAX_PAYLOAD: OptionSpec = OptionSpec {
    flag: "max-payload-bytes",
    environment: &["QALA_MAX_PAYLOAD_BYTES", "MAX_HTTP_BUFFER_SIZE"],
    group: Group::Limits,
    kind: bytes(1_024, 104_857_600),
    value_name: "bytes",
    default: Some("65536"),
    example: "65536",
    help: "largest message of a client, on both transports",
    secret: false,
};

pub(super) static SDP_BYTES: OptionSpec = OptionSpec {
    flag: "sdp-bytes",
    environment: &["QALA_SDP_BYTES"],
    group: Group::Limits,
    kind: bytes(1_024, 104_857_600),
    value_name: "bytes",
    default: Some("32768"),
    example: "32768",
    help: "largest offer, answer or candidate",
    secret: false,
};

pub(super) static CHAT_CHARACTERS: OptionSpec = OptionSpec {
    flag: "chat-characters",
    environment: &["QALA_CHAT_CHARACTERS"],
    group: Group::Limits,
    kind: Kind::Whole { what: "a whole number of characters", min: 1, max: 1_000_000 },
    value_name: "number",
    default: Some("1000"),
    example: "1000",
    help: "longest chat message in characters",
    secret: false,
};

pub(super) static CANDIDATES: OptionSpec = OptionSpec {
    flag: "candidates-buffered",
    environment: &["QALA_CANDIDATES_BUFFERED"],
    group: Group::Limits,
    kind: count(1, 100_000),
    value_name: "number",
    default: Some("64"),
    example: "64",
    help: "candidates kept for a peer that is not there yet",
    secret: false,
};

pub(super) static COMMANDS: OptionSpec = OptionSpec {
    flag: "commands-waiting",
    environment: &["QALA_COMMANDS_WAITING"],
    group: Group::Limits,
    kind: count(1, 1_000_000),
    value_name: "number",
    default: Some("256"),
    example: "256",
    help: "commands of one session waiting for their turn; more are refused as busy",
    secret: false,
};

pub(super) static OUTGOING: OptionSpec = OptionSpec {
    flag: "outgoing-messages",
    environment: &["QALA_OUTGOING_MESSAGES"],
    group: Group::Limits,
    kind: count(16, 1_000_000),
    value_name: "number",
    default: Some("2048"),
    example: "2048",
    help: "messages waiting for one connection; a slower reader is disconnected",
    secret: false,
};

pub(super) static CONNECT_TIMEOUT: OptionSpec = OptionSpec {
    flag: "connect-timeout",
    environment: &["QALA_CONNECT_TIMEOUT"],
    group: Group::Limits,
    kind: seconds(1, 3_600),
    value_name: "seconds",
    default: Some("10"),
    example: "10",
    help: "time a new connection has to say who it is",
    secret: false,
};

pub(super) static ROOM_MEMBERS: OptionSpec = OptionSpec {
    flag: "room-members",
    environment: &["QALA_ROOM_MEMBERS"],
    group: Group::Limits,
    kind: count(2, 100),
    value_name: "number",
    default: Some("16"),
    example: "16",
    help: "members of one room of the dialect signaling; more are refused",
    secret: false,
};

pub(super) static MAX_ROOMS: OptionSpec = OptionSpec {
    flag: "max-rooms",
    environment: &["QALA_MAX_ROOMS"],
    group: Group::Limits,
    kind: count(1, 10_000_000),
    value_name: "number",
    default: Some("100000"),
    example: "100000",
    help: "rooms of the dialect signaling at once, on all nodes; more are refused",
    secret: false,
};

/// A budget; `None`: no limit.
pub type Limit = Option<NonZeroU32>;

/// What one person, address or connection may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Connections of the whole node. Not in the design: 100,000 idle ones fit in 2 GB (issue 2, memory).
    pub max_connections: usize,
    /// Connections of one address at once; not for loopback (design section 8).
    pub connections_per_address: Limit,
    /// Times one address may try to enter per minute; not for loopback. Dialects have numbers of their own.
    pub attempts_per_address_per_minute: Limit,
    /// HTTP requests of one address per minute; not for loopback, and requests of an established
    /// long-polling connection do not count (design section 8).
    pub requests_per_address_per_minute: Limit,
    /// Matching events of one user per minute (design section 8).
    pub matching_events_per_minute: Limit,
    /// Chat events of one user per minute (design section 8).
    pub chat_events_per_minute: Limit,
    /// Signaling events of one user per minute (design section 8).
    pub signaling_events_per_minute: Limit,
    /// Refusals of one user for one of these in a minute, before its connection is closed. Not in the design: who does
    /// not listen costs everybody.
    pub refusals_per_minute: Limit,
    /// Bytes of one message, on both transports (design section 8). Where it is smaller than
    /// [`Limits::sdp_bytes`], it is what holds.
    pub max_payload_bytes: usize,
    /// Bytes of one signal (design section 8).
    pub sdp_bytes: usize,
    /// Characters (Unicode scalar values) of one chat message (design section 8).
    pub chat_characters: usize,
    /// Candidates kept for one peer (design section 8).
    pub candidates_buffered: usize,
    /// Commands of one session waiting for their turn (design section 8).
    pub commands_waiting: usize,
    /// Members of one room of the dialect signaling (design section 8).
    pub room_members: usize,
    /// Rooms of that dialect, those that are reserved included. Not in the design: a hundred bytes and as many for
    /// each member.
    pub max_rooms: usize,
    /// Messages waiting for one connection (design section 8).
    pub outgoing_messages: usize,
    /// Seconds an unauthenticated connection lives (design section 8).
    pub connect_timeout_seconds: u64,
    /// Unauthenticated connections at once. Not in the design: each costs as much as a connection, some 20 kB.
    pub max_unauthenticated: usize,
    /// Whether limits per address and per user only count.
    pub dry_run: bool,
}

impl Limits {
    pub(super) fn read(reader: &mut Reader<'_>, threads: usize) -> Self {
        let connections = reader
            .foreign_whole(&foreign::CONNECTIONS_PER_WORKER)
            .map(|number| number.saturating_mul(u64::try_from(threads).unwrap_or(u64::MAX)));
        let requests = scaled(reader, &foreign::RATE_LIMIT_MAX, &foreign::RATE_LIMIT_WINDOW, 100);
        let chat = scaled(reader, &foreign::MESSAGE_LIMIT, &foreign::MESSAGE_WINDOW, 10);
        Self {
            max_connections: reader.whole_or_computed(&MAX_CONNECTIONS, connections),
            connections_per_address: limit(reader, &CONNECTIONS_PER_ADDRESS, None),
            attempts_per_address_per_minute: limit(reader, &ATTEMPTS_PER_ADDRESS, None),
            requests_per_address_per_minute: limit(reader, &REQUESTS_PER_ADDRESS, requests),
            matching_events_per_minute: limit(reader, &MATCHING_EVENTS, None),
            chat_events_per_minute: limit(reader, &CHAT_EVENTS, chat),
            signaling_events_per_minute: limit(reader, &SIGNALING_EVENTS, None),
            refusals_per_minute: limit(reader, &REFUSALS, None),
            max_payload_bytes: reader.whole(&MAX_PAYLOAD),
            sdp_bytes: reader.whole(&SDP_BYTES),
            chat_characters: reader.whole(&CHAT_CHARACTERS),
            candidates_buffered: reader.whole(&CANDIDATES),
            commands_waiting: reader.whole(&COMMANDS),
            room_members: reader.whole(&ROOM_MEMBERS),
            max_rooms: reader.whole(&MAX_ROOMS),
            outgoing_messages: reader.whole(&OUTGOING),
            connect_timeout_seconds: reader.whole(&CONNECT_TIMEOUT),
            max_unauthenticated: reader.whole(&MAX_UNAUTHENTICATED),
            dry_run: reader
                .parsed(&DRY_RUN, |value| Some(value.trim().eq_ignore_ascii_case("on")))
                .unwrap_or_default(),
        }
    }
}

/// The options that variables of the existing systems set by being computed with, where somebody set those.
pub(super) fn said_otherwise(reader: &Reader<'_>) -> impl Iterator<Item = &'static str> {
    let given = |variable: &foreign::VariableSpec| reader.sources.variable_named(variable.name).is_some();
    let chat = given(&foreign::MESSAGE_LIMIT) || given(&foreign::MESSAGE_WINDOW);
    let grace = given(&foreign::PRESENCE_TIMEOUT);
    [chat.then_some(CHAT_EVENTS.flag), grace.then_some(GRACE_SECONDS.flag)].into_iter().flatten()
}

fn limit(reader: &mut Reader<'_>, spec: &'static OptionSpec, computed: Option<u64>) -> Limit {
    NonZeroU32::new(reader.whole_or_computed(spec, computed))
}

/// A budget given as a number and a window. `usual` is the number if only the window is given: the existing
/// system's own default.
fn scaled(
    reader: &mut Reader<'_>,
    number: &'static foreign::VariableSpec,
    window: &'static foreign::VariableSpec,
    usual: u64,
) -> Option<u64> {
    let number = reader.foreign_whole(number);
    let window_ms = reader.foreign_whole(window);
    per_minute(number, window_ms, usual)
}
