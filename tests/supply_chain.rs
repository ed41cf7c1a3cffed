//! What is built in: `deny.toml`, held without a tool of its own. Reads what cargo knows of every package.
//!
//! Advisories are not looked at: their database has to be fetched. How that is done stands in `deny.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";
/// The one package of ours with code that the compiler cannot check, and no other.
const MAY_BE_UNSAFE: &str = "qala-trim";

/// A package, as far as it is looked at.
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    /// `None` for our own.
    source: Option<String>,
}

/// What cargo knows of everything that is built on this machine.
struct Built {
    packages: Vec<Package>,
    /// Who uses whom, tests aside.
    uses: BTreeMap<String, Vec<String>>,
}

fn built() -> Built {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let arguments = ["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform"];
    let output = Command::new(env!("CARGO")).args(arguments).arg(platform).current_dir(ROOT).output();
    let output = output.expect("cargo runs, for it runs this");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let known: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let package = |of: &Value| Package {
        id: text(&of["id"]).expect("a package has an id"),
        name: text(&of["name"]).expect("and a name"),
        version: text(&of["version"]).expect("and a version"),
        license: text(&of["license"]),
        source: text(&of["source"]),
    };
    let is_built = |used: &&Value| each(&used["dep_kinds"]).any(|kind| kind["kind"] != "dev");
    let node = |of: &Value| {
        let used = each(&of["deps"]).filter(is_built).filter_map(|used| text(&used["pkg"]));
        (text(&of["id"]).expect("a node has an id"), used.collect())
    };
    Built {
        packages: each(&known["packages"]).map(package).collect(),
        uses: each(&known["resolve"]["nodes"]).map(node).collect(),
    }
}

fn each(array: &Value) -> impl Iterator<Item = &Value> {
    array.as_array().into_iter().flatten()
}

impl Built {
    /// What the server and its tools are made of: all that our packages use, but for those left out.
    fn shipped(&self, left_out: &[String]) -> Vec<&Package> {
        let ours = self.packages.iter().filter(|package| package.source.is_none());
        let mut next: Vec<&str> = ours
            .filter(|package| !left_out.contains(&package.name))
            .map(|package| package.id.as_str())
            .collect();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        while let Some(id) = next.pop() {
            if seen.insert(id) {
                next.extend(self.uses.get(id).into_iter().flatten().map(String::as_str));
            }
        }
        self.packages.iter().filter(|package| seen.contains(package.id.as_str())).collect()
    }
}

fn toml(path: &str) -> toml::Table {
    let text =
        std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A list of `deny.toml`; of tables, what they say about `crate`.
fn list(table: &str, key: &str) -> Vec<String> {
    let rules = toml("deny.toml");
    let items = rules[table][key].as_array().expect("a list").clone();
    let text = |item: toml::Value| {
        let item = item.get("crate").cloned().unwrap_or(item);
        item.as_str().map(str::to_owned).expect("a text")
    };
    items.into_iter().map(text).collect()
}

#[test]
fn every_dependency_is_one_that_may_be_used() {
    let (built, allowed, banned) = (built(), list("licenses", "allow"), list("bans", "deny"));
    let shipped = built.shipped(&list("graph", "exclude"));
    assert!(shipped.len() > 100, "only {} packages found", shipped.len());
    let mut wrong = Vec::new();
    for Package { name, version, license, source, .. } in &built.packages {
        if source.as_ref().is_some_and(|source| source != REGISTRY) {
            wrong.push(format!("{name} {version} comes from {source:?}"));
        }
        let license = license.as_deref().unwrap_or_default();
        if !is_allowed(license, &allowed) {
            wrong.push(format!("{name} {version} is licensed {license:?}"));
        }
    }
    let banned = shipped.iter().filter(|package| banned.contains(&package.name));
    wrong.extend(banned.map(|package| format!("{} {} is banned", package.name, package.version)));
    assert!(wrong.is_empty(), "{}\n\nSee deny.toml.", wrong.join("\n"));
}

#[test]
fn a_package_is_built_in_twice_only_where_it_is_said() {
    let (built, said) = (built(), list("bans", "skip"));
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in built.shipped(&list("graph", "exclude")) {
        versions.entry(&package.name).or_default().insert(&package.version);
    }
    let is_said = |name: &str, version: &str| said.contains(&format!("{name}@{version}"));
    let mut wrong = Vec::new();
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        // One of them needs no excuse.
        let unsaid: Vec<_> = versions.iter().filter(|version| !is_said(name, version)).collect();
        if unsaid.len() > 1 {
            wrong.push(format!("{name} is there as {unsaid:?}"));
        }
    }
    let there = |name: &str, version: &str| {
        versions.get(name).is_some_and(|versions| versions.len() > 1 && versions.contains(version))
    };
    let idle =
        said.iter().filter(|said| !said.split_once('@').is_some_and(|(name, version)| there(name, version)));
    wrong.extend(idle.map(|said| format!("{said} is excused and not there twice")));
    assert!(wrong.is_empty(), "{}\n\nSee `skip` in deny.toml.", wrong.join("\n"));
}

#[test]
fn every_package_of_ours_but_one_forbids_what_the_compiler_cannot_check() {
    let workspace = toml("Cargo.toml");
    let level = |lints: &toml::Value| lints["rust"]["unsafe_code"].as_str().map(str::to_owned);
    let shared = level(&workspace["workspace"]["lints"]).expect("the workspace says so");
    assert_eq!(shared, "forbid");
    let members = workspace["workspace"]["members"].as_array().expect("a list").clone();
    let folders = members.iter().filter_map(toml::Value::as_str).chain([".", "fuzz"]);
    for folder in folders {
        let manifest = toml(&format!("{folder}/Cargo.toml"));
        let lints = &manifest["lints"];
        let own =
            if lints.get("workspace").is_some() { shared.clone() } else { level(lints).expect("it says so") };
        let name = manifest["package"]["name"].as_str().expect("a package has a name");
        assert_eq!(own, if name == MAY_BE_UNSAFE { "deny" } else { "forbid" }, "{name}");
    }
}

/// Whether a license expression can be met with what is allowed.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    // An older spelling.
    let expression = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = expression.split_whitespace().peekable();
    let met = either(&mut words, allowed);
    met && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut met = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &[String]) -> bool {
    match words.next() {
        Some("(") => {
            let met = either(words, allowed);
            words.next() == Some(")") && met
        }
        Some(license) => {
            let mut license = license.to_owned();
            if words.next_if_eq(&"WITH").is_some() {
                license = format!("{license} WITH {}", words.next().unwrap_or_default());
            }
            allowed.contains(&license)
        }
        None => false,
    }
}

#[test]
fn a_license_is_met_as_its_expression_says() {
    let allowed = ["MIT", "ISC"].map(str::to_owned);
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("MIT OR GPL-3.0-only", true),
        ("MIT AND GPL-3.0-only", false),
        ("MIT AND ISC", true),
        ("GPL-3.0-only OR MIT AND ISC", true),
        ("(GPL-3.0-only OR MIT) AND ISC", true),
        ("(MIT OR ISC) AND GPL-3.0-only", false),
        ("GPL-3.0-only/MIT", true),
        ("MIT WITH something", false),
        ("MIT WITH something OR ISC", true),
        ("(MIT", false),
        ("MIT ISC", false),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }
}
