//! The configuration: flags, then environment, then file, then defaults; all errors at once.
//!
//! [`OPTIONS`] is the single source: parsing, `--help`, `.env.example` and `docs/CONFIGURATION.md` are made
//! from it. An option lives in the file of its concern, next to the struct its value ends up in.
//!
//! Deliberately absent: this module reads neither the process environment nor any file (it is given both as
//! text), does not print, and knows nothing of the rest of the server.

use std::collections::BTreeSet;

mod auth;
mod backend;
mod documents;
mod engine;
mod events;
mod foreign;
mod limits;
mod listen;
mod log;
mod matching;
mod nearest;
mod option;
mod origins;
mod problem;
mod reader;
mod running;
mod secret;
mod sources;
mod store;
#[cfg(test)]
mod tests;
mod tokens;
mod turn;

pub use auth::{Auth, MIN_SECRET_BYTES};
pub use backend::BackendAt;
pub use documents::{env_example, options_page};
pub use engine::{Engine, Transports};
pub use events::{Events, Kafka};
pub use foreign::{Role, VARIABLES, VariableSpec};
pub use limits::{
    ATTEMPTS_PER_ADDRESS, CHAT_EVENTS, CONNECTIONS_PER_ADDRESS, Limit, Limits, MATCHING_EVENTS,
    SIGNALING_EVENTS,
};
pub use listen::Listen;
pub use log::{Log, LogFile};
pub use matching::{
    ACCEPT_TIMEOUT, GRACE_SECONDS, Matching, REMATCH_SECONDS, STAGE_SECONDS_OPTION, STAGES, WAITING_TIMEOUT,
};
pub use option::{Group, Kind, OptionSpec};
pub use origins::AllowedOrigins;
pub use problem::Problem;
use reader::Reader;
pub use running::{DialectName, LogFormat, LogLevel, LogLevels, Running};
pub use secret::Secret;
pub use sources::{ConfigFile, Given, Origin, Sources};
pub use store::{Redis, Store};
pub use tokens::{Http, Jwt, Profiles, Project, ServerAt, TokenShape, WhenAway};
pub use turn::Turn;

/// Every option, in the order in which help and documentation show them inside their group.
pub static OPTIONS: &[&OptionSpec] = &[
    &listen::HOST,
    &listen::PORT,
    &listen::ADMIN_LISTEN,
    &origins::ALLOWED_ORIGINS,
    &store::REDIS_URL,
    &auth::AUTH,
    &tokens::JWT_SECRET,
    &tokens::JWKS_URL,
    &tokens::JWT_AUDIENCE,
    &tokens::JWT_ISSUER,
    &tokens::JWT_LEEWAY,
    &tokens::TOKEN_IN_QUERY,
    &tokens::MAX_TOKEN,
    &tokens::SUPABASE_URL,
    &tokens::SUPABASE_KEY,
    &tokens::PROFILE_WHEN_AWAY,
    &tokens::PROFILE_SECONDS,
    &tokens::AUTH_URL,
    &auth::ADMIN_TOKEN,
    &backend::BACKEND_URL,
    &matching::STAGE_SECONDS_OPTION,
    &matching::ACCEPT_TIMEOUT,
    &matching::REMATCH_SECONDS,
    &matching::WAITING_TIMEOUT,
    &matching::GRACE_SECONDS,
    &matching::MAX_WAITING,
    &backend::BACKEND_RETRY,
    &backend::BACKEND_HEARTBEAT,
    &limits::MAX_CONNECTIONS,
    &limits::CONNECTIONS_PER_ADDRESS,
    &limits::ATTEMPTS_PER_ADDRESS,
    &limits::REQUESTS_PER_ADDRESS,
    &limits::MATCHING_EVENTS,
    &limits::CHAT_EVENTS,
    &limits::SIGNALING_EVENTS,
    &limits::MAX_PAYLOAD,
    &limits::SDP_BYTES,
    &limits::CHAT_CHARACTERS,
    &limits::CANDIDATES,
    &limits::COMMANDS,
    &limits::OUTGOING,
    &limits::ROOM_MEMBERS,
    &limits::MAX_ROOMS,
    &limits::CONNECT_TIMEOUT,
    &engine::TRANSPORTS,
    &engine::PING_INTERVAL,
    &engine::PING_TIMEOUT,
    &turn::TURN_URL,
    &turn::TURN_SECRET,
    &turn::TURN_LIFETIME,
    &events::EVENTS,
    &events::EVENTS_BUFFER,
    &events::EVENTS_STREAM,
    &events::KAFKA_BROKERS,
    &events::KAFKA_TOPIC,
    &events::KAFKA_BATCH_SIZE,
    &events::KAFKA_BATCH_TIMEOUT,
    &running::CONFIG,
    &running::NODE,
    &running::THREADS,
    &running::DIALECTS,
    &running::DEMO,
    &running::PRODUCTION,
    &running::DRAIN,
    &running::SHUTDOWN_TIMEOUT,
    &running::LOG_LEVEL,
    &running::LOG_FORMAT,
    &log::LOG_FILE,
    &log::LOG_FILE_BYTES,
    &log::LOG_FILES,
    &log::TRACE_USER,
];

