//! How those fare who are told what happens.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// Somebody who is told what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sink {
    /// The node's own log.
    Log,
    /// A stream in Redis.
    Redis,
    /// A topic of Kafka.
    Kafka,
}

impl Sink {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Log, Self::Redis, Self::Kafka];

    /// The word in flags and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Redis => "redis",
            Self::Kafka => "kafka",
        }
    }
}

/// Whether it takes what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nobody asked for it.
    Off,
    /// It took the last that it was told, or nobody has tried yet.
    Connected,
    /// It did not.
    Disconnected,
}

impl Reach {
    /// The word in health.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
        }
    }
}

/// What is counted of one.
#[derive(Debug, Default)]
pub struct SinkFigures {
    taken: AtomicU64,
    written: AtomicU64,
    dropped: AtomicU64,
    reach: AtomicU8,
}

/// That, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SinkReading {
    /// Events that it took over for good.
    pub written: u64,
    /// Events that it did not get: its buffer was full, or the node ended.
    pub dropped: u64,
    /// Events in its buffer, and on their way to it.
    pub waiting: u64,
    /// Whether it takes what it is told.
    pub reach: Reach,
}

impl SinkFigures {
    /// One is in its buffer.
    pub fn taken(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
    }

    /// So many of those reached it.
    pub fn written(&self, count: u64) {
        self.written.fetch_add(count, Ordering::Relaxed);
    }

    /// So many had no room.
    pub fn dropped(&self, count: u64) {
        self.dropped.fetch_add(count, Ordering::Relaxed);
    }

    /// So many were in its buffer and will never reach it.
    pub fn given_up(&self, count: u64) {
        self.taken.fetch_sub(count, Ordering::Relaxed);
        self.dropped(count);
    }

    /// Whether it takes what it is told, from now on.
    pub fn is(&self, reach: Reach) {
        self.reach.store(reach as u8, Ordering::Relaxed);
    }

    /// How it is.
    pub fn read(&self) -> SinkReading {
        let written = self.written.load(Ordering::Relaxed);
        SinkReading {
            written,
            dropped: self.dropped.load(Ordering::Relaxed),
            waiting: self.taken.load(Ordering::Relaxed).saturating_sub(written),
            reach: match self.reach.load(Ordering::Relaxed) {
                0 => Reach::Off,
                1 => Reach::Connected,
                _ => Reach::Disconnected,
            },
        }
    }
}
