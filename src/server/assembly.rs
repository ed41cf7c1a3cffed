//! From the configuration's words to each part's own.

use std::sync::Arc;
use std::time::Duration;

use crate::auth::{Authenticator, Bans, Credentials, IDENTIFIES_WITHIN, Upkeep};
use crate::backend::Backend;
use crate::config::{self, Config, DialectName};
use crate::dialect::{Dialect, Entry};
use crate::domain::id::{Entropy, NodeId, UserId};
use crate::domain::limits::Limits;
use crate::domain::policy::{Acceptance, Matchmaker, Policy};
use crate::events::{self, RedisSink};
use crate::http;
use crate::node::{self, Hears, Node, SystemEntropy};
use crate::outside::NotAUrl;
use crate::socket::{self, AddressBudgets, AddressLimit, Streams};
use crate::turn::Turn;

use super::StartError;

/// Letters and digits of generated node names, without those that look alike.
const NAME_LETTERS: &[u8] = b"23456789abcdefghjkmnpqrstuvwxyz";

const fn dialect(name: DialectName) -> Dialect {
    match name {
        DialectName::Qala => Dialect::Qala,
        DialectName::Animochat => Dialect::ANIMOCHAT,
        DialectName::WebrtcChat => Dialect::WebrtcChat,
        DialectName::Signaling => Dialect::Signaling,
        DialectName::Sorsu => Dialect::Sorsu,
    }
}

pub(super) fn node(config: &Config, backend: Option<Backend>, turn: Option<Arc<Turn>>) -> node::Setup {
    let node = node_name(config.running.node.as_deref(), &config.store);
    let policy = |(name, auth): &(DialectName, config::Auth)| run(config, auth, dialect(*name).policy());
    node::Setup {
        node: NodeId::new(node),
        shards: config.running.threads.get(),
        policies: config.auth.iter().map(policy).collect(),
        limits: limits(config),
        backend,
        turn,
        max_connections: config.limits.max_connections,
        kept_back: config.limits.outgoing_messages / 2,
        ears: Vec::new(),
        traced: config.log.trace_user.clone().map(UserId::new),
    }
}

/// The backend that is asked who somebody is, if there is one.
pub(super) fn backend(config: &Config) -> Option<&config::BackendAt> {
    config.auth.iter().find_map(|(_, auth)| match auth {
        config::Auth::Backend(backend) => Some(backend),
        config::Auth::GuestOnLoopback
        | config::Auth::OpenToAll
        | config::Auth::Jwt(_)
        | config::Auth::Http(_) => None,
    })
}

/// How a pool is run here: with its dialect's own numbers, where nobody gave others.
fn run(config: &Config, auth: &config::Auth, mut policy: Policy) -> Policy {
    let matching = &config.matching;
    if let config::Auth::Backend(backend) = auth {
        policy.matchmaker = Matchmaker::Backend {
            ask_every: Duration::from_millis(backend.retry_ms),
            beat_every: Duration::from_millis(backend.heartbeat_ms),
        };
    }
    if config.is_said(&config::STAGE_SECONDS_OPTION) {
        policy.ladder.opens_after = matching.stage_seconds.map(|seconds| Duration::from_secs(seconds.into()));
    }
    if let (Acceptance::Mutual { within }, true) =
        (&mut policy.acceptance, config.is_said(&config::ACCEPT_TIMEOUT))
    {
        *within = Duration::from_secs(matching.accept_timeout_seconds);
    }
    for (option, span, seconds) in [
        (&config::REMATCH_SECONDS, &mut policy.rematch_after, matching.rematch_seconds),
        (&config::WAITING_TIMEOUT, &mut policy.waiting_timeout, matching.waiting_timeout_seconds),
        (&config::GRACE_SECONDS, &mut policy.grace, matching.grace_seconds),
    ] {
        if config.is_said(option) {
            *span = Duration::from_secs(seconds);
        }
    }
    if let Some(own) = &mut policy.events_per_minute {
        let given = limits(config).events_per_minute();
        for (option, own, given) in [
            (&config::MATCHING_EVENTS, &mut own.matching, given.matching),
            (&config::CHAT_EVENTS, &mut own.chat, given.chat),
            (&config::SIGNALING_EVENTS, &mut own.signaling, given.signaling),
        ] {
            if config.is_said(option) {
                *own = given;
            }
        }
    }
    policy
}

