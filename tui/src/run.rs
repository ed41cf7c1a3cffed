//! The loop: the one place that knows the clock, the terminal, where pictures come from, and the state.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crossterm::event;
use qala::store::snapshot::{Order, Ordered, Outcome, Survey};

use crate::feed::{Feed, News};
use crate::linear::Linear;
use crate::record::{NoRecord, Recorder, Replay, Written};
use crate::settings::{Origin, Settings, Shows};
use crate::signals::Signals;
use crate::state::{State, Terms, Wish};
use crate::terminal::{self, Came, Screen};
use crate::text::Letters;
use crate::view::{self, Drawn, Theme};
use crate::{input, plain};

/// How long the loop waits for a key before it looks for pictures.
const LOOK_MS: u64 = 40;
/// A picture that nothing changed is drawn anew after so long: ages grow.
const REDRAW_MS: u64 = 500;
/// For how long `--once` waits for its first picture.
const ONCE_MS: u64 = 5_000;
/// And then for a second one, since rates take two.
const SECOND_MS: u64 = 1_500;
/// Keys that are handled before the screen is drawn: somebody who pastes does not stop the pictures.
const MOST_KEYS: usize = 64;

/// The exit code of whoever loses its terminal: 128 and SIGHUP.
const HANG_UP: u8 = 129;

/// How it ended.
#[derive(Debug)]
pub enum Ended {
    /// As asked.
    Done,
    /// By a signal: the exit code is 128 and its number.
    Signal(u8),
    /// Whoever read what was printed has gone away (`| head`).
    ReaderGone,
    /// Nobody answered.
    Unreachable {
        /// What was tried, and what happened.
        error: String,
        /// What to do.
        hint: String,
    },
    /// Something else failed.
    Failed {
        /// What was tried, and what happened.
        error: String,
        /// What to do.
        hint: String,
    },
}

impl Ended {
    fn failed(error: impl Into<String>, hint: &str) -> Self {
        Self::Failed { error: error.into(), hint: hint.to_owned() }
    }
}

/// Time since the viewer started.
struct Clock(Instant);

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the viewer's one clock")]
    fn start() -> Self {
        Self(Instant::now())
    }

    #[expect(clippy::disallowed_methods, reason = "the viewer's one clock")]
    fn now_ms(&self) -> u64 {
        let passed = Instant::now().duration_since(self.0);
        u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Opens a record to be played.
pub fn open_record(path: &Path) -> Result<Box<dyn Feed>, Ended> {
    match Replay::open(path) {
        Ok(replay) => Ok(Box::new(replay)),
        Err(NoRecord::Unreadable(error)) => {
            Err(Ended::failed(format!("cannot read {}: {error}", path.display()), "correct --replay"))
        }
        Err(NoRecord::NotARecord) => Err(Ended::failed(
            format!("{} is no record of `qala top`", path.display()),
            "records are written with --record",
        )),
        Err(NoRecord::Empty) => Err(Ended::failed(
            format!("{} has no picture in it", path.display()),
            "nothing came while it was recorded",
        )),
    }
}

/// Shows what `feed` brings until somebody or something ends it. Data goes to `out`; `address` says where pictures
/// come from, without a password.
pub fn show(settings: &Settings, feed: Box<dyn Feed>, address: String, out: &mut dyn Write) -> Ended {
    let signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return Ended::failed(format!("cannot listen to signals: {error}"), "try again"),
    };
    let recorder = match settings.record.as_deref().map(Recorder::create).transpose() {
        Ok(recorder) => recorder,
        Err(error) => return cannot_record(settings, &error),
    };
    let terms = Terms {
        allow_actions: settings.allow_actions,
        by: settings.by.clone(),
        address,
        records: recorder.is_some(),
    };
    let mut state = State::new(terms, settings.pace_ms);
    state.begin_at(settings.tab);
    let letters = if settings.ascii { Letters::Ascii } else { Letters::Unicode };
    let mut viewer = Viewer {
        feed,
        state,
        recorder,
        clock: Clock::start(),
        signals,
        asked: None,
        pictures: 0,
        over: false,
    };
    if let Some(ended) = viewer.begin_record(settings) {
        return ended;
    }
    match settings.shows {
        Shows::Screen => viewer.on_screen(Theme { colours: !settings.no_color, letters }),
        Shows::OnceText => viewer.once(out, |state| plain::text(state, letters)),
        Shows::OnceJson => viewer.once(out, |state| plain::json(state) + "\n"),
        Shows::Stream => viewer.lines(settings.count, out, |state, _| vec![plain::json(state)]),
        Shows::Linear => {
            let mut linear = Linear::default();
            viewer.lines(settings.count, out, |state, now_ms| linear.sentences(state, letters, now_ms))
        }
    }
}

