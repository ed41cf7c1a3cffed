//! Who may enter. Nothing here is open by omission: a node that others can reach must be told.

use super::backend::{BACKEND_URL, BackendAt};
use super::listen::Listen;
use super::option::{Group, Kind, OptionSpec};
use super::problem::Problem;
use super::reader::Reader;
use super::running::{DialectName, Production};
use super::secret::Secret;
use super::sources::Given;
use super::tokens::{AUTH_URL, Http, Jwt, Tokens};

/// Shorter secrets are refused: with a token at hand they can be found by trying.
pub const MIN_SECRET_BYTES: usize = 16;

pub(super) static AUTH: OptionSpec = OptionSpec {
    flag: "auth",
    environment: &["QALA_AUTH"],
    group: Group::Access,
    kind: Kind::Text {
        what: "none, guest, jwt, http or backend, or a list of them by client family (qala=jwt)",
        accepts: |value| parse(value).is_some(),
    },
    value_name: "how",
    default: None,
    example: "jwt",
    help: "jwt: who has a token; http: whom --auth-url knows; backend: who has a session of sorsu's; guest: anyone on this machine; none: anyone \
           who can reach the node; otherwise jwt if something says how to check tokens, http if there is an --auth-url, else guest (sorsu: backend \
           if there is one); a list says it by client family (animochat=guest,qala=jwt), where guest is anyone who can reach the node",
    secret: false,
};

pub(super) static ADMIN_TOKEN: OptionSpec = OptionSpec {
    flag: "admin-token",
    environment: &["QALA_ADMIN_TOKEN"],
    group: Group::Access,
    kind: Kind::Text {
        what: "at least 16 characters",
        accepts: |value| value.trim().len() >= MIN_SECRET_BYTES,
    },
    value_name: "token",
    default: None,
    example: "a-long-random-text",
    help: "what operators send as `Authorization: Bearer` to see health in detail and metrics at the address of \
           clients; prefer the variable",
    secret: true,
};

/// The token of operators, if they have one.
pub(super) fn read_admin_token(reader: &mut Reader<'_>) -> Option<Secret> {
    reader.accepted(&ADMIN_TOKEN).map(|given| Secret::new(given.value.trim().to_owned()))
}

/// Who may enter.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Anyone, as a guest; the address is a loopback one, so only this machine can reach it.
    GuestOnLoopback,
    /// Anyone, as a guest, from wherever the address can be reached: `--auth none` was said outright.
    OpenToAll,
    /// Whoever has a signed token.
    Jwt(Box<Jwt>),
    /// Whoever has a token that another server knows.
    Http(Http),
    /// Whoever has a session of that backend's.
    Backend(BackendAt),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    None,
    Guest,
    Jwt,
    Http,
    Backend,
}

impl Mode {
    fn parse(value: &str) -> Option<Self> {
        match value.trim().to_ascii_lowercase().as_str() {
            "none" => Some(Self::None),
            "guest" => Some(Self::Guest),
            "jwt" => Some(Self::Jwt),
            "http" => Some(Self::Http),
            "backend" => Some(Self::Backend),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Guest => "guest",
            Self::Jwt => "jwt",
            Self::Http => "http",
            Self::Backend => "backend",
        }
    }
}

/// The client family that has a backend.
const SORSU: &str = "sorsu";

/// Client families whose clients have no token to show.
const WITHOUT_TOKENS: [&str; 3] = ["signaling", "animochat", "webrtc-chat"];

/// What was said about who may enter.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    /// Of every family that is not named.
    others: Option<Mode>,
    /// Of these.
    named: Vec<(&'static str, Mode)>,
}

impl Said {
    fn of(&self, name: &str) -> Option<Mode> {
        self.named.iter().find(|(named, _)| *named == name).map(|(_, mode)| *mode)
    }
}

