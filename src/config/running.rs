//! The process itself: its name, its threads, its log, how it stops.

use std::num::NonZeroUsize;

use super::foreign;
use super::listen::Listen;
use super::option::{Group, Kind, OptionSpec, count, not_blank, seconds, whole};
use super::reader::Reader;
use super::sources::Origin;

pub(super) static CONFIG: OptionSpec = OptionSpec {
    flag: "config",
    environment: &["QALA_CONFIG"],
    group: Group::Process,
    kind: Kind::Text { what: "the name of a file", accepts: not_blank },
    value_name: "file",
    default: None,
    example: "qala.toml",
    help: "TOML file with more options: keys are their names; flags and variables win over it",
    secret: false,
};

pub(super) static NODE: OptionSpec = OptionSpec {
    flag: "node",
    environment: &["QALA_NODE"],
    group: Group::Process,
    kind: Kind::Text {
        what: "up to 64 letters, digits, dots, dashes or underscores",
        accepts: |value| parse_node(value).is_some(),
    },
    value_name: "name",
    default: None,
    example: "n-berlin-1",
    help: "name of this node in logs, metrics and health; with Redis, four characters are added that are new at every \
           start; otherwise all of it is",
    secret: false,
};

pub(super) static THREADS: OptionSpec = OptionSpec {
    flag: "threads",
    environment: &["QALA_THREADS", "CLUSTER_WORKERS"],
    group: Group::Process,
    kind: count(0, 1_024),
    value_name: "number",
    default: Some("0"),
    example: "4",
    help: "threads and shards; 0 = one per core",
    secret: false,
};

pub(super) static DIALECTS: OptionSpec = OptionSpec {
    flag: "dialects",
    environment: &["QALA_DIALECTS"],
    group: Group::Process,
    kind: Kind::Text {
        what: "names of client families with commas between, each once",
        accepts: |value| parse_dialects(value).is_some(),
    },
    value_name: "list",
    default: Some("qala"),
    example: "qala",
    help: "client families to speak with, each at the namespace of its name, the first also at /: qala, sorsu, \
           signaling, animochat, webrtc-chat",
    secret: false,
};

pub(super) static DEMO: OptionSpec = OptionSpec {
    flag: "demo",
    environment: &["QALA_DEMO"],
    group: Group::Process,
    kind: Kind::Words(&["auto", "on", "off"]),
    value_name: "when",
    default: Some("auto"),
    example: "on",
    help: "demo page at /: auto, on or off; auto = only on this machine, not in production",
    secret: false,
};

pub(super) static PRODUCTION: OptionSpec = OptionSpec {
    flag: "production",
    environment: &["QALA_PRODUCTION"],
    group: Group::Process,
    kind: Kind::Words(&["auto", "on", "off"]),
    value_name: "when",
    default: Some("auto"),
    example: "on",
    help: "guards against what is handy in development (no silent guests, no `*`): auto, on or off; \
           auto = when NODE_ENV is production",
    secret: false,
};

pub(super) static DRAIN: OptionSpec = OptionSpec {
    flag: "drain-seconds",
    environment: &["QALA_DRAIN_SECONDS"],
    group: Group::Process,
    kind: seconds(0, 3_600),
    value_name: "seconds",
    default: None,
    example: "30",
    help: "when the node stops, close clients over this time, as many in each moment, so that they do not all come \
           back at once; otherwise 2 ms for each, at most half of --shutdown-timeout",
    secret: false,
};

pub(super) static SHUTDOWN_TIMEOUT: OptionSpec = OptionSpec {
    flag: "shutdown-timeout",
    environment: &["QALA_SHUTDOWN_TIMEOUT"],
    group: Group::Process,
    kind: seconds(0, 3_600),
    value_name: "seconds",
    default: Some("10"),
    example: "10",
    help: "time in which the node stops, besides --drain-seconds: what is not done by then is left",
    secret: false,
};

pub(super) static LOG_LEVEL: OptionSpec = OptionSpec {
    flag: "log-level",
    environment: &["QALA_LOG_LEVEL", "LOG_LEVEL"],
    group: Group::Process,
    kind: Kind::Text {
        what: "error, warn, info, debug or trace",
        accepts: |value| parse_levels(value).is_some(),
    },
    value_name: "level",
    default: Some("info"),
    example: "info",
    help: "least important lines to log: error, warn, info, debug or trace; with others for single parts after commas \
           (info,qala::store=debug)",
    secret: false,
};

pub(super) static LOG_FORMAT: OptionSpec = OptionSpec {
    flag: "log-format",
    environment: &["QALA_LOG_FORMAT"],
    group: Group::Process,
    kind: Kind::Words(&["auto", "text", "json"]),
    value_name: "format",
    default: Some("auto"),
    example: "json",
    help: "auto, text or json; auto = text on a terminal, json elsewhere",
    secret: false,
};

/// The process itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Name of this node; `None`: the node makes one.
    pub node: Option<String>,
    /// Threads, and as many shards.
    pub threads: NonZeroUsize,
    /// Client families spoken, each once; the first is the one for clients that do not say.
    pub dialects: Vec<DialectName>,
    /// Whether the demo page is served.
    pub demo: bool,
    /// Whether the guards of production hold. They have been checked already.
    pub production: bool,
    /// Seconds over which clients are closed when the node stops; `None`: as many as they need.
    pub drain_seconds: Option<u64>,
    /// Seconds in which the node stops, besides.
    pub shutdown_timeout_seconds: u64,
    /// Least important lines to log.
    pub log_levels: LogLevels,
    /// How lines are written.
    pub log_format: LogFormat,
}

