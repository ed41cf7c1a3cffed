//! Pictures without a terminal: as text, and as JSON of `docs/top.v1.schema.json`.

use std::fmt::Write;

use qala::store::snapshot::Snapshot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde::Serialize;

use crate::state::State;
use crate::text::{self, Letters};
use crate::view::{self, Theme};

/// The version of the schema.
const VERSION: u32 = 1;
/// As wide as a page of text is.
const COLUMNS: u16 = 120;
/// As long as one at most is.
const LINES: u16 = 60;

/// The screen of a state as lines, without colours and without blanks at their ends.
pub(crate) fn text(state: &State, letters: Letters) -> String {
    let theme = Theme { colours: false, letters };
    let mut buffer = Buffer::empty(Rect::new(0, 0, COLUMNS, LINES));
    view::paint(state, theme, &mut buffer);
    // The last line tells of keys.
    let mut lines: Vec<String> = (0..LINES - 1).map(|line| line_of(&buffer, line)).collect();
    // What is empty on a screen needs no paper.
    lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
    lines.join("\n").trim_end().to_owned() + "\n"
}

/// One line of cells; a wide character takes the place of two.
pub(crate) fn line_of(buffer: &Buffer, line: u16) -> String {
    let mut written = String::new();
    let mut column = buffer.area.left();
    while column < buffer.area.right() {
        let symbol = buffer.cell((column, line)).map_or(" ", |cell| cell.symbol());
        written.push_str(symbol);
        column += u16::try_from(text::width(symbol)).unwrap_or(1).max(1);
    }
    written.truncate(written.trim_end().len());
    written
}

/// What `--once --json` and every line of `--stream` say.
#[derive(Serialize)]
struct Page<'a> {
    version: u32,
    taken_at_ms: u64,
    /// For how long nothing newer came, ms; missing: it is of now.
    #[serde(skip_serializing_if = "Option::is_none")]
    stale_ms: Option<u64>,
    /// Why, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    rates: Rates,
    snapshot: Snapshot,
}

/// What follows from this picture and the ones before; `null` where that is not known.
#[derive(Serialize)]
struct Rates {
    connections_per_second: Option<f64>,
    arrivals_per_second: Option<f64>,
    matches_per_second: Option<f64>,
    relays_per_second: Option<f64>,
    letters_per_second: Option<f64>,
    chat_per_second: Option<f64>,
    refusals_per_second: Option<f64>,
    errors_per_second: Option<f64>,
    accepted_share: Option<f64>,
    wait_p50_ms: Option<f64>,
    wait_p99_ms: Option<f64>,
    relay_p99_us: Option<f64>,
    viewer_calls_per_second: Option<f64>,
}

/// A state as one line of JSON, without the end of the line.
pub(crate) fn json(state: &State) -> String {
    let live = state.shown();
    let figures = &live.figures;
    let rates = figures.rates();
    let stale = state.stale();
    let page = Page {
        version: VERSION,
        taken_at_ms: live.snapshot.taken_at_ms,
        stale_ms: stale.map(|(ms, _)| ms),
        why: stale.map(|(_, why)| why).filter(|why| !why.is_empty()),
        rates: Rates {
            connections_per_second: rates.opened,
            arrivals_per_second: rates.tickets,
            matches_per_second: rates.matches,
            relays_per_second: rates.relays,
            letters_per_second: rates.letters,
            chat_per_second: rates.chat,
            refusals_per_second: rates.refusals,
            errors_per_second: rates.errors,
            accepted_share: figures.accepted(),
            wait_p50_ms: figures.wait_ms(0.5),
            wait_p99_ms: figures.wait_ms(0.99),
            relay_p99_us: figures.relay_us(0.99),
            viewer_calls_per_second: figures.calls_per_second(),
        },
        snapshot: Snapshot { events: live.events.iter().cloned().collect(), ..live.snapshot.clone() },
    };
    escaped(&serde_json::to_string(&page).unwrap_or_default())
}

/// JSON that a terminal can be shown: what it would not simply show stands only within texts, and is escaped there.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    let mut units = [0; 2];
    for letter in json.chars() {
        if text::is_plain(letter) {
            escaped.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut units) {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn json_holds_nothing_that_moves_a_cursor() {
        let text = "a\u{9b}b\u{202e}c\u{e0041}é";
        let json = serde_json::to_string(text).expect("a text is JSON");
        let safe = escaped(&json);
        assert_eq!(safe, "\"a\\u009bb\\u202ec\\udb40\\udc41é\"");
        assert_eq!(serde_json::from_str::<String>(&safe).expect("still JSON"), text);
    }
}
