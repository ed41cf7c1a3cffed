//! What can be wrong with a configuration: closed, so that every message has a test.

use std::fmt;
use std::net::SocketAddr;

use super::option::OptionSpec;
use super::sources::Origin;

/// One thing that is wrong. `Display` says what is; [`Problem::hint`] says what to do, where that is not
/// already plain. Neither ever contains a secret.
#[derive(Debug, Clone)]
pub enum Problem {
    /// A value that its option does not accept.
    Invalid {
        /// Who gave it.
        origin: Origin,
        /// The value; `None` where it is a secret.
        value: Option<String>,
        /// What was expected, in words.
        expected: String,
        /// A value that would do.
        example: &'static str,
    },
    /// A key of a file holds a table, a fraction or a date.
    NotAValue {
        /// The key.
        origin: Origin,
        /// What was expected, in words.
        expected: String,
        /// The option it names.
        spec: &'static OptionSpec,
    },
    /// A `QALA_` variable that no option has.
    UnknownVariable {
        /// Its name.
        name: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// A key of a file that no option has.
    UnknownKey {
        /// The key.
        key: String,
        /// The file.
        path: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// A file names an option twice, once with `-` and once with `_`.
    KeyTwice {
        /// The second of the two.
        origin: Origin,
    },
    /// A file that is not TOML.
    UnreadableFile {
        /// The file.
        path: String,
        /// Where, counted from 1.
        line: Option<usize>,
        /// What the parser says, without quoting the line.
        reason: String,
    },
    /// Others could reach the node and nothing asks who they are.
    OpenWithoutAuth {
        /// Where it would listen.
        address: SocketAddr,
        /// `--auth guest` was said outright, instead of nothing at all.
        guests_wanted: bool,
    },
    /// Production, and nobody said who may enter: a proxy may make a loopback address public.
    GuestsInProduction {
        /// Where it would listen.
        address: SocketAddr,
        /// What made it production.
        origin: Origin,
    },
    /// A secret short enough to be guessed.
    WeakSecret {
        /// Who gave it.
        origin: Origin,
        /// How long it is.
        bytes: usize,
    },
    /// Something about tokens is asked for, and there is nothing to check them with.
    NoSecret {
        /// What asks for it.
        origin: Origin,
    },
    /// Somebody is to be asked whose tokens are, and nobody said who.
    NobodyToAsk {
        /// What asks for it.
        origin: Origin,
    },
    /// Everyone may enter, and tokens are to be checked.
    AuthContradiction {
        /// Who said how to authenticate.
        origin: Origin,
        /// What they said: `none` or `guest`.
        value: &'static str,
        /// Who gave the secret.
        secret: Origin,
    },
    /// Everyone may enter one client family, next to one that asks for tokens, and nobody said so of that family.
    OpenNextToTokens {
        /// Where it would listen.
        address: SocketAddr,
        /// The open one.
        open: &'static str,
        /// The one that asks for tokens.
        beside: &'static str,
    },
    /// Who may enter is said of a client family that is not spoken.
    AuthOfNobody {
        /// Who said it.
        origin: Origin,
        /// The family.
        name: &'static str,
    },
    /// Pages of every origin, in production.
    AnyOriginInProduction {
        /// Who allowed it.
        origin: Origin,
    },
    /// Events are to go to Redis, and there is none.
    EventsWithoutRedis {
        /// Who asked for it.
        origin: Origin,
    },
    /// One of two options that make sense only together.
    HalfOfTwo {
        /// Who gave it.
        origin: Origin,
        /// The other one.
        missing: &'static OptionSpec,
    },
    /// A backend is to check sessions, and nobody said where it is.
    NoBackend {
        /// What asks for it.
        origin: Origin,
    },
    /// A backend is to check sessions of a client family that has none.
    BackendOfNobody {
        /// What asks for it.
        origin: Origin,
        /// The family.
        name: &'static str,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { origin, value: Some(value), expected, example } => {
                write!(
                    formatter,
                    "{origin} is `{}`; expected {expected}, for example {example}",
                    Shown(value)
                )
            }
            Self::Invalid { origin, value: None, expected, example } => {
                write!(formatter, "{origin} is not usable; expected {expected}, for example {example}")
            }
            Self::NotAValue { origin, expected, spec } => {
                write!(formatter, "{origin} is not a text or a whole number; expected {expected}, ")?;
                write!(formatter, "for example {}", spec.example)
            }
            Self::UnknownVariable { name, .. } => write!(formatter, "unknown variable {}", Shown(name)),
            Self::UnknownKey { key, path, .. } => write!(formatter, "unknown key {} in {path}", Shown(key)),
            Self::KeyTwice { origin } => write!(formatter, "{origin} is there twice, with - and with _"),
            Self::UnreadableFile { path, line: Some(line), reason } => {
                write!(formatter, "{path} is not valid TOML in line {line}: {reason}")
            }
            Self::UnreadableFile { path, line: None, reason } => {
                write!(formatter, "{path} is not valid TOML: {reason}")
            }
            Self::OpenWithoutAuth { address, .. } => {
                write!(formatter, "refusing to listen on {address} without authentication")
            }
            Self::GuestsInProduction { address, origin, .. } => {
                write!(formatter, "refusing to listen on {address} without authentication in production ")?;
                write!(formatter, "({origin})")
            }
            Self::WeakSecret { origin, bytes } => {
                write!(formatter, "{origin} is too short ({bytes} bytes); expected at least ")?;
                write!(formatter, "{} bytes", super::auth::MIN_SECRET_BYTES)
            }
            Self::NoSecret { origin } => {
                write!(formatter, "{origin} needs a secret or keys to check tokens with")
            }
            Self::NobodyToAsk { origin } => {
                write!(formatter, "{origin} needs the address of who knows whose tokens are")
            }
            Self::AuthContradiction { origin, value, secret } => {
                write!(formatter, "{origin} is `{value}`, but {secret} asks for tokens to be checked")
            }
            Self::OpenNextToTokens { address, open, beside } => {
                write!(
                    formatter,
                    "refusing to listen on {address} for {open} without authentication, next to "
                )?;
                write!(formatter, "{beside}, which asks for tokens")
            }
            Self::AuthOfNobody { origin, name } => {
                write!(formatter, "{origin} names `{name}`, which is not spoken here")
            }
            Self::AnyOriginInProduction { origin } => {
                write!(formatter, "{origin} is `*`, which lets pages of every site in, in production")
            }
            Self::EventsWithoutRedis { origin } => {
                write!(formatter, "{origin} names `redis`, and nothing says where that is")
            }
            Self::HalfOfTwo { origin, missing } => {
                write!(formatter, "{origin} is given without --{}", missing.flag)
            }
            Self::NoBackend { origin } => write!(formatter, "{origin} needs the address of a backend"),
            Self::BackendOfNobody { origin, name } => {
                write!(formatter, "{origin} asks for the backend of {name}, which has none")
            }
        }
    }
}