/// Client families.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialectName {
    /// Language exchange over video.
    Qala,
    /// Anonymous text chat.
    Animochat,
    /// Video with strangers.
    WebrtcChat,
    /// Calls of several in rooms by id.
    Signaling,
    /// Anonymous chat of a campus.
    Sorsu,
}

impl DialectName {
    /// Every one.
    const ALL: [Self; 5] = [Self::Qala, Self::Animochat, Self::WebrtcChat, Self::Signaling, Self::Sorsu];

    /// The word in flags and on screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Qala => "qala",
            Self::Animochat => "animochat",
            Self::WebrtcChat => "webrtc-chat",
            Self::Signaling => "signaling",
            Self::Sorsu => "sorsu",
        }
    }

    /// The family of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.as_str().eq_ignore_ascii_case(name.trim()))
    }
}

/// Least important lines to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[allow(missing_docs, reason = "the usual five")]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// Least important lines to log, of every part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogLevels {
    /// Of those that are not named.
    pub usual: LogLevel,
    /// Of modules, by their paths, and of what they contain.
    pub by_target: Vec<(String, LogLevel)>,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// For people.
    Text,
    /// One object per line.
    Json,
}

impl Running {
    pub(super) fn read(
        reader: &mut Reader<'_>,
        listen: &Listen,
        production: &Production,
        dialects: Vec<DialectName>,
    ) -> Self {
        let threads = NonZeroUsize::new(reader.whole(&THREADS)).unwrap_or(reader.sources.cores);
        let demo = reader.parsed(&DEMO, Switch::parse).unwrap_or_default();
        // The page speaks qala, as the first.
        let understood = dialects.first() == Some(&DialectName::Qala);
        Self {
            node: reader.parsed(&NODE, parse_node),
            threads,
            dialects,
            demo: demo.decide(understood && listen.is_loopback() && !production.is_on()),
            production: production.is_on(),
            drain_seconds: reader.parsed(&DRAIN, whole),
            shutdown_timeout_seconds: reader.whole(&SHUTDOWN_TIMEOUT),
            log_levels: reader.parsed(&LOG_LEVEL, parse_levels).unwrap_or_default(),
            log_format: reader.parsed(&LOG_FORMAT, parse_format).unwrap_or_default(),
        }
    }
}

/// Whether the guards of production hold, and who said so.
pub(super) struct Production {
    pub(super) because: Option<Origin>,
}

impl Production {
    pub(super) fn is_on(&self) -> bool {
        self.because.is_some()
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let said = reader.accepted(&PRODUCTION);
        let environment = reader
            .foreign(&foreign::NODE_ENV)
            .filter(|given| given.value.trim().eq_ignore_ascii_case("production"));
        let switch = said.as_ref().and_then(|given| Switch::parse(&given.value)).unwrap_or_default();
        let because = match switch {
            Switch::On => said.map(|given| given.origin),
            Switch::Off => None,
            Switch::Auto => environment.map(|given| given.origin),
        };
        Self { because }
    }
}

/// On, off, or whatever fits.
#[derive(Debug, Clone, Copy, Default)]
enum Switch {
    #[default]
    Auto,
    On,
    Off,
}

impl Switch {
    fn parse(value: &str) -> Option<Self> {
        match value.trim().to_ascii_lowercase().as_str() {
            "auto" => Some(Self::Auto),
            "on" => Some(Self::On),
            "off" => Some(Self::Off),
            _ => None,
        }
    }

    fn decide(self, fitting: bool) -> bool {
        match self {
            Self::Auto => fitting,
            Self::On => true,
            Self::Off => false,
        }
    }
}

fn parse_dialects(value: &str) -> Option<Vec<DialectName>> {
    let named: Option<Vec<_>> = value.split(',').map(DialectName::named).collect();
    named.filter(|named| named.iter().enumerate().all(|(place, name)| !named[..place].contains(name)))
}

pub(super) fn read_dialects(reader: &mut Reader<'_>) -> Vec<DialectName> {
    let given = reader.accepted(&DIALECTS);
    given.and_then(|given| parse_dialects(&given.value)).unwrap_or_default()
}

/// A node's name becomes part of keys and labels, so it holds nothing that would have to be quoted there.
fn parse_node(value: &str) -> Option<String> {
    let value = value.trim();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
    ((1..=64).contains(&value.len()) && value.chars().all(plain)).then(|| value.to_owned())
}

/// One level, and those of parts. Who names parts only leaves the others at info.
fn parse_levels(value: &str) -> Option<LogLevels> {
    let (mut usual, mut by_target) = (None, Vec::new());
    for item in value.split(',').map(str::trim) {
        match item.split_once('=') {
            Some((target, level)) => {
                let target = target.trim();
                let path = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == ':';
                if target.is_empty() || !target.chars().all(path) {
                    return None;
                }
                by_target.push((target.to_owned(), parse_level(level)?));
            }
            None if usual.is_none() => usual = Some(parse_level(item)?),
            None => return None,
        }
    }
    Some(LogLevels { usual: usual.unwrap_or_default(), by_target })
}

fn parse_level(value: &str) -> Option<LogLevel> {
    match value.trim().to_ascii_lowercase().as_str() {
        "error" => Some(LogLevel::Error),
        "warn" => Some(LogLevel::Warn),
        "info" => Some(LogLevel::Info),
        "debug" => Some(LogLevel::Debug),
        "trace" => Some(LogLevel::Trace),
        _ => None,
    }
}

fn parse_format(value: &str) -> Option<LogFormat> {
    match value.trim().to_ascii_lowercase().as_str() {
        "auto" => Some(LogFormat::Auto),
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    }
}
