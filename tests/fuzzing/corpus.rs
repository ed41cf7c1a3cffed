//! Kept inputs: `fuzz/corpora/<target>.txt`, one on a line, spelled as Rust spells bytes in quotes.

use std::path::{Path, PathBuf};

/// Where a corpus is: seen from the workspace's root, or from the fuzzer's own.
pub(crate) fn path(target: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = if root.join("corpora").is_dir() { "corpora" } else { "fuzz/corpora" };
    root.join(folder).join(format!("{target}.txt"))
}

/// The inputs of a corpus.
pub(crate) fn inputs(target: &str) -> Vec<Vec<u8>> {
    let path = path(target);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| unescaped(line).unwrap_or_else(|| panic!("{}: {line}", path.display()))).collect()
}

/// An input as a line.
pub(crate) fn escaped(input: &[u8]) -> String {
    // Quotes need no escape here, and inputs are full of them.
    input.escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'")
}

/// The input that a line spells.
pub(crate) fn unescaped(line: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(line.len());
    let mut rest = line.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next()? {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'\\' => b'\\',
                b'x' => {
                    let digits = [rest.next()?, rest.next()?];
                    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
                }
                _ => return None,
            },
            byte => byte,
        });
    }
    Some(bytes)
}
