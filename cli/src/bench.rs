//! `qala bench`: from options to a run, and what of it is shown where.

use std::env;
use std::fmt::Write;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};

use qala_loadtest::report::{self, Report, View};
use qala_loadtest::run::{self, Screen, Surroundings};
use qala_loadtest::settings::{self, Problem, Settings};

use crate::exit::{self, Complaint, Exit};

/// Without a terminal a line is shown every so many views: views come about once a second.
const PLAIN_EVERY: u32 = 5;

/// Runs what was asked for, shows it, and writes the reports.
pub(crate) fn bench(given: &[(&'static str, String)]) -> Exit {
    let settings = match settings::settings(given, &|path| fs::read_to_string(path)) {
        Ok(settings) => settings,
        Err(problems) => return exit::fail(&problems.into_iter().map(complaint).collect::<Vec<_>>()),
    };
    if settings.print_scenario {
        exit::print(&settings.scenario.print());
        return Exit::Success;
    }
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // A second one ends the process at once.
        let again = signal_hook::flag::register_conditional_shutdown(signal, 130, interrupted.clone());
        let first = signal_hook::flag::register(signal, interrupted.clone());
        if again.and(first).is_err() {
            return exit::failure("cannot listen to signals", None);
        }
    }
    play(&settings, &interrupted)
}

#[expect(clippy::disallowed_methods, reason = "when a run began is nobody's clock")]
fn play(settings: &Settings, interrupted: &AtomicBool) -> Exit {
    let Ok(program) = env::current_exe() else {
        return exit::failure("cannot find the program that is running", None);
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let surroundings = Surroundings {
        program: &program,
        version: env!("CARGO_PKG_VERSION"),
        now_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
        interrupted,
    };
    match run::run(settings, surroundings, screen().as_mut()) {
        Ok(report) => conclude(settings, &report),
        Err(failure) => {
            exit::complain(&complaint(failure.problem));
            Exit::Verdict(failure.code)
        }
    }
}

/// The summary, the files, and the verdict as the last thing on the screen.
fn conclude(settings: &Settings, report: &Report) -> Exit {
    exit::print(&lines(&report::summary(report)));
    let mut folder = None;
    if let Some(out) = &settings.out {
        match report::write(report, out) {
            Ok(()) => folder = Some(out.display().to_string()),
            Err(error) => exit::complain(&Complaint {
                error: format!("cannot write the reports to {}: {error}", out.display()),
                hint: Some("the figures above are all there is of this run".to_owned()),
            }),
        }
    }
    let mut verdict = lines(&report::verdict(report, folder.as_deref()));
    if exit::paints() {
        verdict = painted(&verdict);
    }
    exit::print(&verdict);
    let written = settings.out.is_none() || folder.is_some();
    match report.verdict.exit_code {
        0 if !written => Exit::Failure,
        code => Exit::Verdict(code),
    }
}

/// The words that matter, in the colours people expect.
fn painted(verdict: &str) -> String {
    verdict
        .replace("\nPASS", "\n\x1b[1;32mPASS\x1b[0m")
        .replace("\nFAIL", "\n\x1b[1;31mFAIL\x1b[0m")
        .replace("\nSTOPPED", "\n\x1b[1;33mSTOPPED\x1b[0m")
}

fn lines(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

fn complaint(problem: Problem) -> Complaint {
    Complaint { error: problem.error, hint: problem.hint }
}

fn screen() -> Box<dyn Screen> {
    if exit::draws() { Box::new(Terminal { drawn: 0 }) } else { Box::new(Plain { views: 0 }) }
}

/// Draws over what it drew before.
struct Terminal {
    drawn: usize,
}

impl Screen for Terminal {
    fn show(&mut self, view: &View<'_>) {
        let lines = report::live(view);
        // Cut, not wrapped, where the terminal is narrow: wrapped lines could not be drawn over.
        let mut text = String::from("\x1b[?7l");
        if self.drawn > 0 {
            // Writing to a string cannot fail.
            let _ = write!(text, "\x1b[{}A", self.drawn);
        }
        for line in &lines {
            let _ = writeln!(text, "\x1b[2K{line}");
        }
        text.push_str("\x1b[?7h");
        self.drawn = lines.len();
        exit::print(&text);
    }
}

/// A line now and then.
struct Plain {
    views: u32,
}

impl Screen for Plain {
    fn show(&mut self, view: &View<'_>) {
        if self.views.is_multiple_of(PLAIN_EVERY) {
            exit::print(&format!("{}\n", report::plain(view)));
        }
        self.views += 1;
    }
}