/// Who knows who somebody is, of each of the dialects that are spoken, and what has to run for that.
pub(super) fn authenticators(
    config: &Config,
    backend: Option<&Backend>,
    bans: &Arc<Bans>,
) -> Result<(Vec<Arc<Authenticator>>, Vec<Upkeep>), StartError> {
    let (mut authenticators, mut upkeeps) = (Vec::new(), Vec::new());
    for (name, auth) in &config.auth {
        let session = dialect(*name).entry().session_tokens;
        let credentials = if session { Credentials::Session } else { Credentials::Any };
        let (authenticator, upkeep) = Authenticator::new(auth, credentials, backend, bans.clone())
            .map_err(|NotAUrl(reason)| StartError::AuthUrl { origin: named_by(auth), reason })?;
        authenticators.push(Arc::new(authenticator));
        upkeeps.extend(upkeep);
    }
    Ok((authenticators, upkeeps))
}

/// Who named the server that is asked about tokens.
fn named_by(auth: &config::Auth) -> Option<config::Origin> {
    match auth {
        config::Auth::Jwt(jwt) => jwt.keys.as_ref().map(|keys| keys.origin.clone()),
        config::Auth::Http(http) => Some(http.origin.clone()),
        config::Auth::GuestOnLoopback | config::Auth::OpenToAll | config::Auth::Backend(_) => None,
    }
}

/// What is spoken, and who may enter.
pub(super) fn spoken(config: &Config, authenticators: &[Arc<Authenticator>]) -> Vec<socket::Spoken> {
    let per_address = AddressLimit::new(connections_per_address(config));
    let spoken = |((name, _), authenticator): (&(DialectName, config::Auth), &Arc<Authenticator>)| {
        let dialect = dialect(*name);
        let entry = dialect.entry();
        socket::Spoken {
            dialect,
            authenticator: authenticator.clone(),
            attempts: AddressBudgets::new(attempts_per_minute(config, entry)),
            addresses: own_limit(config, entry).unwrap_or_else(|| per_address.clone()),
        }
    };
    config.auth.iter().zip(authenticators).map(spoken).collect()
}

/// Relays that calls may take, if there are some.
pub(super) fn turn(config: &Config) -> Option<Arc<Turn>> {
    let config::Turn { urls, secret, lifetime_seconds } = config.turn.as_ref()?;
    let lifetime = Duration::from_secs(*lifetime_seconds);
    Some(Arc::new(Turn::new(urls.clone(), secret.expose(), lifetime)))
}

/// Whoever may enter gets relays.
pub(super) fn relays(turn: Arc<Turn>, spoken: &[socket::Spoken], node: &Node) -> http::RelayDesk {
    let family = |spoken: &socket::Spoken| (spoken.dialect.name(), spoken.authenticator.clone());
    http::RelayDesk { turn, families: spoken.iter().map(family).collect(), clock: node.clock() }
}

/// Connections of one address at once; `None` is no limit.
pub(super) fn connections_per_address(config: &Config) -> Option<usize> {
    config.limits.connections_per_address.map(|most| most.get() as usize)
}

/// Times one address may try to enter a family, per minute: its own number unless somebody says one.
fn attempts_per_minute(config: &Config, entry: Entry) -> u32 {
    if config.is_said(&config::ATTEMPTS_PER_ADDRESS) {
        per_minute(config.limits.attempts_per_address_per_minute)
    } else {
        entry.attempts_per_minute
    }
}

/// The limit that a family has of its own.
fn own_limit(config: &Config, entry: Entry) -> Option<AddressLimit> {
    let said = config.is_said(&config::CONNECTIONS_PER_ADDRESS);
    let most = entry.connections_in_production.filter(|_| config.running.production && !said)?;
    Some(AddressLimit::new(Some(most)))
}

pub(super) fn socket(config: &Config) -> socket::Setup {
    socket::Setup {
        max_payload_bytes: config.limits.max_payload_bytes,
        outgoing_messages: config.limits.outgoing_messages.div_ceil(2),
        connect_timeout: enters_within(config),
        ping_interval: Duration::from_millis(config.engine.ping_interval_ms),
        ping_timeout: Duration::from_millis(config.engine.ping_timeout_ms),
        transports: config.engine.transports,
        max_connections: config.limits.max_connections,
        limits: limits(config),
    }
}

