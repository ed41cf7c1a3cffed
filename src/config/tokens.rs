//! How tokens are checked, and where more is known of their users.

use super::auth::Auth;
use super::foreign;
use super::option::{Group, Kind, OptionSpec, bytes, not_blank, seconds};
use super::reader::Reader;
use super::secret::Secret;
use super::sources::{Given, Origin};

const DAY_SECONDS: u64 = 86_400;
const HTTP_URL: Kind = Kind::Text {
    what: "an http or https address",
    accepts: |value| foreign::is_url(value, &["http", "https"]),
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

pub(super) static JWKS_URL: OptionSpec = OptionSpec {
    flag: "jwks-url",
    environment: &["QALA_JWKS_URL"],
    group: Group::Access,
    kind: HTTP_URL,
    value_name: "url",
    default: None,
    example: "https://auth.example.com/.well-known/jwks.json",
    help: "where the public keys are that tokens are signed with (RS256, ES256, EdDSA); otherwise those of --supabase-url, \
           if there is one",
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

pub(super) static JWT_LEEWAY: OptionSpec = OptionSpec {
    flag: "jwt-leeway",
    environment: &["QALA_JWT_LEEWAY"],
    group: Group::Access,
    kind: seconds(0, 600),
    value_name: "seconds",
    default: Some("30"),
    example: "30",
    help: "how far the clock of who signs tokens may differ from the node's, for `exp` and `nbf`",
    secret: false,
};

pub(super) static TOKEN_IN_QUERY: OptionSpec = OptionSpec {
    flag: "token-in-query",
    environment: &["QALA_TOKEN_IN_QUERY"],
    group: Group::Access,
    kind: Kind::Words(&["on", "off"]),
    value_name: "on|off",
    default: Some("off"),
    example: "on",
    help: "accept tokens also as `?token=` of the address, for clients that cannot do otherwise; addresses end up in the \
           logs of proxies",
    secret: false,
};

pub(super) static MAX_TOKEN: OptionSpec = OptionSpec {
    flag: "max-token-bytes",
    environment: &["QALA_MAX_TOKEN_BYTES"],
    group: Group::Access,
    kind: bytes(64, 65_536),
    value_name: "bytes",
    default: Some("8192"),
    example: "8192",
    help: "longer tokens are refused unread",
    secret: false,
};

pub(super) static AUTH_URL: OptionSpec = OptionSpec {
    flag: "auth-url",
    environment: &["QALA_AUTH_URL"],
    group: Group::Access,
    kind: HTTP_URL,
    value_name: "url",
    default: None,
    example: "https://api.example.com/whose-token",
    help: "what is asked with --auth http: `POST {token}`, answered by 200 `{user}`, or by 401",
    secret: true,
};

pub(super) static SUPABASE_URL: OptionSpec = OptionSpec {
    flag: "supabase-url",
    environment: &["QALA_SUPABASE_URL", "SUPABASE_URL"],
    group: Group::Access,
    kind: HTTP_URL,
    value_name: "url",
    default: None,
    example: "https://project.supabase.co",
    help: "Supabase project whose users' tokens are accepted, by its public keys, by --jwt-secret, or else by asking it",
    secret: false,
};

pub(super) static SUPABASE_KEY: OptionSpec = OptionSpec {
    flag: "supabase-key",
    environment: &["QALA_SUPABASE_KEY", "SUPABASE_SERVICE_ROLE_KEY"],
    group: Group::Access,
    kind: Kind::Text { what: "a key", accepts: not_blank },
    value_name: "key",
    default: None,
    example: "the-service-role-key",
    help: "service role key of that project: users then need a row in its table `users`, which says age, gender and \
           whether they are banned; prefer the variable",
    secret: true,
};

pub(super) static PROFILE_WHEN_AWAY: OptionSpec = OptionSpec {
    flag: "profile-when-away",
    environment: &["QALA_PROFILE_WHEN_AWAY"],
    group: Group::Access,
    kind: Kind::Words(&["refuse", "claims"]),
    value_name: "refuse|claims",
    default: Some("refuse"),
    example: "claims",
    help: "while the table cannot be read: refuse who comes, or believe what clients say of themselves",
    secret: false,
};

pub(super) static PROFILE_SECONDS: OptionSpec = OptionSpec {
    flag: "profile-seconds",
    environment: &["QALA_PROFILE_SECONDS"],
    group: Group::Access,
    kind: seconds(0, DAY_SECONDS),
    value_name: "seconds",
    default: Some("60"),
    example: "60",
    help: "how long a row that was read holds for those who come back",
    secret: false,
};

/// Another server, at an address that may hold a password.
#[derive(Debug, Clone)]
pub struct ServerAt {
    /// Its address.
    pub url: Secret,
    /// Who named it.
    pub origin: Origin,
}

/// A Supabase project.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its address.
    pub url: Secret,
    /// Who named it.
    pub origin: Origin,
    /// Its service role key. With it users need a row.
    pub key: Option<Secret>,
}

/// What is accepted as a token at all.
#[derive(Debug, Clone)]
pub struct TokenShape {
    /// Also from the query of the address.
    pub in_query: bool,
    /// The longest that is read.
    pub longest_bytes: usize,
}

/// What happens while rows cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenAway {
    /// Nobody comes in.
    Refuse,
    /// What clients say holds.
    Claims,
}

/// How rows are kept.
#[derive(Debug, Clone)]
pub struct Profiles {
    /// What happens while they cannot be read.
    pub when_away: WhenAway,
    /// Seconds that one holds.
    pub kept_seconds: u64,
}

