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
/// The command that asks a node how it is, and its one argument.
const HEALTH: &str = "health";
const URL: &str = "url";
/// The command that loads a server.
const BENCH: &str = "bench";
/// The command that shows what happens.
const TOP: &str = "top";
/// Where the address of Redis is taken from if it is not on the command line, as `qala serve` does.
const REDIS_URLS: [&str; 2] = ["QALA_REDIS_URL", "REDIS_URL"];
/// Where a secret is taken from that is not on the command line, in that order.
const SECRETS: [&str; 2] = ["QALA_JWT_SECRET", "JWT_SECRET"];

/// What is wanted.
pub(crate) enum Request {
    /// A text on stdout: help or version.
    Print(String),
    /// Run a node.
    Serve(ServeArguments),
    /// Load a server: options and their values, as the load tester's table knows them.
    Bench(Vec<(&'static str, String)>),
    /// Ask a node how it is.
    Health(HealthArguments),
    /// Show what happens.
    Top(TopArguments),
}

/// Arguments of `qala health`.
pub(crate) enum HealthArguments {
    /// Ask there.
    At(String),
    /// Ask the node that would run with these; the file is not read yet.
    Here(Sources),
}

/// Arguments of `qala top`.
pub(crate) struct TopArguments {
    /// Options and their values, as the viewer's table knows them.
    pub(crate) given: Vec<(&'static str, String)>,
    /// The password of Redis if its address has none.
    pub(crate) redis_password: Option<String>,
    /// Who is at the keyboard.
    pub(crate) user: String,
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
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let asked =
        arguments.get(1).and_then(|asked| [BENCH, HEALTH, TOP].into_iter().find(|command| asked == command));
    let asked = asked.unwrap_or("serve");
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            return Ok(Request::Print(error.to_string()));
        }
        Err(error) => return Err(vec![complaint(&error, asked)]),
    };
    if matches.get_flag("version") {
        return Ok(Request::Print(help::version()));
    }
    match matches.subcommand() {
        Some(("serve", matches)) => {
            let check = matches.get_flag(CHECK);
            Ok(Request::Serve(ServeArguments { check, sources: sources(matches, environment) }))
        }
        Some((BENCH, matches)) => Ok(Request::Bench(bench_options(matches, environment))),
        Some((HEALTH, matches)) => Ok(Request::Health(match matches.get_one::<String>(URL) {
            Some(url) => HealthArguments::At(url.clone()),
            None => HealthArguments::Here(with_flags(BTreeMap::new(), environment)),
        })),
        Some((TOP, matches)) => Ok(Request::Top(top_arguments(matches, environment))),
        Some(_) | None => Err(vec![Complaint {
            error: "no command given".to_owned(),
            hint: Some("`qala serve` runs a node; `qala --help` lists the commands".to_owned()),
        }]),
    }
}

fn command() -> Command {
    let version = Arg::new("version").short('V').long("version").action(ArgAction::SetTrue);
    Command::new("qala")
        .override_help(help::QALA)
        .arg(version)
        .subcommand(serve_command())
        .subcommand(bench_command())
        .subcommand(Command::new(HEALTH).override_help(help::HEALTH).arg(Arg::new(URL)))
        .subcommand(top_command())
}

fn serve_command() -> Command {
    let check = Arg::new(CHECK).long(CHECK).action(ArgAction::SetTrue);
    let options = OPTIONS.iter().map(|spec| {
        // A negative number is a value that is wrong, not a flag that is unknown.
        Arg::new(spec.flag).long(spec.flag).value_name(spec.value_name).allow_negative_numbers(true)
    });
    Command::new("serve").override_help(help::serve()).arg(check).args(options)
}

fn bench_command() -> Command {
    let options = qala_loadtest::settings::OPTIONS.iter().map(|spec| {
        let arg = Arg::new(spec.flag).long(spec.flag);
        match (spec.value_name, spec.repeats) {
            ("", _) => arg.action(ArgAction::SetTrue),
            (name, true) => arg.value_name(name).allow_negative_numbers(true).action(ArgAction::Append),
            (name, false) => arg.value_name(name).allow_negative_numbers(true),
        }
    });
    Command::new(BENCH).override_help(help::bench()).args(options)
}

fn top_command() -> Command {
    let options = qala_tui::settings::OPTIONS.iter().map(|spec| {
        let arg = Arg::new(spec.flag).long(spec.flag);
        match spec.value_name {
            "" => arg.action(ArgAction::SetTrue),
            name => arg.value_name(name).allow_negative_numbers(true),
        }
    });
    Command::new(TOP).override_help(help::top()).args(options)
}

/// What was given; where it is, and what is secret, may come from the environment.
fn top_arguments(matches: &ArgMatches, environment: impl Iterator<Item = (String, String)>) -> TopArguments {
    let mut given = Vec::new();
    for spec in &qala_tui::settings::OPTIONS {
        if spec.value_name.is_empty() {
            given.extend(matches.get_flag(spec.flag).then(|| (spec.flag, String::new())));
        } else {
            given.extend(matches.get_one::<String>(spec.flag).map(|value| (spec.flag, value.clone())));
        }
    }
    let environment: BTreeMap<String, String> = environment.collect();
    let set = |name: &str| environment.get(name).filter(|value| !value.is_empty()).cloned();
    let has = |given: &[(&str, String)], wanted: &str| given.iter().any(|(flag, _)| *flag == wanted);
    if !has(&given, "redis-url")
        && let Some(url) = REDIS_URLS.into_iter().find_map(set)
    {
        given.push(("redis-url", url));
    }
    if has(&given, "url")
        && !has(&given, "token")
        && let Some(token) = set("QALA_ADMIN_TOKEN")
    {
        given.push(("token", token));
    }
    if !has(&given, "no-color")
        && (set("NO_COLOR").is_some() || set("TERM").is_some_and(|term| term == "dumb"))
    {
        given.push(("no-color", String::new()));
    }
    let user = set("USER").or_else(|| set("LOGNAME")).unwrap_or_default();
    TopArguments { given, redis_password: set("REDIS_PASSWORD"), user }
}

/// What was given, in the order of the table; a secret may come from the environment.
fn bench_options(
    matches: &ArgMatches,
    environment: impl Iterator<Item = (String, String)>,
) -> Vec<(&'static str, String)> {
    let mut given = Vec::new();
    for spec in &qala_loadtest::settings::OPTIONS {
        if spec.value_name.is_empty() {
            given.extend(matches.get_flag(spec.flag).then(|| (spec.flag, String::new())));
        } else {
            let values = matches.get_many::<String>(spec.flag).into_iter().flatten();
            given.extend(values.map(|value| (spec.flag, value.clone())));
        }
    }
    let environment: BTreeMap<String, String> = environment.collect();
    let secret = SECRETS.iter().find_map(|name| environment.get(*name)).filter(|secret| !secret.is_empty());
    if let Some(secret) = secret
        && given.iter().all(|(flag, _)| *flag != "jwt-secret")
    {
        given.push(("jwt-secret", secret.clone()));
    }
    given
}

fn sources(matches: &ArgMatches, environment: impl Iterator<Item = (String, String)>) -> Sources {
    let flags: BTreeMap<&'static str, String> = OPTIONS
        .iter()
        .filter_map(|spec| Some((spec.flag, matches.get_one::<String>(spec.flag)?.clone())))
        .collect();
    with_flags(flags, environment)
}

fn with_flags(
    flags: BTreeMap<&'static str, String>,
    environment: impl Iterator<Item = (String, String)>,
) -> Sources {
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    Sources { flags, environment: environment.collect(), file: None, cores }
}

/// One of clap's objections in our words.
fn complaint(error: &clap::Error, asked: &str) -> Complaint {
    let (message, otherwise) = objection(error, asked);
    let hint = match suggestion(error) {
        _ if is_misplaced(error) => "options of serve stand behind `serve`".to_owned(),
        Some(meant) => format!("did you mean {meant}?"),
        None => otherwise,
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
fn objection(error: &clap::Error, asked: &str) -> (String, String) {
    let argument = text(error, ContextKind::InvalidArg);
    // clap shows a flag with its value: `--port <number>`.
    let flag = argument.split_whitespace().next().unwrap_or_default();
    let lists = format!("`qala {asked} --help` lists the options");
    let says = format!("`qala {asked} --help` says which");
    let (said, hint) = match error.kind() {
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            (format!("unknown option {flag}"), lists.as_str())
        }
        ErrorKind::UnknownArgument => (format!("unexpected argument `{argument}`"), "options begin with --"),
        ErrorKind::InvalidSubcommand => {
            let name = text(error, ContextKind::InvalidSubcommand);
            (format!("unknown command `{name}`"), "`qala --help` lists the commands")
        }
        ErrorKind::InvalidValue => (format!("{flag} needs a value"), says.as_str()),
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
    };
    (said, hint.to_owned())
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
