//! The plan: a pure schedule from a seed. Who connects when, when a search arrives and what it is like, who has
//! trouble. It does not know what the server does.

use std::time::Duration;

use crate::people::Wish;
use crate::random::Random;
use crate::scenario::{Scenario, Shape};
use crate::time::Moment;

/// Between the last planned connection and the first search, seconds.
const BREATH_SECONDS: f64 = 1.0;
/// In which everybody comes back who was dropped, seconds.
const STORM_SECONDS: f64 = 1.0;

/// One search that arrives, and the talk that is to follow.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// Which: 0, 1, 2, ...
    pub number: u32,
    /// When it is due.
    pub due: Moment,
    /// Who it is that searches.
    pub wish: Wish,
    /// Whether the first one who is offered is rejected.
    pub rejects: bool,
    /// How long this side would talk.
    pub talk: Duration,
}

/// What befalls one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It reads nothing from then on, for so long.
    Slow(Moment, Duration),
    /// It falls silent for good.
    Silent(Moment),
}

/// The schedule of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    scenario: Scenario,
    arrivals: Random,
    people: Random,
    number: u32,
    /// Seconds since the first search could arrive.
    at: f64,
}

impl Plan {
    /// The schedule of `scenario`.
    pub fn new(scenario: &Scenario) -> Self {
        let mut seed = Random::new(scenario.seed);
        let (arrivals, people) = (Random::new(seed.next()), Random::new(seed.next()));
        Self { scenario: scenario.clone(), arrivals, people, number: 0, at: 0.0 }
    }

    /// When that client is to connect.
    pub fn connect_due(&self, client: u32) -> Moment {
        let part = f64::from(client) / f64::from(self.scenario.clients);
        Moment::from_seconds(self.scenario.ramp_seconds * part)
    }

    /// When searches begin to arrive.
    pub fn begins(&self) -> Moment {
        Moment::from_seconds(self.scenario.ramp_seconds + BREATH_SECONDS)
    }

    /// When they end.
    pub fn ends(&self) -> Moment {
        self.begins() + Duration::from_secs_f64(self.scenario.duration_seconds)
    }

    /// The next search of the open model. A Poisson process whose rate changes: arrivals at the highest rate, of
    /// which as many are kept as the moment's rate asks for.
    pub fn next_arrival(&mut self) -> Option<Arrival> {
        let Scenario { rate, duration_seconds, ref shape, .. } = self.scenario;
        let highest = shape.highest();
        loop {
            self.at += self.arrivals.gap(rate * highest);
            if self.at >= duration_seconds {
                return None;
            }
            let factor = shape.factor(self.at / duration_seconds, duration_seconds);
            if self.arrivals.unit() * highest < factor {
                let due = self.begins() + Duration::from_secs_f64(self.at);
                return Some(self.arrival(due));
            }
        }
    }

    /// A search of the closed model: it arrives because a client is free.
    pub fn arrival(&mut self, due: Moment) -> Arrival {
        let number = self.number;
        self.number += 1;
        let wish = self.scenario.people.draw(&mut self.people);
        let rejects = self.people.percent(self.scenario.people.reject_percent);
        // Half to one and a half of the average.
        let seconds = self.scenario.talk.seconds * (0.5 + self.people.unit());
        Arrival { number, due, wish, rejects, talk: Duration::from_secs_f64(seconds) }
    }

    /// When all connections drop, if they do.
    pub fn storm(&self) -> Option<Moment> {
        let half = Duration::from_secs_f64(self.scenario.duration_seconds / 2.0);
        matches!(self.scenario.shape, Shape::Storm).then(|| self.begins() + half)
    }

    /// When that client comes back after all dropped at `dropped`.
    pub fn back_after_storm(&self, client: u32, dropped: Moment) -> Moment {
        dropped + Duration::from_secs_f64(self.own(client, 1).unit() * STORM_SECONDS)
    }

