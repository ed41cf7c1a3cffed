//! A scenario: how many play, what they do, and when. Data, in TOML; the same with the same seed.

use std::time::Duration;

use qala::dialect::{AnimochatVocabulary, Dialect};
use serde::{Deserialize, Serialize};

use crate::people::{People, Stages};

mod builtin;

pub use builtin::{NAMES, named};

/// The most clients that one run plays: the numbers that name them have room for no more.
pub const MOST_CLIENTS: u32 = 1_000_000;
/// Signals and chat lines of one side in one talk: the oracle keeps a bit for each.
pub const MOST_MESSAGES: u32 = 64;

/// A client family that can be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Language exchange by video.
    Qala,
    /// Anonymous video.
    WebrtcChat,
    /// Anonymous text chat.
    Animochat,
    /// Anonymous text chat of a campus.
    Sorsu,
    /// Calls in rooms by id, of two here.
    Signaling,
}

impl Family {
    /// Every family, by name.
    pub const ALL: [Self; 5] = [Self::Qala, Self::WebrtcChat, Self::Animochat, Self::Sorsu, Self::Signaling];

    /// How its clients speak.
    pub const fn dialect(self) -> Dialect {
        match self {
            Self::Qala => Dialect::Qala,
            Self::WebrtcChat => Dialect::WebrtcChat,
            Self::Animochat => Dialect::Animochat(AnimochatVocabulary::First),
            Self::Sorsu => Dialect::Sorsu,
            Self::Signaling => Dialect::Signaling,
        }
    }

    /// The word on the command line and in reports.
    pub const fn name(self) -> &'static str {
        self.dialect().name()
    }

    /// Whether its people have wishes.
    pub const fn has_wishes(self) -> bool {
        matches!(self, Self::Qala)
    }

    /// Whether its server brings people together; else they agree on a room by themselves.
    pub const fn is_matched(self) -> bool {
        !matches!(self, Self::Signaling)
    }

    /// Whether its clients send signals.
    pub const fn has_signals(self) -> bool {
        matches!(self, Self::Qala | Self::WebrtcChat | Self::Signaling)
    }

    /// Whether its clients send chat lines.
    pub const fn has_lines(self) -> bool {
        !matches!(self, Self::Signaling)
    }

    /// Whether its clients come back as who they were. Those of webrtc-chat have no word for the end of a talk but
    /// the end of the connection, and must not be waited for; those of signaling show no secret.
    pub const fn returns(self) -> bool {
        matches!(self, Self::Qala | Self::Animochat | Self::Sorsu)
    }
}

/// How arrivals are spread over the time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Shape {
    /// The same rate throughout.
    Hold,
    /// The rate grows evenly from nothing.
    Ramp,
    /// The rate grows in so many equal steps.
    Steps {
        /// How many.
        steps: u32,
    },
    /// In the middle, for so long, so many times the rate.
    Spike {
        /// Seconds.
        seconds: f64,
        /// Times the rate.
        times: f64,
    },
    /// In the middle all connections drop at once, and all come back within a second.
    Storm,
}

impl Shape {
    /// The rate at that part of the time (0 to 1), as a multiple of the scenario's.
    pub fn factor(&self, part: f64, duration_seconds: f64) -> f64 {
        match self {
            Self::Hold | Self::Storm => 1.0,
            Self::Ramp => part,
            Self::Steps { steps } => {
                let steps = f64::from(*steps);
                ((part * steps).floor() + 1.0).min(steps) / steps
            }
            Self::Spike { seconds, times } => {
                let half = seconds / duration_seconds / 2.0;
                if (part - 0.5).abs() <= half { *times } else { 1.0 }
            }
        }
    }

    /// The highest it comes to.
    pub fn highest(&self) -> f64 {
        match self {
            Self::Hold | Self::Storm | Self::Ramp | Self::Steps { .. } => 1.0,
            Self::Spike { times, .. } => times.max(1.0),
        }
    }
}

/// What two do who met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Talk {
    /// How long it lasts, on average, in seconds.
    pub seconds: f64,
    /// Signals of each side, at its beginning.
    pub signals: u32,
    /// Bytes of one.
    pub signal_bytes: usize,
    /// Chat lines of each side.
    pub lines: u32,
}

impl Default for Talk {
    fn default() -> Self {
        Self { seconds: 5.0, signals: 10, signal_bytes: 200, lines: 3 }
    }
}

