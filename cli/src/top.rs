//! `qala top`: from options to a viewer, and how it ends.

use std::fs;
use std::io::{self, IsTerminal};

use qala_tui::run::{self, Ended};
use qala_tui::settings::{self, Origin, Problem, Settings, Shows};
use qala_tui::{Feed, Source};

use crate::arguments::TopArguments;
use crate::exit::{self, Complaint, Exit};

/// Where a machine's name stands.
const HOSTNAME: &str = "/proc/sys/kernel/hostname";

/// Shows what was asked for until somebody ends it.
pub(crate) fn top(arguments: &TopArguments) -> Exit {
    let host = fs::read_to_string(HOSTNAME).unwrap_or_default();
    let by = by(&arguments.user, host.trim());
    let settings = match settings::settings(&arguments.given, &by) {
        Ok(settings) => settings,
        Err(problems) => return exit::fail(&problems.into_iter().map(complaint).collect::<Vec<_>>()),
    };
    if settings.shows == Shows::Screen && !(exit::draws() && io::stdin().is_terminal()) {
        return exit::fail(&[Complaint {
            error: "no terminal to draw on".to_owned(),
            hint: Some("--once, --stream or --linear print instead; --once --json for programs".to_owned()),
        }]);
    }
    let (feed, address) = match feed(&settings, arguments.redis_password.as_deref()) {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    concluded(run::show(&settings, feed, address, &mut io::stdout()))
}

/// Who gives orders, as far as it can be known.
fn by(user: &str, host: &str) -> String {
    match (user, host) {
        ("", _) => String::new(),
        (user, "") => user.to_owned(),
        (user, host) => format!("{user}@{host}"),
    }
}

fn feed(settings: &Settings, password: Option<&str>) -> Result<(Box<dyn Feed>, String), Exit> {
    let source = match &settings.origin {
        Origin::Record(path) => {
            let feed = run::open_record(path).map_err(concluded)?;
            return Ok((feed, path.display().to_string()));
        }
        Origin::Redis(url) => Source::redis(url, password),
        Origin::Node { url, token } => Source::node(url, token.as_deref()),
    };
    let source = source.map_err(|(error, hint)| exit::fail(&[Complaint { error, hint: Some(hint) }]))?;
    let address = source.address().to_owned();
    Ok((Box::new(source), address))
}

fn concluded(ended: Ended) -> Exit {
    match ended {
        // Whoever read what was printed has gone away: that is all right.
        Ended::Done | Ended::ReaderGone => Exit::Success,
        Ended::Signal(code) => Exit::Verdict(code),
        Ended::Unreachable { error, hint } => {
            exit::complain(&Complaint { error, hint: Some(hint) });
            Exit::Unreachable
        }
        Ended::Failed { error, hint } => exit::failure(&error, Some(&hint)),
    }
}

fn complaint(problem: Problem) -> Complaint {
    Complaint { error: problem.error, hint: problem.hint }
}
