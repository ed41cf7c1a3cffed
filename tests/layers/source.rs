//! A source file as the rules see it. Knows of Rust no more than they need: comments, texts in quotes, words,
//! and where a test module stands.

use std::fs;
use std::ops::Range;
use std::path::Path;

/// Directories of the workspace that hold sources.
const DIRECTORIES: [&str; 8] =
    ["src", "cli", "tui", "loadtest", "trim", "tests", "benches", "fuzz/fuzz_targets"];

/// How a test module within a file begins.
const TESTS: &str = "#[cfg(test)]\nmod tests {";

/// A file of the workspace.
pub(crate) struct Source {
    /// From the root of the workspace, with `/`.
    path: String,
    text: String,
    /// The text with comments and texts in quotes blanked; lines and columns stay.
    code: String,
}

/// Every Rust source under `root`, in the order of their paths.
pub(crate) fn workspace(root: &Path) -> Vec<Source> {
    let mut sources = Vec::new();
    for directory in DIRECTORIES {
        if root.join(directory).is_dir() {
            collect(root, directory, &mut sources);
        }
    }
    sources
}

fn collect(root: &Path, directory: &str, sources: &mut Vec<Source>) {
    let entries = fs::read_dir(root.join(directory)).unwrap_or_else(|error| panic!("{directory}: {error}"));
    let mut names: Vec<String> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    for name in names {
        let path = format!("{directory}/{name}");
        if root.join(&path).is_dir() {
            if !["target", "node_modules"].contains(&name.as_str()) {
                collect(root, &path, sources);
            }
        } else if Path::new(&name).extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(root.join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
            sources.push(Source::new(&path, &text));
        }
    }
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), code: blank(text) }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn at(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }

    pub(crate) fn is_under(&self, place: &str) -> bool {
        self.path.starts_with(place)
    }

    /// Whether all of it is tests or helps them.
    pub(crate) fn is_test(&self) -> bool {
        let tests = |part: &str| ["tests", "tests.rs", "benches"].contains(&part);
        self.path.split('/').any(tests)
    }

    /// The room of the server it belongs to; none for what stands directly under `src/`.
    pub(crate) fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        match inside.split_once('/') {
            Some((room, _)) => Some(room),
            None => inside.strip_suffix(".rs").filter(|file| *file != "lib"),
        }
    }

    /// The same without tests; lines stay.
    pub(crate) fn production(&self) -> Self {
        let tests = if self.is_test() { 0..self.code.len() } else { self.tests() };
        let mut code = self.code[..tests.start].to_owned();
        code.extend(self.code[tests.clone()].chars().filter(|character| *character == '\n'));
        code.push_str(&self.code[tests.end..]);
        Self { path: self.path.clone(), text: self.text.clone(), code }
    }

    /// Lines of the test module within it.
    pub(crate) fn lines_of_tests(&self) -> usize {
        self.code[self.tests()].lines().count()
    }

    /// Where the test module within it stands; empty if there is none.
    fn tests(&self) -> Range<usize> {
        let Some(begin) = self.code.find(TESTS) else { return 0..0 };
        let mut depth = 0;
        for (position, character) in self.code[begin + TESTS.len()..].char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => return begin..begin + TESTS.len() + position + 1,
                '}' => depth -= 1,
                _ => {}
            }
        }
        begin..self.code.len()
    }

    /// Lines on which `word` stands.
    pub(crate) fn lines_with(&self, word: &str) -> Vec<usize> {
        self.positions_of(word).map(|position| self.line(position)).collect()
    }

    /// What is named directly under the path `head`: for `crate` both `b` and `d` of `crate::{b::c, d}`.
    /// The line is that of the head.
    pub(crate) fn under(&self, head: &str) -> Vec<(usize, &str)> {
        self.positions_of(head)
            .flat_map(|position| {
                let line = self.line(position);
                names(&self.code[position + head.len()..]).into_iter().map(move |name| (line, name))
            })
            .collect()
    }

    /// What is named directly under the crate's root by as many `super::` as lead there.
    pub(crate) fn under_root_by_super(&self) -> Vec<(usize, &str)> {
        let inside = self.path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        let way_up = vec!["super"; inside.split('/').count()].join("::");
        self.under(&way_up)
    }

    /// Where `word` stands as a whole word.
    fn positions_of<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.code.match_indices(word).map(|(position, _)| position).filter(move |position| {
            let before = self.code[..*position].chars().next_back();
            let after = self.code[position + word.len()..].chars().next();
            !before.is_some_and(is_of_word) && !after.is_some_and(is_of_word)
        })
    }

    fn line(&self, position: usize) -> usize {
        self.code[..position].matches('\n').count() + 1
    }
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The names after a path's head: `::a::b` names `a`; `::{a::b, c}` names `a` and `c`.
fn names(after: &str) -> Vec<&str> {
    let Some(rest) = after.strip_prefix("::") else { return Vec::new() };
    let Some(group) = rest.strip_prefix('{') else { return vec![first_word(rest)] };
    let (mut depth, mut begins, mut found) = (0, 0, Vec::new());
    for (position, character) in group.char_indices() {
        match character {
            ',' | '}' if depth == 0 => {
                found.push(first_word(&group[begins..position]));
                begins = position + 1;
                if character == '}' {
                    break;
                }
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    found
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    &text[..text.find(|character| !is_of_word(character)).unwrap_or(text.len())]
}

/// `text` with spaces for comments and for what stands in quotes.
fn blank(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let skipped = if code.ends_with(is_of_word) && rest.starts_with(['r', 'b']) {
            0
        } else {
            length_of_comment(rest).or_else(|| length_of_quoted(rest)).unwrap_or(0)
        };
        if skipped == 0 {
            code.push(character);
            rest = &rest[character.len_utf8()..];
        } else {
            code.extend(rest[..skipped].chars().map(|character| if character == '\n' { '\n' } else { ' ' }));
            rest = &rest[skipped..];
        }
    }
    code
}

/// If `text` begins with a comment, how long it is.
fn length_of_comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    text.strip_prefix("/*")?;
    let (mut depth, mut position) = (0, 0);
    while position < text.len() {
        let rest = &text[position..];
        match (rest.starts_with("/*"), rest.starts_with("*/")) {
            (true, _) => (depth, position) = (depth + 1, position + 2),
            (_, true) => (depth, position) = (depth - 1, position + 2),
            _ => position += rest.chars().next().map_or(1, char::len_utf8),
        }
        if depth == 0 {
            break;
        }
    }
    Some(position)
}

/// If `text` begins with something in quotes, raw or not, or with a character, how long it is.
fn length_of_quoted(text: &str) -> Option<usize> {
    let unprefixed = text.strip_prefix('b').unwrap_or(text);
    let prefix = text.len() - unprefixed.len();
    if let Some(raw) = unprefixed.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let inside = raw[hashes..].strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        let length = inside.find(&end).map_or(inside.len(), |position| position + end.len());
        return Some(prefix + 1 + hashes + 1 + length);
    }
    let quote = unprefixed.chars().next().filter(|character| ['"', '\''].contains(character))?;
    let inside = &unprefixed[1..];
    // A lifetime has no second quote behind its first character.
    if quote == '\'' && !inside.starts_with('\\') && inside.chars().nth(1) != Some('\'') {
        return None;
    }
    let mut escaped = false;
    let end = inside.char_indices().find(|(_, character)| {
        let ends = *character == quote && !escaped;
        escaped = *character == '\\' && !escaped;
        ends
    });
    Some(prefix + 1 + end.map_or(inside.len(), |(position, _)| position + 1))
}
