//! What an option is: the row type of the table from which parsing, help and documentation are made.

/// One option of `qala serve`.
#[derive(Debug, Clone, Copy)]
pub struct OptionSpec {
    /// Name on the command line, without the dashes; with `-` or `_` also the key in a file.
    pub flag: &'static str,
    /// Environment variables, strongest first. The first is ours (`QALA_...`), the others are the names the
    /// existing systems use.
    pub environment: &'static [&'static str],
    /// Heading under which help and documentation show it.
    pub group: Group,
    /// What it accepts.
    pub kind: Kind,
    /// Stands for the value in help: `--port <number>`.
    pub value_name: &'static str,
    /// What holds when nobody says anything; parsed like any other value. `None`: the help says what then.
    pub default: Option<&'static str>,
    /// A valid value, for error messages and `.env.example`.
    pub example: &'static str,
    /// One line that says what it does.
    pub help: &'static str,
    /// Whether its value must never be shown.
    pub secret: bool,
}

impl OptionSpec {
    /// Our own variable for this option.
    pub fn variable(&self) -> &'static str {
        self.environment.first().copied().unwrap_or(self.flag)
    }
}

/// Headings, in the order in which people meet them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Where to listen, and for pages of which origin.
    Listening,
    /// What nodes share.
    Store,
    /// Who may enter.
    Access,
    /// How people are paired.
    Matching,
    /// What one person, address or connection may ask for.
    Limits,
    /// The Engine.IO transports underneath.
    Transport,
    /// Where calls go that find no direct way.
    Relays,
    /// What others are told.
    Events,
    /// The process itself.
    Process,
}

impl Group {
    /// Every group, in order.
    pub const ALL: [Self; 9] = [
        Self::Listening,
        Self::Store,
        Self::Access,
        Self::Matching,
        Self::Limits,
        Self::Transport,
        Self::Relays,
        Self::Events,
        Self::Process,
    ];

    /// The heading itself.
    pub fn title(self) -> &'static str {
        match self {
            Self::Listening => "Listening",
            Self::Store => "Many nodes",
            Self::Access => "Who may enter",
            Self::Matching => "Matching",
            Self::Limits => "Limits",
            Self::Transport => "Transport",
            Self::Relays => "Relays for calls",
            Self::Events => "Events for others",
            Self::Process => "The process",
        }
    }
}

/// What a value may be.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A whole number between both bounds, included.
    Whole {
        /// In words: `a whole number of seconds`.
        what: &'static str,
        /// Smallest accepted.
        min: u64,
        /// Largest accepted.
        max: u64,
    },
    /// One of these words; case does not matter.
    Words(&'static [&'static str]),
    /// Text with a shape of its own.
    Text {
        /// In words: `an IP address`.
        what: &'static str,
        /// Whether it has that shape.
        accepts: fn(&str) -> bool,
    },
}

impl Kind {
    /// Whether `value` is acceptable.
    pub fn accepts(&self, value: &str) -> bool {
        match self {
            Self::Whole { min, max, .. } => {
                whole(value).is_some_and(|number| (*min..=*max).contains(&number))
            }
            Self::Words(words) => words.iter().any(|word| word.eq_ignore_ascii_case(value.trim())),
            Self::Text { accepts, .. } => accepts(value),
        }
    }

    /// What should have been there instead of `value`. The range is named only when the range is the problem.
    pub fn expected(&self, value: &str) -> String {
        match self {
            Self::Whole { what, min, max } if is_number(value) => format!("{what} from {min} to {max}"),
            Self::Whole { what, .. } | Self::Text { what, .. } => (*what).to_owned(),
            Self::Words([only]) => (*only).to_owned(),
            Self::Words([others @ .., last]) => format!("{} or {last}", others.join(", ")),
            Self::Words([]) => "nothing".to_owned(),
        }
    }
}

/// A whole number without sign.
pub(super) fn whole(value: &str) -> Option<u64> {
    let value = value.trim();
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| value.parse().ok()).flatten()
}

/// Whether it is a number at all, be it negative or beyond 64 bits.
fn is_number(value: &str) -> bool {
    let value = value.trim();
    let digits = value.strip_prefix('-').unwrap_or(value);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Any text that is not blank.
pub(super) fn not_blank(value: &str) -> bool {
    !value.trim().is_empty()
}

const SECONDS: &str = "a whole number of seconds";
const MILLISECONDS: &str = "a whole number of milliseconds";
const BYTES: &str = "a whole number of bytes";
const COUNT: &str = "a whole number";

/// A number of seconds.
pub(super) const fn seconds(min: u64, max: u64) -> Kind {
    Kind::Whole { what: SECONDS, min, max }
}

/// A number of milliseconds.
pub(super) const fn milliseconds(min: u64, max: u64) -> Kind {
    Kind::Whole { what: MILLISECONDS, min, max }
}

/// A number of bytes.
pub(super) const fn bytes(min: u64, max: u64) -> Kind {
    Kind::Whole { what: BYTES, min, max }
}

/// A number of things.
pub(super) const fn count(min: u64, max: u64) -> Kind {
    Kind::Whole { what: COUNT, min, max }
}
