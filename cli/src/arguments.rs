//! From what was typed to what is wanted. The options of `serve` come from the library's table; here they
//! only become flags, and clap's objections become sentences of ours.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::thread;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command};
use qala::config::{OPTIONS, Sources};

use crate::exit::Complaint;
use crate::help;

/// The one option of `serve` that is not in the table: it is about this run only.
const CHECK: &str = "check";

/// What is wanted.
pub(crate) enum Request {
    /// A text on stdout: help or version.
    Print(String),
    /// Run a node.
    Serve(ServeArguments),
}

/// Arguments of `qala serve`.
pub(crate) struct ServeArguments {
    /// Only say what would run.
    pub(crate) check: bool,
    /// Flags and environment; the file is not read yet.
    pub(crate) sources: Sources,
}

/// What the arguments ask for, or everything that is wrong with them.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Request, Vec<Complaint>> {
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            return Ok(Request::Print(error.to_string()));
        }
        Err(error) => return Err(vec![complaint(&error)]),
    };
    if matches.get_flag("version") {
        return Ok(Request::Print(help::version()));
    }
    match matches.subcommand() {
        Some(("serve", matches)) => {
            let check = matches.get_flag(CHECK);
            Ok(Request::Serve(ServeArguments { check, sources: sources(matches, environment) }))
        }
        Some(_) | None => Err(vec![Complaint {
            error: "no command given".to_owned(),
            hint: Some("`qala serve` runs a node; `qala --help` lists the commands".to_owned()),
        }]),
    }
}

fn command() -> Command {
    let version = Arg::new("version").short('V').long("version").action(ArgAction::SetTrue);
    Command::new("qala").override_help(help::QALA).arg(version).subcommand(serve_command())
}

fn serve_command() -> Command {
    let check = Arg::new(CHECK).long(CHECK).action(ArgAction::SetTrue);
    let options = OPTIONS.iter().map(|spec| {
        // A negative number is a value that is wrong, not a flag that is unknown.
        Arg::new(spec.flag).long(spec.flag).value_name(spec.value_name).allow_negative_numbers(true)
    });
    Command::new("serve").override_help(help::serve()).arg(check).args(options)
}

fn sources(matches: &ArgMatches, environment: impl Iterator<Item = (String, String)>) -> Sources {
    let flags: BTreeMap<&'static str, String> = OPTIONS
        .iter()
        .filter_map(|spec| Some((spec.flag, matches.get_one::<String>(spec.flag)?.clone())))
        .collect();
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    Sources { flags, environment: environment.collect(), file: None, cores }
}

/// One of clap's objections in our words.
fn complaint(error: &clap::Error) -> Complaint {
    let (message, otherwise) = objection(error);
    let hint = match suggestion(error) {
        _ if is_misplaced(error) => "options of serve stand behind `serve`".to_owned(),
        Some(meant) => format!("did you mean {meant}?"),
        None => otherwise.to_owned(),
    };
    Complaint { error: message, hint: Some(hint) }
}

/// Whether it is about an option of `serve`: behind `serve` it would not be unknown.
fn is_misplaced(error: &clap::Error) -> bool {
    let argument = text(error, ContextKind::InvalidArg);
    let known = |flag| flag == CHECK || OPTIONS.iter().any(|spec| spec.flag == flag);
    error.kind() == ErrorKind::UnknownArgument && argument.strip_prefix("--").is_some_and(known)
}

/// What is wrong, and what to do if nothing better is known.
#[expect(clippy::wildcard_enum_match_arm, reason = "clap's enum is open; most kinds cannot occur here")]
fn objection(error: &clap::Error) -> (String, &'static str) {
    let argument = text(error, ContextKind::InvalidArg);
    // clap shows a flag with its value: `--port <number>`.
    let flag = argument.split_whitespace().next().unwrap_or_default();
    match error.kind() {
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            (format!("unknown option {flag}"), "`qala serve --help` lists the options")
        }
        ErrorKind::UnknownArgument => (format!("unexpected argument `{argument}`"), "options begin with --"),
        ErrorKind::InvalidSubcommand => {
            let name = text(error, ContextKind::InvalidSubcommand);
            (format!("unknown command `{name}`"), "`qala --help` lists the commands")
        }
        ErrorKind::InvalidValue => (format!("{flag} needs a value"), "`qala serve --help` says which"),
        ErrorKind::TooManyValues => (format!("{flag} takes no value"), "write it alone"),
        ErrorKind::ArgumentConflict => (format!("{flag} is given more than once"), "keep one of them"),
        ErrorKind::InvalidUtf8 => {
            ("an argument is not valid UTF-8".to_owned(), "`qala --help` shows the usage")
        }
        _ => {
            let shown = error.to_string();
            let first = shown.lines().next().unwrap_or_default();
            (first.trim_start_matches("error: ").to_owned(), "`qala --help` shows the usage")
        }
    }
}

/// What clap believes was meant.
fn suggestion(error: &clap::Error) -> Option<String> {
    let kinds = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand];
    kinds.into_iter().map(|kind| text(error, kind)).find(|text| !text.is_empty())
}

fn text(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.first().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}
