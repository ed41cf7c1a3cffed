//! What a core's sessions do, in numbers: for those who watch the service. Counted when somebody asks, but for what
//! only the moment tells: arrivals, matches and waits of each queue.

use std::collections::BTreeMap;
use std::time::Duration;

use super::criteria::Stage;
use super::person::Direction;
use super::ticket::PoolId;
use super::time::Time;

/// Upper bounds of the first places that waits are counted in, ms; the last place has none.
pub const WAIT_BOUNDS_MS: [u64; 18] = [
    10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 15_000, 20_000, 30_000, 45_000, 60_000, 90_000,
    120_000, 180_000, 300_000,
];

/// Directions that one core keeps count of. Clients name languages: of more, those are forgotten in which nothing
/// happened for longest.
pub const DIRECTIONS: usize = 512;

/// Waits by place, one more place than there are bounds.
pub type Waits = [u64; WAIT_BOUNDS_MS.len() + 1];

/// One direction of a pool.
pub type QueueKey = (PoolId, Direction);

/// What happened in one direction since the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Tickets made.
    pub arrivals: u64,
    /// Tickets that became part of a match.
    pub matched: u64,
    /// From wish to proposal, by the stage then.
    pub waits: [Waits; Stage::ALL.len()],
    last_at: Time,
}

impl Default for Tally {
    fn default() -> Self {
        let waits = [[0; WAIT_BOUNDS_MS.len() + 1]; Stage::ALL.len()];
        Self { arrivals: 0, matched: 0, waits, last_at: Time::default() }
    }
}

/// The tallies of a core.
#[derive(Debug, Default)]
pub struct Tallies(BTreeMap<QueueKey, Box<Tally>>);

impl Tallies {
    fn of(&mut self, key: QueueKey, now: Time) -> &mut Tally {
        if self.0.len() >= DIRECTIONS && !self.0.contains_key(&key) {
            let oldest = self.0.iter().min_by_key(|(_, tally)| tally.last_at).map(|(key, _)| *key);
            oldest.and_then(|key| self.0.remove(&key));
        }
        let tally = self.0.entry(key).or_default();
        tally.last_at = now;
        tally
    }

    /// Somebody arrived.
    pub fn arrived(&mut self, key: QueueKey, now: Time) {
        self.of(key, now).arrivals += 1;
    }

    /// Somebody of that direction is in a room.
    pub fn matched(&mut self, key: QueueKey, now: Time) {
        self.of(key, now).matched += 1;
    }

    /// Somebody was found, at that stage and after so long.
    pub fn waited(&mut self, key: QueueKey, stage: Stage, waited: Duration, now: Time) {
        let place = WAIT_BOUNDS_MS.partition_point(|bound| u128::from(*bound) < waited.as_millis());
        self.of(key, now).waits[usize::from(stage.number())][place] += 1;
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (QueueKey, &Tally)> {
        self.0.iter().map(|(key, tally)| (*key, &**tally))
    }
}

/// How many sessions of a pool do what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doing {
    /// All of them.
    pub sessions: u64,
    /// Those whose client is away.
    pub away: u64,
    /// Those that wait for somebody.
    pub waiting: u64,
    /// Those in a room.
    pub talking: u64,
    /// Memberships in halls.
    pub in_halls: u64,
}

/// Who waits in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// How many, by stage.
    pub by_stage: [u64; Stage::ALL.len()],
    /// When the oldest of their wishes was made.
    pub oldest: Option<Time>,
}

/// What sessions do. Counted a few at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// By pool.
    pub pools: BTreeMap<PoolId, Doing>,
    /// By direction.
    pub lines: BTreeMap<QueueKey, Line>,
}

impl Line {
    /// One more who waits.
    pub fn join(&mut self, stage: Stage, since: Time) {
        self.by_stage[usize::from(stage.number())] += 1;
        self.oldest = Some(self.oldest.map_or(since, |oldest| oldest.min(since)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(speaks: &str) -> QueueKey {
        let language = |tag: &str| tag.parse().expect("a language");
        (PoolId("p"), Direction { speaks: language(speaks), learns: language("es") })
    }

    #[test]
    fn what_happened_is_counted_where_it_happened() {
        let mut tallies = Tallies::default();
        tallies.arrived(key("en"), Time::from_ms(1));
        tallies.arrived(key("fr"), Time::from_ms(2));
        tallies.matched(key("fr"), Time::from_ms(2));
        tallies.matched(key("de"), Time::from_ms(2));
        for (ms, stage) in
            [(0, Stage::Exact), (10, Stage::Exact), (11, Stage::Exact), (300_001, Stage::PairOnly)]
        {
            tallies.waited(key("en"), stage, Duration::from_millis(ms), Time::from_ms(3));
        }
        let told: Vec<_> = tallies.iter().map(|(key, tally)| (key, tally.arrivals, tally.matched)).collect();
        assert_eq!(told, [(key("de"), 0, 1), (key("en"), 1, 0), (key("fr"), 1, 1)]);
        let (_, english) = tallies.iter().nth(1).expect("it is there");
        assert_eq!((english.waits[0][0], english.waits[0][1], english.waits[4][18]), (2, 1, 1));
    }

    #[test]
    fn of_more_directions_than_are_kept_the_quietest_go() {
        let mut tallies = Tallies::default();
        let letters = || (b'a'..=b'z').map(char::from);
        let names: Vec<String> =
            letters().flat_map(|one| letters().map(move |other| format!("{one}{other}"))).collect();
        for (ms, name) in (1..).zip(&names) {
            tallies.arrived(key(name), Time::from_ms(ms));
            tallies.arrived(key("zzz"), Time::from_ms(ms));
        }
        let told: Vec<_> =
            tallies.iter().map(|((_, direction), _)| direction.speaks.as_str().to_owned()).collect();
        assert_eq!(told.len(), DIRECTIONS);
        assert_eq!(told[0], names[names.len() - DIRECTIONS + 1]);
        assert_eq!(told.last().map(String::as_str), Some("zzz"));
    }
}
