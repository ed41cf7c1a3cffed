//! Log lines on stderr: text for people, JSON for machines.

use std::env;
use std::io::{self, IsTerminal};

use qala::config::{LogFormat, LogLevel, Running};
use tracing::Level;

/// Writes log lines from now on.
pub(crate) fn start(running: &Running) {
    let terminal = io::stderr().is_terminal();
    let json = match running.log_format {
        LogFormat::Auto => !terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let colours = terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = tracing_subscriber::fmt().with_max_level(level(running.log_level)).with_writer(io::stderr);
    if json {
        lines.json().flatten_event(true).init();
    } else {
        lines.with_ansi(colours).init();
    }
}

fn level(level: LogLevel) -> Level {
    match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    }
}
