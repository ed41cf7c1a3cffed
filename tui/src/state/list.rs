//! A list that one moves in: which line is chosen, in which order, and what it is to contain.

/// The longest filter, in characters.
const MOST_LETTERS: usize = 64;

/// Of one screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct List {
    /// The name of the chosen line, so that it stays chosen where lines change places.
    chosen: Option<String>,
    /// Where it was when it was last seen.
    place: usize,
    /// The column to sort by, in the order of the screen's columns.
    pub(crate) sort: usize,
    /// Whether the other way round.
    pub(crate) turned: bool,
    /// What lines are to contain, as it was written.
    pub(crate) filter: String,
}

impl List {
    /// The place of the chosen line among those.
    pub(crate) fn place(&self, names: &[&str]) -> usize {
        let named = self.chosen.as_ref().and_then(|chosen| names.iter().position(|name| name == chosen));
        named.unwrap_or_else(|| self.place.min(names.len().saturating_sub(1)))
    }

    /// Chooses the line at that place, or the nearest there is.
    pub(crate) fn choose(&mut self, place: usize, names: &[&str]) {
        self.place = place.min(names.len().saturating_sub(1));
        self.chosen = names.get(self.place).map(|name| (*name).to_owned());
    }

    /// So many lines down, or up.
    pub(crate) fn step(&mut self, lines: isize, names: &[&str]) {
        let place = self.place(names);
        self.choose(place.saturating_add_signed(lines), names);
    }

    /// Nothing is chosen by name any more: the first line is.
    pub(crate) fn forget(&mut self) {
        self.chosen = None;
        self.place = 0;
    }

    /// Whether nothing was chosen by name.
    pub(crate) fn is_free(&self) -> bool {
        self.chosen.is_none()
    }

    /// Whether that line is the chosen one.
    pub(crate) fn has_chosen(&self, name: &str) -> bool {
        self.chosen.as_deref() == Some(name)
    }

    /// Whether a line with these words is to be shown. Without regard to capitals.
    pub(crate) fn admits<'a>(&self, mut words: impl Iterator<Item = &'a str>) -> bool {
        if self.filter.is_empty() {
            return true;
        }
        let wanted = self.filter.to_lowercase();
        words.any(|word| word.to_lowercase().contains(&wanted))
    }
}

/// Adds a letter to a short text.
pub(crate) fn type_in(text: &mut String, letter: char) {
    if !letter.is_control() && text.chars().count() < MOST_LETTERS {
        text.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::{List, MOST_LETTERS, type_in};

    #[test]
    fn the_chosen_line_stays_chosen_where_lines_change_places() {
        let mut list = List::default();
        assert_eq!(list.place(&["a", "b", "c"]), 0);
        list.step(1, &["a", "b", "c"]);
        assert_eq!(list.place(&["c", "a", "b"]), 2);
        // Gone: the line that stands where it stood.
        assert_eq!(list.place(&["c", "a"]), 1);
        assert_eq!(list.place(&["c"]), 0);
        assert_eq!(list.place(&[]), 0);
    }

    #[test]
    fn one_stays_within_the_list() {
        let mut list = List::default();
        for (lines, expected) in [(-1, 0), (2, 2), (100, 2), (isize::MIN, 0), (isize::MAX, 2)] {
            list.step(lines, &["a", "b", "c"]);
            assert_eq!(list.place(&["a", "b", "c"]), expected, "{lines}");
        }
        list.step(1, &[]);
        assert_eq!(list.place(&[]), 0);
    }

    #[test]
    fn a_filter_is_text_somewhere_in_a_line() {
        let mut list = List::default();
        assert!(list.admits([].into_iter()));
        "EN".chars().for_each(|letter| type_in(&mut list.filter, letter));
        assert!(list.admits(["qala", "en-es"].into_iter()));
        assert!(!list.admits(["qala", "ja-pt"].into_iter()));
        "\u{1b}\n".chars().for_each(|letter| type_in(&mut list.filter, letter));
        assert_eq!(list.filter, "EN");
        "x".repeat(1_000).chars().for_each(|letter| type_in(&mut list.filter, letter));
        assert_eq!(list.filter.len(), MOST_LETTERS);
    }
}
