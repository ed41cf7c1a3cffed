//! Who is told what happens.

use super::foreign::is_broker_list;
use super::option::{Group, Kind, OptionSpec, count, milliseconds, not_blank};
use super::problem::Problem;
use super::reader::Reader;
use super::store::Store;

pub(super) static EVENTS: OptionSpec = OptionSpec {
    flag: "events",
    environment: &["QALA_EVENTS"],
    group: Group::Events,
    kind: Kind::Text {
        what: "log, redis, or both with a comma between",
        accepts: |value| parse(value).is_some(),
    },
    value_name: "list",
    default: None,
    example: "log",
    help: "tell what happens to users (docs/events.v1.schema.json): log = one line each at info, redis = the capped \
           stream qala:events; Kafka is told by --kafka-brokers",
    secret: false,
};

pub(super) static EVENTS_BUFFER: OptionSpec = OptionSpec {
    flag: "events-buffer",
    environment: &["QALA_EVENTS_BUFFER"],
    group: Group::Events,
    kind: count(1, 10_000_000),
    value_name: "number",
    default: Some("10000"),
    example: "10000",
    help: "events that may wait for one of them, some 300 bytes each; more are dropped and counted",
    secret: false,
};

pub(super) static EVENTS_STREAM: OptionSpec = OptionSpec {
    flag: "events-stream-length",
    environment: &["QALA_EVENTS_STREAM_LENGTH"],
    group: Group::Events,
    kind: count(1, 100_000_000),
    value_name: "number",
    default: Some("100000"),
    example: "100000",
    help: "events that the stream in Redis keeps, about; the oldest make way",
    secret: false,
};

pub(super) static KAFKA_BROKERS: OptionSpec = OptionSpec {
    flag: "kafka-brokers",
    environment: &["QALA_KAFKA_BROKERS", "KAFKA_BROKERS"],
    group: Group::Events,
    kind: Kind::Text { what: "host:port pairs with commas between", accepts: is_broker_list },
    value_name: "list",
    default: None,
    example: "127.0.0.1:9092",
    help: "tell Kafka what happens, by these of its brokers; the key of an event is its user",
    secret: false,
};

pub(super) static KAFKA_TOPIC: OptionSpec = OptionSpec {
    flag: "kafka-topic",
    environment: &["QALA_KAFKA_TOPIC", "KAFKA_TOPIC_EVENTS"],
    group: Group::Events,
    kind: Kind::Text { what: "the name of a topic", accepts: not_blank },
    value_name: "name",
    default: Some("webrtc-events"),
    example: "webrtc-events",
    help: "topic of Kafka",
    secret: false,
};

pub(super) static KAFKA_BATCH_SIZE: OptionSpec = OptionSpec {
    flag: "kafka-batch-size",
    environment: &["QALA_KAFKA_BATCH_SIZE", "KAFKA_BATCH_SIZE"],
    group: Group::Events,
    kind: count(1, 10_000),
    value_name: "number",
    default: Some("100"),
    example: "100",
    help: "events that go to Kafka together",
    secret: false,
};

pub(super) static KAFKA_BATCH_TIMEOUT: OptionSpec = OptionSpec {
    flag: "kafka-batch-timeout-ms",
    environment: &["QALA_KAFKA_BATCH_TIMEOUT_MS", "KAFKA_BATCH_TIMEOUT"],
    group: Group::Events,
    kind: milliseconds(0, 60_000),
    value_name: "ms",
    default: Some("1000"),
    example: "1000",
    help: "how long the first of them waits for the others",
    secret: false,
};

/// Who is told what happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Events {
    /// Whether the log is.
    pub log: bool,
    /// Whether a stream in Redis is.
    pub redis: bool,
    /// Events that may wait for one of them.
    pub buffer: usize,
    /// Events that the stream keeps, about.
    pub stream_length: usize,
    /// Where Kafka is, if it is told.
    pub kafka: Option<Kafka>,
}

/// Where Kafka is, and how it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kafka {
    /// `host:port` of some brokers.
    pub brokers: Vec<String>,
    /// The topic.
    pub topic: String,
    /// Events that go together.
    pub batch_size: usize,
    /// How long the first of them waits for the others, ms.
    pub batch_timeout_ms: u64,
}

impl Events {
    pub(super) fn read(reader: &mut Reader<'_>, store: &Store) -> Self {
        let asked = reader.accepted(&EVENTS);
        let (log, redis) = asked.as_ref().and_then(|given| parse(&given.value)).unwrap_or_default();
        if let (true, Store::Embedded, Some(given)) = (redis, store, asked) {
            reader.problem(Problem::EventsWithoutRedis { origin: given.origin });
        }
        let brokers = reader.accepted(&KAFKA_BROKERS).map(|given| given.value);
        let topic = reader.accepted(&KAFKA_TOPIC).map(|given| given.value.trim().to_owned());
        let (batch_size, batch_timeout_ms) =
            (reader.whole(&KAFKA_BATCH_SIZE), reader.whole(&KAFKA_BATCH_TIMEOUT));
        let kafka = brokers.map(|brokers| Kafka {
            brokers: brokers.split(',').map(|broker| broker.trim().to_owned()).collect(),
            topic: topic.unwrap_or_default(),
            batch_size,
            batch_timeout_ms,
        });
        let (buffer, stream_length) = (reader.whole(&EVENTS_BUFFER), reader.whole(&EVENTS_STREAM));
        Self { log, redis, buffer, stream_length, kafka }
    }
}

/// Whether the log and the stream are named.
fn parse(value: &str) -> Option<(bool, bool)> {
    let (mut log, mut redis) = (false, false);
    for item in value.split(',') {
        match item.trim().to_ascii_lowercase().as_str() {
            "log" if !log => log = true,
            "redis" if !redis => redis = true,
            _ => return None,
        }
    }
    Some((log, redis))
}
