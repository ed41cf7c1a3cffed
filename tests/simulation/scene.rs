//! What a run is like: how many take part, how long things take, what goes wrong. All of it from the seed.

use std::time::Duration;

use qala::dialect::Dialect;
use qala::domain::criteria::Ladder;
use qala::domain::limits::Limits;
use qala::domain::policy::{Acceptance, JoinAgain, Policy};
use qala::domain::ticket::PoolId;
use qala::domain::time::Time;

use super::random::Random;

/// The pool of runs that are no dialect's.
pub(crate) const POOL: &str = "simulation";
/// When runs begin: an ordinary day.
pub(crate) const BEGIN: Time = Time::from_ms(1_800_000_000_000);

/// One run's setting.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    /// Everything random comes from it.
    pub(crate) seed: u64,
    /// Nodes that share the store, by how many shards they have.
    pub(crate) nodes: Vec<u8>,
    /// People who may come.
    pub(crate) users: usize,
    /// What each of them does before the run settles.
    pub(crate) actions: u64,
    /// Who is in a room stays there, so that there are rooms to look at in the end.
    pub(crate) loyal: bool,
    /// Who loses its connection may come back as the same. Nobody may who shows no secret: it is gone with its
    /// connection.
    pub(crate) returns: bool,
    /// The usual pause between two of them, milliseconds.
    pub(crate) pause_ms: u64,
    /// Languages spoken: few, so that people meet. One: nobody wishes for anything.
    pub(crate) languages: usize,
    /// The pool's numbers.
    pub(crate) policy: Policy,
    /// The cores' limits.
    pub(crate) limits: Limits,
    /// The way to the store.
    pub(crate) link: Faults,
    /// The longest way of an envelope between two cores, milliseconds.
    pub(crate) post_ms: u64,
    /// What befalls nodes and the store, and when.
    pub(crate) blows: Vec<(Time, Blow)>,
}

/// What befalls one node, named by its place among the scene's, or the store.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Blow {
    /// The node is dead at once; another one takes its place.
    Kill { place: usize, another_after_ms: u64 },
    /// The node stands still for ten seconds.
    Freeze { place: usize },
    /// The node reaches neither the store nor, through it, other nodes.
    Cut { place: usize, for_ms: u64 },
    /// The store is away and comes back with nothing.
    Empty { away_ms: u64 },
    /// The store is away and comes back without what it did last, as a replica may.
    Rewind { operations: usize, away_ms: u64 },
}

/// The kinds of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Kill,
    Freeze,
    Cut,
    Empty,
    Rewind,
}