/// Who is told what happens.
pub(super) fn events(config: &Config, redis: Option<(RedisSink, Hears)>) -> events::Setup {
    let kafka = config.events.kafka.as_ref().map(|kafka| events::KafkaSetup {
        brokers: kafka.brokers.clone(),
        topic: kafka.topic.clone(),
        batch_size: kafka.batch_size,
        batch_time: Duration::from_millis(kafka.batch_timeout_ms),
    });
    events::Setup { buffer: config.events.buffer, log: config.events.log, redis, kafka }
}

/// What the REST part needs to know.
pub(super) fn site(config: &Config, from: &events::Source) -> http::Site {
    let from = from.clone();
    let dialects = &config.running.dialects;
    http::Site {
        demo: config.running.demo,
        status: dialects.first() == Some(&DialectName::Sorsu),
        webrtc_chat: match dialects.iter().position(|dialect| *dialect == DialectName::WebrtcChat) {
            None => http::Place::None,
            Some(0) => http::Place::First,
            Some(_) => http::Place::Later,
        },
        access: http::Access {
            token: config.admin_token.as_ref().map(|token| http::Token::new(token.expose())),
            private_address: config.listen.admin.is_some(),
        },
        encoding: Some(http::Encoding(Arc::new(move |news| events::text(news, &from)))),
    }
}

/// How long a client may take to come in. Others who are asked have their own time to say who that is, or clients
/// would be closed before they are refused.
fn enters_within(config: &Config) -> Duration {
    let asks = |(_, auth): &(DialectName, config::Auth)| match auth {
        config::Auth::Backend(_) | config::Auth::Http(_) => true,
        config::Auth::Jwt(jwt) => jwt.keys.is_some(),
        config::Auth::GuestOnLoopback | config::Auth::OpenToAll => false,
    };
    let said = Duration::from_secs(config.limits.connect_timeout_seconds);
    if config.auth.iter().any(asks) { said + IDENTIFIES_WITHIN } else { said }
}

/// Streams have the time of a connection to say what they are for, and a reader that of a ping.
pub(super) fn streams(config: &Config, node: &Node) -> Arc<Streams> {
    let silence = enters_within(config);
    let stall = Duration::from_millis(config.engine.ping_interval_ms + config.engine.ping_timeout_ms);
    Arc::new(Streams::new(node.clock(), node.counters().clone(), silence, stall))
}

fn limits(config: &Config) -> Limits {
    let limits = &config.limits;
    Limits {
        sdp_bytes: limits.sdp_bytes,
        chat_characters: limits.chat_characters,
        candidates_buffered: limits.candidates_buffered,
        commands_waiting: limits.commands_waiting,
        waiting_tickets: config.matching.max_waiting,
        hall_members: limits.room_members,
        halls: limits.max_rooms,
        matching_events_per_minute: per_minute(limits.matching_events_per_minute),
        chat_events_per_minute: per_minute(limits.chat_events_per_minute),
        signaling_events_per_minute: per_minute(limits.signaling_events_per_minute),
    }
}

/// A limit as the budgets count it: 0 is none.
pub(super) fn per_minute(limit: config::Limit) -> u32 {
    limit.map_or(0, std::num::NonZeroU32::get)
}

/// `n-7f3k2q`: short enough to say, enough of them that two nodes hardly ever share one.
/// What a node is called. Where it has others, no two processes have one name, or a process that takes the place of
/// a dead one would pass for it: its peers would wait for sessions that died.
fn node_name(given: Option<&str>, store: &config::Store) -> String {
    match (given, store) {
        (Some(name), config::Store::Embedded) => name.to_owned(),
        (Some(name), config::Store::Redis(_)) => format!("{name}-{}", random_letters(4)),
        (None, _) => format!("n-{}", random_letters(6)),
    }
}

