//! What happened, for others: to the log, to a stream in Redis, to Kafka.
//!
//! Every sink has a bounded buffer and a task of its own. What is in a buffer is written until it is taken over
//! (at least once: a batch of which nobody knows whether it arrived is sent again); what finds no room in it is
//! dropped and counted. Matching never waits for any of them. Written as `docs/events.v1.schema.json` says.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::domain::id::NodeId;
use crate::domain::time::Time;
use crate::metrics::{Counters, Reach, Sink};
use crate::node::{Ear, Ears, Hears, News};

mod encode;
#[cfg(feature = "kafka")]
mod kafka;
mod log;
#[cfg(feature = "kafka")]
mod murmur;
mod redis;
mod run;

pub use redis::RedisSink;

/// Why a sink did not take a batch, for the log.
type Failed = String;
type Writing<'a> = Pin<Box<dyn Future<Output = Result<(), Failed>> + Send + 'a>>;

/// Somebody who takes events.
trait Write: Send {
    /// Writes all of them, in this order; none says whether it could. After a failure they come again, all of them.
    fn write<'a>(&'a mut self, batch: &'a [Arc<News>], from: &'a Source) -> Writing<'a>;
}

/// Where events come from: with an event's number it makes a name that no other event has.
#[derive(Clone, Debug)]
pub struct Source {
    /// The node.
    pub node: NodeId,
    /// When it started: it may have had the name before.
    pub started_at: Time,
}

/// The text of `news`: JSON of the schema.
pub fn text(news: &News, from: &Source) -> String {
    encode::json(news, from)
}

/// Which sinks there are, and how they are filled.
pub struct Setup {
    /// Events that may wait for one sink.
    pub buffer: usize,
    /// Whether the log is one.
    pub log: bool,
    /// The stream in Redis, if that is one, and what it is told.
    pub redis: Option<(RedisSink, Hears)>,
    /// The topic of Kafka, if that is one.
    pub kafka: Option<KafkaSetup>,
}

/// Where Kafka is, and how much it gets at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaSetup {
    /// `host:port` of some brokers.
    pub brokers: Vec<String>,
    /// The topic. It must be there, unless brokers make what they are asked for.
    pub topic: String,
    /// Events written together.
    pub batch_size: usize,
    /// How long the first of them waits for others.
    pub batch_time: Duration,
}

/// How sinks other than Kafka are filled.
const BATCH_SIZE: usize = 100;
const BATCH_TIME: Duration = Duration::from_millis(50);

/// Sinks whose buffers are there, to be given to the node.
pub struct Sinks {
    prepared: Vec<Prepared>,
}

struct Prepared {
    sink: Sink,
    writer: Box<dyn Write>,
    pace: run::Pace,
    news: mpsc::Receiver<Arc<News>>,
    hears: Hears,
}

/// The tasks that write. Dropping them ends them.
pub struct Writers {
    tasks: JoinSet<()>,
    counters: Arc<Counters>,
}

impl Sinks {
    /// The sinks that are set up, and the ears by which a node reaches them.
    pub fn prepare(setup: Setup) -> (Self, Ears) {
        let usual = run::Pace { batch_size: BATCH_SIZE, batch_time: BATCH_TIME };
        let all = Hears::Everything;
        let mut writers: Vec<(Sink, Box<dyn Write>, run::Pace, Hears)> = Vec::new();
        if setup.log {
            writers.push((Sink::Log, Box::new(log::LogSink), usual, all));
        }
        if let Some((redis, hears)) = setup.redis {
            writers.push((Sink::Redis, Box::new(redis), usual, hears));
        }
        #[cfg(feature = "kafka")]
        if let Some(kafka) = setup.kafka {
            let pace = run::Pace { batch_size: kafka.batch_size, batch_time: kafka.batch_time };
            writers.push((Sink::Kafka, Box::new(kafka::KafkaSink::new(kafka)), pace, all));
        }
        let (mut prepared, mut ears) = (Vec::new(), Ears::new());
        for (sink, writer, pace, hears) in writers {
            let (buffer, news) = mpsc::channel(setup.buffer);
            ears.push(Ear { sink, buffer, hears });
            prepared.push(Prepared { sink, writer, pace, news, hears });
        }
        (Self { prepared }, ears)
    }

    /// Begins to write what `source` tells.
    pub fn start(self, source: &Source, counters: &Arc<Counters>) -> Writers {
        let mut tasks = JoinSet::new();
        for Prepared { sink, writer, pace, news, hears } in self.prepared {
            // Nobody asked for what is told of interventions alone.
            if hears == Hears::Everything {
                counters.sink(sink).is(Reach::Connected);
            }
            tasks.spawn(run::run(sink, writer, pace, news, source.clone(), counters.clone()));
        }
        Writers { tasks, counters: counters.clone() }
    }
}

impl Writers {
    /// Waits until what is in the buffers is written, at most for `within`; the node tells nothing any more. What is
    /// left then counts as dropped.
    pub async fn finish(mut self, within: Duration) {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(within, all).await;
        for sink in Sink::ALL {
            let left = self.counters.sink(sink).read().waiting;
            if left > 0 {
                self.counters.sink(sink).given_up(left);
                tracing::warn!(
                    sink = sink.name(),
                    events = left,
                    "the node ends before these events were taken"
                );
            }
        }
    }
}
