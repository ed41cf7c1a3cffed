//! Leaves a backend alone that fails again and again, and tries it now and then.

use std::time::Duration;

use tokio::time::Instant;

/// Failures in a row after which it is left alone.
const FAILURES: u32 = 5;
/// For how long, the first time; every time it fails again for twice as long.
const SHORTEST: Duration = Duration::from_secs(1);
/// And never for longer.
const LONGEST: Duration = Duration::from_secs(15);

/// Whether a backend is asked.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    /// While it is left alone: until when. Then one call is let through, and this moves on.
    open_until: Option<Instant>,
    /// How long it is left alone the next time.
    next: Option<Duration>,
}

impl Breaker {
    /// Whether a call may be made.
    pub(super) fn lets_through(&mut self, now: Instant) -> bool {
        match self.open_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                // The one that is tried; others wait for what becomes of it.
                self.open_until = Some(now + self.next.unwrap_or(SHORTEST));
                true
            }
        }
    }

    /// It answered.
    pub(super) fn answered(&mut self) {
        *self = Self::default();
    }

    /// It did not.
    pub(super) fn failed(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES {
            let alone = self.next.unwrap_or(SHORTEST);
            self.open_until = Some(now + alone);
            self.next = Some((alone * 2).min(LONGEST));
            // The next failure counts at once.
            self.failures = FAILURES - 1;
        }
    }

    /// How long it is left alone from `now` on.
    pub(super) fn closed_for(&self, now: Instant) -> Duration {
        self.open_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_left_alone_after_five_failures_in_a_row_and_then_tried_once() {
        let (mut breaker, start) = (Breaker::default(), Instant::now());
        for _ in 0..4 {
            breaker.failed(start);
        }
        breaker.answered();
        for _ in 0..4 {
            breaker.failed(start);
            assert!(breaker.lets_through(start));
        }
        breaker.failed(start);
        assert!(!breaker.lets_through(start));
        assert_eq!(breaker.closed_for(start), SHORTEST);
        let later = start + SHORTEST;
        assert!(breaker.lets_through(later));
        assert!(!breaker.lets_through(later), "one call at a time");
        breaker.answered();
        assert!(breaker.lets_through(later) && breaker.lets_through(later));
    }

    #[test]
    fn each_time_it_fails_again_it_is_left_alone_for_longer() {
        let (mut breaker, mut now) = (Breaker::default(), Instant::now());
        for _ in 0..4 {
            breaker.failed(now);
        }
        for seconds in [1, 2, 4, 8, 15, 15] {
            breaker.failed(now);
            assert_eq!(breaker.closed_for(now), Duration::from_secs(seconds));
            now += Duration::from_secs(seconds);
            assert!(breaker.lets_through(now));
        }
    }
}
