//! Which known name somebody probably meant.

/// The known name nearest to `given`, if it is near enough to be a slip of the fingers: at most a third of
/// its letters differ.
pub(super) fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let tolerated = given.chars().count().div_ceil(3);
    known
        .map(|name| (distance(given, name), name))
        .filter(|(distance, _)| *distance <= tolerated)
        .min()
        .map(|(_, name)| name)
}

/// Levenshtein distance in characters, one row at a time.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, letter) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, other) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn distances_are_exact() {
        for (left, right, expected) in
            [("", "", 0), ("", "abc", 3), ("port", "prot", 2), ("port", "port", 0), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(left, right), expected, "{left} {right}");
        }
    }

    #[test]
    fn only_near_names_are_offered() {
        let known = ["QALA_PORT", "QALA_HOST", "QALA_LOG_LEVEL"];
        assert_eq!(nearest("QALA_PROT", known.into_iter()), Some("QALA_PORT"));
        assert_eq!(nearest("QALA_LOGLEVEL", known.into_iter()), Some("QALA_LOG_LEVEL"));
        assert_eq!(nearest("QALA_COMPLETELY_DIFFERENT", known.into_iter()), None);
    }
}
