//! Playing what was written down.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use qala::store::snapshot::{Ordered, Snapshot, Survey};

use super::index::{Entry, Index, MOST_ENTRIES};
use super::write::Line;
use super::{HEAD, MOST_LINE_BYTES};
use crate::feed::{Feed, News};
use crate::state::Timeline;

/// A jump reads the pictures of so long before, so that rates and trends are those of that moment.
const LEAD_MS: u64 = 120_000;
/// And at most so many of them.
const MOST_LEAD: usize = 300;

/// A record that is played.
#[derive(Debug)]
pub(crate) struct Replay {
    file: BufReader<File>,
    index: Index,
    next: Option<Snapshot>,
    /// The time of the picture that was given last.
    shown_ms: Option<u64>,
    /// The viewer's clock when it began to play from a picture, and that picture's time.
    anchor: Option<(u64, u64)>,
    plays: bool,
    speed: u32,
    is_over: bool,
}

/// Why a file cannot be played.
#[derive(Debug)]
pub(crate) enum NoRecord {
    /// It cannot be read.
    Unreadable(io::Error),
    /// Something else.
    NotARecord,
    /// Nothing was recorded.
    Empty,
}

impl From<io::Error> for NoRecord {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl Replay {
    /// Opens a record and finds out which moment stands where.
    pub(crate) fn open(path: &Path) -> Result<Self, NoRecord> {
        let mut file = BufReader::new(File::open(path)?);
        let mut line = Vec::new();
        read_line(&mut file, &mut line)?;
        if line != HEAD.as_bytes() {
            return Err(NoRecord::NotARecord);
        }
        let index = index_of(&mut file)?;
        let Some((first_ms, _)) = index.span_ms() else { return Err(NoRecord::Empty) };
        let mut replay = Self {
            file,
            index,
            next: None,
            shown_ms: None,
            anchor: None,
            plays: true,
            speed: 1,
            is_over: false,
        };
        replay.go_to(first_ms)?;
        Ok(replay)
    }

    /// Reads on from the last known line that is no later than a moment.
    fn go_to(&mut self, moment_ms: u64) -> io::Result<()> {
        let entry = self.index.before(moment_ms).unwrap_or(Entry { at_ms: 0, offset_bytes: 0 });
        self.file.seek(SeekFrom::Start(entry.offset_bytes))?;
        self.anchor = None;
        self.is_over = false;
        self.next = self.read()?;
        Ok(())
    }

    /// The next picture; lines that are none are passed over.
    fn read(&mut self) -> io::Result<Option<Snapshot>> {
        let mut line = Vec::new();
        loop {
            if !read_line(&mut self.file, &mut line)? {
                return Ok(None);
            }
            if let Ok(Line { picture, .. }) = serde_json::from_slice(&line) {
                return Ok(Some(picture));
            }
        }
    }

    fn pictures_until(&mut self, moment_ms: u64) -> io::Result<Vec<Snapshot>> {
        self.go_to(moment_ms.saturating_sub(LEAD_MS))?;
        let mut pictures = std::collections::VecDeque::new();
        while let Some(picture) = self.next.take() {
            // The first one counts even if it is later: there is none before.
            if picture.taken_at_ms > moment_ms && !pictures.is_empty() {
                self.next = Some(picture);
                break;
            }
            if pictures.len() == MOST_LEAD {
                pictures.pop_front();
            }
            pictures.push_back(picture);
            self.next = self.read()?;
        }
        self.shown_ms = pictures.back().map(|picture| picture.taken_at_ms);
        Ok(pictures.into())
    }
}

impl Feed for Replay {
    fn ask(&mut self, _survey: &Survey, _pace_ms: u64) {}

    fn news(&mut self, now_ms: u64) -> Option<News> {
        if !self.plays {
            self.anchor = None;
            return None;
        }
        let Some(next) = &self.next else {
            return (!std::mem::replace(&mut self.is_over, true)).then_some(News::Over);
        };
        let at_ms = next.taken_at_ms;
        let (began_ms, began_at_ms) = *self.anchor.get_or_insert((now_ms, self.shown_ms.unwrap_or(at_ms)));
        let due_ms = at_ms.saturating_sub(began_at_ms) / u64::from(self.speed);
        if now_ms.saturating_sub(began_ms) < due_ms {
            return None;
        }
        let picture = self.next.take()?;
        self.shown_ms = Some(at_ms);
        match self.read() {
            Ok(next) => self.next = next,
            Err(error) => return Some(News::Silence(format!("the record cannot be read: {error}"))),
        }
        Some(News::Picture(Box::new(picture)))
    }

    fn give(&mut self, _ordered: Ordered) {}

    fn timeline(&self) -> Option<Timeline> {
        self.index.span_ms().map(|(first_ms, last_ms)| Timeline::new(first_ms, last_ms))
    }

    fn play(&mut self, plays: bool, speed: u32) {
        if (plays, speed) != (self.plays, self.speed) {
            (self.plays, self.speed) = (plays, speed.max(1));
            self.anchor = None;
        }
    }

    fn seek(&mut self, moment_ms: u64) -> Result<Vec<Snapshot>, String> {
        self.pictures_until(moment_ms).map_err(|error| format!("the record cannot be read: {error}"))
    }
}

/// Reads all lines once, and keeps where they are.
fn index_of(file: &mut BufReader<File>) -> io::Result<Index> {
    let mut index = Index::new(MOST_ENTRIES);
    let mut line = Vec::new();
    let mut offset_bytes = file.stream_position()?;
    while read_line(file, &mut line)? {
        if let Some(at_ms) = moment(&line) {
            index.push(Entry { at_ms, offset_bytes });
        }
        offset_bytes = file.stream_position()?;
    }
    Ok(index)
}

/// The time at the beginning of a line that is whole.
fn moment(line: &[u8]) -> Option<u64> {
    let rest = line.strip_prefix(br#"{"at":"#)?;
    let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    line.ends_with(b"}").then_some(())?;
    std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()
}

/// One line without its end; false where the file ends. A line that nobody could have written is cut.
fn read_line(file: &mut BufReader<File>, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let read = file.by_ref().take(MOST_LINE_BYTES).read_until(b'\n', line)?;
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok(read > 0)
}
