//! What was written down is what is played.

use std::fs;
use std::path::PathBuf;

use qala::store::snapshot::Snapshot;

use super::write::{Recorder, Written};
use super::{NoRecord, Replay};
use crate::feed::{Feed, News};
use crate::sample::{NOON_MS, Service, snapshot};

/// A file of its own, gone with this.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("qala-top-{name}-{}.jsonl", std::process::id()));
        let _ = fs::remove_file(&path);
        Self(path)
    }

    fn recorded(name: &str, seconds: std::ops::Range<u64>) -> Self {
        let place = Self::new(name);
        let mut recorder = Recorder::create(&place.0).expect("a new file");
        for second in seconds {
            let written =
                recorder.write(&snapshot(Service::Normal, second, None)).expect("it can be written");
            assert_eq!(written, Written::Yes);
        }
        place
    }

    fn replay(&self) -> Replay {
        Replay::open(&self.0).expect("a record")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn second(snapshot: &Snapshot) -> u64 {
    (snapshot.taken_at_ms - NOON_MS) / 1_000
}

/// The seconds of the pictures that are due until a moment of the viewer's clock.
fn due(replay: &mut Replay, now_ms: u64) -> Vec<u64> {
    let mut seconds = Vec::new();
    while let Some(News::Picture(picture)) = replay.news(now_ms) {
        seconds.push(second(&picture));
    }
    seconds
}

#[test]
fn pictures_come_when_they_came() {
    let place = Place::recorded("when", 0..5);
    let mut replay = place.replay();
    assert_eq!(replay.timeline().map(|line| (line.first_ms, line.last_ms)), Some((NOON_MS, NOON_MS + 4_000)));
    assert_eq!(due(&mut replay, 100), [0]);
    assert_eq!(due(&mut replay, 1_099), Vec::<u64>::new());
    assert_eq!(due(&mut replay, 1_100), [1]);
    replay.play(true, 10);
    // From the one that is shown on.
    assert_eq!(due(&mut replay, 2_000), Vec::<u64>::new());
    assert_eq!(due(&mut replay, 2_100), [2]);
    assert_eq!(due(&mut replay, 2_300), [3, 4]);
    assert!(matches!(replay.news(9_000), None | Some(News::Over)));
}

#[test]
fn the_end_is_told_once() {
    let place = Place::recorded("end", 0..1);
    let mut replay = place.replay();
    assert!(matches!(replay.news(0), Some(News::Picture(_))));
    assert!(matches!(replay.news(1), Some(News::Over)));
    assert!(replay.news(2).is_none());
}

#[test]
fn a_jump_brings_what_led_up_to_the_moment() {
    let place = Place::recorded("jump", 0..400);
    let mut replay = place.replay();
    let pictures = replay.seek(NOON_MS + 300_500).expect("it can be read");
    let seconds: Vec<u64> = pictures.iter().map(second).collect();
    assert_eq!((seconds.first(), seconds.last(), seconds.len()), (Some(&180), Some(&300), 121));
    // It goes on from there.
    assert_eq!(due(&mut replay, 50_000), Vec::<u64>::new());
    assert_eq!(due(&mut replay, 51_000), [301]);
    let first = replay.seek(0).expect("it can be read");
    assert_eq!(first.iter().map(second).collect::<Vec<_>>(), [0]);
}

#[test]
fn what_was_written_is_what_is_read_with_events_once() {
    let place = Place::recorded("same", 0..3);
    let mut replay = place.replay();
    let mut pictures = replay.seek(NOON_MS + 2_000).expect("it can be read");
    let ids = |picture: &Snapshot| picture.events.len();
    assert_eq!(pictures.iter().map(ids).collect::<Vec<_>>(), [20, 3, 3]);
    let last = pictures.pop().expect("three");
    assert_eq!(
        Snapshot { events: Vec::new(), ..last },
        Snapshot { events: Vec::new(), ..snapshot(Service::Normal, 2, None) }
    );
}

#[test]
fn a_record_that_ends_in_the_middle_of_a_line_is_played_to_there() {
    let place = Place::recorded("torn", 0..3);
    let whole = fs::read(&place.0).expect("a file");
    fs::write(&place.0, &whole[..whole.len() - 40]).expect("a file");
    let mut replay = place.replay();
    let pictures = replay.seek(NOON_MS + 60_000).expect("it can be read");
    assert_eq!(pictures.iter().map(second).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn a_record_is_never_written_over() {
    let place = Place::recorded("twice", 0..1);
    let error = Recorder::create(&place.0).expect_err("it is there");
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
}

#[test]
fn what_is_no_record_is_refused() {
    let place = Place::new("none");
    assert!(matches!(Replay::open(&place.0), Err(NoRecord::Unreadable(_))));
    fs::write(&place.0, "{\"at\":1}\n").expect("a file");
    assert!(matches!(Replay::open(&place.0), Err(NoRecord::NotARecord)));
    fs::write(&place.0, format!("{}\n", super::HEAD)).expect("a file");
    assert!(matches!(Replay::open(&place.0), Err(NoRecord::Empty)));
}
