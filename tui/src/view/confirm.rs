//! The question before something is done: what will happen, and as whom.

use ratatui::layout::Rect;

use super::pen::{Pen, columns};
use super::theme::Tone;
use crate::text;

/// Wide enough for a sentence, narrow enough to be read at once.
const MOST_COLUMNS: u16 = 76;

/// Draws it over the lower end of an area. However long the names are that users chose, who does it is in sight.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, question: &str, by: &str) {
    let width = area.width.min(MOST_COLUMNS);
    let (Some(room), Some(most)) =
        (width.checked_sub(4).filter(|room| *room > 0), area.height.checked_sub(3))
    else {
        return;
    };
    let mut lines = wrapped(&text::safe(question, pen.theme.letters), usize::from(room));
    lines.truncate(usize::from(most.max(1)));
    let height = (columns(lines.len()) + 3).min(area.height);
    let place = Rect { x: area.x + (area.width - width) / 2, y: area.bottom() - height, width, height };
    pen.clear(place);
    let inside = pen.frame(place, "Sure?");
    let last = format!("as {by}?  y/N");
    for (line, text) in (inside.y..inside.bottom().saturating_sub(1)).zip(&lines) {
        pen.text((inside.x, line), inside.width, text, Tone::Warning);
    }
    pen.text((inside.x, inside.bottom().saturating_sub(1)), inside.width, &last, Tone::Strong);
}

/// A text in lines of at most so many columns, broken at blanks where there are any.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always one");
        let blank = usize::from(!line.is_empty());
        if text::width(line) + blank + text::width(word) <= room {
            line.extend((blank > 0).then_some(' '));
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(String::new());
        }
        for letter in word.chars() {
            let line = lines.last_mut().expect("there is always one");
            if text::width(line) + 2 > room && !line.is_empty() {
                lines.push(String::new());
            }
            lines.last_mut().expect("there is always one").push(letter);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn texts_break_at_blanks_and_long_words_anywhere() {
        for (text, room, expected) in [
            ("close room r-1", 20, &["close room r-1"][..]),
            ("close room r-1", 10, &["close room", "r-1"]),
            ("disconnect abcdefgh now", 6, &["disco", "nnect", "abcde", "fgh", "now"]),
            ("", 5, &[""]),
        ] {
            assert_eq!(wrapped(text, room), expected, "{text:?} in {room}");
        }
    }
}
