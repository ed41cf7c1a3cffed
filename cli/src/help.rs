//! The help texts, written from the option table.

use qala::config::{Group, OPTIONS, OptionSpec, Role, VARIABLES};
use qala_loadtest::settings::OPTIONS as OPTIONS_OF_BENCH;
use qala_tui::settings::OPTIONS as OPTIONS_OF_TOP;

/// Width of the smallest terminal anyone still has.
const COLUMNS: usize = 80;
/// Where the descriptions of options begin.
const INDENT: usize = 28;

/// `qala --help`: one screen of 80 by 24.
pub(crate) const QALA: &str = "\
qala pairs people and lets them talk:
matching, WebRTC signaling and chat over Socket.IO

Usage: qala <command> [options]

Commands:
  serve   run a node (embedded store; --redis-url for many nodes)
  bench   load a server with thousands of clients and judge it
  top     watch queues, rooms and nodes live
  health  ask a node whether it is alive, as containers do

Options:
  -h, --help      this help; `qala <command> --help` for its options
  -V, --version   version and commit

Exit codes:
  0  done            2    wrong arguments or configuration
  1  failed          130  interrupted

Start here:  qala serve   and open http://127.0.0.1:3001 in two tabs
";

/// `qala health --help`.
pub(crate) const HEALTH: &str = "\
Ask a node whether it is alive.

Usage: qala health [<url>]

Without an address: the node that `qala serve` would run with the same variables,
at /health/live; at --admin-listen where there is one. With one, for example:

  qala health http://127.0.0.1:3001/health/ready

Exit codes: 0 it answers 200, 1 it does not, 2 wrong arguments or configuration
";

const BENCH_EXIT_CODES: &str = "
Understood as well: --serverUrl, --maxConnections, --concurrency,
--testDuration, --rampUpTime, as the webrtc-chat family's own tester has them.

Exit codes:
  0  everything held           4    the tester was the bottleneck
  1  an assertion was missed   5    the oracle saw something wrong
  2  wrong arguments           130  interrupted; the reports are written
  3  server out of reach";

const EXAMPLES_OF_TOP: &str = "
Examples:
  qala top --redis-url redis://127.0.0.1:6379
  qala top --url http://127.0.0.1:3001 --token a-long-random-text
  qala top --once --json | jq .rates
  qala top --record night.jsonl       and in the morning
  qala top --replay night.jsonl --at 03:12

Exit codes:
  0  ended as asked            3    nobody answered (--once, --stream, --linear)
  1  failed                    128 and the number of a signal that ended it:
  2  wrong arguments           129 SIGHUP, 130 SIGINT, 143 SIGTERM";

/// `qala serve --help`: every option under its heading.
pub(crate) fn serve() -> String {
    let mut lines = vec![
        "Run a node: pair people, relay signaling and chat between them.".to_owned(),
        String::new(),
        "Usage: qala serve [options]".to_owned(),
        String::new(),
        "Every option has a variable, named behind its default. Flags win over variables,".to_owned(),
        "variables over the file of --config. Times are in seconds unless it says ms.".to_owned(),
    ];
    for group in Group::ALL {
        lines.push(format!("\n{}:", group.title()));
        for spec in OPTIONS.iter().filter(|spec| spec.group == group) {
            lines.extend(entry(&format!("--{} <{}>", spec.flag, spec.value_name), spec.help, &source(spec)));
        }
    }
    lines.push("\nOther:".to_owned());
    lines.extend(entry("--check", "check the configuration, say what would run, and exit", ""));
    lines.extend(entry("-h, --help", "this help", ""));
    lines.push("\nExit codes: 0 stopped as asked, 1 failed, 2 wrong arguments or configuration".to_owned());
    lines.join("\n") + "\n"
}

/// `qala bench --help`: every option of the load tester's table.
pub(crate) fn bench() -> String {
    let mut lines = vec![
        "Load a server with thousands of clients and judge it: how fast it is, and".to_owned(),
        "whether what it says can be true. Without --url it starts one for the run.".to_owned(),
        String::new(),
        "Usage: qala bench [options]".to_owned(),
        String::new(),
    ];
    for spec in OPTIONS_OF_BENCH.iter().filter(|spec| !spec.help.is_empty()) {
        let value =
            if spec.value_name.is_empty() { String::new() } else { format!(" <{}>", spec.value_name) };
        lines.extend(entry(&format!("--{}{value}", spec.flag), spec.help, ""));
    }
    lines.extend(entry("-h, --help", "this help", ""));
    lines.push(BENCH_EXIT_CODES.to_owned());
    lines.join("\n") + "\n"
}

/// `qala top --help`: every option of the viewer's table.
pub(crate) fn top() -> String {
    let mut lines = vec![
        "Watch queues, rooms and nodes live, and see why somebody still waits.".to_owned(),
        "On the screen `?` shows the keys.".to_owned(),
        String::new(),
        "Usage: qala top [options]".to_owned(),
        String::new(),
    ];
    for spec in &OPTIONS_OF_TOP {
        let value =
            if spec.value_name.is_empty() { String::new() } else { format!(" <{}>", spec.value_name) };
        lines.extend(entry(&format!("--{}{value}", spec.flag), spec.help, ""));
    }
    lines.extend(entry("-h, --help", "this help", ""));
    lines.push(EXAMPLES_OF_TOP.to_owned());
    lines.join("\n") + "\n"
}

/// `qala --version`.
pub(crate) fn version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    // From the environment of the build, or from git (`build.rs`).
    match option_env!("QALA_COMMIT").filter(|commit| !commit.is_empty()) {
        Some(commit) => format!("qala {version} ({commit})\n"),
        None => format!("qala {version}\n"),
    }
}

/// Default and variables of an option, those that only scale it last.
fn source(spec: &OptionSpec) -> String {
    let scaling = VARIABLES.iter().filter_map(|variable| match variable.role {
        Role::Changes { flag, .. } => (flag == spec.flag).then_some(variable.name),
        Role::WithoutEffect { .. } => None,
    });
    let variables: Vec<&str> = spec.environment.iter().copied().chain(scaling).collect();
    let variables = variables.join(", ");
    match spec.default {
        Some(default) => format!("[{default}; {variables}]"),
        None => format!("[{variables}]"),
    }
}

/// One option: its name, then what it does beside it, or below where the name is too long.
fn entry(name: &str, help: &str, source: &str) -> Vec<String> {
    let mut text = wrapped(help).into_iter().chain(wrapped(source));
    let name = format!("  {name}");
    let mut lines = Vec::new();
    if name.len() < INDENT - 1 {
        lines.push(format!("{name:INDENT$}{}", text.next().unwrap_or_default()));
    } else {
        lines.push(name);
    }
    lines.extend(text.map(|line| format!("{:INDENT$}{line}", "")));
    lines
}

/// Text in lines that fit beside the names.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if INDENT + line.len() + 1 + word.len() <= COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}
