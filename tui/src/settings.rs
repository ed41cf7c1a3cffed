//! What was asked for: one table of options, from texts to a viewer that makes sense, with all objections at once.

use std::path::PathBuf;

use crate::state::{PACES_MS, Tab};

/// An option.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// Its name.
    pub flag: &'static str,
    /// What its value is called; empty: it has none.
    pub value_name: &'static str,
    /// What it is for.
    pub help: &'static str,
}

const fn option(flag: &'static str, value_name: &'static str, help: &'static str) -> OptionSpec {
    OptionSpec { flag, value_name, help }
}

/// All options, in the order of the help.
pub static OPTIONS: [OptionSpec; 17] = [
    option(
        "redis-url",
        "url",
        "the Redis that the nodes share, as `qala serve` takes it; or QALA_REDIS_URL, REDIS_URL",
    ),
    option(
        "url",
        "url",
        "one node, asked over HTTP: for the embedded store, which no other process can look into",
    ),
    option("token", "text", "what that node shows itself to: its --admin-token; or QALA_ADMIN_TOKEN"),
    option("every", "seconds", "time between two pictures: 0.25 to 60 (1)"),
    option("screen", "name", "where to begin: overview, queues, rooms, nodes, events"),
    option("once", "", "print one picture as text and exit"),
    option("json", "", "with --once: as JSON of docs/top.v1.schema.json"),
    option("stream", "", "print every picture as such a line of JSON"),
    option("linear", "", "print sentences, one below the other, for screen readers"),
    option("count", "number", "with --stream or --linear: end after so many pictures"),
    option("record", "file", "also write every picture into that file, which must not be there yet"),
    option("replay", "file", "play such a file in place of asking anybody"),
    option("at", "time", "with --replay: begin at that time of day, UTC, for example 03:12"),
    option(
        "allow-actions",
        "",
        "let `x` drain nodes, close rooms and disconnect users; asks first, told in events",
    ),
    option("as", "name", "who does that, in the events (user@host)"),
    option("ascii", "", "draw with the letters of ASCII only"),
    option("no-color", "", "no colours; so does NO_COLOR in the environment"),
];

/// Where pictures come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A Redis, by its URL, which may hold a password.
    Redis(String),
    /// One node, by its URL and what it wants to be shown.
    Node {
        /// Where it is.
        url: String,
        /// What it wants to be shown.
        token: Option<String>,
    },
    /// A file.
    Record(PathBuf),
}

/// How pictures are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// On a terminal.
    Screen,
    /// One, as text.
    OnceText,
    /// One, as JSON.
    OnceJson,
    /// All, as lines of JSON.
    Stream,
    /// All, as sentences.
    Linear,
}

/// Everything that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where pictures come from.
    pub origin: Origin,
    /// How they are shown.
    pub shows: Shows,
    /// Time between two, ms.
    pub pace_ms: u64,
    /// Where one begins.
    pub tab: Tab,
    /// After how many pictures to end.
    pub count: Option<u64>,
    /// Where pictures are written to.
    pub record: Option<PathBuf>,
    /// The time of day at which a record begins to play.
    pub at: Option<String>,
    /// Whether orders may be given.
    pub allow_actions: bool,
    /// Who gives them.
    pub by: String,
    /// Whether to draw with ASCII only.
    pub ascii: bool,
    /// Whether to do without colours.
    pub no_color: bool,
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

