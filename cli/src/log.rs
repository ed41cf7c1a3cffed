//! Log lines on stderr, and in a file: text for people, JSON for machines.
//!
//! They wait in a bounded queue for a thread that writes them. Whoever reads stderr slowly, or a full disk, costs
//! lines, which are counted, and no node time.

use std::env;
use std::io::{self, IsTerminal, Write};

use qala::config::{Config, LogFile, LogFormat, LogLevel, LogLevels};
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_rolling_file::{RollingConditionBase, RollingFileAppenderBase};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use crate::exit::{self, Complaint};

/// Lines that may wait for one writer, some 300 bytes each.
const LINES_WAITING: usize = 4_096;

/// What writes log lines. Dropping it waits a moment until what waits is written.
pub(crate) struct Log {
    writers: Vec<(WorkerGuard, ErrorCounter)>,
    /// Lost lines that somebody was told of.
    told: usize,
}

type Lines = Box<dyn Layer<Registry> + Send + Sync>;

/// Writes log lines from now on.
pub(crate) fn start(config: &Config) -> Result<Log, Complaint> {
    let format = config.running.log_format;
    let terminal = io::stderr().is_terminal();
    let colours = terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let mut log = Log { writers: Vec::new(), told: 0 };
    let json = format == LogFormat::Json || format == LogFormat::Auto && !terminal;
    let mut outputs = vec![lines(log.writer(io::stderr()), json, colours)];
    if let Some(file) = &config.log.file {
        let writer = log.writer(open(file)?);
        outputs.push(lines(writer, format != LogFormat::Text, false));
    }
    let wanted = wanted(&config.running.log_levels);
    tracing_subscriber::registry().with(outputs.with_filter(wanted)).init();
    Ok(log)
}

impl Log {
    fn writer(&mut self, output: impl Write + Send + 'static) -> NonBlocking {
        let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(LINES_WAITING);
        let (writer, guard) = builder.thread_name("log").finish(output);
        self.writers.push((guard, writer.error_counter()));
        writer
    }

    /// How many lines were lost since this was asked last.
    pub(crate) fn lost(&mut self) -> u64 {
        let lost: usize = self.writers.iter().map(|(_, counter)| counter.dropped_lines()).sum();
        let new = lost.saturating_sub(std::mem::replace(&mut self.told, lost));
        u64::try_from(new).unwrap_or(u64::MAX)
    }
}

fn lines(writer: NonBlocking, json: bool, colours: bool) -> Lines {
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    if json { lines.json().flatten_event(true).boxed() } else { lines.with_ansi(colours).boxed() }
}

fn open(file: &LogFile) -> Result<RollingFileAppenderBase, Complaint> {
    let condition = RollingConditionBase::new().max_size(file.bytes);
    RollingFileAppenderBase::new(&file.path, condition, file.files - 1).map_err(|error| Complaint {
        error: format!("cannot write the log to {} ({})", file.path, exit::reason(&error)),
        hint: Some("correct --log-file, or leave it out".to_owned()),
    })
}

fn wanted(levels: &LogLevels) -> Targets {
    let of_parts = levels.by_target.iter().map(|(target, of_target)| (target.as_str(), level(*of_target)));
    Targets::new().with_default(level(levels.usual)).with_targets(of_parts)
}

fn level(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use super::*;

    /// A reader that takes nothing until it is let.
    struct Stuck(Receiver<()>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Whoever lets it go may be gone.
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_stands_still_costs_lines_and_holds_nobody_up() {
        let (lets_go, stuck) = sync_channel(0);
        let mut log = Log { writers: Vec::new(), told: 0 };
        let mut writer = log.writer(Stuck(stuck));
        let more = 100;
        for _ in 0..LINES_WAITING + 1 + more {
            writer.write_all(b"a line\n").expect("it is taken or dropped");
        }
        // The writer may have taken one of them, and not yet.
        let lost = log.lost();
        assert!((more as u64..=more as u64 + 1).contains(&lost), "{lost}");
        assert_eq!(log.lost(), 0, "told once");
        drop(lets_go);
    }
}