/// How signed tokens are checked. There is a secret, or there are keys, or both.
#[derive(Debug, Clone)]
pub struct Jwt {
    /// The HS256 secret, used byte by byte as given; at least [`super::MIN_SECRET_BYTES`] long.
    pub secret: Option<Secret>,
    /// Where public keys are published.
    pub keys: Option<ServerAt>,
    /// Whether these are the project's, and nobody named others.
    pub keys_are_the_projects: bool,
    /// The project that the users belong to.
    pub project: Option<Project>,
    /// `aud` that a token must have; `None`: any.
    pub audience: Option<String>,
    /// `iss` that a token must have; `None`: any.
    pub issuer: Option<String>,
    /// Seconds that clocks may differ.
    pub leeway_seconds: u64,
    /// What is accepted as a token.
    pub token: TokenShape,
    /// How rows are kept.
    pub profiles: Profiles,
}

/// A server that says whose a token is.
#[derive(Debug, Clone)]
pub struct Http {
    /// Its address.
    pub url: Secret,
    /// Who named it.
    pub origin: Origin,
    /// What is accepted as a token.
    pub token: TokenShape,
}

/// What was said about tokens.
pub(super) struct Tokens {
    pub(super) secret: Option<Given>,
    keys: Option<Given>,
    audience: Option<Given>,
    issuer: Option<Given>,
    project: Option<Given>,
    key: Option<Given>,
    pub(super) asked: Option<Given>,
    leeway_seconds: u64,
    token: TokenShape,
    profiles: Profiles,
}

impl Tokens {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let is = |given: Option<Given>, word: &str| {
            given.is_some_and(|given| given.value.trim().eq_ignore_ascii_case(word))
        };
        let claims = is(reader.accepted(&PROFILE_WHEN_AWAY), "claims");
        Self {
            secret: reader.accepted(&JWT_SECRET),
            keys: reader.accepted(&JWKS_URL),
            audience: reader.accepted(&JWT_AUDIENCE),
            issuer: reader.accepted(&JWT_ISSUER),
            project: reader.accepted(&SUPABASE_URL),
            key: reader.accepted(&SUPABASE_KEY),
            asked: reader.accepted(&AUTH_URL),
            leeway_seconds: reader.whole(&JWT_LEEWAY),
            token: TokenShape {
                in_query: is(reader.accepted(&TOKEN_IN_QUERY), "on"),
                longest_bytes: reader.whole(&MAX_TOKEN),
            },
            profiles: Profiles {
                when_away: if claims { WhenAway::Claims } else { WhenAway::Refuse },
                kept_seconds: reader.whole(&PROFILE_SECONDS),
            },
        }
    }

    /// What makes it plain that tokens are to be checked by what stands in them.
    pub(super) fn asked_by(&self) -> Option<&Given> {
        [&self.secret, &self.keys, &self.audience, &self.issuer, &self.project]
            .into_iter()
            .find_map(Option::as_ref)
    }

    /// Whether there is anything to check them with.
    pub(super) fn can_be_checked(&self) -> bool {
        [&self.secret, &self.keys, &self.project].into_iter().any(Option::is_some)
    }

    /// How signed ones are checked.
    pub(super) fn jwt(&self) -> Jwt {
        let text = |given: &Option<Given>| given.as_ref().map(|given| given.value.clone());
        let secret = |given: &Option<Given>| text(given).map(Secret::new);
        let project = self.project.as_ref().map(|given| Project {
            url: Secret::new(without_slash(&given.value)),
            origin: given.origin.clone(),
            key: self.key.as_ref().map(|key| Secret::new(key.value.trim().to_owned())),
        });
        let named = self.keys.as_ref().map(|given| ServerAt {
            url: Secret::new(given.value.trim().to_owned()),
            origin: given.origin.clone(),
        });
        let keys_are_the_projects = named.is_none() && project.is_some();
        let of_project = project.as_ref().map(|Project { url, origin, .. }| ServerAt {
            url: Secret::new(format!("{}/auth/v1/.well-known/jwks.json", url.expose())),
            origin: origin.clone(),
        });
        Jwt {
            secret: secret(&self.secret),
            keys: named.or(of_project),
            keys_are_the_projects,
            project,
            audience: text(&self.audience),
            issuer: text(&self.issuer),
            leeway_seconds: self.leeway_seconds,
            token: self.token.clone(),
            profiles: self.profiles.clone(),
        }
    }

    /// Who is asked about them instead, if somebody is.
    pub(super) fn http(&self) -> Option<Http> {
        let Given { origin, value } = self.asked.as_ref()?;
        Some(Http {
            url: Secret::new(value.trim().to_owned()),
            origin: origin.clone(),
            token: self.token.clone(),
        })
    }
}

/// What was said about a project and has no effect on how anybody enters.
pub(super) fn without_effect<'a>(
    reader: &Reader<'_>,
    mut auth: impl Iterator<Item = &'a Auth>,
) -> Option<&'static str> {
    let given = |spec| reader.given(spec).is_some();
    if given(&SUPABASE_KEY) && !given(&SUPABASE_URL) {
        return Some("SUPABASE_SERVICE_ROLE_KEY (nothing says where the project is: SUPABASE_URL)");
    }
    let is_used = auth.any(|auth| matches!(auth, Auth::Jwt(_)));
    (given(&SUPABASE_URL) && !is_used).then_some("SUPABASE_URL (no client family shows signed tokens)")
}

fn without_slash(url: &str) -> String {
    url.trim().trim_end_matches('/').to_owned()
}