/// How long a node stands still.
pub(crate) const FROZEN_MS: u64 = 10_000;

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
        // These people say no all the time; what that costs is a matter of `domain/core/tests/safety.rs`.
        policy.rejections.free = 0;
        let step = random.pick(&[0, 1, 5, 15]).expect("not empty");
        policy.ladder = Ladder {
            opens_after: [0, 1, 2, 3, 4].map(|stage| Duration::from_secs(stage * step)),
            age_widening: 5,
        };
        let within = Duration::from_secs(random.pick(&[3, 20]).expect("not empty"));
        policy.acceptance = Acceptance::Mutual { within };
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
            nodes: vec![1],
            users: usize::try_from(random.between(4, 14)).expect("few"),
            actions: random.between(8, 22),
            loyal: random.percent(50),
            returns: true,
            pause_ms: random.pick(&[5, 200, 2_000]).expect("not empty"),
            languages: random.pick(&[2, 2, 3]).expect("not empty"),
            policy,
            limits,
            link: Faults::None,
            post_ms: 0,
            blows: Vec::new(),
        }
    }

    /// One to four cores on up to three nodes, and a store somewhere else.
    pub(crate) fn far(seed: u64) -> Self {
        let random = &mut Random::new(seed ^ 0xFA12);
        let mut scene = Self::quiet(seed);
        scene.nodes =
            random.pick(&[vec![1], vec![2], vec![1, 1], vec![2, 1], vec![1, 2, 1]]).expect("not empty");
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

    /// `scene` in the pool of `dialect`, where to search is to accept.
    pub(crate) fn spoken(scene: Self, dialect: Dialect) -> Self {
        let random = &mut Random::new(scene.seed ^ 0x5A1D);
        let mut scene = scene;
        let known = scene.policy;
        scene.policy = Policy {
            rematch_after: random.pick(&[known.rematch_after, Duration::ZERO]).expect("not empty"),
            grace: known.grace,
            rejections: known.rejections,
            // The cores' limits are for all.
            events_per_minute: None,
            // Counting goes round for ever, and tells nobody anything that is looked at here.
            shows_presence: false,
            ..dialect.policy()
        };
        if random.percent(20) {
            scene.policy.join_again = JoinAgain::Replaces;
        }
        if random.percent(70) {
            scene.languages = 1;
        }
        scene
    }

    /// `scene` in a pool where nobody is matched, and people name the halls in which they meet.
    pub(crate) fn in_halls(scene: Self) -> Self {
        let random = &mut Random::new(scene.seed ^ 0x4A11);
        let mut scene = scene;
        scene.policy.has_halls = true;
        // Deployed clients show no secret.
        scene.returns = matches!(scene.link, Faults::None);
        if random.percent(20) {
            scene.limits.hall_members = 2;
        }
        scene
    }

    /// Two or three nodes, and blows of these kinds.
    pub(crate) fn struck(seed: u64, kinds: &[Kind]) -> Self {
        let random = &mut Random::new(seed ^ 0x57_4C);
        let mut scene = Self::far(seed);
        scene.nodes =
            random.pick(&[vec![1, 1], vec![1, 2], vec![1, 1, 1], vec![2, 1, 1]]).expect("not empty");
        scene.users = usize::try_from(random.between(4, 10)).expect("few");
        scene.actions = random.between(20, 40);
        scene.pause_ms = random.pick(&[300, 1_000]).expect("not empty");
        scene.policy.waiting_timeout = Duration::from_mins(5);
        scene.post_ms = random.pick(&[0, 5, 50]).expect("not empty");
        if let Faults::Network { delay_ms, .. } = &mut scene.link {
            *delay_ms = random.pick(&[0, 2, 50]).expect("not empty");
        }
        let mut at = BEGIN;
        for _ in 0..random.between(1, 3) {
            let from = at + Duration::from_millis(random.between(500, 15_000));
            let blow = scene.blow(random, kinds);
            at = from + Duration::from_millis(blow.ms());
            scene.blows.push((from, blow));
        }
        scene
    }

    fn blow(&self, random: &mut Random, kinds: &[Kind]) -> Blow {
        let places: Vec<usize> = (0..self.nodes.len()).collect();
        let place = random.pick(&places).expect("not empty");
        let away_ms = random.between(50, 5_000);
        match random.pick(kinds).expect("not empty") {
            Kind::Kill => Blow::Kill { place, another_after_ms: random.between(200, 8_000) },
            Kind::Freeze => Blow::Freeze { place },
            Kind::Cut => Blow::Cut { place, for_ms: random.between(500, 12_000) },
            Kind::Empty => Blow::Empty { away_ms },
            Kind::Rewind => {
                let operations = usize::try_from(random.between(1, 20)).expect("few");
                Blow::Rewind { operations, away_ms }
            }
        }
    }

    /// Whether every operation is carried out and answered, and nothing is forgotten.
    pub(crate) fn is_lossless(&self) -> bool {
        self.is_reliable() && self.outages().next().is_none() && self.blows.is_empty()
    }

    /// Whether every operation is carried out and answered while nothing befalls anybody.
    pub(crate) const fn is_reliable(&self) -> bool {
        match &self.link {
            Faults::None => true,
            Faults::Network { lost_percent, .. } => *lost_percent == 0,
        }
    }

    /// Whether two sessions of a user learn of each other: on several nodes what they ask may be lost for as long
    /// as each of them waits.
    pub(crate) fn is_certain(&self) -> bool {
        self.is_reliable() || self.nodes.len() == 1
    }

    /// When the store is away: from, until, and for which place if not for all.
    pub(crate) fn outages(&self) -> impl Iterator<Item = (Time, Time, Option<usize>)> {
        let always = match &self.link {
            Faults::None => &[][..],
            Faults::Network { outages, .. } => outages,
        };
        let of_blow = |(at, blow): &(Time, Blow)| {
            let until = *at + Duration::from_millis(blow.ms());
            match blow {
                Blow::Kill { .. } | Blow::Freeze { .. } => None,
                Blow::Cut { place, .. } => Some((*at, until, Some(*place))),
                Blow::Empty { .. } | Blow::Rewind { .. } => Some((*at, until, None)),
            }
        };
        let always = always.iter().map(|(from, until)| (*from, *until, None));
        always.chain(self.blows.iter().filter_map(of_blow))
    }

    /// Whether to search is to accept: nobody is asked, and both hear of the room at once.
    pub(crate) fn is_at_once(&self) -> bool {
        self.policy.acceptance == Acceptance::AtOnce
    }

    /// The pool of the run.
    pub(crate) const fn pool(&self) -> PoolId {
        self.policy.pool
    }
}

impl Blow {
    /// How long it lasts.
    pub(crate) const fn ms(&self) -> u64 {
        match self {
            Self::Kill { .. } => 0,
            Self::Freeze { .. } => FROZEN_MS,
            Self::Cut { for_ms, .. } => *for_ms,
            Self::Empty { away_ms } | Self::Rewind { away_ms, .. } => *away_ms,
        }
    }
}
