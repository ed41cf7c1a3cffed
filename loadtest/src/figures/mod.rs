//! Figures: from events to histograms, in constant memory. Every latency is counted from the moment at which the
//! plan meant it to begin, so that a server that stands still cannot hide it.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use crate::event::{Client, Event, Stream, Told, What};
use crate::people::{Stages, Wish};
use crate::scenario::Scenario;
use crate::time::Moment;

mod metric;
mod series;

pub use metric::{Metric, Point, Summary};
pub use series::{Cell, Row, Series, Usage};

use metric::histogram;

/// Language pairs with a histogram of their own; the rest share one.
const PAIRS_AT_MOST: usize = 40;
/// Kinds of errors that are told apart.
const ERRORS_AT_MOST: usize = 100;
/// What the rest is called.
const OTHERS: &str = "others";

/// What a client waits for, as far as its latencies need it.
#[derive(Clone, Debug, Default)]
struct Searcher {
    due: Moment,
    /// Since when nothing kept it from being found.
    free_since: Moment,
    accepted: Moment,
    wish: Option<Box<Wish>>,
    /// It reads late, so that nothing it hears is a measure.
    troubled: bool,
}

/// How often something happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that stood.
    pub connects: u64,
    /// Searches.
    pub searches: u64,
    /// People who were found, two for each match.
    pub found: u64,
    /// Searches that ended without a match.
    pub unmatched: u64,
    /// Messages sent, and heard.
    pub sent: u64,
    /// Messages heard.
    pub heard: u64,
    /// Searches that were due while no client was free.
    pub nobody_free: u64,
    /// Errors.
    pub errors: u64,
}

/// All figures of a run.
#[derive(Debug)]
pub struct Figures {
    stages: Stages,
    all: [Histogram<u32>; Metric::ALL.len()],
    by_stage: [Histogram<u32>; 5],
    by_pair: BTreeMap<String, Histogram<u32>>,
    searchers: Vec<Searcher>,
    counts: Counts,
    errors: BTreeMap<Box<str>, u64>,
    series: Series,
}

