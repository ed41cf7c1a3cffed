//! The whole: a node, its store and its edges, made from a configuration.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, Method, request::Parts};
use axum::middleware::{from_fn, from_fn_with_state};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::auth::{Bans, Orders};
use crate::backend::Backend;
use crate::config::{self, AllowedOrigins, Config};
use crate::events::{Sinks, Source, Writers};
use crate::http;
use crate::metrics::Counter;
use crate::node::{Node, Tasks};
use crate::socket::{
    self, AddressBudgets, AddressLimit, Admissions, Doorway, Listener, PollingSessions, Transport,
};
use crate::store::NotEntered;
use crate::store::redis::{NotARedisUrl, Unreachable};

mod assembly;
mod local;
mod ordering;
mod sharing;

use ordering::Ordering;
use sharing::Shared;

/// After a shutdown, clients are asked to wait this long: a new process is up by then.
const COME_BACK_AFTER: Duration = Duration::from_secs(2);
/// Closing one client takes about this much longer, so that all do not come back in one instant.
const SPREAD_PER_CLIENT: Duration = Duration::from_millis(2);
/// What clients are told is on its way for this long before the first is closed.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// TCP streams that one connection may need at once: two polls, an upgrade, and one to spare.
const STREAMS_PER_CONNECTION: usize = 4;
/// The engine's own closing of what is left.
const ENGINE_CLOSES_WITHIN: Duration = Duration::from_secs(1);

/// Sessions that were here are asked for by those who came back elsewhere within; after that the store tells.
const HANDS_OVER_WITHIN: Duration = Duration::from_secs(3);

/// What happened must be told within.
const EVENTS_LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// What other nodes must know of the end within.
const LEAVES_WITHIN: Duration = Duration::from_secs(1);

/// A server that runs.
pub struct Server {
    address: SocketAddr,
    admin_address: Option<SocketAddr>,
    node: Arc<Node>,
    tasks: Tasks,
    writers: Writers,
    engine: socket::Handle,
    serving: JoinSet<io::Result<()>>,
    store: String,
    ending: Ending,
}

/// How a server stops.
struct Ending {
    /// Over which time clients are closed; `None`: as long as they need.
    drain: Option<Duration>,
    /// What it may take besides.
    timeout: Duration,
}

/// Why a server did not start.
#[derive(Debug)]
pub enum StartError {
    /// The address cannot be listened on.
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// The address of Redis is none.
    RedisUrl {
        /// Who gave it.
        origin: config::Origin,
        /// Why.
        error: NotARedisUrl,
    },
    /// The address of the backend is none.
    BackendUrl {
        /// Who gave it.
        origin: config::Origin,
        /// Why.
        reason: String,
    },
    /// The address of who is asked about tokens is none.
    AuthUrl {
        /// Who gave it, if it is known.
        origin: Option<config::Origin>,
        /// Why.
        reason: String,
    },
    /// Redis cannot be reached.
    Redis {
        /// Who gave its address.
        origin: config::Origin,
        /// Why.
        error: Unreachable,
    },
    /// The node cannot take part with others.
    NotEntered(NotEntered),
    /// Kafka is to be told what happens, and this program was built without that.
    NoKafka,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, error } => {
                // The reason without the number that the standard library puts behind it.
                let reason = error.to_string().to_lowercase();
                let reason = reason.split(" (os error").next().unwrap_or_default();
                write!(f, "cannot listen on {address} ({reason})")
            }
            Self::RedisUrl { origin, error } => write!(f, "{origin} {error}"),
            Self::BackendUrl { origin, reason } | Self::AuthUrl { origin: Some(origin), reason } => {
                write!(f, "{origin} cannot be used ({reason})")
            }
            Self::AuthUrl { origin: None, reason } => {
                write!(f, "the server that is asked about tokens cannot be used ({reason})")
            }
            Self::Redis { error, .. } => error.fmt(f),
            Self::NotEntered(error) => error.fmt(f),
            Self::NoKafka => f.write_str("this build cannot talk to Kafka"),
        }
    }
}

