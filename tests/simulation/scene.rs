//! What a run is like: how many take part, how long things take, what goes wrong. All of it from the seed.

use std::time::Duration;

use qala::domain::criteria::Ladder;
use qala::domain::id::{Address, NodeId};
use qala::domain::limits::Limits;
use qala::domain::policy::Policy;
use qala::domain::ticket::PoolId;
use qala::domain::time::Time;

use super::random::Random;

/// The pool of all runs.
pub(crate) const POOL: &str = "simulation";
/// When runs begin: an ordinary day.
pub(crate) const BEGIN: Time = Time::from_ms(1_800_000_000_000);

/// One run's setting.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    /// Everything random comes from it.
    pub(crate) seed: u64,
    /// Cores that share the store.
    pub(crate) cores: usize,
    /// People who may come.
    pub(crate) users: usize,
    /// What each of them does before the run settles.
    pub(crate) actions: u64,
    /// Who is in a room stays there, so that there are rooms to look at in the end.
    pub(crate) loyal: bool,
    /// The usual pause between two of them, milliseconds.
    pub(crate) pause_ms: u64,
    /// Languages spoken: few, so that people meet.
    pub(crate) languages: usize,
    /// The pool's numbers.
    pub(crate) policy: Policy,
    /// The cores' limits.
    pub(crate) limits: Limits,
    /// The way to the store.
    pub(crate) link: Faults,
    /// The longest way of an envelope between two cores, milliseconds.
    pub(crate) post_ms: u64,
}

/// What the way to the store is like.
#[derive(Clone, Debug)]
pub(crate) enum Faults {
    /// The embedded store: an answer is there at once.
    None,
    /// A store behind a network.
    Network {
        /// The longest way there, and the longest way back, milliseconds.
        delay_ms: u64,
        /// Operations in a hundred of which the core hears nothing.
        lost_percent: u64,
        /// When a core gives an operation up, milliseconds.
        timeout_ms: u64,
        /// Outages: nothing arrives from the first moment to the second.
        outages: Vec<(Time, Time)>,
    },
}

impl Scene {
    /// One core with the embedded store.
    pub(crate) fn quiet(seed: u64) -> Self {
        let random = &mut Random::new(seed);
        let mut policy = Policy::new(POOL);
        let step = random.pick(&[0, 1, 5, 15]).expect("not empty");
        policy.ladder = Ladder {
            opens_after: [0, 1, 2, 3, 4].map(|stage| Duration::from_secs(stage * step)),
            age_widening: 5,
        };
        policy.accept_within = Duration::from_secs(random.pick(&[3, 20]).expect("not empty"));
        policy.rematch_after = Duration::from_secs(random.pick(&[0, 20, 24 * 3600]).expect("not empty"));
        policy.grace = Duration::from_secs(random.pick(&[2, 10, 30]).expect("not empty"));
        policy.waiting_timeout = Duration::from_secs(random.pick(&[25, 300, 300]).expect("not empty"));
        let mut limits = Limits::default();
        if random.percent(60) {
            limits.matching_events_per_minute = 0;
            limits.chat_events_per_minute = 0;
            limits.signaling_events_per_minute = 0;
            limits.commands_waiting = random.pick(&[4, 16, 256]).expect("not empty");
        }
        if random.percent(10) {
            limits.waiting_tickets = 2;
        }
        if random.percent(20) {
            limits.candidates_buffered = 4;
        }
        Self {
            seed,
            cores: 1,
            users: usize::try_from(random.between(4, 14)).expect("few"),
            actions: random.between(8, 22),
            loyal: random.percent(50),
            pause_ms: random.pick(&[5, 200, 2_000]).expect("not empty"),
            languages: random.pick(&[2, 2, 3]).expect("not empty"),
            policy,
            limits,
            link: Faults::None,
            post_ms: 0,
        }
    }

    /// One to three cores, and a store somewhere else.
    pub(crate) fn far(seed: u64) -> Self {
        let random = &mut Random::new(seed ^ 0xFA12);
        let mut scene = Self::quiet(seed);
        scene.cores = usize::try_from(random.between(1, 3)).expect("few");
        scene.users = usize::try_from(random.between(4, 12)).expect("few");
        scene.actions *= 2;
        scene.post_ms = random.pick(&[0, 5, 50, 400]).expect("not empty");
        scene.link = Faults::Network {
            delay_ms: random.pick(&[0, 2, 50, 300]).expect("not empty"),
            lost_percent: 0,
            timeout_ms: 1_000,
            outages: Vec::new(),
        };
        scene
    }

    /// The same, and what can go wrong does: answers are lost, the store is away for seconds.
    pub(crate) fn faulty(seed: u64) -> Self {
        let random = &mut Random::new(seed ^ 0xFA17);
        let mut scene = Self::far(seed);
        let Faults::Network { lost_percent, outages: list, .. } = &mut scene.link else { return scene };
        *lost_percent = random.pick(&[0, 2, 10, 30]).expect("not empty");
        let mut at = BEGIN;
        for _ in 0..random.below(4) {
            let from = at + Duration::from_millis(random.between(100, 15_000));
            at = from + Duration::from_millis(random.between(100, 12_000));
            list.push((from, at));
        }
        scene
    }

    /// Thirty to forty people at once.
    pub(crate) fn crowded(seed: u64) -> Self {
        let mut scene = if seed.is_multiple_of(2) { Self::quiet(seed) } else { Self::faulty(seed) };
        scene.users = usize::try_from(Random::new(seed).between(30, 40)).expect("few");
        scene
    }

    /// Whether every operation is carried out and answered.
    pub(crate) const fn is_lossless(&self) -> bool {
        match &self.link {
            Faults::None => true,
            Faults::Network { lost_percent, outages, .. } => *lost_percent == 0 && outages.is_empty(),
        }
    }

    /// The pool of all runs.
    pub(crate) const fn pool(&self) -> PoolId {
        self.policy.pool
    }

    /// Node and shard of a core: the first two are shards of one node, the third is another node.
    pub(crate) fn place(core: usize) -> (NodeId, u8) {
        match core {
            0 => (NodeId::new("one"), 0),
            1 => (NodeId::new("one"), 1),
            _ => (NodeId::new("two"), 0),
        }
    }

    /// The core that an address is at.
    pub(crate) fn core_of(address: &Address) -> usize {
        match (address.node.as_str(), address.session.shard) {
            ("one", 0) => 0,
            ("one", _) => 1,
            _ => 2,
        }
    }
}