/// A valid configuration: one struct per concern.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the node listens.
    pub listen: Listen,
    /// Pages that may connect.
    pub allowed_origins: AllowedOrigins,
    /// What nodes share.
    pub store: Store,
    /// Who may enter, for each dialect that is spoken, in that order.
    pub auth: Vec<(DialectName, Auth)>,
    /// What operators show to see what is not for everybody; `None`: nothing.
    pub admin_token: Option<Secret>,
    /// How people are paired.
    pub matching: Matching,
    /// What one person, address or connection may ask for.
    pub limits: Limits,
    /// The Engine.IO transports.
    pub engine: Engine,
    /// Relays for calls, if there are some.
    pub turn: Option<Turn>,
    /// Who is told what happens.
    pub events: Events,
    /// What is logged besides, and where.
    pub log: Log,
    /// The process itself.
    pub running: Running,
    /// Options that somebody set, by their flags. A dialect has numbers of its own for what nobody says.
    pub said: BTreeSet<&'static str>,
    /// Variables of the existing systems that are set and have no effect in this version, each with the
    /// reason: `REDIS_POOL_SIZE (one connection is shared by all)`.
    pub without_effect: Vec<&'static str>,
}

impl Config {
    /// Whether somebody set that option.
    pub fn is_said(&self, option: &OptionSpec) -> bool {
        self.said.contains(option.flag)
    }

    /// The configuration the sources describe, or everything that is wrong with them.
    pub fn resolve(sources: &Sources) -> Result<Self, Vec<Problem>> {
        let (config, problems) = Self::read(sources);
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    /// One line that says what would run.
    pub fn summary(&self) -> String {
        documents::summary(self)
    }

    fn read(sources: &Sources) -> (Self, Vec<Problem>) {
        let mut reader = Reader::new(sources);
        let production = running::Production::read(&mut reader);
        let listen = Listen::read(&mut reader);
        let store = Store::read(&mut reader);
        let dialects = running::read_dialects(&mut reader);
        let names: Vec<&str> = dialects.iter().map(|dialect| dialect.as_str()).collect();
        let auth = auth::read(&mut reader, &names, &listen, &production);
        let allowed_origins = AllowedOrigins::read(&mut reader, &auth, production.is_on());
        let auth: Vec<_> = dialects.iter().copied().zip(auth).collect();
        let admin_token = auth::read_admin_token(&mut reader);
        let matching = Matching::read(&mut reader);
        let running = Running::read(&mut reader, &listen, &production, dialects);
        let limits = Limits::read(&mut reader, running.threads.get());
        let engine = Engine::read(&mut reader);
        let log = Log::read(&mut reader);
        let turn = Turn::read(&mut reader);
        let events = Events::read(&mut reader, &store);
        let mut without_effect = foreign::without_effect(&mut reader);
        let asks = |(_, auth): &(DialectName, Auth)| matches!(auth, Auth::Backend(_));
        if reader.given(&backend::BACKEND_URL).is_some() && !auth.iter().any(asks) {
            without_effect.push("LARAVEL_API_URL (the dialect sorsu, whose backend it is, does not ask it)");
        }
        without_effect.extend(tokens::without_effect(&reader, auth.iter().map(|(_, auth)| auth)));
        let mut said = reader.said();
        said.extend(limits::said_otherwise(&reader));
        let config = Self {
            listen,
            allowed_origins,
            store,
            auth,
            admin_token,
            matching,
            limits,
            engine,
            turn,
            events,
            log,
            running,
            said,
            without_effect,
        };
        (config, reader.into_problems())
    }
}

impl Default for Config {
    /// What holds when nobody says anything, on a machine with one core.
    fn default() -> Self {
        Self::read(&Sources::default()).0
    }
}
