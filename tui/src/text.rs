//! Texts that strangers wrote, made safe and narrow enough for a terminal.
//!
//! Names of users, rooms and pools come from clients. Whatever could move the cursor, turn the direction of
//! writing or take no room at all is shown as a mark: nothing of it reaches the terminal.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Stands for a character that is not shown.
const MARK: char = '\u{fffd}';
/// The longest text that is looked at, in characters: what is longer is cut before anything else.
const MOST_CHARACTERS: usize = 512;

/// Which letters the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    /// All of them.
    Unicode,
    /// Those of 1963.
    Ascii,
}

impl Letters {
    /// What says that a text goes on.
    pub(crate) fn ellipsis(self) -> char {
        match self {
            Self::Unicode => '…',
            Self::Ascii => '~',
        }
    }

    fn mark(self) -> char {
        match self {
            Self::Unicode => MARK,
            Self::Ascii => '?',
        }
    }
}

/// The text with a mark for everything that a terminal would not simply show.
pub(crate) fn safe(text: &str, letters: Letters) -> String {
    let shown = |letter: char| match letters {
        Letters::Ascii if !letter.is_ascii() => letters.mark(),
        Letters::Ascii | Letters::Unicode if is_plain(letter) => letter,
        Letters::Ascii | Letters::Unicode => letters.mark(),
    };
    text.chars().take(MOST_CHARACTERS).map(shown).collect()
}

/// The text with what is not shown spelled out, so that two that look alike can be told apart.
pub(crate) fn spelled(text: &str, letters: Letters) -> String {
    let mut spelled = String::with_capacity(text.len());
    for letter in text.chars().take(MOST_CHARACTERS) {
        if is_plain(letter) && (letters == Letters::Unicode || letter.is_ascii()) {
            spelled.push(letter);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(spelled, "\\u{{{:x}}}", u32::from(letter));
        }
    }
    spelled
}

/// Columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most so many columns, with an ellipsis where it was cut.
pub(crate) fn cut(text: &str, columns: usize, letters: Letters) -> String {
    if text.len() <= columns || width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let mut taken = 0;
    let fits = |letter: &char| {
        taken += letter.width().unwrap_or(0);
        taken <= room
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    cut.push(letters.ellipsis());
    cut
}

/// Whether a terminal shows it as one mark of one or two columns and does nothing else. Combining marks and
/// joiners take no room of their own, and terminals disagree about what they make of their neighbours.
pub(crate) fn is_plain(letter: char) -> bool {
    let takes_room = letter.width().is_some_and(|width| width > 0);
    takes_room && !is_invisible(letter)
}

/// What takes room by the tables, or in some terminals, and shows nothing or turns the line around.
fn is_invisible(letter: char) -> bool {
    matches!(u32::from(letter),
        0x00ad | 0x034f | 0x061c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
        | 0x2028..=0x202f | 0x205f..=0x206f | 0x2800 | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0
        | 0xfff0..=0xfffb | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
        || letter.is_control()
}

#[cfg(test)]
mod tests {
    use super::{Letters, cut, safe, spelled, width};

    #[test]
    fn what_moves_the_cursor_is_a_mark() {
        for (text, unicode, ascii) in [
            ("maria", "maria", "maria"),
            ("\u{1b}[31mred", "\u{fffd}[31mred", "?[31mred"),
            ("a\rb\nc\td", "a\u{fffd}b\u{fffd}c\u{fffd}d", "a?b?c?d"),
            ("\u{9b}2J", "\u{fffd}2J", "?2J"),
            ("abc\u{202e}txt", "abc\u{fffd}txt", "abc?txt"),
            ("\u{2066}x\u{2069}", "\u{fffd}x\u{fffd}", "?x?"),
            ("a\u{200b}b\u{feff}", "a\u{fffd}b\u{fffd}", "a?b?"),
            ("e\u{301}\u{301}", "e\u{fffd}\u{fffd}", "e??"),
            ("日本", "日本", "??"),
            ("👨\u{200d}👩", "👨\u{fffd}👩", "???"),
            ("\u{e0041}", "\u{fffd}", "?"),
        ] {
            assert_eq!(safe(text, Letters::Unicode), unicode, "{text:?}");
            assert_eq!(safe(text, Letters::Ascii), ascii, "{text:?}");
        }
    }

    #[test]
    fn what_is_not_shown_can_be_spelled() {
        assert_eq!(spelled("a\u{202e}b", Letters::Unicode), "a\\u{202e}b");
        assert_eq!(spelled("日\u{7f}", Letters::Unicode), "日\\u{7f}");
        assert_eq!(spelled("日", Letters::Ascii), "\\u{65e5}");
    }

    #[test]
    fn what_is_too_long_is_cut_at_a_column() {
        for (text, columns, expected) in [
            ("maria", 5, "maria"),
            ("maria", 4, "mar…"),
            ("maria", 1, "…"),
            ("maria", 0, ""),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
        ] {
            assert_eq!(cut(text, columns, Letters::Unicode), expected);
            assert!(width(expected) <= columns);
        }
    }

    #[test]
    fn a_text_without_end_is_not_carried_around() {
        let long = "x".repeat(1_000_000);
        assert_eq!(safe(&long, Letters::Unicode).len(), 512);
        assert_eq!(spelled(&long, Letters::Unicode).len(), 512);
    }
}
