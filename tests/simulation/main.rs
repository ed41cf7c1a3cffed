//! The whole service in one process, in virtual time, from one seed: cores, a shared store behind a network
//! that delays, reorders and loses, and clients that do what they like. After every step each rule of design
//! section 9 is looked at, from what clients were told and what the store did.
//!
//! ```text
//! cargo test --test simulation
//! SIMULATION_SEED=17 cargo test --test simulation     one seed of every kind, with everything that happened
//! SIMULATION_RUNS=100000 cargo test --release --test simulation
//! ```

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a check is of few kinds of things and passes all others"
)]

mod checks;
mod client;
mod ledger;
mod link;
mod observation;
mod proofs;
mod random;
mod run;
mod scene;
mod shared;
mod talks;
mod troubles;
mod world;

use std::collections::BTreeMap;
use std::io::Write;

use qala::dialect::Dialect;
use run::run;
use scene::{Kind, Scene};

/// Runs of one kind, unless `SIMULATION_RUNS` says otherwise.
fn simulate(kind: &str, scene: impl Fn(u64) -> Scene, usually: u64) {
    let number = |name: &str| std::env::var_os(name)?.to_str()?.parse::<u64>().ok();
    let (seeds, trace) = match (number("SIMULATION_SEED"), number("SIMULATION_RUNS")) {
        (Some(seed), _) => (seed..seed + 1, true),
        (None, runs) => (0..runs.unwrap_or(usually), false),
    };
    let (mut steps, mut matches, mut heard) = (0, 0, 0);
    let mut first = None;
    let mut failures = BTreeMap::<&str, Vec<u64>>::new();
    let runs = seeds.end - seeds.start;
    for seed in seeds {
        match run(scene(seed), trace) {
            Ok(report) => {
                steps += report.steps;
                matches += report.matches;
                heard += report.heard;
            }
            Err(failure) => {
                failures.entry(failure.check).or_default().push(seed);
                first.get_or_insert(failure.text);
            }
        }
    }
    let summary = format!("{kind}: {runs} runs, {steps} steps, {matches} matches, {heard} heard");
    assert!(first.is_none(), "{}\n{summary}, failed: {failures:?}", first.unwrap_or_default());
    // A simulation in which nobody meets and nobody speaks would hold every promise.
    assert!(trace || (matches > 0 && heard > 0), "{summary}");
    let _ = writeln!(std::io::stderr(), "{summary}");
}

#[test]
fn one_core_with_the_embedded_store() {
    simulate("quiet", Scene::quiet, 2_000);
}

#[test]
fn several_nodes_and_a_store_far_away() {
    simulate("far", Scene::far, 300);
}

#[test]
fn several_nodes_and_a_store_that_fails() {
    simulate("faulty", Scene::faulty, 300);
}

#[test]
fn nodes_that_die() {
    simulate("killed", |seed| Scene::struck(seed, &[Kind::Kill]), 100);
}

#[test]
fn nodes_that_stand_still() {
    simulate("frozen", |seed| Scene::struck(seed, &[Kind::Freeze]), 100);
}

#[test]
fn nodes_that_are_cut_off() {
    simulate("cut", |seed| Scene::struck(seed, &[Kind::Cut]), 100);
}

#[test]
fn a_store_that_comes_back_empty() {
    simulate("emptied", |seed| Scene::struck(seed, &[Kind::Empty]), 100);
}

#[test]
fn a_store_that_loses_its_newest() {
    simulate("rewound", |seed| Scene::struck(seed, &[Kind::Rewind]), 100);
}

#[test]
fn everything_at_once() {
    let kinds = [Kind::Kill, Kind::Freeze, Kind::Cut, Kind::Empty, Kind::Rewind];
    simulate("struck", |seed| Scene::struck(seed, &kinds), 100);
}

/// Runs of one kind in the pools where to search is to accept: whoever waits, chosen at random and with a pause after
/// skipping somebody, or whoever waits longest.
fn simulate_at_once(kind: &str, scene: impl Fn(u64) -> Scene, usually: u64) {
    for dialect in [Dialect::ANIMOCHAT, Dialect::WebrtcChat] {
        let spoken = |seed| Scene::spoken(scene(seed), dialect);
        simulate(&format!("{kind}, {}", dialect.name()), spoken, usually);
    }
}

#[test]
fn at_once_on_one_core_with_the_embedded_store() {
    simulate_at_once("quiet", Scene::quiet, 500);
}

#[test]
fn at_once_on_several_nodes_and_a_store_far_away() {
    simulate_at_once("far", Scene::far, 40);
}

#[test]
fn at_once_on_several_nodes_and_a_store_that_fails() {
    simulate_at_once("faulty", Scene::faulty, 20);
}

#[test]
fn at_once_and_everything_else_at_once() {
    let kinds = [Kind::Kill, Kind::Freeze, Kind::Cut, Kind::Empty, Kind::Rewind];
    simulate_at_once("struck", move |seed| Scene::struck(seed, &kinds), 15);
}

#[test]
fn a_crowd_at_once() {
    simulate_at_once("crowded", Scene::crowded, 20);
}

#[test]
fn a_crowd() {
    simulate("crowded", Scene::crowded, 20);
}