impl std::error::Error for Problem {}

impl Problem {
    /// What to do about it, in one line.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Invalid { .. } | Self::NotAValue { .. } | Self::UnreadableFile { .. } => return None,
            Self::UnknownVariable { nearest: Some(name), .. } => {
                return Some(format!("did you mean {name}?"));
            }
            Self::UnknownKey { nearest: Some(flag), .. } => return Some(format!("did you mean {flag}?")),
            Self::UnknownVariable { nearest: None, .. } => {
                "`qala serve --help` lists the variables of every option"
            }
            Self::UnknownKey { nearest: None, .. } => {
                "keys are the names of the options; `qala serve --help` lists them"
            }
            Self::KeyTwice { .. } | Self::AuthContradiction { .. } => "leave one of the two out",
            Self::OpenWithoutAuth { guests_wanted: true, .. } => {
                "guests enter only from this machine; say --auth none if everyone on that network may enter"
            }
            Self::OpenWithoutAuth { guests_wanted: false, .. } => {
                "give --jwt-secret or --jwks-url, or say --auth none if everyone on that network may enter"
            }
            Self::GuestsInProduction { .. } => {
                "give --jwt-secret or --jwks-url, or say --auth guest if everyone who reaches this machine may enter"
            }
            Self::WeakSecret { .. } => {
                "whoever guesses it can be anyone; `openssl rand -base64 32` makes a good one"
            }
            Self::NoSecret { .. } => {
                "give --jwt-secret, --jwks-url or --supabase-url, or set their variables"
            }
            Self::NobodyToAsk { .. } => "give --auth-url, or set QALA_AUTH_URL",
            Self::OpenNextToTokens { open, .. } => {
                return Some(format!(
                    "say --auth {open}=guest as well if everyone on that network may enter"
                ));
            }
            Self::AuthOfNobody { .. } => "leave it out, or add it to --dialects",
            Self::AnyOriginInProduction { .. } => {
                "list the origins of your pages, for example https://app.example.com"
            }
            Self::EventsWithoutRedis { .. } => "give --redis-url, or leave it out",
            Self::HalfOfTwo { missing, .. } => {
                return Some(format!("give --{} as well, or set {}", missing.flag, missing.variable()));
            }
            Self::NoBackend { .. } => "give --backend-url, or set LARAVEL_API_URL",
            Self::BackendOfNobody { .. } => "sorsu alone has one; say --auth sorsu=backend",
        };
        Some(hint.to_owned())
    }
}

/// A value as it may appear in a message: one line, no control characters, not longer than a line.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 60;
        for letter in self.0.chars().take(LONGEST) {
            let letter = if letter.is_control() { '\u{fffd}' } else { letter };
            write!(formatter, "{letter}")?;
        }
        if self.0.chars().count() > LONGEST { formatter.write_str("…") } else { Ok(()) }
    }
}