/// What goes wrong on the clients' side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Troubles {
    /// So many of a hundred read nothing for a while, once.
    pub slow_percent: f64,
    /// For so many seconds.
    pub slow_seconds: f64,
    /// So many of a hundred fall silent for good at some time, with their connection open.
    pub half_open_percent: f64,
}

/// A scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// The families that play, in equal parts. More than one: each at the namespace of its name.
    pub dialects: Vec<Family>,
    /// How many clients.
    pub clients: u32,
    /// Searches per second.
    pub rate: f64,
    /// For how many seconds searches arrive.
    pub duration_seconds: f64,
    /// In how many seconds all connect.
    pub ramp_seconds: f64,
    /// Connections being opened at once.
    pub connecting_at_once: u32,
    /// Whether a client searches again when it is free, instead of searches arriving whatever the server does.
    pub closed: bool,
    /// After how many seconds a search that found nobody is given up.
    pub patience_seconds: f64,
    /// When the server relaxes wishes (its `--stage-seconds`).
    pub stage_seconds: [f64; 5],
    /// What all randomness comes from.
    pub seed: u64,
    /// How arrivals are spread over the time.
    pub shape: Shape,
    /// What two do who met.
    pub talk: Talk,
    /// Who plays.
    pub people: People,
    /// What goes wrong.
    pub troubles: Troubles,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            name: "hold".into(),
            dialects: vec![Family::Qala],
            clients: 10_000,
            rate: 500.0,
            duration_seconds: 60.0,
            ramp_seconds: 5.0,
            connecting_at_once: 256,
            closed: false,
            patience_seconds: 120.0,
            stage_seconds: [0.0, 15.0, 30.0, 45.0, 60.0],
            seed: 1,
            shape: Shape::Hold,
            talk: Talk::default(),
            people: People::default(),
            troubles: Troubles::default(),
        }
    }
}

impl Scenario {
    /// The scenario that a file says; what it leaves out is as usual.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    /// As a file says it.
    pub fn print(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    /// What of it makes no sense, in words.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut must = |holds: bool, said: &str| {
            if !holds {
                problems.push(said.to_owned());
            }
        };
        must(!self.dialects.is_empty(), "dialects is empty; name at least one");
        must((2..=MOST_CLIENTS).contains(&self.clients), "clients must be from 2 to 1,000,000");
        let rate = self.rate > 0.0 && self.rate <= 1_000_000.0;
        must(rate, "rate must be above 0, at most 1,000,000 searches per second");
        let lasts = self.duration_seconds > 0.0 && self.duration_seconds <= 86_400.0;
        must(lasts, "duration must be above 0 s, at most a day");
        must((0.0..=3_600.0).contains(&self.ramp_seconds), "ramp must be from 0 s to an hour");
        must(self.connecting_at_once > 0, "connecting_at_once must be above 0");
        must(self.patience_seconds > 0.0, "patience_seconds must be above 0");
        let rises = self.stage_seconds.is_sorted() && self.stage_seconds[0] == 0.0;
        must(rises, "stage_seconds must begin with 0, and none may be shorter than the one before");
        let talk = &self.talk;
        must((0.0..=3_600.0).contains(&talk.seconds), "talk.seconds must be from 0 to 3600");
        let few = talk.signals <= MOST_MESSAGES && talk.lines <= MOST_MESSAGES;
        must(few, "talk.signals and talk.lines must be at most 64");
        must(talk.signal_bytes <= 32_000, "talk.signal_bytes must be at most 32000");
        let weights = self.people.pairs.iter().all(|pair| pair.weight > 0.0);
        must(weights && !self.people.pairs.is_empty(), "people.pairs needs pairs with a weight above 0");
        let language = |tag: &String| tag.parse::<qala::domain::person::Language>().is_ok();
        let languages = self.people.pairs.iter().all(|pair| pair.languages.iter().all(language));
        must(languages, "people.pairs must be of languages like `en` or `pt-BR`");
        problems
    }

    /// When each stage opens.
    pub fn stages(&self) -> Stages {
        Stages(self.stage_seconds.map(Duration::from_secs_f64))
    }

    /// The family of that client.
    pub fn family(&self, client: u32) -> Family {
        let place = usize::try_from(client).unwrap_or(0) % self.dialects.len().max(1);
        self.dialects.get(place).copied().unwrap_or(Family::Qala)
    }

    /// Where its clients connect to: with several families each has a namespace.
    pub fn namespace(&self, family: Family) -> Option<&'static str> {
        (self.dialects.len() > 1).then(|| family.name())
    }
}