impl Figures {
    /// Of a run of `scenario`, before anything happened.
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            stages: scenario.stages(),
            all: Metric::ALL.map(|_| histogram()),
            by_stage: [(); 5].map(|()| histogram()),
            by_pair: BTreeMap::new(),
            searchers: vec![Searcher::default(); scenario.clients as usize],
            counts: Counts::default(),
            errors: BTreeMap::new(),
            series: Series::new(scenario.ramp_seconds + scenario.duration_seconds),
        }
    }

    /// Takes an event.
    pub fn take(&mut self, event: &Event) {
        let Event { at, client, ref what } = *event;
        match what {
            What::Connected { took } => {
                self.counts.connects += 1;
                self.record(client, Metric::Connect, took.as_micros());
            }
            What::Searched { due, wish, .. } => {
                self.counts.searches += 1;
                let troubled = self.searcher(client).troubled;
                *self.searcher(client) = Searcher {
                    due: *due,
                    free_since: *due,
                    accepted: Moment::default(),
                    wish: Some(wish.clone()),
                    troubled,
                };
            }
            What::Found(told) if !told.again => self.found(client, told, at),
            What::Accepted => self.searcher(client).accepted = at,
            What::Failed { .. } => self.searcher(client).free_since = at,
            What::Ready { told, .. } if !told.again => self.ready(client, told, at),
            What::Unmatched { .. } => self.counts.unmatched += 1,
            What::Sent(_) => self.counts.sent += 1,
            What::Heard(message) => {
                self.counts.heard += 1;
                let metric = match message.stream {
                    Stream::Signal => Metric::Signal,
                    Stream::Chat => Metric::Chat,
                };
                self.record(client, metric, at.since(message.due).as_micros());
            }
            What::Acknowledged { took } => self.record(client, Metric::Ack, took.as_micros()),
            What::Late(by) => self.record(client, Metric::Lag, by.as_micros()),
            What::NobodyFree => self.counts.nobody_free += 1,
            What::Troubled => self.searcher(client).troubled = true,
            What::Recovered => self.searcher(client).troubled = false,
            What::Error { what } => self.wrong(what),
            What::Found(_)
            | What::Ready { .. }
            | What::Known { .. }
            | What::Dropped { .. }
            | What::Fresh
            | What::Rejected
            | What::HeardStrange(_)
            | What::Left
            | What::PeerLeft
            | What::AcknowledgedTwice
            | What::Unacknowledged => {}
        }
    }

    /// A second is over.
    pub fn second(&mut self, row: Row) {
        self.series.close(row);
    }

    /// How often what happened.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Errors and how often each was seen.
    pub fn errors(&self) -> impl Iterator<Item = (&str, u64)> {
        self.errors.iter().map(|(what, times)| (&**what, *times))
    }

    /// The rows of the run.
    pub fn series(&self) -> &Series {
        &self.series
    }

    /// The figure at that quantile, in microseconds; `None` if there was nothing to measure.
    pub fn quantile_us(&self, metric: Metric, quantile: f64) -> Option<u64> {
        let histogram = &self.all[metric as usize];
        (!histogram.is_empty()).then(|| histogram.value_at_quantile(quantile))
    }

    /// The usual figures of a metric.
    pub fn summary(&self, metric: Metric) -> Summary {
        Summary::of(&self.all[metric as usize], self.series.active_seconds(metric))
    }

    /// From search to match, by the stage of the one who was found.
    pub fn by_stage(&self) -> Vec<(usize, Summary)> {
        let seconds = self.series.active_seconds(Metric::Match);
        let stages = self.by_stage.iter().enumerate().filter(|(_, histogram)| !histogram.is_empty());
        stages.map(|(stage, histogram)| (stage, Summary::of(histogram, seconds))).collect()
    }

    /// From search to match, by language pair, the most common first.
    pub fn by_pair(&self) -> Vec<(&str, Summary)> {
        let seconds = self.series.active_seconds(Metric::Match);
        let pairs = self.by_pair.iter();
        let mut pairs: Vec<(&str, Summary)> =
            pairs.map(|(pair, histogram)| (pair.as_str(), Summary::of(histogram, seconds))).collect();
        pairs.sort_by_key(|(_, summary)| std::cmp::Reverse(summary.count));
        pairs
    }

    /// The distribution of a metric, from the median to the end.
    pub fn distribution(&self, metric: Metric) -> Vec<Point> {
        metric::distribution(&self.all[metric as usize])
    }

    fn searcher(&mut self, client: Client) -> &mut Searcher {
        &mut self.searchers[client as usize]
    }

    fn record(&mut self, client: Client, metric: Metric, us: u128) {
        if self.searchers[client as usize].troubled {
            return;
        }
        let us = u64::try_from(us).unwrap_or(u64::MAX);
        self.all[metric as usize].saturating_record(us);
        self.series.record(metric, us);
    }

    fn wrong(&mut self, what: &str) {
        self.counts.errors += 1;
        let known = self.errors.contains_key(what) || self.errors.len() < ERRORS_AT_MOST;
        *self.errors.entry(if known { what } else { OTHERS }.into()).or_default() += 1;
    }

    /// From the moment at which the match was possible: both were searching, nothing else kept them busy, and both
    /// would have said yes.
    fn found(&mut self, client: Client, told: &Told, at: Moment) {
        self.counts.found += 1;
        let mine = &self.searchers[client as usize];
        let theirs = told.partner.map(|partner| &self.searchers[partner as usize]);
        let possible = theirs.map_or(mine.free_since, |theirs| self.possible_since(mine, theirs));
        let waited = at.since(mine.due);
        let stage = told.stage.map_or_else(|| self.stages.reached(waited), usize::from);
        let pair = mine.wish.as_ref().map(|wish| pair_of(wish));
        let us = at.since(possible).as_micros();
        self.record(client, Metric::Match, us);
        self.record(client, Metric::Wait, waited.as_micros());
        let us = u64::try_from(us).unwrap_or(u64::MAX);
        if let Some(histogram) = self.by_stage.get_mut(stage) {
            histogram.saturating_record(us);
        }
        if let Some(pair) = pair {
            let known = self.by_pair.contains_key(&pair) || self.by_pair.len() < PAIRS_AT_MOST;
            let key = if known { pair } else { OTHERS.to_owned() };
            self.by_pair.entry(key).or_insert_with(histogram).saturating_record(us);
        }
    }

    fn possible_since(&self, mine: &Searcher, theirs: &Searcher) -> Moment {
        let accepts = |one: &Searcher, other: &Searcher| {
            let wishes = one.wish.as_ref().zip(other.wish.as_ref());
            let after = wishes.and_then(|(one, other)| self.stages.accepts_after(one, other));
            one.due + after.unwrap_or_default()
        };
        [mine.free_since, theirs.free_since, accepts(mine, theirs), accepts(theirs, mine)]
            .into_iter()
            .max()
            .unwrap_or_default()
    }

    fn ready(&mut self, client: Client, told: &Told, at: Moment) {
        let mine = &self.searchers[client as usize];
        if mine.accepted == Moment::default() {
            // Nobody was asked: this is how it is told of the match.
            return self.found(client, told, at);
        }
        let theirs = told.partner.map(|partner| self.searchers[partner as usize].accepted);
        let agreed = mine.accepted.max(theirs.unwrap_or_default());
        self.record(client, Metric::Room, at.since(agreed).as_micros());
    }
}

