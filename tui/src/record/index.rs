//! Where in a record which moment stands: a bounded table, so that a night does not have to fit into memory.

/// How many entries are kept at most; of a longer record every second one, then every fourth, and so on.
pub(crate) const MOST_ENTRIES: usize = 65_536;

/// One line of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// When it was, in milliseconds since 1970.
    pub(crate) at_ms: u64,
    /// Where its line begins.
    pub(crate) offset_bytes: u64,
}

/// Moments and places, in the order of the file.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    entries: Vec<Entry>,
    most: usize,
    /// One of so many lines has an entry.
    stride: usize,
    lines: usize,
    newest: Option<Entry>,
}

impl Index {
    pub(crate) fn new(most: usize) -> Self {
        Self { entries: Vec::new(), most: most.max(2), stride: 1, lines: 0, newest: None }
    }

    /// The next line of the file. Where a clock went back, the moments that come twice are told apart by place.
    pub(crate) fn push(&mut self, entry: Entry) {
        let at_ms = self.newest.map_or(entry.at_ms, |newest| newest.at_ms.max(entry.at_ms));
        let entry = Entry { at_ms, ..entry };
        if self.lines.is_multiple_of(self.stride) {
            if self.entries.len() == self.most {
                let mut place = 0;
                self.entries.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                self.stride *= 2;
            }
            if self.lines.is_multiple_of(self.stride) {
                self.entries.push(entry);
            }
        }
        self.lines += 1;
        self.newest = Some(entry);
    }

    /// First and last moment.
    pub(crate) fn span_ms(&self) -> Option<(u64, u64)> {
        Some((self.entries.first()?.at_ms, self.newest?.at_ms))
    }

    /// A line to read on from to reach a moment: the last that is known to be no later, or the first.
    pub(crate) fn before(&self, at_ms: u64) -> Option<Entry> {
        let later = self.entries.partition_point(|entry| entry.at_ms <= at_ms);
        self.entries.get(later.saturating_sub(1)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Index};

    fn of(lines: u64, most: usize) -> Index {
        let mut index = Index::new(most);
        for line in 0..lines {
            index.push(Entry { at_ms: 1_000 + line * 10, offset_bytes: line * 100 });
        }
        index
    }

    #[test]
    fn a_moment_is_found_at_or_before_it() {
        let index = of(5, 100);
        for (at_ms, expected) in
            [(0, 0), (999, 0), (1_000, 0), (1_009, 0), (1_010, 100), (1_039, 300), (9_999, 400)]
        {
            assert_eq!(index.before(at_ms).map(|entry| entry.offset_bytes), Some(expected), "{at_ms}");
        }
        assert_eq!(index.span_ms(), Some((1_000, 1_040)));
    }

    #[test]
    fn nothing_is_found_in_nothing() {
        assert_eq!((of(0, 4).before(5), of(0, 4).span_ms()), (None, None));
    }

    #[test]
    fn a_long_record_has_no_more_entries_than_a_short_one() {
        let index = of(1_000, 8);
        assert!(index.entries.len() <= 8, "{}", index.entries.len());
        assert_eq!((index.lines, index.span_ms()), (1_000, Some((1_000, 10_990))));
        // 1,000 lines, 8 entries: every 128th.
        assert_eq!(index.stride, 128);
        assert_eq!(index.before(1_000 + 200 * 10).map(|entry| entry.offset_bytes), Some(128 * 100));
    }
}