fn cannot_record(settings: &Settings, error: &io::Error) -> Ended {
    let path = settings.record.as_deref().unwrap_or(Path::new("")).display();
    let hint = if error.kind() == io::ErrorKind::AlreadyExists {
        "give --record another name; what is recorded already is kept"
    } else {
        "correct --record"
    };
    Ended::failed(format!("cannot write {path}: {error}"), hint)
}

struct Viewer {
    feed: Box<dyn Feed>,
    state: State,
    recorder: Option<Recorder>,
    clock: Clock,
    signals: Signals,
    /// What the feed was asked for last.
    asked: Option<(Survey, u64)>,
    pictures: u64,
    over: bool,
}

impl Viewer {
    /// A record is shown from where it was asked to begin.
    fn begin_record(&mut self, settings: &Settings) -> Option<Ended> {
        let Origin::Record(_) = settings.origin else { return None };
        let timeline = self.feed.timeline()?;
        self.state.replay(timeline);
        let begin = match &settings.at {
            None => timeline.first_ms,
            Some(at) => match timeline.moment(at) {
                Some(moment) => moment,
                None => {
                    return Some(Ended::failed(
                        format!("--at is `{at}`; expected a time of day (UTC), for example 03:12"),
                        "the record's own times are at both ends of its time line",
                    ));
                }
            },
        };
        self.seek(begin);
        None
    }

    /// Asks for what is looked at, and learns what came. Says whether anything did.
    fn look(&mut self) -> bool {
        let now_ms = self.clock.now_ms();
        self.state.tick(now_ms);
        let wanted = (self.state.survey(), self.state.pace_ms);
        if self.asked.as_ref() != Some(&wanted) {
            self.feed.ask(&wanted.0, wanted.1);
            self.asked = Some(wanted);
        }
        if let Some(timeline) = self.state.timeline {
            self.feed.play(timeline.plays, timeline.speed);
        }
        let mut came = false;
        while let Some(news) = self.feed.news(now_ms) {
            came = true;
            match news {
                News::Picture(snapshot) => {
                    self.record(&snapshot);
                    self.pictures += 1;
                    self.state.apply(*snapshot, now_ms);
                }
                News::Silence(why) => self.state.fall_silent(why, now_ms),
                News::Done(ordered, outcome) => self.state.say(told(&ordered, outcome)),
                News::Over => {
                    self.over = true;
                    self.state.say("the record ends here");
                }
            }
        }
        came
    }

    fn record(&mut self, snapshot: &qala::store::snapshot::Snapshot) {
        let Some(recorder) = &mut self.recorder else { return };
        let note = match recorder.write(snapshot) {
            Ok(Written::Yes) => return,
            Ok(Written::Full) => {
                "the record is as large as it may become: nothing more is recorded".to_owned()
            }
            Err(error) => format!("cannot write the record ({error}): nothing more is recorded"),
        };
        self.recorder = None;
        self.state.say(note);
    }

    fn seek(&mut self, moment_ms: u64) {
        match self.feed.seek(moment_ms) {
            Ok(pictures) => {
                self.over = false;
                self.pictures += u64::from(!pictures.is_empty());
                self.state.forget();
                for picture in pictures {
                    self.state.apply(picture, self.clock.now_ms());
                }
            }
            Err(why) => self.state.say(why),
        }
    }

    fn on_screen(&mut self, theme: Theme) -> Ended {
        let mut screen = match Screen::take() {
            Ok(screen) => screen,
            Err(error) => {
                let hint = "use --once, --stream or --linear where there is no terminal";
                return Ended::failed(format!("cannot draw on this terminal: {error}"), hint);
            }
        };
        match self.draw_and_listen(&mut screen, theme) {
            Ok(ended) => ended,
            Err(error) => Ended::failed(format!("the terminal is gone: {error}"), "start again"),
        }
    }

    fn draw_and_listen(&mut self, screen: &mut Screen, theme: Theme) -> io::Result<Ended> {
        let mut drawn = Drawn::default();
        let mut drawn_ms = None;
        loop {
            let came = self.look();
            let now_ms = self.clock.now_ms();
            let is_old = drawn_ms.is_none_or(|drawn_ms| now_ms.saturating_sub(drawn_ms) >= REDRAW_MS);
            if came || is_old {
                screen.terminal().draw(|frame| drawn = view::draw(&self.state, theme, frame))?;
                self.state.page_lines(drawn.list_lines);
                drawn_ms = Some(now_ms);
            }
            if let Some(code) = self.signals.ending() {
                return Ok(Ended::Signal(code));
            }
            if self.signals.take_stop() {
                self.stop(screen)?;
                drawn_ms = None;
            }
            if self.signals.take_goes_on() {
                screen.resume()?;
                drawn_ms = None;
            }
            if terminal::wait(Duration::from_millis(LOOK_MS)) == Came::HangUp {
                return Ok(self.signals.ending().map_or(Ended::Signal(HANG_UP), Ended::Signal));
            }
            if event::poll(Duration::ZERO)? {
                drawn_ms = None;
                if self.keys(screen, &drawn)? {
                    return Ok(Ended::Done);
                }
            }
        }
    }

