//! The plan of the house, held: reads the sources of the workspace and names the line that breaks a rule.
//!
//! What a reader of `docs/ARCHITECTURE.md` may rely on. Comments and texts in quotes are not looked at, so a
//! rule may be talked about anywhere. Order of iteration over hash maps is not held here: no text shows it.

#[path = "layers/rules.rs"]
mod rules;
#[path = "layers/source.rs"]
mod source;

use std::path::Path;

use rules::Rule;
use source::Source;

/// Reads the workspace and fails with everything that breaks `rule`, and with what to do about it.
fn hold(rule: Rule, what_to_do: &str) {
    let sources = source::workspace(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(sources.len() > 50, "only {} sources found: the rule looked at the wrong place", sources.len());
    let broken = rule(&sources);
    assert!(broken.is_empty(), "{}\n\n{what_to_do}", broken.join("\n"));
}

#[test]
fn a_room_uses_only_what_stands_below_it() {
    hold(
        rules::rooms_use_what_is_below,
        "Move the code to the room that may use it, or hand it what it needs as an argument. If the plan is to \
         change: ROOMS in tests/layers/rules.rs, the drawing in docs/ARCHITECTURE.md, and a reason.",
    );
}

#[test]
fn the_plan_itself_has_no_circle() {
    for (index, room) in rules::ROOMS.iter().enumerate() {
        let below: Vec<&str> = rules::ROOMS[..index].iter().map(|room| room.name).collect();
        for used in room.uses {
            assert!(below.contains(used), "`{}` may use `{used}`, which is not listed before it", room.name);
        }
    }
}

#[test]
fn the_other_packages_know_only_their_part_of_the_server() {
    hold(
        rules::packages_use_their_part,
        "Go through what the package may use. If the plan is to change: PACKAGES in tests/layers/rules.rs and \
         the drawing in docs/ARCHITECTURE.md.",
    );
}

#[test]
fn domain_is_pure() {
    hold(
        rules::domain_is_pure,
        "`domain` is std and serde, without clock, locks, threads, files, network or environment: let the shell \
         (`node`) do it and hand the result in as an input or an argument; let an effect ask for it.",
    );
}

#[test]
fn a_library_stays_behind_its_seam() {
    hold(
        rules::libraries_stay_in_their_place,
        "Only src/socket/ knows the Socket.IO engine and only cli/ the argument parser, so that another can stand \
         there. Translate to words of `domain` or `config` there.",
    );
}

#[test]
fn unsafe_is_one_argued_exception() {
    hold(
        rules::no_unsafe,
        "Use a safe way or a kept crate. The one exception, argued where it stands, is trim/.",
    );
}

#[test]
fn nothing_unwraps_or_is_left_to_do() {
    hold(
        rules::no_unwrap_or_todo,
        "Handle the case, or `expect` with a text that states the invariant. What is not there yet is not there: \
         leave it out, or answer that it is not offered.",
    );
}

#[test]
fn every_file_says_what_it_is_for() {
    hold(
        rules::files_have_heads,
        "Begin the file with `//!`: its purpose, and what it deliberately does not do.",
    );
}

#[test]
fn no_file_is_too_long_to_read_at_once() {
    hold(
        rules::files_are_short,
        "Find the second noun or command in the file and give it a file of its own. Tests do not count.",
    );
}

/// A rule that cannot fail holds nothing: what breaks which, and what is said of it.
const BREACHES: &[(Rule, &str, &str, &[&str])] = &[
    (
        rules::rooms_use_what_is_below,
        "src/store/memory/queue.rs",
        "use crate::domain::id::UserId;\nuse crate::node::Clock;\n",
        &["src/store/memory/queue.rs:2: `store` uses `node`"],
    ),
    (
        rules::rooms_use_what_is_below,
        "src/dialect/qala/mod.rs",
        "use crate::{\n    domain::id,\n    config::{Config, Limit},\n};\nfn f() { super::super::http::routes() }\n",
        &[
            "src/dialect/qala/mod.rs:1: `dialect` uses `config`",
            "src/dialect/qala/mod.rs:5: `dialect` uses `http`",
        ],
    ),
    (
        rules::rooms_use_what_is_below,
        "src/socket/mod.rs",
        "#[cfg(test)]\nmod tests {\n    use crate::http::routes;\n}\n",
        &["src/socket/mod.rs:3: `socket` uses `http`"],
    ),
    (
        rules::rooms_use_what_is_below,
        "src/attic/mod.rs",
        "//! Old things.\n",
        &["src/attic/mod.rs:1: `attic` has no place in the plan"],
    ),
    (
        rules::packages_use_their_part,
        "loadtest/src/client.rs",
        "use qala::node::Node;\n",
        &["loadtest/src/client.rs:1: `loadtest` uses `qala::node`"],
    ),
    (
        rules::packages_use_their_part,
        "cli/src/serve.rs",
        "use qala::{config::Config, node::Node};\n",
        &["cli/src/serve.rs:1: `cli` uses `qala::node`"],
    ),
    (
        rules::domain_is_pure,
        "src/domain/time.rs",
        "use std::time::{Duration, Instant};\npub async fn now() {}\nuse std::{collections::HashMap, env};\n",
        &[
            "src/domain/time.rs:1: `Instant`",
            "src/domain/time.rs:2: `async`",
            "src/domain/time.rs:3: `std::env`",
        ],
    ),
    (
        rules::domain_is_pure,
        "src/domain/notice.rs",
        "use serde::Serialize;\nuse serde_json::value::RawValue;\nuse ::rand::Rng;\nfn f() { std::fs::read(); }\n",
        &[
            "src/domain/notice.rs:2: `serde_json`",
            "src/domain/notice.rs:3: `rand`",
            "src/domain/notice.rs:4: `std::fs`",
        ],
    ),
    (
        rules::libraries_stay_in_their_place,
        "src/http/mod.rs",
        "use socketioxide::SocketIo;\nuse clap::Parser;\n",
        &["src/http/mod.rs:1: `socketioxide`", "src/http/mod.rs:2: `clap`"],
    ),
    (
        rules::no_unsafe,
        "src/node/clock.rs",
        "fn f() { unsafe { g() } }\n",
        &["src/node/clock.rs:1: `unsafe`"],
    ),
    (
        rules::no_unwrap_or_todo,
        "src/node/clock.rs",
        "#[cfg(test)]\nmod tests {\n    fn t() { f().unwrap() }\n}\nfn late() { f().unwrap() }\n",
        &["src/node/clock.rs:5: `unwrap`"],
    ),
    (
        rules::no_unwrap_or_todo,
        "cli/src/main.rs",
        "fn f() {\n    g()\n        .unwrap();\n    todo!()\n}\nfn h() { unimplemented!(\"later\") }\n",
        &["cli/src/main.rs:3: `unwrap`", "cli/src/main.rs:4: `todo!`", "cli/src/main.rs:6: `unimplemented!`"],
    ),
    (
        rules::files_have_heads,
        "tests/new.rs",
        "/// Not a head.\nuse std::fs;\n",
        &["tests/new.rs:1: no head"],
    ),
    (rules::files_have_heads, "tests/empty.rs", "", &["tests/empty.rs:1: no head"]),
];

/// What only looks like a breach.
const NO_BREACHES: &[(Rule, &str, &str)] = &[
    (rules::rooms_use_what_is_below, "src/lib.rs", "pub mod node;\npub use crate::node::Node;\n"),
    (
        rules::rooms_use_what_is_below,
        "src/store/mod.rs",
        "// Not crate::node::Node.\nuse crate::store::memory;\n",
    ),
    (
        rules::rooms_use_what_is_below,
        "src/domain/core/matching.rs",
        "use super::super::search::SearchPlan;\n",
    ),
    (rules::packages_use_their_part, "tests/store_contract.rs", "use qala::store::Store;\n"),
    (
        rules::domain_is_pure,
        "src/domain/mod.rs",
        "//! No `async`.\n/* std::env /* Mutex */ */\nuse std::sync::Arc;\n",
    ),
    (rules::domain_is_pure, "src/domain/core/tests.rs", "use serde_json::json;\nuse proptest::prelude::*;\n"),
    (rules::domain_is_pure, "src/node/shard.rs", "use std::time::Instant;\nasync fn f() {}\n"),
    (
        rules::domain_is_pure,
        "src/domain/id.rs",
        "fn f<'a>(strand: &'a str) -> bool { strand.contains('\"') && \"rand\" == strand }\n",
    ),
    (rules::libraries_stay_in_their_place, "src/socket/outlet.rs", "use socketioxide::SocketIo;\n"),
    (
        rules::libraries_stay_in_their_place,
        "src/http/mod.rs",
        "const S: &str = \"socketioxide \\\" clap\";\n",
    ),
    (rules::no_unsafe, "trim/src/lib.rs", "fn f() { unsafe { g() } }\n"),
    (rules::no_unsafe, "src/node/clock.rs", "#[deny(unsafe_code)]\nconst S: &str = r#\"a \" unsafe\"#;\n"),
    (
        rules::no_unwrap_or_todo,
        "src/auth/mod.rs",
        "fn f() { g().unwrap_or_default() }\n#[cfg(test)]\nmod tests {\n    fn t() { f().unwrap() }\n}\n",
    ),
    (rules::no_unwrap_or_todo, "src/auth/tests.rs", "fn t() { f().unwrap() }\n"),
    (rules::files_have_heads, "src/auth/mod.rs", "//! Head.\n"),
];

#[test]
fn each_rule_can_fail() {
    for (rule, path, text, expected) in BREACHES {
        assert_eq!(rule(&[Source::new(path, text)]), *expected, "{path}: {text}");
    }
}

#[test]
fn no_rule_fails_without_reason() {
    for (rule, path, text) in NO_BREACHES {
        assert_eq!(rule(&[Source::new(path, text)]), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn tests_do_not_make_a_file_long() {
    let line = "    fn f() {}\n";
    let production = line.repeat(rules::MOST_LINES);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{production}}}\n");
    let broken = |text: &str| rules::files_are_short(&[Source::new("src/node/mod.rs", text)]);
    assert_eq!(broken(&production), Vec::<String>::new());
    assert_eq!(broken(&format!("{production}{tests}")), Vec::<String>::new());
    let too_long = ["src/node/mod.rs:501: 501 lines, at most 500"];
    assert_eq!(broken(&format!("{production}{line}")), too_long);
    assert_eq!(broken(&format!("{production}{tests}{line}")), too_long);
}
