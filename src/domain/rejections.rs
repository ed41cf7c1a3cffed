//! Who says no to everybody wears people out: after so many rejections the next search waits.

use std::collections::VecDeque;
use std::time::Duration;

use super::time::Time;

/// How many rejections are usual, and what more of them cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RejectionRule {
    /// So many within the time cost nothing; 0 is no limit.
    pub free: usize,
    /// The time.
    pub within: Duration,
    /// How long the next search waits after each one more.
    pub wait: Duration,
}

/// The moments of somebody's last rejections. Nothing is allocated for those who say no to nobody.
#[derive(Debug, Default)]
#[expect(clippy::box_collection, reason = "eight bytes in each session, of which hardly any has one")]
pub struct Rejections(Option<Box<VecDeque<Time>>>);

impl Rejections {
    /// One more at `now`; until when the next search waits, if it does. Remembers as many as cost nothing, and one.
    pub fn add(&mut self, rule: &RejectionRule, now: Time) -> Option<Time> {
        if rule.free == 0 {
            return None;
        }
        let moments = self.0.get_or_insert_default();
        moments.push_back(now);
        while moments.len() > rule.free + 1
            || moments.front().is_some_and(|moment| now.since(*moment) >= rule.within)
        {
            moments.pop_front();
        }
        (moments.len() > rule.free).then(|| now + rule.wait)
    }

    /// Whether all are too long ago to count.
    pub fn are_past(&self, rule: &RejectionRule, now: Time) -> bool {
        let last = self.0.as_ref().and_then(|moments| moments.back());
        last.is_none_or(|last| now.since(*last) >= rule.within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: RejectionRule =
        RejectionRule { free: 3, within: Duration::from_mins(1), wait: Duration::from_secs(30) };

    fn at(seconds: u64) -> Time {
        Time::from_ms(1_000_000 + seconds * 1_000)
    }

    #[test]
    fn so_many_within_the_time_cost_nothing_and_each_more_a_wait() {
        let mut rejections = Rejections::default();
        assert!(rejections.are_past(&RULE, at(0)));
        for (second, waits_until) in [
            (0, None),
            (10, None),
            (20, None),
            (30, Some(60)),
            (50, Some(80)),
            // Those at 10, 20 and 30 are past.
            (90, None),
            (91, None),
            (109, Some(139)),
            (400, None),
        ] {
            assert_eq!(rejections.add(&RULE, at(second)), waits_until.map(at), "{second}");
        }
        assert!(!rejections.are_past(&RULE, at(459)));
        assert!(rejections.are_past(&RULE, at(460)));
    }

    #[test]
    fn no_more_are_remembered_than_count() {
        let mut rejections = Rejections::default();
        for _ in 0..1_000 {
            rejections.add(&RULE, at(0));
        }
        assert_eq!(rejections.0.expect("some").len(), 4);
    }

    #[test]
    fn zero_is_no_limit_and_remembers_nothing() {
        let mut rejections = Rejections::default();
        assert!((0..100).all(|_| rejections.add(&RejectionRule { free: 0, ..RULE }, at(0)).is_none()));
        assert!(rejections.0.is_none());
    }
}
