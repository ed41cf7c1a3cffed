//! Time as the core sees it: a number that arrives with every input.

use std::fmt;
use std::ops::Add;
use std::time::Duration;

/// A moment: milliseconds since 1970, UTC. The core never asks for it, the shell passes it in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// Later than every moment: a deadline that is not set.
    pub const NEVER: Self = Self(u64::MAX);

    /// The moment `ms` milliseconds after 1970.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970.
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// As a text of ISO 8601, in UTC: `2026-11-20T15:03:49.007Z`.
    pub const fn utc(self) -> Utc {
        Utc(self)
    }

    /// How long after `earlier` this is; zero if it is not later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Milliseconds from `now` until this moment; zero once it has come.
    pub const fn ms_until_from(self, now: Self) -> u64 {
        self.0.saturating_sub(now.0)
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }
}

/// A moment, written with its date.
#[derive(Clone, Copy, Debug)]
pub struct Utc(Time);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY_MS: u64 = 86_400_000;
        let ms = self.0.as_ms();
        let (year, month, day) = date(ms / DAY_MS);
        let of_day = ms % DAY_MS;
        let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
        let (second, rest) = (of_day / 1_000 % 60, of_day % 1_000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{rest:03}Z")
    }
}

/// Year, month and day of a day that is counted from 1970. Years begin in March, so that the day that is not in
/// every year is their last.
const fn date(days: u64) -> (u64, u64, u64) {
    // From the year 0 on, in spans of 400 years, which are all of one length.
    let days = days + 719_468;
    let (span, of_span) = (days / 146_097, days % 146_097);
    let year = (of_span - of_span / 1_460 + of_span / 36_524 - of_span / 146_096) / 365;
    let of_year = of_span - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (span * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_with_their_date() {
        for (ms, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_700_000_000_007, "2023-11-14T22:13:20.007Z"),
            (1_709_251_199_000, "2024-02-29T23:59:59.000Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (1_735_689_600_000, "2025-01-01T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Time::from_ms(ms).utc().to_string(), expected);
        }
    }
}
