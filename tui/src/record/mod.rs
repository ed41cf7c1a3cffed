//! What was seen, to be looked at later: one line of JSON for each picture.

mod index;
mod replay;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use replay::{NoRecord, Replay};
pub(crate) use write::{Recorder, Written};

/// What the first line of a record says, so that nothing else is taken for one.
const HEAD: &str = r#"{"qala_top_record":1}"#;
/// The longest line that is read, bytes: a picture is far smaller.
const MOST_LINE_BYTES: u64 = 16 * 1024 * 1024;