fn random_letters(count: usize) -> String {
    let mut bits = SystemEntropy::new().next_u64();
    let letters = NAME_LETTERS.len() as u64;
    let mut name = String::with_capacity(count);
    for _ in 0..count {
        let letter = usize::try_from(bits % letters).unwrap_or(0);
        name.push(char::from(NAME_LETTERS[letter]));
        bits /= letters;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;
    use crate::domain::limits::PerMinute;

    fn config(flags: &[(&'static str, &str)]) -> Config {
        let flags = flags.iter().map(|(flag, value)| (*flag, (*value).to_owned())).collect();
        Config::resolve(&Sources { flags, ..Sources::default() }).expect("a valid configuration")
    }

    const MATCHING: [(&str, &str); 5] = [
        ("stage-seconds", "0,1,2,3,4"),
        ("accept-timeout", "5"),
        ("rematch-seconds", "6"),
        ("waiting-timeout", "7"),
        ("grace-seconds", "8"),
    ];

    #[test]
    fn qala_is_run_with_the_documented_defaults() {
        let documented: Vec<(&'static str, &str)> = config::OPTIONS
            .iter()
            .filter(|option| MATCHING.iter().any(|(flag, _)| *flag == option.flag))
            .map(|option| (option.flag, option.default.expect("it has one")))
            .collect();
        assert_eq!(documented.len(), MATCHING.len());
        assert_eq!(
            run(&config(&documented), &config::Auth::OpenToAll, Dialect::Qala.policy()),
            Dialect::Qala.policy()
        );
    }

    #[test]
    fn what_somebody_says_holds_in_place_of_a_dialects_own_number() {
        let own = Policy {
            acceptance: Acceptance::AtOnce,
            rematch_after: Duration::from_secs(63),
            grace: Duration::from_secs(61),
            waiting_timeout: Duration::from_secs(62),
            ..Policy::new("own")
        };
        assert_eq!(run(&config(&[]), &config::Auth::OpenToAll, own.clone()), own);
        let mut ladder = own.ladder.clone();
        ladder.opens_after = [0, 1, 2, 3, 4].map(Duration::from_secs);
        let said = [
            Policy { ladder, ..own.clone() },
            // Nobody is asked to accept, however long they may take.
            own.clone(),
            Policy { rematch_after: Duration::from_secs(6), ..own.clone() },
            Policy { waiting_timeout: Duration::from_secs(7), ..own.clone() },
            Policy { grace: Duration::from_secs(8), ..own.clone() },
        ];
        for (option, expected) in MATCHING.into_iter().zip(said) {
            assert_eq!(
                run(&config(&[option]), &config::Auth::OpenToAll, own.clone()),
                expected,
                "{option:?}"
            );
        }
        let within = Duration::from_secs(5);
        let asked = run(&config(&[MATCHING[1]]), &config::Auth::OpenToAll, Policy::new("own"));
        assert_eq!(asked, Policy { acceptance: Acceptance::Mutual { within }, ..Policy::new("own") });
    }

    #[test]
    fn a_family_has_its_own_number_of_connections_only_in_production_and_where_nobody_says() {
        let own = |flags: &[(&'static str, &str)], dialect: Dialect| {
            own_limit(&config(flags), dialect.entry()).is_some()
        };
        let production = ("production", "on");
        let (open, said) = (("auth", "none"), ("connections-per-address", "7"));
        assert!(own(&[production, open], Dialect::Sorsu));
        assert!(!own(&[open], Dialect::Sorsu));
        assert!(!own(&[production, open, said], Dialect::Sorsu));
        assert!(!own(&[production, open], Dialect::Qala));
        assert_eq!(Dialect::Sorsu.entry().connections_in_production, Some(5));
    }

    #[test]
    fn a_family_has_its_own_number_of_attempts_until_somebody_says_one() {
        let attempts = |flags: &[(&'static str, &str)], dialect: Dialect| {
            attempts_per_minute(&config(flags), dialect.entry())
        };
        let said = |number| [("attempts-per-address-per-minute", number)];
        for (dialect, own) in [(Dialect::Qala, 0), (Dialect::WebrtcChat, 5), (Dialect::Sorsu, 10)] {
            assert_eq!(attempts(&[], dialect), own, "{dialect:?}");
            assert_eq!(attempts(&said("0"), dialect), 0, "{dialect:?}");
            assert_eq!(attempts(&said("7"), dialect), 7, "{dialect:?}");
        }
    }

    #[test]
    fn budgets_of_a_dialects_own_hold_until_somebody_sets_them() {
        let budgets = |flags: &[(&'static str, &str)]| {
            run(&config(flags), &config::Auth::OpenToAll, Dialect::WebrtcChat.policy()).events_per_minute
        };
        let own = PerMinute { matching: 10, chat: 30, signaling: 100 };
        assert_eq!(budgets(&[]), Some(own));
        for (flag, expected) in [
            ("matching-events-per-minute", PerMinute { matching: 0, ..own }),
            ("chat-events-per-minute", PerMinute { chat: 0, ..own }),
            ("signaling-events-per-minute", PerMinute { signaling: 0, ..own }),
        ] {
            assert_eq!(budgets(&[(flag, "0")]), Some(expected), "{flag}");
        }
        assert_eq!(
            run(&config(&[]), &config::Auth::OpenToAll, Dialect::Qala.policy()).events_per_minute,
            None
        );
    }
}
