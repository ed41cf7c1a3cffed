//! Messages without markup: clients put them into pages.

/// `text` without tags. What begins like a tag and never ends is one too: the page around it would end it. A `<`
/// that begins none stays, as in `1 < 2` and `<3`.
pub(super) fn stripped(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut in_tag = false;
    for letter in text.chars() {
        if in_tag {
            in_tag = letter != '>';
        } else if begins_tag(letter) && kept.ends_with('<') {
            // Also where another tag stood between the two: what is left must be none itself.
            kept.pop();
            in_tag = true;
        } else {
            kept.push(letter);
        }
    }
    kept
}

/// Whether a `<` before it makes it a tag, as HTML reads it.
const fn begins_tag(letter: char) -> bool {
    letter.is_ascii_alphabetic() || matches!(letter, '/' | '!' | '?')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tags_go_and_text_stays() {
        for (text, expected) in [
            ("hello", "hello"),
            ("1 < 2 > 0, I <3 you, <- there", "1 < 2 > 0, I <3 you, <- there"),
            ("<b>bold</b>", "bold"),
            ("a<script>alert(1)</script>b", "aalert(1)b"),
            ("<img src=x onerror=alert(1)", ""),
            ("hi <!-- no --> there<?php?>", "hi  there"),
            ("<<b>script>alert(1)<</b>/script>", "alert(1)"),
            ("<<<i>i>b>x", "x"),
            ("<", "<"),
            ("&lt;b&gt; 🙂", "&lt;b&gt; 🙂"),
        ] {
            assert_eq!(stripped(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_left_has_no_tags_and_stays_as_it_is(text in "[<>/!?a🙂 ]{0,40}") {
            let left = stripped(&text);
            let tags = left.as_bytes().windows(2).any(|pair| pair[0] == b'<' && begins_tag(char::from(pair[1])));
            prop_assert!(!tags, "{}", left);
            prop_assert_eq!(stripped(&left), left.clone());
            prop_assert!(left.chars().count() <= text.chars().count());
        }
    }
}
