//! Where one is in a record, and how fast it plays.

use super::PACES_MS;

/// A record while it is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeline {
    /// Its first moment, ms since 1970.
    pub first_ms: u64,
    /// Its last moment.
    pub last_ms: u64,
    /// The moment that is shown.
    pub at_ms: u64,
    /// Whether it goes on by itself.
    pub plays: bool,
    /// How many times as fast as it was.
    pub speed: u32,
}

/// How many times as fast a record may be played.
const SPEEDS: [u32; 6] = [1, 2, 5, 10, 60, 600];
const DAY_MS: u64 = 86_400_000;

impl Timeline {
    /// At its beginning.
    pub fn new(first_ms: u64, last_ms: u64) -> Self {
        Self { first_ms, last_ms: last_ms.max(first_ms), at_ms: first_ms, plays: true, speed: 1 }
    }

    /// A moment so many seconds on, within the record.
    pub(crate) fn after(&self, seconds: i64) -> u64 {
        self.at_ms.saturating_add_signed(seconds.saturating_mul(1_000)).clamp(self.first_ms, self.last_ms)
    }

    /// The moment at that share of it.
    pub(crate) fn at_share(&self, share: f64) -> u64 {
        let length = crate::words::float(self.last_ms - self.first_ms);
        self.first_ms + crate::words::rounded(length * share.clamp(0.0, 1.0))
    }

    /// How much of it is before the moment shown, as a share.
    pub(crate) fn share(&self) -> f64 {
        let length = self.last_ms - self.first_ms;
        if length == 0 {
            return 0.0;
        }
        (crate::words::float(self.at_ms.saturating_sub(self.first_ms)) / crate::words::float(length)).min(1.0)
    }

    /// The next speed, or the one before.
    pub(crate) fn change_speed(&mut self, faster: bool) {
        let place = SPEEDS.iter().position(|speed| *speed == self.speed).unwrap_or_default();
        let next = if faster { place + 1 } else { place.saturating_sub(1) };
        self.speed = SPEEDS.get(next).copied().unwrap_or(self.speed);
    }

    /// The moment of a time of day, `03:12` or `03:12:40`, UTC: the first in the record, or the nearest end of it.
    pub fn moment(&self, time_of_day: &str) -> Option<u64> {
        let mut parts = time_of_day.trim().split(':').map(|part| {
            (part.len() <= 2 && part.bytes().all(|digit| digit.is_ascii_digit()))
                .then(|| part.parse::<u64>().ok())?
        });
        let hours = parts.next()??;
        let minutes = parts.next()??;
        let seconds = parts.next().map_or(Some(0), |seconds| seconds)?;
        if parts.next().is_some() || hours > 23 || minutes > 59 || seconds > 59 {
            return None;
        }
        let of_day_ms = ((hours * 60 + minutes) * 60 + seconds) * 1_000;
        let midnight_ms = self.first_ms - self.first_ms % DAY_MS;
        let first = midnight_ms + of_day_ms;
        // Before the record began: the same time of the next day, if the record reaches it.
        let moment =
            if first < self.first_ms && first + DAY_MS <= self.last_ms { first + DAY_MS } else { first };
        Some(moment.clamp(self.first_ms, self.last_ms))
    }
}

/// The next time between two pictures, or the one before.
pub(crate) fn pace(pace_ms: u64, faster: bool) -> u64 {
    let next = if faster {
        PACES_MS.iter().rev().find(|known| **known < pace_ms)
    } else {
        PACES_MS.iter().find(|known| **known > pace_ms)
    };
    next.copied().unwrap_or(pace_ms)
}

#[cfg(test)]
mod tests {
    use super::{Timeline, pace};

    /// 22:00:00 on some day, for ten hours.
    const NIGHT: (u64, u64) = (1_700_085_600_000, 1_700_121_600_000);

    #[test]
    fn a_time_of_day_is_found_past_midnight() {
        let timeline = Timeline::new(NIGHT.0, NIGHT.1);
        let hour = 3_600_000;
        for (written, expected) in [
            ("22:00", Some(NIGHT.0)),
            ("23:30", Some(NIGHT.0 + hour + hour / 2)),
            ("03:12", Some(NIGHT.0 + 5 * hour + 12 * 60_000)),
            (" 3:12:40 ", Some(NIGHT.0 + 5 * hour + 12 * 60_000 + 40_000)),
            ("08:00", Some(NIGHT.1)),
            // Not in the record: its nearest end.
            ("21:00", Some(NIGHT.0)),
            ("12:00", Some(NIGHT.0)),
            ("24:00", None),
            ("03:60", None),
            ("03", None),
            ("", None),
            ("03:12:00:00", None),
            ("+3:12", None),
            ("0x:12", None),
        ] {
            assert_eq!(timeline.moment(written), expected, "{written}");
        }
    }

    #[test]
    fn one_stays_within_the_record() {
        let mut timeline = Timeline::new(10_000, 70_000);
        for (seconds, expected) in
            [(-10, 10_000), (10, 20_000), (60, 70_000), (i64::MAX, 70_000), (i64::MIN, 10_000)]
        {
            assert_eq!(timeline.after(seconds), expected);
        }
        assert_eq!(
            (timeline.at_share(-1.0), timeline.at_share(0.5), timeline.at_share(2.0)),
            (10_000, 40_000, 70_000)
        );
        timeline.at_ms = 40_000;
        assert!((timeline.share() - 0.5).abs() < 1e-9);
        assert!(Timeline::new(5, 5).share().abs() < 1e-9);
    }

    #[test]
    fn speeds_and_paces_go_in_steps_and_end() {
        let mut timeline = Timeline::new(0, 1);
        let mut faster = || {
            timeline.change_speed(true);
            timeline.speed
        };
        assert_eq!([faster(), faster(), faster(), faster(), faster(), faster()], [2, 5, 10, 60, 600, 600]);
        for (now, faster, expected) in [
            (1_000, true, 500),
            (1_000, false, 2_000),
            (250, true, 250),
            (30_000, false, 30_000),
            (1_500, true, 1_000),
        ] {
            assert_eq!(pace(now, faster), expected);
        }
    }
}
