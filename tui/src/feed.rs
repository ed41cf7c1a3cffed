//! Where pictures come from, as the loop sees it: a store that is asked, or a record that is played.

use qala::store::snapshot::{Ordered, Outcome, Snapshot, Survey};

use crate::source::{Reading, Source};
use crate::state::Timeline;

/// Something that the loop should know.
#[derive(Debug)]
pub enum News {
    /// The next picture.
    Picture(Box<Snapshot>),
    /// Nobody answers; why, in a few words.
    Silence(String),
    /// What became of an order.
    Done(Ordered, Outcome),
    /// There is nothing more: a record is over.
    Over,
}

/// Brings pictures. Never waits: the loop looks often enough.
pub trait Feed {
    /// What the next pictures are to have in them, and how many milliseconds are between two.
    fn ask(&mut self, survey: &Survey, pace_ms: u64);

    /// What came meanwhile, if anything. `now_ms` is the viewer's clock.
    fn news(&mut self, now_ms: u64) -> Option<News>;

    /// Hands an order to the nodes. What became of it is news.
    fn give(&mut self, ordered: Ordered);

    /// From when to when a record is, where there is one.
    fn timeline(&self) -> Option<Timeline> {
        None
    }

    /// Whether a record goes on by itself, and how many times as fast as it was.
    fn play(&mut self, plays: bool, speed: u32) {
        let _ = (plays, speed);
    }

    /// Goes to a moment of a record, ms since 1970; gives the pictures that lead up to it, oldest first. Nothing
    /// where there is no record.
    fn seek(&mut self, moment_ms: u64) -> Result<Vec<Snapshot>, String> {
        let _ = moment_ms;
        Ok(Vec::new())
    }
}

impl Feed for Source {
    fn ask(&mut self, survey: &Survey, pace_ms: u64) {
        Self::ask(self, survey, pace_ms);
    }

    fn news(&mut self, _now_ms: u64) -> Option<News> {
        Some(match Self::news(self)? {
            Reading::Picture(picture) => News::Picture(picture),
            Reading::Silence(why) => News::Silence(why),
            Reading::Done(ordered, outcome) => News::Done(ordered, outcome),
        })
    }

    fn give(&mut self, ordered: Ordered) {
        Self::give(self, ordered);
    }
}
