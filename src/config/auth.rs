//! Who may enter. Nothing here is open by omission: a node that others can reach must be told.

use super::foreign;
use super::listen::Listen;
use super::option::{Group, Kind, OptionSpec, not_blank};
use super::problem::Problem;
use super::reader::Reader;
use super::running::Production;
use super::secret::Secret;
use super::sources::Origin;

/// Shorter secrets are refused: with a token at hand they can be found by trying.
pub const MIN_SECRET_BYTES: usize = 16;

pub(super) static AUTH: OptionSpec = OptionSpec {
    flag: "auth",
    environment: &["QALA_AUTH"],
    group: Group::Access,
    kind: Kind::Words(&["none", "guest", "jwt"]),
    value_name: "how",
    default: None,
    example: "jwt",
    help: "jwt: who has a token; guest: anyone on this machine; none: anyone who can reach the node; \
           otherwise jwt if there is a secret, else guest",
    secret: false,
};

pub(super) static JWT_SECRET: OptionSpec = OptionSpec {
    flag: "jwt-secret",
    environment: &["QALA_JWT_SECRET", "JWT_SECRET", "SUPABASE_JWT_SECRET"],
    group: Group::Access,
    kind: Kind::Text { what: "a secret", accepts: not_blank },
    value_name: "secret",
    default: None,
    example: "the-secret-your-backend-signs-with",
    help: "HS256 secret that tokens are signed with, at least 16 bytes; other users of the machine can \
           see flags, so prefer the variable",
    secret: true,
};

pub(super) static JWT_AUDIENCE: OptionSpec = OptionSpec {
    flag: "jwt-audience",
    environment: &["QALA_JWT_AUDIENCE"],
    group: Group::Access,
    kind: Kind::Text { what: "the `aud` of your tokens", accepts: not_blank },
    value_name: "text",
    default: None,
    example: "authenticated",
    help: "accept only tokens with this `aud`; otherwise any",
    secret: false,
};

pub(super) static JWT_ISSUER: OptionSpec = OptionSpec {
    flag: "jwt-issuer",
    environment: &["QALA_JWT_ISSUER"],
    group: Group::Access,
    kind: Kind::Text { what: "the `iss` of your tokens", accepts: not_blank },
    value_name: "text",
    default: None,
    example: "https://project.supabase.co/auth/v1",
    help: "accept only tokens with this `iss`; otherwise any",
    secret: false,
};

/// Who may enter.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Anyone, as a guest; the address is a loopback one, so only this machine can reach it.
    GuestOnLoopback,
    /// Anyone, as a guest, from wherever the address can be reached: `--auth none` was said outright.
    OpenToAll,
    /// Whoever has a token signed with the secret.
    JwtHs256(JwtHs256),
}

/// How tokens are checked.
#[derive(Debug, Clone)]
pub struct JwtHs256 {
    /// The HS256 secret, used byte by byte as given; at least [`MIN_SECRET_BYTES`] long.
    pub secret: Secret,
    /// `aud` that a token must have; `None`: any.
    pub audience: Option<String>,
    /// `iss` that a token must have; `None`: any.
    pub issuer: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    None,
    Guest,
    Jwt,
}

impl Mode {
    fn parse(value: &str) -> Option<Self> {
        match value.trim().to_ascii_lowercase().as_str() {
            "none" => Some(Self::None),
            "guest" => Some(Self::Guest),
            "jwt" => Some(Self::Jwt),
            _ => None,
        }
    }
}

impl Auth {
    pub(super) fn read(reader: &mut Reader<'_>, listen: &Listen, production: &Production) -> Self {
        let problems = reader.problem_count();
        let mode = reader.accepted(&AUTH).and_then(|given| Some((Mode::parse(&given.value)?, given.origin)));
        let secret = reader.accepted(&JWT_SECRET);
        let audience = reader.accepted(&JWT_AUDIENCE);
        let issuer = reader.accepted(&JWT_ISSUER);
        let about_tokens = audience.as_ref().or(issuer.as_ref()).map(|given| given.origin.clone());
        let all_sound = reader.problem_count() == problems;

        match (mode, secret) {
            // An outright `none` or `guest` wins over a secret only from a stronger source: a secret in the
            // environment may be overruled by a flag, never by chance.
            (Some((mode @ (Mode::None | Mode::Guest), origin)), secret) => {
                if let Some(secret) = secret.filter(|secret| secret.origin.strength() >= origin.strength()) {
                    let value = if mode == Mode::None { "none" } else { "guest" };
                    reader.problem(Problem::AuthContradiction { origin, value, secret: secret.origin });
                }
                if mode == Mode::None {
                    return Self::OpenToAll;
                }
                guests(reader, listen, true, production)
            }
            (Some((Mode::Jwt, _)) | None, Some(secret)) => {
                let bytes = secret.value.len();
                if bytes < MIN_SECRET_BYTES {
                    reader.problem(Problem::WeakSecret { origin: secret.origin, bytes });
                }
                Self::JwtHs256(JwtHs256 {
                    secret: Secret::new(secret.value),
                    audience: audience.map(|given| given.value),
                    issuer: issuer.map(|given| given.value),
                })
            }
            (Some((Mode::Jwt, origin)), None) => without_secret(reader, Some(origin), all_sound),
            (None, None) if about_tokens.is_some() || !all_sound => {
                without_secret(reader, about_tokens, all_sound)
            }
            (None, None) => guests(reader, listen, false, production),
        }
    }
}

/// Tokens were meant to be checked. The value is never used: there is a problem, here or already told.
fn without_secret(reader: &mut Reader<'_>, asked_by: Option<Origin>, all_sound: bool) -> Auth {
    if let Some(origin) = asked_by.filter(|_| all_sound) {
        reader.problem(Problem::NoSecret { origin });
    }
    Auth::GuestOnLoopback
}

/// Guests, if nobody else can reach the node.
fn guests(reader: &mut Reader<'_>, listen: &Listen, wanted: bool, production: &Production) -> Auth {
    let address = listen.address();
    let supabase = reader.sources.variable_named(foreign::SUPABASE_URL.name).is_some();
    if !listen.is_loopback() {
        reader.problem(Problem::OpenWithoutAuth { address, guests_wanted: wanted, supabase });
    } else if let (Some(origin), false) = (&production.because, wanted) {
        reader.problem(Problem::GuestsInProduction { address, origin: origin.clone(), supabase });
    }
    Auth::GuestOnLoopback
}
