//! How the command ends: exit codes, which are an interface, and what it says on stderr.

use std::env;
use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use qala::config::Problem;

/// Exit codes, as `qala --help` documents them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything asked for was done.
    Success,
    /// It could not be done: a port in use, a store out of reach.
    Failure,
    /// It was asked for in a way that makes no sense: arguments or configuration.
    Usage,
    /// Nobody answered `qala top`.
    Unreachable,
    /// Interrupted before it was done (128 + SIGINT): asked to stop a second time.
    Interrupted,
    /// The verdict of `qala bench` by its own code, or a signal that ended `qala top`.
    Verdict(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Failure => 1,
            Exit::Usage => 2,
            Exit::Unreachable => 3,
            Exit::Interrupted => 130,
            Exit::Verdict(code) => code,
        })
    }
}

/// One thing that is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) error: String,
    pub(crate) hint: Option<String>,
}

impl From<&Problem> for Complaint {
    fn from(problem: &Problem) -> Self {
        Self { error: problem.to_string(), hint: problem.hint() }
    }
}

/// Says what is wrong with arguments or configuration.
pub(crate) fn fail(complaints: &[Complaint]) -> Exit {
    complaints.iter().for_each(complain);
    Exit::Usage
}

/// Says what failed, and what to do about it.
pub(crate) fn failure(error: &str, hint: Option<&str>) -> Exit {
    complain(&Complaint { error: error.to_owned(), hint: hint.map(str::to_owned) });
    Exit::Failure
}

/// Says one thing that is wrong.
pub(crate) fn complain(complaint: &Complaint) {
    say("error", "\x1b[1;31m", &complaint.error);
    if let Some(hint) = &complaint.hint {
        say("hint", "\x1b[1;36m", hint);
    }
}

/// Says what is worth knowing and stops nothing.
pub(crate) fn note(text: &str) {
    say("note", "\x1b[1m", text);
}

/// The reason without the number that the standard library puts behind it.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// Data on stdout. A reader that has gone away (`| head`) is no failure.
pub(crate) fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Whether stdout is a terminal that can be drawn on.
pub(crate) fn draws() -> bool {
    io::stdout().is_terminal() && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether words on stdout may be coloured.
pub(crate) fn paints() -> bool {
    let variable = |name| env::var_os(name).unwrap_or_default();
    io::stdout().is_terminal() && colours(&variable("NO_COLOR"), &variable("TERM"))
}

fn say(label: &str, colour: &str, text: &str) {
    let mut stderr = io::stderr().lock();
    let variable = |name| env::var_os(name).unwrap_or_default();
    let _ = if stderr.is_terminal() && colours(&variable("NO_COLOR"), &variable("TERM")) {
        writeln!(stderr, "{colour}{label}:\x1b[0m {text}")
    } else {
        writeln!(stderr, "{label}: {text}")
    };
}

/// Only for a terminal that knows colours, and a person who wants them (no-color.org).
fn colours(no_color: &OsStr, term: &OsStr) -> bool {
    no_color.is_empty() && term != "dumb"
}

#[cfg(test)]
mod tests {
    use super::colours;

    #[test]
    fn colours_are_for_who_wants_them() {
        for (no_color, term, expected) in [
            ("", "xterm", true),
            ("", "", true),
            ("1", "xterm", false),
            ("0", "xterm", false),
            ("", "dumb", false),
        ] {
            assert_eq!(colours(no_color.as_ref(), term.as_ref()), expected, "{no_color} {term}");
        }
    }
}