/// Reads what was asked for. `by` is who gives orders unless `--as` says otherwise.
pub fn settings(given: &[(&str, String)], by: &str) -> Result<Settings, Vec<Problem>> {
    let value = |flag: &str| given.iter().find(|(known, _)| *known == flag).map(|(_, value)| value.as_str());
    let has = |flag: &str| value(flag).is_some();
    let mut problems = contradictions(&has);
    let mut keep = |result: Result<Option<u64>, Problem>| {
        result.unwrap_or_else(|problem| {
            problems.push(problem);
            None
        })
    };
    let pace_ms = keep(value("every").map(pace).transpose()).unwrap_or(PACES_MS[2]);
    let count = keep(value("count").map(count).transpose());
    let tab = match value("screen").map(tab).transpose() {
        Ok(tab) => tab.unwrap_or(Tab::Overview),
        Err(problem) => {
            problems.push(problem);
            Tab::Overview
        }
    };
    let shows = match (has("once"), has("json"), has("stream"), has("linear")) {
        (true, false, ..) => Shows::OnceText,
        (true, true, ..) => Shows::OnceJson,
        (false, _, true, _) => Shows::Stream,
        (false, _, false, true) => Shows::Linear,
        (false, _, false, false) => Shows::Screen,
    };
    let by = value("as").unwrap_or(by).trim().to_owned();
    if has("allow-actions") && by.is_empty() {
        problems
            .push(Problem::new("nobody is named for what will be done", "say who you are with --as NAME"));
    }
    let origin = match origin(&value) {
        Ok(origin) => origin,
        Err(problem) => {
            problems.push(problem);
            return Err(problems);
        }
    };
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Settings {
        origin,
        shows,
        pace_ms,
        tab,
        count,
        record: value("record").map(PathBuf::from),
        at: value("at").map(str::to_owned),
        allow_actions: has("allow-actions"),
        by,
        ascii: has("ascii"),
        no_color: has("no-color"),
    })
}

fn origin<'a>(value: &impl Fn(&str) -> Option<&'a str>) -> Result<Origin, Problem> {
    let (redis, url, replay) = (value("redis-url"), value("url"), value("replay"));
    match (replay, url, redis) {
        (Some(file), ..) => Ok(Origin::Record(PathBuf::from(file))),
        (None, Some(url), _) if !url.starts_with("http://") => Err(Problem::new(
            format!("--url is `{url}`; expected http, for example http://127.0.0.1:3001"),
            "TLS is not spoken here: ask behind what ends it",
        )),
        (None, Some(url), _) => {
            Ok(Origin::Node { url: url.to_owned(), token: value("token").map(str::to_owned) })
        }
        (None, None, Some(redis)) => Ok(Origin::Redis(redis.to_owned())),
        (None, None, None) => Err(Problem::new(
            "nothing to look at",
            "give --redis-url (or REDIS_URL), or --url http://127.0.0.1:3001 for one node, or --replay FILE",
        )),
    }
}

fn contradictions(has: &impl Fn(&str) -> bool) -> Vec<Problem> {
    let ways: Vec<&str> = ["once", "stream", "linear"].into_iter().filter(|way| has(way)).collect();
    let mut problems = Vec::new();
    if ways.len() > 1 {
        let named: Vec<String> = ways.iter().map(|way| format!("--{way}")).collect();
        problems.push(Problem::new(format!("{} at the same time", named.join(" and ")), "keep one of them"));
    }
    for (flag, needs, text) in [
        ("json", &["once"][..], "--json needs --once"),
        ("count", &["stream", "linear"], "--count needs --stream or --linear"),
        ("at", &["replay"], "--at needs --replay"),
        ("token", &["url"], "--token needs --url"),
    ] {
        if has(flag) && !needs.iter().any(|needed| has(needed)) {
            problems.push(Problem::new(text, "`qala top --help` shows examples"));
        }
    }
    for (flag, other) in [("replay", "record"), ("replay", "allow-actions"), ("replay", "once")] {
        if has(flag) && has(other) {
            problems.push(Problem::new(
                format!("--{flag} and --{other} at the same time"),
                "leave one of them out",
            ));
        }
    }
    if has("allow-actions") && !ways.is_empty() {
        problems.push(Problem::new(
            format!("--allow-actions and --{} at the same time", ways[0]),
            "orders are given on the screen only",
        ));
    }
    problems
}

/// Seconds, as milliseconds.
fn pace(value: &str) -> Result<u64, Problem> {
    let seconds = value.parse::<f64>().ok().filter(|seconds| (0.25..=60.0).contains(seconds));
    seconds.map(|seconds| crate::words::rounded(seconds * 1_000.0)).ok_or_else(|| {
        Problem::new(
            format!("--every is `{value}`; expected seconds from 0.25 to 60, for example 5"),
            "1 is usual",
        )
    })
}