impl StartError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Listen { .. } => {
                "stop what listens there, or choose another port (0 takes a free one)".to_owned()
            }
            Self::RedisUrl { .. } => {
                "for example redis://127.0.0.1:6379, or leave it out for the embedded store".to_owned()
            }
            Self::BackendUrl { .. } | Self::AuthUrl { .. } => {
                "for example https://api.example.com/api".to_owned()
            }
            Self::Redis { origin, .. } => {
                let from = match origin {
                    config::Origin::Flag(_) | config::Origin::Default(_) => String::new(),
                    config::Origin::Variable(_) | config::Origin::Key { .. } => format!(" (from {origin})"),
                };
                format!("start it, correct --redis-url{from}, or leave it out for the embedded store")
            }
            Self::NotEntered(NotEntered::NameTaken(_)) => {
                "start it again: every start takes a new name".to_owned()
            }
            Self::NotEntered(NotEntered::Unavailable) => {
                "look at its log, and start the node again".to_owned()
            }
            Self::NoKafka => "build it with --features kafka, or leave --kafka-brokers out".to_owned(),
        }
    }
}

impl Server {
    /// Starts a server. Must be called within a runtime.
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        let address = config.listen.address();
        let listen = |error| StartError::Listen { address, error };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let private = private_listener(config).await?;
        let backend = assembly::backend(config).map(|at| {
            let origin = at.origin.clone();
            Backend::new(at.url.expose()).map_err(|reason| StartError::BackendUrl { origin, reason })
        });
        let backend = backend.transpose()?;
        let bans = Arc::new(Bans::default());
        let (authenticators, upkeeps) = assembly::authenticators(config, backend.as_ref(), &bans)?;
        let turn = assembly::turn(config);
        let mut setup = assembly::node(config, backend.clone(), turn.clone());
        if config.events.kafka.is_some() && !cfg!(feature = "kafka") {
            return Err(StartError::NoKafka);
        }
        let Shared { store, post, control, events, shown } =
            sharing::open(&config.store, &config.events, &setup).await?;
        let (sinks, ears) = Sinks::prepare(assembly::events(config, events));
        setup.ears = ears;
        let (node, tasks) = Node::start(setup, &store, post);
        let source = Source { node: node.id().clone(), started_at: node.clock().started_at() };
        let writers = sinks.start(&source, node.counters());
        let (polling, streams) = (PollingSessions::default(), assembly::streams(config, &node));
        let per_address = assembly::connections_per_address(config);
        let streams_per_address = per_address.map(|most| most.saturating_mul(STREAMS_PER_CONNECTION));
        let (admissions, renewals) = Admissions::new(node.clock(), node.counters().clone());
        let shared = socket::Shared {
            polling: polling.clone(),
            streams: streams.clone(),
            admissions: admissions.clone(),
            bans: bans.clone(),
        };
        let spoken = assembly::spoken(config, &authenticators);
        let relays = turn.map(|turn| assembly::relays(turn, &spoken, &node));
        let (layer, engine) = socket::layer(assembly::socket(config), spoken, node.clone(), shared);
        let (orders, given) = Orders::taken();
        let ordering = Ordering {
            node: node.clone(),
            bans,
            admissions: admissions.clone(),
            authenticators,
            stream: control,
        };
        let doorway = Arc::new(Doorway {
            node: node.clone(),
            origins: config.allowed_origins.clone(),
            requests: AddressBudgets::new(assembly::per_minute(
                config.limits.requests_per_address_per_minute,
            )),
            polling,
            streams: streams.clone(),
        });
        let app = http::routes(node.clone(), assembly::site(config, &source), orders.clone(), relays)
            .layer(from_fn(local::mark))
            .layer(layer)
            .layer(cors(config.allowed_origins.clone()))
            .layer(from_fn_with_state(doorway, socket::enter))
            .into_make_service_with_connect_info::<Transport>();
        let mut serving = JoinSet::new();
        let listener = Listener::new(listener, streams.clone(), AddressLimit::new(streams_per_address));
        serving.spawn(async move { axum::serve(listener, app).await });
        serving.spawn(endless(async move { streams.watch().await }));
        for upkeep in upkeeps {
            serving.spawn(endless(upkeep));
        }
        serving.spawn(endless(admissions.look_after(renewals)));
        serving.spawn(endless(ordering.run(given)));
        let admin_address = private.map(|(listener, bound)| {
            let app = http::private_routes(node.clone(), assembly::site(config, &source), orders);
            serving.spawn(async move { axum::serve(listener, app).await });
            bound
        });
        tracing::info!(node = node.id().as_str(), port = address.port(), store = %shown, "serving");
        let ending = Ending {
            drain: config.running.drain_seconds.map(Duration::from_secs),
            timeout: Duration::from_secs(config.running.shutdown_timeout_seconds),
        };
        Ok(Self { address, admin_address, node, tasks, writers, engine, serving, store: shown, ending })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where operators are served apart from clients, if they are.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// The node's name.
    pub fn node(&self) -> &str {
        self.node.id().as_str()
    }