fn parse(value: &str) -> Option<Said> {
    let mut said = Said::default();
    for item in value.split(',') {
        match item.split_once('=') {
            Some((name, how)) => {
                let name = DialectName::named(name)?.as_str();
                if said.of(name).is_some() {
                    return None;
                }
                said.named.push((name, Mode::parse(how)?));
            }
            None if said.others.is_some() => return None,
            None => said.others = Some(Mode::parse(item)?),
        }
    }
    Some(said)
}

/// How the clients of one family enter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Anyone, because that was said; `named`: of this family.
    Open { named: bool },
    /// Anyone on this machine; `wanted`: because that was said.
    Guests { wanted: bool },
    /// With a token.
    Tokens,
    /// With a token that somebody is asked about.
    Asked,
    /// With a session of the backend's.
    Sessions,
}

impl Way {
    /// `meant`: how it is known who comes, if nobody says otherwise.
    /// `backend`: the family's backend was named.
    fn of(name: &str, said: &Said, meant: Option<Self>, backend: bool) -> Self {
        match (said.of(name), said.others) {
            (Some(Mode::None | Mode::Guest), _) => Self::Open { named: true },
            (Some(Mode::Backend), _) | (None, Some(Mode::Backend)) => Self::Sessions,
            (None, None) if backend && name == SORSU => Self::Sessions,
            (Some(Mode::Jwt), _) | (None, Some(Mode::Jwt)) => Self::Tokens,
            (Some(Mode::Http), _) | (None, Some(Mode::Http)) => Self::Asked,
            (None, Some(Mode::None)) => Self::Open { named: false },
            (None, Some(Mode::Guest)) => Self::Guests { wanted: true },
            (None, None) => {
                let meant = meant.filter(|_| !WITHOUT_TOKENS.contains(&name));
                meant.unwrap_or(Self::Guests { wanted: false })
            }
        }
    }
}

