//! The options: name, help, and what each changes.

use std::path::PathBuf;
use std::time::Duration;

use super::values::{SOCKET_IO, number, percent, seconds, url, whole};
use super::{METRICS, Player, Settings, Target, families};
use crate::scenario::Family;
use crate::verdict::Assertion;

/// Later than that the tester, and not the server, is what is measured.
pub(super) const MAX_LAG: Duration = Duration::from_millis(50);
/// By how many percent a result may be worse than an earlier one, unless it is said.
const MAX_REGRESSION_PERCENT: f64 = 10.0;

/// An option.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// Its name.
    pub flag: &'static str,
    /// What its value is called; empty: it has none.
    pub value_name: &'static str,
    /// What it is for; empty: an option of the webrtc-chat family's own load tester, which is understood.
    pub help: &'static str,
    /// Whether it may be given more than once.
    pub repeats: bool,
}

const fn option(flag: &'static str, value_name: &'static str, help: &'static str) -> OptionSpec {
    OptionSpec { flag, value_name, help, repeats: false }
}

/// All options, in the order of the help.
pub static OPTIONS: [OptionSpec; 25] = [
    option("url", "url", "the server to measure; without it, one is started for the run"),
    option(
        "dialect",
        "names",
        "client families that play, with commas between: qala, webrtc-chat, animochat, sorsu, signaling",
    ),
    option(
        "client",
        "name",
        "whose clients play: own, or rust-socketio for a second opinion (in builds with the feature rust-socketio)",
    ),
    option(
        "redis",
        "url",
        "the Redis that the tester's own server is to use, in place of its embedded store",
    ),
    option("jwt-secret", "secret", "make tokens with it (HS256), in place of guests; or JWT_SECRET"),
    option(
        "server-pid",
        "number",
        "the server's process, to see its memory and CPU; found by itself for --url on this machine's loopback",
    ),
    option(
        "metrics-url",
        "url",
        "the page where the server shows its memory and CPU (/metrics of --url, where it is not of this machine)",
    ),
    option(
        "scenario",
        "name|file",
        "what to play: hold, ramp, steps, spike, storm, slow-readers, half-open, mixed, short, or a TOML file",
    ),
    option("print-scenario", "name|file", "show that scenario as TOML and exit"),
    option("clients", "number", "how many clients"),
    option("rate", "number", "searches per second, whatever the server does"),
    option("duration", "time", "for how long searches arrive: 60, 90s, 10m"),
    option("ramp", "time", "in which time all connect"),
    option("closed", "", "a client searches again when it is free, in place of --rate"),
    option("seed", "number", "the same seed is the same schedule"),
    OptionSpec {
        repeats: true,
        ..option("assert", "condition", "what must hold, for example 'match.p99 < 20ms' or 'errors == 0'")
    },
    option("baseline", "file", "result.json of an earlier run to hold this one against"),
    option("max-regression", "percent", "how much worse than the baseline is held (10%)"),
    option("max-lag", "time", "how late the tester itself may be at its 99th percentile (50ms; off)"),
    option("out", "folder", "where to write summary.md, report.html, result.json, junit.xml and *.hgrm"),
    option("serverUrl", "url", ""),
    option("maxConnections", "number", ""),
    option("concurrency", "number", ""),
    option("testDuration", "seconds", ""),
    option("rampUpTime", "seconds", ""),
];

/// Applies one option that is not the scenario.
pub(super) fn apply(settings: &mut Settings, flag: &str, value: &str) -> Result<(), String> {
    let scenario = &mut settings.scenario;
    match flag {
        "url" | "serverUrl" => settings.target = Target::Url(url(flag, value, SOCKET_IO)?),
        "redis" => settings.target = Target::Own { redis: Some(value.to_owned()) },
        "dialect" => scenario.dialects = dialects(value)?,
        "client" => settings.client = player(value)?,
        "jwt-secret" => settings.jwt_secret = Some(value.to_owned()),
        "server-pid" => settings.server_pid = Some(whole(flag, value)?),
        "metrics-url" => settings.metrics_url = Some(url(flag, value, METRICS)?),
        "clients" | "maxConnections" => scenario.clients = whole(flag, value)?,
        "concurrency" => scenario.connecting_at_once = whole(flag, value)?,
        "rate" => scenario.rate = number(flag, value)?,
        "duration" | "testDuration" => scenario.duration_seconds = seconds(flag, value)?,
        "ramp" | "rampUpTime" => scenario.ramp_seconds = seconds(flag, value)?,
        "closed" => scenario.closed = true,
        "seed" => scenario.seed = whole(flag, value)?,
        "assert" => settings.assertions.push(Assertion::parse(value)?),
        "baseline" => {
            let percent = settings.baseline.take().map_or(MAX_REGRESSION_PERCENT, |(_, percent)| percent);
            settings.baseline = Some((PathBuf::from(value), percent));
        }
        "max-regression" => {
            let percent = percent(flag, value)?;
            let path = settings.baseline.take().map(|(path, _)| path).unwrap_or_default();
            settings.baseline = Some((path, percent));
        }
        "max-lag" => {
            let is_off = value == "off";
            settings.max_lag =
                if is_off { None } else { Some(Duration::from_secs_f64(seconds(flag, value)?)) };
        }
        "out" => settings.out = Some(PathBuf::from(value)),
        _ => return Err(format!("unknown option --{flag}")),
    }
    Ok(())
}

fn dialects(value: &str) -> Result<Vec<Family>, String> {
    let known = |name: &str| Family::ALL.into_iter().find(|family| family.name() == name.trim());
    let all: Option<Vec<Family>> = value.split(',').map(known).collect();
    all.ok_or_else(|| format!("--dialect is `{value}`; expected names of {}", families()))
}

fn player(value: &str) -> Result<Player, String> {
    let found = Player::NAMED.into_iter().find(|(name, _)| *name == value);
    found
        .map(|(_, player)| player)
        .ok_or_else(|| format!("--client is `{value}`; expected own or rust-socketio"))
}
