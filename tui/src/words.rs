//! Numbers as people read them: with units, and no longer than they are exact.

/// A whole number in groups of three.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// How many a second: one decimal where that says something.
pub(crate) fn rate(per_second: f64) -> String {
    if per_second >= 100.0 { count(rounded(per_second)) } else { format!("{per_second:.1}") }
}

/// A time that passed, in milliseconds.
pub(crate) fn duration(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms if ms < 9_950.0 => format!("{:.1} s", ms / 1_000.0),
        ms => age(rounded(ms)),
    }
}

/// How old something is: whole seconds, then minutes, hours, days.
pub(crate) fn age(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Memory.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["B", "kB", "MB", "GB"];
    let mut scaled = bytes;
    let mut unit = 0;
    while scaled >= 10_000 && unit + 1 < UNITS.len() {
        scaled /= 1_000;
        unit += 1;
    }
    format!("{} {}", count(scaled), UNITS[unit])
}

/// A share of one, as percent.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// The time of day, UTC.
pub(crate) fn clock(unix_ms: u64) -> String {
    let seconds = unix_ms / 1_000 % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// The nearest whole number; nothing below zero.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded and not negative; casts saturate"
)]
pub(crate) fn rounded(number: f64) -> u64 {
    number.round().max(0.0) as u64
}

/// A whole number for arithmetic. Exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "figures for the screen")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::{age, bytes, clock, count, duration, percent, rate};

    #[test]
    fn numbers_have_groups_and_units() {
        for (shown, expected) in [
            (count(0), "0"),
            (count(999), "999"),
            (count(1_000), "1,000"),
            (count(1_234_567), "1,234,567"),
            (rate(0.0), "0.0"),
            (rate(48.24), "48.2"),
            (rate(9_870.4), "9,870"),
            (duration(0.42), "0.4 ms"),
            (duration(31.0), "31 ms"),
            (duration(999.4), "999 ms"),
            (duration(1_400.0), "1.4 s"),
            (duration(31_000.0), "31 s"),
            (age(58_999), "58 s"),
            (age(119_000), "119 s"),
            (age(120_000), "2 min"),
            (age(7_200_000), "2 h"),
            (age(172_800_000), "2 d"),
            (bytes(9_999), "9,999 B"),
            (bytes(21_300_000), "21 MB"),
            (bytes(12_000_000_000), "12 GB"),
            (percent(0.914), "91 %"),
            (clock(0), "00:00:00"),
            (clock(1_700_000_000_000), "22:13:20"),
        ] {
            assert_eq!(shown, expected);
        }
    }
}
