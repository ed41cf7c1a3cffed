//! How people are paired, and how long each step may take.

use super::foreign;
use super::option::{Group, Kind, OptionSpec, count, seconds};
use super::reader::Reader;

/// Stages of the ladder (design section 5).
pub const STAGES: usize = 5;

/// Stages the ladder has if nobody says otherwise (design section 5).
const STAGE_SECONDS: [u32; STAGES] = [0, 15, 30, 45, 60];

/// A day: longer waits are a mistake in the unit.
const DAY: u64 = 86_400;

/// When wishes relax.
pub static STAGE_SECONDS_OPTION: OptionSpec = OptionSpec {
    flag: "stage-seconds",
    environment: &["QALA_STAGE_SECONDS"],
    group: Group::Matching,
    kind: Kind::Text {
        what: "five whole numbers of seconds, from 0 on and never falling",
        accepts: |value| parse_stages(value).is_some(),
    },
    value_name: "list",
    default: Some("0,15,30,45,60"),
    example: "0,15,30,45,60",
    help: "waiting time after which wishes relax: all hold, then not proficiency, then age +-5 years, \
           then not gender, then the languages only",
    secret: false,
};

/// How long two have to agree.
pub static ACCEPT_TIMEOUT: OptionSpec = OptionSpec {
    flag: "accept-timeout",
    environment: &["QALA_ACCEPT_TIMEOUT"],
    group: Group::Matching,
    kind: seconds(1, 3_600),
    value_name: "seconds",
    default: Some("20"),
    example: "20",
    help: "time in which both must accept a match",
    secret: false,
};

/// How long two who met do not meet again.
pub static REMATCH_SECONDS: OptionSpec = OptionSpec {
    flag: "rematch-seconds",
    environment: &["QALA_REMATCH_SECONDS"],
    group: Group::Matching,
    kind: seconds(0, 365 * DAY),
    value_name: "seconds",
    default: Some("86400"),
    example: "86400",
    help: "time in which two who met do not meet again; 0 = they may at once",
    secret: false,
};

/// When waiting ends without a sign of life.
pub static WAITING_TIMEOUT: OptionSpec = OptionSpec {
    flag: "waiting-timeout",
    environment: &["QALA_WAITING_TIMEOUT"],
    group: Group::Matching,
    kind: seconds(1, DAY),
    value_name: "seconds",
    default: Some("300"),
    example: "300",
    help: "waiting ends after this time without a sign of life",
    secret: false,
};

/// How long a lost connection may take to come back.
pub static GRACE_SECONDS: OptionSpec = OptionSpec {
    flag: "grace-seconds",
    environment: &["QALA_GRACE_SECONDS"],
    group: Group::Matching,
    kind: seconds(0, 3_600),
    value_name: "seconds",
    default: Some("30"),
    example: "30",
    help: "time the place of a lost connection is kept; then the talk is over",
    secret: false,
};

pub(super) static MAX_WAITING: OptionSpec = OptionSpec {
    flag: "max-waiting",
    environment: &["QALA_MAX_WAITING"],
    group: Group::Matching,
    kind: count(1, 100_000_000),
    value_name: "number",
    default: Some("1000000"),
    example: "1000000",
    help: "people waiting in one pool; more are refused as queue_full",
    secret: false,
};

/// How often somebody may say no.
pub(super) static REJECTIONS_FREE: OptionSpec = OptionSpec {
    flag: "rejections-free",
    environment: &["QALA_REJECTIONS_FREE"],
    group: Group::Matching,
    kind: count(0, 10_000),
    value_name: "number",
    default: Some("10"),
    example: "10",
    help: "matches one user may reject in --rejections-seconds; after each more the next search waits; 0 = no limit",
    secret: false,
};

/// Over which time that is counted.
pub(super) static REJECTIONS_SECONDS: OptionSpec = OptionSpec {
    flag: "rejections-seconds",
    environment: &["QALA_REJECTIONS_SECONDS"],
    group: Group::Matching,
    kind: seconds(1, DAY),
    value_name: "seconds",
    default: Some("600"),
    example: "600",
    help: "time over which rejected matches are counted",
    secret: false,
};

/// How long the next search waits then.
pub(super) static REJECTION_WAIT: OptionSpec = OptionSpec {
    flag: "rejection-wait",
    environment: &["QALA_REJECTION_WAIT"],
    group: Group::Matching,
    kind: seconds(1, DAY),
    value_name: "seconds",
    default: Some("30"),
    example: "30",
    help: "how long the next search of somebody waits who rejected more",
    secret: false,
};

/// How people are paired. Each dialect has numbers of its own; these hold for all where somebody gave them, and the
/// defaults are those of qala.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matching {
    /// Waiting time in seconds at which each stage of the ladder begins (design section 5). The first is 0,
    /// none is less than the one before.
    pub stage_seconds: [u32; STAGES],
    /// Seconds in which both must accept (design section 5).
    pub accept_timeout_seconds: u64,
    /// Seconds in which two who met do not meet again; 0: no such rule (contracts, qala: 24 h).
    pub rematch_seconds: u64,
    /// Seconds without a sign of life after which waiting ends (contracts, qala: 5 minutes).
    pub waiting_timeout_seconds: u64,
    /// Seconds a lost connection may take to come back before the peer is told (contracts: 30 s).
    pub grace_seconds: u64,
    /// Tickets that may wait in one pool (design section 8).
    pub max_waiting: usize,
    /// Matches one user may reject within the time; 0: as many as it likes.
    pub rejections_free: usize,
    /// Seconds over which they are counted.
    pub rejections_seconds: u64,
    /// Seconds the next search waits after each one more.
    pub rejection_wait_seconds: u64,
}

impl Matching {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let presence = reader.foreign_whole(&foreign::PRESENCE_TIMEOUT).map(|ms| ms.div_ceil(1_000));
        Self {
            stage_seconds: reader.parsed(&STAGE_SECONDS_OPTION, parse_stages).unwrap_or(STAGE_SECONDS),
            accept_timeout_seconds: reader.whole(&ACCEPT_TIMEOUT),
            rematch_seconds: reader.whole(&REMATCH_SECONDS),
            waiting_timeout_seconds: reader.whole(&WAITING_TIMEOUT),
            grace_seconds: reader.whole_or_computed(&GRACE_SECONDS, presence),
            max_waiting: reader.whole(&MAX_WAITING),
            rejections_free: reader.whole(&REJECTIONS_FREE),
            rejections_seconds: reader.whole(&REJECTIONS_SECONDS),
            rejection_wait_seconds: reader.whole(&REJECTION_WAIT),
        }
    }
}

fn parse_stages(value: &str) -> Option<[u32; STAGES]> {
    let stages: Option<Vec<u32>> = value.split(',').map(|item| item.trim().parse().ok()).collect();
    let stages: [u32; STAGES] = stages?.try_into().ok()?;
    (stages[0] == 0 && stages.is_sorted()).then_some(stages)
}
