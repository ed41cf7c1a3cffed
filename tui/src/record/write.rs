//! Writing pictures down as they come.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use qala::store::snapshot::Snapshot;

use super::HEAD;

/// A record grows no larger than this, bytes: a night at one picture a second of a busy service is well below.
const MOST_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// Writes a record.
#[derive(Debug)]
pub(crate) struct Recorder {
    out: BufWriter<File>,
    bytes: u64,
    most_bytes: u64,
    last_event: String,
}

/// Whether a picture was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// It was.
    Yes,
    /// The record is as large as it may become.
    Full,
}

impl Recorder {
    /// Begins a record in a new file. One that is there stays as it is.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        Self::with_limit(path, MOST_BYTES)
    }

    fn with_limit(path: &Path, most_bytes: u64) -> io::Result<Self> {
        let mut out = BufWriter::new(File::create_new(path)?);
        writeln!(out, "{HEAD}")?;
        out.flush()?;
        Ok(Self { out, bytes: HEAD.len() as u64 + 1, most_bytes, last_event: String::new() })
    }

    /// Adds a picture, with those events that the ones before did not have.
    pub(crate) fn write(&mut self, snapshot: &Snapshot) -> io::Result<Written> {
        let known = snapshot.events.iter().rposition(|event| event.id == self.last_event);
        let events = snapshot.events[known.map_or(0, |place| place + 1)..].to_vec();
        if let Some(last) = snapshot.events.last() {
            self.last_event.clone_from(&last.id);
        }
        let line = serde_json::to_string(&Line {
            at: snapshot.taken_at_ms,
            picture: Snapshot { events, ..snapshot.clone() },
        })?;
        if self.bytes + line.len() as u64 + 1 > self.most_bytes {
            return Ok(Written::Full);
        }
        self.bytes += line.len() as u64 + 1;
        writeln!(self.out, "{line}")?;
        // A record that ends with a crash has everything but its last line.
        self.out.flush()?;
        Ok(Written::Yes)
    }
}

/// One line. The time comes first, so that an index can be made without reading the rest.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Line {
    pub(super) at: u64,
    pub(super) picture: Snapshot,
}