    /// What befalls that client.
    pub fn trouble(&self, client: u32) -> Option<Trouble> {
        let mut random = self.own(client, 2);
        let troubles = &self.scenario.troubles;
        let (slow, silent) =
            (random.percent(troubles.slow_percent), random.percent(troubles.half_open_percent));
        let at = self.begins() + Duration::from_secs_f64(random.unit() * self.scenario.duration_seconds);
        match (silent, slow) {
            (true, _) => Some(Trouble::Silent(at)),
            (false, true) => Some(Trouble::Slow(at, Duration::from_secs_f64(troubles.slow_seconds))),
            (false, false) => None,
        }
    }

    /// Randomness of one client for one purpose, independent of everything else.
    fn own(&self, client: u32, purpose: u64) -> Random {
        let mut random = Random::new(self.scenario.seed ^ (purpose << 56) ^ (u64::from(client) << 8));
        Random::new(random.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario() -> Scenario {
        Scenario { duration_seconds: 100.0, rate: 50.0, ..Scenario::default() }
    }

    fn all(scenario: &Scenario) -> Vec<Arrival> {
        let mut plan = Plan::new(scenario);
        std::iter::from_fn(|| plan.next_arrival()).collect()
    }

    #[test]
    fn the_same_seed_is_the_same_schedule() {
        assert_eq!(all(&scenario()), all(&scenario()));
        assert_ne!(all(&scenario()), all(&Scenario { seed: 2, ..scenario() }));
    }

    #[test]
    fn arrivals_come_in_order_at_the_rate() {
        let all = all(&scenario());
        assert!(all.is_sorted_by_key(|arrival| arrival.due));
        assert!(all.iter().enumerate().all(|(place, arrival)| usize::try_from(arrival.number) == Ok(place)));
        // 5,000 expected; the seed is fixed, so that this cannot fail by chance.
        assert!((4_800..5_200).contains(&all.len()), "{}", all.len());
        let plan = Plan::new(&scenario());
        assert!(all.iter().all(|arrival| (plan.begins()..plan.ends()).contains(&arrival.due)));
    }

    /// How many arrive in each tenth of the time.
    fn tenths(shape: Shape) -> [usize; 10] {
        let begins = Plan::new(&scenario()).begins();
        let mut tenths = [0; 10];
        for arrival in all(&Scenario { shape, ..scenario() }) {
            let tenth = arrival.due.since(begins).as_secs() / 10;
            tenths[usize::try_from(tenth).expect("a tenth")] += 1;
        }
        tenths
    }

    #[test]
    fn each_shape_has_its_shape() {
        let ramp = tenths(Shape::Ramp);
        assert!(ramp[0] < 60 && ramp[9] > 400, "{ramp:?}");
        let steps = tenths(Shape::Steps { steps: 2 });
        assert!(steps[..5].iter().all(|n| (180..320).contains(n)), "{steps:?}");
        assert!(steps[5..].iter().all(|n| (430..570).contains(n)), "{steps:?}");
        let spike = tenths(Shape::Spike { seconds: 20.0, times: 3.0 });
        assert!(spike[4] > 1_300 && spike[5] > 1_300 && spike[3] < 600 && spike[6] < 600, "{spike:?}");
    }

    #[test]
    fn as_many_have_trouble_as_the_scenario_says() {
        let troubles =
            crate::scenario::Troubles { slow_percent: 10.0, slow_seconds: 5.0, half_open_percent: 5.0 };
        let plan = Plan::new(&Scenario { troubles, ..scenario() });
        let troubles: Vec<_> = (0..10_000).filter_map(|client| plan.trouble(client)).collect();
        let silent = troubles.iter().filter(|trouble| matches!(trouble, Trouble::Silent(_))).count();
        assert!((450..550).contains(&silent), "{silent}");
        assert!((850..1_050).contains(&(troubles.len() - silent)), "{}", troubles.len());
    }
}