fn count(value: &str) -> Result<u64, Problem> {
    value.parse().ok().filter(|count| *count > 0).ok_or_else(|| {
        Problem::new(format!("--count is `{value}`; expected a whole number from 1 on"), "for example 10")
    })
}

fn tab(value: &str) -> Result<Tab, Problem> {
    let named = Tab::ALL.into_iter().find(|tab| tab.name().eq_ignore_ascii_case(value));
    named.ok_or_else(|| {
        Problem::new(
            format!("there is no screen `{value}`"),
            "there are overview, queues, rooms, nodes and events",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{Origin, Problem, Settings, Shows, settings};
    use crate::state::Tab;

    fn read(given: &[(&'static str, &str)]) -> Result<Settings, Vec<Problem>> {
        let given: Vec<(&str, String)> =
            given.iter().map(|(flag, value)| (*flag, (*value).to_owned())).collect();
        settings(&given, "ops@host")
    }

    #[test]
    fn what_is_not_said_has_a_meaning() {
        let settings = read(&[("redis-url", "redis://db")]).expect("it makes sense");
        assert_eq!(
            settings,
            Settings {
                origin: Origin::Redis("redis://db".to_owned()),
                shows: Shows::Screen,
                pace_ms: 1_000,
                tab: Tab::Overview,
                count: None,
                record: None,
                at: None,
                allow_actions: false,
                by: "ops@host".to_owned(),
                ascii: false,
                no_color: false,
            }
        );
    }

    #[test]
    fn a_node_wins_over_what_the_environment_says_of_redis() {
        let node =
            read(&[("redis-url", "redis://db"), ("url", "http://h:1"), ("token", "t")]).expect("makes sense");
        assert_eq!(node.origin, Origin::Node { url: "http://h:1".to_owned(), token: Some("t".to_owned()) });
    }

    #[test]
    fn ways_to_show() {
        let redis = ("redis-url", "redis://db");
        for (given, expected) in [
            (&[redis, ("once", "")][..], Shows::OnceText),
            (&[redis, ("once", ""), ("json", "")], Shows::OnceJson),
            (&[redis, ("stream", "")], Shows::Stream),
            (&[redis, ("linear", "")], Shows::Linear),
        ] {
            assert_eq!(read(given).expect("makes sense").shows, expected);
        }
    }

    #[test]
    fn all_objections_at_once() {
        let redis = ("redis-url", "redis://db");
        for (given, expected) in [
            (&[][..], &["nothing to look at"][..]),
            (
                &[("url", "https://h")],
                &["--url is `https://h`; expected http, for example http://127.0.0.1:3001"],
            ),
            (
                &[redis, ("every", "0"), ("count", "0"), ("stream", ""), ("screen", "cellar")],
                &[
                    "--every is `0`; expected seconds from 0.25 to 60, for example 5",
                    "--count is `0`; expected a whole number from 1 on",
                    "there is no screen `cellar`",
                ],
            ),
            (&[redis, ("once", ""), ("linear", "")], &["--once and --linear at the same time"]),
            (&[redis, ("json", "")], &["--json needs --once"]),
            (&[redis, ("at", "03:12")], &["--at needs --replay"]),
            (&[("replay", "f"), ("record", "g")], &["--replay and --record at the same time"]),
            (&[redis, ("allow-actions", ""), ("as", " ")], &["nobody is named for what will be done"]),
            (
                &[redis, ("allow-actions", ""), ("stream", "")],
                &["--allow-actions and --stream at the same time"],
            ),
        ] {
            let problems = read(given).expect_err("it makes no sense");
            let errors: Vec<&str> = problems.iter().map(|problem| problem.error.as_str()).collect();
            assert_eq!(errors, expected, "{given:?}");
            assert!(problems.iter().all(|problem| problem.hint.is_some()), "{given:?}");
        }
    }
}