/// Both directions of a pair are one.
fn pair_of(wish: &Wish) -> String {
    let (one, other) = (wish.is.speaks.as_str(), wish.is.learns.as_str());
    if one == other { "anyone".to_owned() } else { format!("{}-{}", one.min(other), one.max(other)) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::people::{Pair, People};
    use crate::random::Random;
    use crate::scenario::Family;

    fn wish(turned: bool) -> Wish {
        let people = People {
            pairs: vec![Pair { languages: ["en".into(), "es".into()], weight: 1.0 }],
            level_percent: 0.0,
            age_percent: 0.0,
            gender_percent: 0.0,
            ..People::default()
        };
        let mut wish = people.draw(&mut Random::new(1));
        if turned {
            std::mem::swap(&mut wish.is.speaks, &mut wish.is.learns);
        }
        wish
    }

    fn searched(client: Client, due_ms: u64, wish: &Wish) -> Event {
        let due = Moment::from_us(due_ms * 1_000);
        let what = What::Searched { due, family: Family::Qala, wish: Box::new(wish.clone()) };
        Event { at: due + Duration::from_millis(1), client, what }
    }

    fn found(client: Client, partner: Client, at_ms: u64) -> Event {
        let told =
            Told { partner: Some(partner), room: "r".into(), stage: Some(1), initiator: None, again: false };
        Event { at: Moment::from_us(at_ms * 1_000), client, what: What::Found(told) }
    }

    /// Milliseconds from search to match, of the first and the second.
    fn matched(wishes: [&Wish; 2], due_ms: [u64; 2], at_ms: u64) -> [u64; 2] {
        [0, 1].map(|client: usize| {
            let mut figures = Figures::new(&Scenario::default());
            figures.take(&searched(0, due_ms[0], wishes[0]));
            figures.take(&searched(1, due_ms[1], wishes[1]));
            let (client, partner) = if client == 0 { (0, 1) } else { (1, 0) };
            figures.take(&found(client, partner, at_ms));
            let us = figures.quantile_us(Metric::Match, 1.0).expect("measured");
            assert_eq!(figures.by_stage()[0].0, 1);
            assert_eq!(figures.by_pair()[0].0, "en-es");
            us / 1_000
        })
    }

    #[test]
    fn a_match_is_counted_from_the_later_of_the_two_searches() {
        assert_eq!(matched([&wish(false), &wish(true)], [1_000, 4_000], 4_007), [7, 7]);
    }

    #[test]
    fn a_match_is_counted_from_the_stage_that_makes_it_possible() {
        let mut insists = wish(false);
        insists.wants.same_proficiency = true;
        insists.is.proficiency = qala::domain::person::Proficiency::Advanced;
        // 15 s after the search of the one who insists.
        assert_eq!(matched([&insists, &wish(true)], [1_000, 4_000], 16_009), [9, 9]);
    }

    #[test]
    fn who_is_troubled_is_no_measure() {
        let mut figures = Figures::new(&Scenario::default());
        figures.take(&Event { at: Moment::default(), client: 0, what: What::Troubled });
        figures.take(&searched(0, 1_000, &wish(false)));
        figures.take(&searched(1, 1_000, &wish(true)));
        figures.take(&found(0, 1, 9_000));
        assert_eq!(figures.quantile_us(Metric::Match, 1.0), None);
    }

    #[test]
    fn errors_are_told_apart_up_to_a_number() {
        let mut figures = Figures::new(&Scenario::default());
        for number in 0..ERRORS_AT_MOST + 50 {
            figures.wrong(&format!("error {number}"));
        }
        assert_eq!(figures.counts().errors, 150);
        assert_eq!(figures.errors().count(), ERRORS_AT_MOST + 1);
        assert!(figures.errors().any(|error| error == (OTHERS, 50)));
    }
}