    /// What was typed meanwhile. Says whether to end.
    fn keys(&mut self, screen: &mut Screen, drawn: &Drawn) -> io::Result<bool> {
        for _ in 0..MOST_KEYS {
            let event = event::read()?;
            let wish = input::intent(&event, self.state.mode(), &drawn.spots)
                .and_then(|intent| self.state.perform(intent));
            match wish {
                Some(Wish::Quit) => return Ok(true),
                Some(Wish::Stop) => self.stop(screen)?,
                Some(Wish::Redraw) => screen.terminal().clear()?,
                Some(Wish::Give(ordered)) => self.feed.give(ordered),
                Some(Wish::Seek(moment_ms)) => self.seek(moment_ms),
                None => {}
            }
            if !event::poll(Duration::ZERO)? {
                break;
            }
        }
        Ok(false)
    }

    fn stop(&mut self, screen: &mut Screen) -> io::Result<()> {
        screen.release();
        Signals::stop_now()?;
        self.signals.take_goes_on();
        screen.resume()
    }

    /// One picture, with rates where a second one comes in time.
    fn once(&mut self, out: &mut dyn Write, shown: impl Fn(&State) -> String) -> Ended {
        let mut until_ms = ONCE_MS;
        while self.pictures < 2 && self.clock.now_ms() < until_ms {
            if let Some(code) = self.signals.ending() {
                return Ended::Signal(code);
            }
            let before = self.pictures;
            self.look();
            if before == 0 && self.pictures > 0 {
                until_ms = self.clock.now_ms() + SECOND_MS + self.state.pace_ms;
            }
            thread::sleep(Duration::from_millis(LOOK_MS / 4));
        }
        if self.pictures == 0 {
            return self.unreachable();
        }
        print(out, &shown(&self.state))
    }

    /// A line or more for every picture, and for what else is news.
    fn lines(
        &mut self,
        most: Option<u64>,
        out: &mut dyn Write,
        mut shown: impl FnMut(&State, u64) -> Vec<String>,
    ) -> Ended {
        let mut was_stale = false;
        let mut printed = 0;
        loop {
            if let Some(code) = self.signals.ending() {
                return Ended::Signal(code);
            }
            self.look();
            let now_ms = self.clock.now_ms();
            let is_stale = self.state.has_picture() && self.state.stale().is_some();
            if self.pictures > printed || is_stale != was_stale {
                printed = self.pictures;
                let mut text = String::new();
                for line in shown(&self.state, now_ms) {
                    // Writing to a string cannot fail.
                    let _ = writeln!(text, "{line}");
                }
                match print(out, &text) {
                    Ended::Done => {}
                    ended @ (Ended::ReaderGone
                    | Ended::Signal(_)
                    | Ended::Unreachable { .. }
                    | Ended::Failed { .. }) => return ended,
                }
            }
            was_stale = is_stale;
            if self.over || most.is_some_and(|most| self.pictures >= most) {
                return Ended::Done;
            }
            if self.pictures == 0 && now_ms >= ONCE_MS {
                return self.unreachable();
            }
            thread::sleep(Duration::from_millis(LOOK_MS / 4));
        }
    }

    fn unreachable(&self) -> Ended {
        let why = self.state.stale().map_or("", |(_, why)| why);
        let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
        Ended::Unreachable {
            error: format!("no answer from {} in {} s{why}", self.state.terms.address, ONCE_MS / 1_000),
            hint: "start it, or correct --redis-url or --url".to_owned(),
        }
    }
}

fn print(out: &mut dyn Write, text: &str) -> Ended {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ended::Done,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ended::ReaderGone,
        Err(error) => Ended::failed(format!("cannot write: {error}"), "is the disk full?"),
    }
}

/// What became of an order, in a sentence.
fn told(ordered: &Ordered, outcome: Outcome) -> String {
    let what = match &ordered.order {
        Order::Drain { node } => format!("drain {node}"),
        Order::CloseRoom { room, .. } => format!("close {room}"),
        Order::Disconnect { user, .. } => format!("disconnect {user}"),
    };
    match outcome {
        Outcome::Given => format!("{what}: told to its nodes, as {}", ordered.by),
        Outcome::NotFound => format!("{what}: nobody is there any more"),
        Outcome::Refused(why) => format!("{what}: {why}"),
    }
}
