//! Log lines on stderr: text for people, JSON for machines.

use std::env;
use std::io::{self, IsTerminal};

use qala::config::{LogFormat, LogLevel, Running};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Writes log lines from now on.
pub(crate) fn start(running: &Running) {
    let terminal = io::stderr().is_terminal();
    let json = match running.log_format {
        LogFormat::Auto => !terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let colours = terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let levels = &running.log_levels;
    let of_parts = levels.by_target.iter().map(|(target, of_target)| (target.as_str(), level(*of_target)));
    let wanted = Targets::new().with_default(level(levels.usual)).with_targets(of_parts);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let registry = tracing_subscriber::registry().with(wanted);
    if json {
        registry.with(lines.json().flatten_event(true)).init();
    } else {
        registry.with(lines.with_ansi(colours)).init();
    }
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
