//! The rules: from sources to everything that breaks one, as `path:line: what`.

use crate::source::Source;

/// Looks through sources for what breaks it.
pub(crate) type Rule = fn(&[Source]) -> Vec<String>;

/// Lines of a file, its tests not counted.
pub(crate) const MOST_LINES: usize = 500;

/// A room of the server: a module directly under `src/`.
pub(crate) struct Room {
    pub(crate) name: &'static str,
    /// The rooms it may use.
    pub(crate) uses: &'static [&'static str],
}

/// The house from the ground up: a room uses only rooms listed before it.
pub(crate) const ROOMS: &[Room] = &[
    // What everything means. Uses nothing, so that it can be tested with nothing.
    Room { name: "domain", uses: &[] },
    // How shapes are written for people, and checked: in tests alone.
    Room { name: "contract", uses: &[] },
    // Settings are words and numbers; the server turns them into what each part wants.
    Room { name: "config", uses: &[] },
    // Counters are names; who counts what is said where it happens.
    Room { name: "metrics", uses: &[] },
    // Translates between texts and domain's commands and notices.
    Room { name: "dialect", uses: &["domain", "contract"] },
    // Carries out domain's operations.
    Room { name: "store", uses: &["domain"] },
    // Calls other servers over HTTP; what is said is the callers' affair.
    Room { name: "outside", uses: &[] },
    // Runs domain's errands over HTTP.
    Room { name: "backend", uses: &["domain", "outside"] },
    // Makes what domain's relays are shown.
    Room { name: "turn", uses: &["domain"] },
    // Runs domain's core, asks the store, encodes with the dialect, counts.
    Room { name: "node", uses: &["domain", "metrics", "dialect", "store", "backend", "turn"] },
    // Node's entropy makes a guest's secret. Stands below the other edges: they ask it who somebody is, and give it
    // what operators order.
    Room { name: "auth", uses: &["domain", "config", "store", "outside", "backend", "node"] },
    // Edges. They share a node, never each other.
    Room { name: "socket", uses: &["domain", "config", "metrics", "dialect", "node", "auth"] },
    Room { name: "http", uses: &["domain", "contract", "metrics", "store", "turn", "node", "auth"] },
    Room { name: "events", uses: &["domain", "metrics", "store", "node"] },
    // The whole: puts the parts together.
    Room {
        name: "server",
        uses: &[
            "domain", "config", "metrics", "dialect", "store", "outside", "backend", "turn", "node", "auth",
            "socket", "http", "events",
        ],
    },
];

/// What the workspace's other packages may use of the server.
const PACKAGES: &[Room] = &[
    // Arguments in, exit code out.
    Room { name: "cli", uses: &["config", "server"] },
    // The client half of `dialect`, and the words of `domain` that it speaks in.
    Room { name: "loadtest", uses: &["dialect", "domain"] },
    // Pictures of the service, and how they are read.
    Room { name: "tui", uses: &["store"] },
    // Below everything: one call, which the compiler cannot check.
    Room { name: "trim", uses: &[] },
];

/// Libraries that one place knows.
const SEAMS: &[(&str, &str)] = &[
    ("socketioxide", "src/socket/"),
    ("engineioxide", "src/socket/"),
    ("rskafka", "src/events/"),
    ("clap", "cli/"),
];

/// What of the language and of std is not pure.
const NOT_PURE: &[&str] = &[
    "async",
    "await",
    "thread_local",
    "Condvar",
    "Instant",
    "LazyLock",
    "Mutex",
    "OnceLock",
    "RwLock",
    "SystemTime",
];
const NOT_PURE_IN_STD: &[&str] = &["env", "fs", "io", "net", "os", "process", "thread"];

