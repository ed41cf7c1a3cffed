//! Whatever happens in a pool, a store answers as a reading of the rules from one end to the other would.
//!
//! Random scenes are played to a store and to a naive model, and every reply is compared. 2,000 scenes of
//! each property, and 10,000 of the one that compares Redis, unless `PROPTEST_CASES` says otherwise; a failure
//! prints its scene, made as short as possible, and leaves its seed in `tests/matching_rules.regressions`,
//! which is played first from then on.

#![expect(clippy::disallowed_methods, reason = "how many scenes is asked of the environment")]

mod rules {
    pub(crate) mod actions;
    pub(crate) mod aside;
    pub(crate) mod model;
    pub(crate) mod play;
    pub(crate) mod recorder;
}
mod store;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{FileFailurePersistence, TestRunner};
use qala::domain::criteria::Stage;
use qala::domain::operation::Searched;
use qala::store::memory::MemoryStore;

use rules::actions::{Scene, person, scene};
use rules::play::Play;
use rules::recorder::{RealRedis, Recorder};

/// Played of each property by default.
const CASES: u32 = 2_000;
/// Played to Redis by default.
const REDIS_CASES: u32 = 10_000;

fn config(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(cases),
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(CASES))]

    #[test]
    fn every_reply_is_that_of_the_rules(scene in scene(120)) {
        let store = MemoryStore::new();
        let mut play = Play::new(&store, &scene);
        for action in &scene.actions {
            play.act(action)?;
        }
    }

    /// People come and search on in any order, a few candidates at a time, and stages open in between.
    /// Once every search has come to its end, no two who may meet are still waiting.
    #[test]
    fn nobody_acceptable_is_missed(
        (scene, people, turns) in (scene(1), prop::collection::vec(person(), 2..30), prop::collection::vec((0..64_usize, 0..8_u8), 0..200)),
    ) {
        let store = MemoryStore::new();
        let scene = Scene { most_waiting: 1_000, candidates: scene.candidates.min(2), ..scene };
        let mut play = Play::new(&store, &scene);
        let mut unfinished = BTreeMap::new();
        for (number, person) in people.iter().enumerate() {
            unfinished.insert(play.arrive(&person.as_user(number)), None);
        }
        let mut turns = turns.into_iter();
        while !unfinished.is_empty() {
            let (which, climb) = turns.next().unwrap_or((0, 1));
            let index = *unfinished.keys().cycle().nth(which).expect("somebody searches");
            let stage = &mut play.tickets[index].stage;
            let higher = Stage::ALL.get(usize::from(stage.number()) + 1).filter(|_| climb == 0);
            let after = match higher {
                // A ticket that accepts more must look again at those it passed.
                Some(higher) => { *stage = *higher; None }
                None => unfinished[&index],
            };
            match play.search(index, after, None, 1_000_000)? {
                Searched::More(order) => unfinished.insert(index, Some(order)),
                Searched::Listed(_) | Searched::Claimed(_) | Searched::Taken(_) | Searched::Full => unfinished.remove(&index),
            };
        }
        for waiter in &play.model.waiting {
            let missed = play.model.first_acceptable(&waiter.ticket, waiter.stage, None, play.now);
            prop_assert!(missed.is_none(), "{:?} and {:?} wait", waiter.ticket, missed.map(|other| &other.ticket));
        }
    }
}

proptest! {
    #![proptest_config(config(REDIS_CASES))]

    /// What the embedded store answered to a scene, Redis answers to the same operations, and what it has
    /// written then fits together.
    #[test]
    fn redis_answers_as_memory_does(scene in scene(120)) {
        let recorder = Recorder::default();
        let mut play = Play::new(&recorder, &scene);
        for action in &scene.actions {
            play.act(action)?;
        }
        let heard = recorder.heard();
        let told = RealRedis::told(&heard);
        for ((operation, now, outcome), told) in heard.iter().zip(told) {
            prop_assert_eq!(&told, outcome, "to {:?} at {:?}", operation, now);
        }
    }
}

/// The properties would hold as well if nothing ever happened: so it is seen to.
#[test]
fn scenes_reach_every_answer() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeMap::<_, u32>::new();
    for _ in 0..400 {
        let scene = scene(120).new_tree(&mut runner).expect("a scene").current();
        let store = MemoryStore::new();
        let mut play = Play::new(&store, &scene);
        scene.actions.iter().for_each(|action| play.act(action).expect("the rules hold"));
        play.seen.iter().for_each(|name| *seen.entry(*name).or_default() += 1);
    }
    assert_eq!(seen.len(), 39, "{seen:?}");
    assert!(seen.values().all(|scenes| *scenes >= 10), "each in one scene of forty at least: {seen:?}");
}
