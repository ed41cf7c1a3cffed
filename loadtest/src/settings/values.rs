//! Values of options, read from texts.

use std::str::FromStr;

use super::Url;

/// The port that servers listen on where none is named.
const HTTP_PORT: u16 = 80;
/// Where Socket.IO usually is.
pub(super) const SOCKET_IO: &str = "/socket.io/";

fn wrong(flag: &str, value: &str, expected: &str) -> String {
    format!("--{flag} is `{value}`; expected {expected}")
}

/// A whole number.
pub(super) fn whole<T: FromStr>(flag: &str, value: &str) -> Result<T, String> {
    let plain = value.replace([',', '_'], "");
    plain.parse().map_err(|_| wrong(flag, value, "a whole number, for example 10000"))
}

/// A number.
pub(super) fn number(flag: &str, value: &str) -> Result<f64, String> {
    let plain = value.replace(['_'], "");
    let number: Option<f64> = plain.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| wrong(flag, value, "a number, for example 500"))
}

/// A percentage.
pub(super) fn percent(flag: &str, value: &str) -> Result<f64, String> {
    let plain = value.strip_suffix('%').unwrap_or(value);
    let number: Option<f64> = plain.trim().parse().ok().filter(|number| *number >= 0.0);
    number.ok_or_else(|| wrong(flag, value, "a percentage, for example 10%"))
}

/// A time in seconds: `60`, `90s`, `1.5m`, `500ms`.
pub(super) fn seconds(flag: &str, value: &str) -> Result<f64, String> {
    let digits = value.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(value.len());
    let (number, unit) = value.split_at(digits);
    let times = match unit {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => f64::NAN,
    };
    let seconds: Option<f64> = number.trim().parse().ok().map(|number: f64| number * times);
    let seconds = seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
    seconds.ok_or_else(|| wrong(flag, value, "a time, for example 60, 90s, 10m or 500ms"))
}

/// Where a server is, and at which path, unless it is said.
pub(super) fn url(flag: &str, value: &str, usual_path: &str) -> Result<Url, String> {
    let expected = "an address like http://127.0.0.1:3001";
    let wrong = |expected| wrong(flag, value, expected);
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
    if matches!(scheme, "https" | "wss") {
        return Err(wrong("http or ws: TLS is not spoken by the tester; measure behind what ends it"));
    }
    if !matches!(scheme, "http" | "ws") {
        return Err(wrong(expected));
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().map_err(|_| wrong(expected))?),
        Some(_) | None => (authority, HTTP_PORT),
    };
    if host.is_empty() || host.contains(['@', ' ', '?', '#']) {
        return Err(wrong(expected));
    }
    let path =
        if path.len() > 1 { format!("{}/", path.trim_end_matches('/')) } else { usual_path.to_owned() };
    Ok(Url { host: host.to_owned(), port, path })
}