pub(crate) fn rooms_use_what_is_below(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources {
        let Some(name) = source.room() else { continue };
        let Some(room) = ROOMS.iter().find(|room| room.name == name) else {
            broken.push(source.at(1, &format!("`{name}` has no place in the plan")));
            continue;
        };
        let mut used = source.under("crate");
        used.extend(source.under_root_by_super());
        used.sort_unstable();
        for (line, other) in used {
            let is_room = ROOMS.iter().any(|room| room.name == other);
            if is_room && other != name && !room.uses.contains(&other) {
                broken.push(source.at(line, &format!("`{name}` uses `{other}`")));
            }
        }
    }
    broken
}

pub(crate) fn packages_use_their_part(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources {
        let Some(package) = PACKAGES.iter().find(|package| source.is_under(&format!("{}/", package.name)))
        else {
            continue;
        };
        for (line, room) in source.under("qala") {
            if !package.uses.contains(&room) {
                broken.push(source.at(line, &format!("`{}` uses `qala::{room}`", package.name)));
            }
        }
    }
    broken
}

pub(crate) fn domain_is_pure(sources: &[Source]) -> Vec<String> {
    let libraries = libraries();
    let words: Vec<&str> = NOT_PURE.iter().copied().chain(libraries.iter().map(String::as_str)).collect();
    let mut broken = Vec::new();
    for source in sources.iter().filter(|source| source.is_under("src/domain/")) {
        let production = source.production();
        let mut found: Vec<(usize, String)> = words
            .iter()
            .flat_map(|word| production.lines_with(word).into_iter().map(|line| (line, (*word).to_owned())))
            .collect();
        let std = production.under("std").into_iter().filter(|(_, module)| NOT_PURE_IN_STD.contains(module));
        found.extend(std.map(|(line, module)| (line, format!("std::{module}"))));
        found.sort_unstable();
        broken.extend(found.into_iter().map(|(line, what)| source.at(line, &format!("`{what}`"))));
    }
    broken
}

pub(crate) fn libraries_stay_in_their_place(sources: &[Source]) -> Vec<String> {
    let of = |source: &Source| -> Vec<String> {
        let strange = SEAMS.iter().filter(|(_, place)| !source.is_under(place));
        strange.flat_map(|(library, _)| breaches(source, source, library)).collect()
    };
    sources.iter().flat_map(of).collect()
}

pub(crate) fn no_unsafe(sources: &[Source]) -> Vec<String> {
    let others = sources.iter().filter(|source| !source.is_under("trim/src/lib.rs"));
    others.flat_map(|source| breaches(source, source, "unsafe")).collect()
}

pub(crate) fn no_unwrap_or_todo(sources: &[Source]) -> Vec<String> {
    let of = |source: &Source| -> Vec<String> {
        let production = source.production();
        ["unwrap", "todo!", "unimplemented!"]
            .iter()
            .flat_map(|word| breaches(source, &production, word))
            .collect()
    };
    sources.iter().flat_map(of).collect()
}

pub(crate) fn files_have_heads(sources: &[Source]) -> Vec<String> {
    let headless = sources.iter().filter(|source| !source.text().starts_with("//!"));
    headless.map(|source| source.at(1, "no head")).collect()
}

pub(crate) fn files_are_short(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources.iter().filter(|source| !source.is_test()) {
        let lines = source.text().lines().count() - source.lines_of_tests();
        if lines > MOST_LINES {
            broken.push(source.at(lines, &format!("{lines} lines, at most {MOST_LINES}")));
        }
    }
    broken
}

fn breaches(source: &Source, looked_at: &Source, word: &str) -> Vec<String> {
    looked_at.lines_with(word).into_iter().map(|line| source.at(line, &format!("`{word}`"))).collect()
}

/// What the workspace depends on, except serde, as code spells it.
fn libraries() -> Vec<String> {
    let manifest = include_str!("../../Cargo.toml");
    let sections = manifest.split("\n[").filter(|section| section.contains("dependencies]\n"));
    let lines = sections.flat_map(|section| section.lines().skip(1));
    lines
        .filter_map(|line| line.split(['.', ' ']).next())
        .filter(|name| !name.is_empty() && *name != "#" && *name != "serde")
        .map(|name| name.replace('-', "_"))
        .collect()
}