/// Who may enter, of each of the families `spoken`, in that order.
pub(super) fn read(
    reader: &mut Reader<'_>,
    spoken: &[&'static str],
    listen: &Listen,
    production: &Production,
) -> Vec<Auth> {
    let problems = reader.problem_count();
    let given = reader.accepted(&AUTH);
    let tokens = Tokens::read(reader);
    let all_sound = reader.problem_count() == problems;
    let said = given.as_ref().and_then(|given| parse(&given.value)).unwrap_or_default();
    let meant = if tokens.asked_by().is_some() || !all_sound {
        Some(Way::Tokens)
    } else {
        tokens.asked.as_ref().map(|_| Way::Asked)
    };
    let backend = BackendAt::read(reader);
    let way = |name: &&'static str| (*name, Way::of(name, &said, meant, backend.is_some()));
    let ways: Vec<_> = spoken.iter().map(way).collect();

    check_backend(reader, given.as_ref(), &ways, backend.as_ref());
    check_asked(reader, given.as_ref(), &ways, &tokens);
    if let Some(given) = &given {
        for (name, _) in said.named.iter().filter(|(name, _)| !spoken.contains(name)) {
            reader.problem(Problem::AuthOfNobody { origin: given.origin.clone(), name });
        }
    }
    let beside = ways
        .iter()
        .find(|(_, way)| matches!(way, Way::Tokens | Way::Asked | Way::Sessions))
        .map(|(name, _)| *name);
    if ways.iter().any(|(_, way)| *way == Way::Tokens) {
        check_secret(reader, given.as_ref(), &tokens, all_sound);
    } else if beside.is_none() {
        check_contradiction(reader, given.as_ref(), &said, &tokens);
    }
    check_open(reader, &ways, beside, listen, production);
    let auth = |(_, way): &(&str, Way)| match way {
        Way::Open { .. } => Auth::OpenToAll,
        Way::Guests { .. } => Auth::GuestOnLoopback,
        Way::Tokens => Auth::Jwt(Box::new(tokens.jwt())),
        // Without one there is a problem, and the value is never used.
        Way::Asked => tokens.http().map_or(Auth::GuestOnLoopback, Auth::Http),
        Way::Sessions => backend.clone().map_or(Auth::GuestOnLoopback, Auth::Backend),
    };
    ways.iter().map(auth).collect()
}

/// A backend is one family's, and somewhere.
fn check_backend(
    reader: &mut Reader<'_>,
    given: Option<&Given>,
    ways: &[(&'static str, Way)],
    backend: Option<&BackendAt>,
) {
    for (name, _) in ways.iter().filter(|(_, way)| *way == Way::Sessions) {
        let Some(Given { origin, .. }) = given else { continue };
        if *name != SORSU {
            reader.problem(Problem::BackendOfNobody { origin: origin.clone(), name });
        } else if backend.is_none() && reader.given(&BACKEND_URL).is_none() {
            reader.problem(Problem::NoBackend { origin: origin.clone() });
        }
    }
}

/// Somebody is to be asked whose tokens are: who?
fn check_asked(
    reader: &mut Reader<'_>,
    given: Option<&Given>,
    ways: &[(&'static str, Way)],
    tokens: &Tokens,
) {
    let asks = ways.iter().any(|(_, way)| *way == Way::Asked);
    if let Some(Given { origin, .. }) = given
        && asks
        && tokens.asked.is_none()
        && reader.given(&AUTH_URL).is_none()
    {
        reader.problem(Problem::NobodyToAsk { origin: origin.clone() });
    }
}

/// Tokens are to be checked: with what?
fn check_secret(reader: &mut Reader<'_>, given: Option<&Given>, tokens: &Tokens, all_sound: bool) {
    match &tokens.secret {
        Some(secret) if secret.value.len() < MIN_SECRET_BYTES => {
            let (origin, bytes) = (secret.origin.clone(), secret.value.len());
            reader.problem(Problem::WeakSecret { origin, bytes });
        }
        Some(_) => {}
        None if tokens.can_be_checked() => {}
        None => {
            if let Some(asks) = given.or(tokens.asked_by()).filter(|_| all_sound) {
                reader.problem(Problem::NoSecret { origin: asks.origin.clone() });
            }
        }
    }
}

/// Nobody is to show a token. That wins over a secret only from a stronger source: a secret in the environment may be
/// overruled by a flag, never by chance.
fn check_contradiction(reader: &mut Reader<'_>, given: Option<&Given>, said: &Said, tokens: &Tokens) {
    let mode = said.others.or(said.named.first().map(|(_, mode)| *mode));
    if let (Some(given), Some(mode), Some(secret)) = (given, mode, &tokens.secret)
        && secret.origin.strength() >= given.origin.strength()
    {
        let (origin, secret) = (given.origin.clone(), secret.origin.clone());
        reader.problem(Problem::AuthContradiction { origin, value: mode.as_str(), secret });
    }
}

/// Guests, if nobody else can reach the node; everyone, if somebody said so. Next to a family whose clients show
/// tokens that must have been said of this family: who asks for tokens does not expect an open door.
fn check_open(
    reader: &mut Reader<'_>,
    ways: &[(&'static str, Way)],
    beside: Option<&'static str>,
    listen: &Listen,
    production: &Production,
) {
    let address = listen.address();
    let reached = !listen.is_loopback();
    for (open, way) in ways {
        let wanted = match way {
            Way::Tokens | Way::Asked | Way::Sessions | Way::Open { named: true } => continue,
            Way::Open { named: false } => true,
            Way::Guests { wanted } => *wanted,
        };
        if let Some(beside) = beside.filter(|_| reached || production.is_on()) {
            reader.problem(Problem::OpenNextToTokens { address, open, beside });
            continue;
        }
        match (way, &production.because) {
            (Way::Guests { .. }, _) if reached => {
                return reader.problem(Problem::OpenWithoutAuth { address, guests_wanted: wanted });
            }
            (Way::Guests { wanted: false }, Some(origin)) => {
                let origin = origin.clone();
                return reader.problem(Problem::GuestsInProduction { address, origin });
            }
            (Way::Guests { .. } | Way::Open { .. } | Way::Tokens | Way::Asked | Way::Sessions, _) => {}
        }
    }
}
