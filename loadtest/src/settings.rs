//! What was asked for: one table of options, from texts to a run that makes sense, with all objections at once.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::scenario::{self, Family, Scenario, Shape, Troubles};
use crate::verdict::Assertion;

mod table;
mod values;

pub use table::{OPTIONS, OptionSpec};

/// Where servers usually show their metrics.
pub const METRICS: &str = "/metrics";

/// What a run is measured against.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A server of our own, started for the run.
    Own {
        /// The Redis it is to use, if not the embedded store.
        redis: Option<String>,
    },
    /// A server that runs.
    Url(Url),
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The path of the Socket.IO endpoint.
    pub path: String,
}

impl Url {
    /// As it is written.
    pub fn text(&self) -> String {
        format!("http://{}:{}", self.host, self.port)
    }
}

/// Whose clients play.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Player {
    /// The tester's own.
    #[default]
    Own,
    /// Those of the crate `rust_socketio`, which nobody here wrote. Only in a build with the feature of that name.
    RustSocketio,
}

impl Player {
    /// Every one, with its name.
    const NAMED: [(&str, Self); 2] = [("own", Self::Own), ("rust-socketio", Self::RustSocketio)];
    /// Whether `rust_socketio` is in this build.
    const SECOND_IS_BUILT: bool = cfg!(feature = "rust-socketio");
}

/// Everything that was asked for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is measured.
    pub target: Target,
    /// The server's process, if it is on this machine.
    pub server_pid: Option<u32>,
    /// Where the server shows its memory and CPU, if not where servers usually do.
    pub metrics_url: Option<Url>,
    /// The secret that the server checks tokens with.
    pub jwt_secret: Option<String>,
    /// Whose clients play.
    pub client: Player,
    /// What is played.
    pub scenario: Scenario,
    /// Where reports go.
    pub out: Option<PathBuf>,
    /// What must hold.
    pub assertions: Vec<Assertion>,
    /// An earlier result, and by how many percent this one may be worse.
    pub baseline: Option<(PathBuf, f64)>,
    /// How late the tester itself may be, at the 99th percentile; `None`: as late as it is.
    pub max_lag: Option<Duration>,
    /// Print the scenario instead of playing it.
    pub print_scenario: bool,
    /// As it was typed, for whoever wants to repeat it. Without secrets.
    pub command: String,
}

/// Something that makes no sense, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub error: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Problem {
    fn new(error: impl Into<String>, hint: &str) -> Self {
        Self { error: error.into(), hint: Some(hint.to_owned()) }
    }
}

/// Reads what was asked for: options in the order they were given, and files by `read`.
pub fn settings(
    given: &[(&str, String)],
    read: &dyn Fn(&str) -> io::Result<String>,
) -> Result<Settings, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut settings = Settings {
        target: Target::Own { redis: None },
        server_pid: None,
        metrics_url: None,
        jwt_secret: None,
        client: Player::Own,
        scenario: Scenario::default(),
        out: None,
        assertions: Vec::new(),
        baseline: None,
        max_lag: Some(table::MAX_LAG),
        print_scenario: false,
        command: command(given),
    };
    // The scenario first: other options change parts of it, wherever they stand.
    let is_scenario = |flag: &str| matches!(flag, "scenario" | "print-scenario");
    let first = given.iter().filter(|(flag, _)| is_scenario(flag));
    let then = given.iter().filter(|(flag, _)| !is_scenario(flag));
    for (flag, value) in first.chain(then) {
        if is_scenario(flag) {
            match scenario_of(value, read) {
                Ok(scenario) => settings.scenario = scenario,
                Err(problem) => problems.push(problem),
            }
            settings.print_scenario |= *flag == "print-scenario";
        } else if let Err(error) = table::apply(&mut settings, flag, value) {
            problems.push(Problem { error, hint: None });
        }
    }
    problems.extend(contradictions(&settings, given));
    let of_scenario = settings.scenario.problems().into_iter();
    problems.extend(of_scenario.map(|error| Problem { error, hint: None }));
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

fn scenario_of(value: &str, read: &dyn Fn(&str) -> io::Result<String>) -> Result<Scenario, Problem> {
    if let Some(scenario) = scenario::named(value) {
        return Ok(scenario);
    }
    let names = scenario::NAMES.map(|(name, _)| name).join(", ");
    let text = read(value).map_err(|_| {
        Problem::new(
            format!("no scenario and no file is called `{value}`"),
            &format!("built in are {names}; --print-scenario hold shows what a file looks like"),
        )
    })?;
    Scenario::parse(&text).map_err(|said| {
        Problem::new(format!("{value}: {said}"), "--print-scenario hold shows what a file looks like")
    })
}

fn contradictions(settings: &Settings, given: &[(&str, String)]) -> Vec<Problem> {
    let has = |flag: &str| given.iter().any(|(name, _)| *name == flag);
    let mut problems = Vec::new();
    if has("redis") && (has("url") || has("serverUrl")) {
        problems.push(Problem::new(
            "--redis is for a server of the tester's own",
            "leave out --url, or start the server at that Redis yourself",
        ));
    }
    if has("metrics-url") && has("server-pid") {
        problems.push(Problem::new("--metrics-url and --server-pid say two things", "keep one of them"));
    }
    if has("max-regression") && !has("baseline") {
        problems.push(Problem::new(
            "--max-regression needs --baseline",
            "name the result.json of an earlier run",
        ));
    }
    let repeated = settings.scenario.dialects.iter().enumerate();
    if repeated.clone().any(|(place, family)| settings.scenario.dialects[..place].contains(family)) {
        problems.push(Problem::new("a dialect is named twice", "name each once"));
    }
    if settings.client == Player::RustSocketio {
        problems.extend(objections_of_second(Player::SECOND_IS_BUILT, &settings.scenario));
    }
    problems
}

/// What `rust_socketio` cannot play.
fn objections_of_second(is_built: bool, scenario: &Scenario) -> Vec<Problem> {
    if !is_built {
        return vec![Problem::new(
            "--client rust-socketio is not in this build: it links OpenSSL",
            "cargo run --release --features rust-socketio -- bench --client rust-socketio",
        )];
    }
    let mut problems = Vec::new();
    if scenario.dialects.iter().any(|family| !family.returns()) {
        problems.push(Problem::new(
            "rust-socketio does not tell what the server calls a connection, which webrtc-chat and signaling need",
            "leave --client out, or play another --dialect",
        ));
    }
    let Troubles { slow_percent, half_open_percent, .. } = scenario.troubles;
    if scenario.shape == Shape::Storm || slow_percent > 0.0 || half_open_percent > 0.0 {
        problems.push(Problem::new(
            "rust-socketio cannot drop a connection without a word, stop reading or fall silent",
            "leave --client out, or play another --scenario",
        ));
    }
    problems
}

/// The command that repeats the run. A secret is nobody else's business.
fn command(given: &[(&str, String)]) -> String {
    let mut command = "qala bench".to_owned();
    for (flag, value) in given {
        let shown = if *flag == "jwt-secret" { "..." } else { value };
        let quoted = if shown.contains([' ', '<', '>']) { format!("'{shown}'") } else { shown.to_owned() };
        command.push_str(" --");
        command.push_str(flag);
        if !quoted.is_empty() {
            command.push(' ');
            command.push_str(&quoted);
        }
    }
    command
}

/// The families that can be played, for a sentence.
fn families() -> String {
    Family::ALL.map(Family::name).join(", ")
}

#[cfg(test)]
mod tests;