    /// What it keeps shared things in, as people are told.
    pub fn store(&self) -> &str {
        &self.store
    }

    /// So many log lines were lost because nobody took them.
    pub fn count_lost_lines(&self, lines: u64) {
        self.node.counters().add_many(Counter::LogLinesLost, lines);
    }

    /// Waits until the server fails, which it does not while all is well.
    pub async fn failed(&mut self) {
        tokio::select! {
            () = self.tasks.ended() => {}
            _ = self.serving.join_next() => {}
        }
    }

    /// Waits until somebody who runs the service orders that the node goes down.
    pub fn asked_to_drain(&self) -> impl Future<Output = ()> + use<> {
        let node = self.node.clone();
        async move { node.asked_to_drain().await }
    }

    /// How long stopping takes at most.
    pub fn stops_within(&self) -> Duration {
        self.ending.drain.unwrap_or_default() + self.ending.timeout
    }

    /// Stops: nobody new comes in, everybody is told when to come back and closed, evenly over the time to drain.
    /// Where there are other nodes, they take over what is here.
    pub async fn stop(mut self) {
        let within = self.stops_within();
        let (node, clients) = (self.node.id().clone(), self.node.counters().connections());
        tracing::info!(node = node.as_str(), clients, within_seconds = within.as_secs(), "stopping");
        if tokio::time::timeout(within, self.let_everybody_go()).await.is_err() {
            tracing::warn!("not everybody was told in time");
        }
        self.serving.abort_all();
        // The signs of life end first: one after the good-bye would be taken for a life.
        self.tasks.end();
        if tokio::time::timeout(LEAVES_WITHIN, self.node.leave()).await.is_err() {
            tracing::warn!("other nodes notice the end of this one by its silence");
        }
        self.writers.finish(EVENTS_LEAVE_WITHIN).await;
        tracing::info!(node = node.as_str(), "stopped");
    }

    async fn let_everybody_go(&self) {
        let clients = u32::try_from(self.node.counters().connections()).unwrap_or(u32::MAX);
        let usual = SPREAD_PER_CLIENT.saturating_mul(clients).min(self.ending.timeout / 2);
        // Nobody waits for the last of none.
        let spread = self.ending.drain.filter(|_| clients > 0).unwrap_or(usual);
        self.node.shut_down(COME_BACK_AFTER, LAST_WORDS, spread).await;
        tokio::time::sleep(spread + LAST_WORDS).await;
        let _ = tokio::time::timeout(ENGINE_CLOSES_WITHIN, self.engine.close()).await;
        self.node.handed_over(HANDS_OVER_WITHIN).await;
    }
}

/// A task that goes on as long as the server.
async fn endless(task: impl Future<Output = ()>) -> io::Result<()> {
    task.await;
    Ok(())
}

/// The listener of operators, if they have one, and where it is.
async fn private_listener(config: &Config) -> Result<Option<(TcpListener, SocketAddr)>, StartError> {
    let Some(address) = config.listen.admin else { return Ok(None) };
    let listen = |error| StartError::Listen { address, error };
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let bound = listener.local_addr().map_err(listen)?;
    Ok(Some((listener, bound)))
}

/// Pages of allowed origins may read answers; which are allowed is decided at the door.
fn cors(origins: AllowedOrigins) -> CorsLayer {
    let allowed = move |origin: &HeaderValue, parts: &Parts| {
        let host = parts.headers.get("host").and_then(|host| host.to_str().ok());
        origin.to_str().is_ok_and(|origin| origins.allows(origin, host))
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(allowed))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
}
