//! The Socket.IO edge, and the only user of socketioxide: who comes in, what they say, the way back.
//!
//! Translates, never decides. Three habits of the engine shape it:
//! - handlers are closures whose body runs inline: an async handler per event would be spawned, and the
//!   order of a client's events lost;
//! - one fallback handler takes every event as raw text: named handlers answer nothing when a payload has
//!   the wrong type, and cost memory for each connection;
//! - it is registered in the middleware: one registered on connect would miss events sent right after.

use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use socketioxide::handler::ConnectHandler;
use socketioxide::{ParserConfig, SocketIo, TransportType};

use crate::auth::{Authenticator, Bans};
use crate::config::Transports;
use crate::dialect::Dialect;
use crate::domain::limits::Limits;
use crate::node::Node;

mod addresses;
mod admissions;
mod connecting;
mod extract;
mod handshake;
mod listener;
mod outlet;
mod peer;
mod signpost;
mod streams;
mod versions;

pub use addresses::{AddressBudgets, AddressLimit};
pub use admissions::{Admissions, Renewals};
pub use handshake::{Doorway, enter};
pub use listener::{Listener, Transport};
pub use peer::{Peer, PollingSessions};
pub use streams::Streams;

use connecting::Gate;
use extract::{Arrival, Departed, Said};

/// Attachments of one event that are read at all, so that an event with some can be answered; none is
/// accepted before a dialect asks for them (design section 8).
const ATTACHMENTS_READ: usize = 4;
/// What the engine reads from a WebSocket at once: smaller buffers save 3 kB per connection (measured).
const READ_BUFFER_BYTES: usize = 256;

/// A dialect that is spoken.
pub struct Spoken {
    /// Which.
    pub dialect: Dialect,
    /// Knows who its clients are.
    pub authenticator: Arc<Authenticator>,
    /// How often addresses may try to enter.
    pub attempts: AddressBudgets,
    /// How many connections an address may have. Families that have one limit in common share it.
    pub addresses: AddressLimit,
}

/// How the edge is set up.
pub struct Setup {
    /// Largest message, on both transports.
    pub max_payload_bytes: usize,
    /// Messages that may wait in one connection's own queue.
    pub outgoing_messages: usize,
    /// How long a transport may stay without a session.
    pub connect_timeout: Duration,
    /// Time between two pings.
    pub ping_interval: Duration,
    /// Time to answer one.
    pub ping_timeout: Duration,
    /// Transports offered.
    pub transports: Transports,
    /// Connections at once.
    pub max_connections: usize,
    /// Limits of what commands carry.
    pub limits: Limits,
}

/// What the edge shares with what stands before it and beside it.
pub struct Shared {
    /// Sessions that began by polling.
    pub polling: PollingSessions,
    /// All streams, for their deadlines.
    pub streams: Arc<Streams>,
    /// Everybody who is in.
    pub admissions: Arc<Admissions>,
    /// Who is put out.
    pub bans: Arc<Bans>,
}

/// Everything a new connection needs.
pub(crate) struct Edge {
    pub(crate) node: Arc<Node>,
    pub(crate) polling: PollingSessions,
    pub(crate) streams: Arc<Streams>,
    pub(crate) admissions: Arc<Admissions>,
    pub(crate) bans: Arc<Bans>,
    pub(crate) setup: Setup,
}

/// The engine, to close all transports.
pub type Handle = SocketIo;

/// The engine as a layer around the HTTP routes.
pub type Layer = socketioxide::layer::SocketIoLayer;

/// Sets the engine up: each of `spoken` at the namespace of its name, the first also at `/`. The handle closes all
/// transports.
pub fn layer(setup: Setup, spoken: Vec<Spoken>, node: Arc<Node>, shared: Shared) -> (Layer, SocketIo) {
    let parser = ParserConfig::common()
        .max_incoming_binaries(ATTACHMENTS_READ)
        .max_incoming_binary_buf_size(setup.max_payload_bytes);
    let builder = SocketIo::builder()
        .max_payload(setup.max_payload_bytes as u64)
        .ws_max_message_size(setup.max_payload_bytes)
        .ws_max_frame_size(setup.max_payload_bytes)
        .ws_read_buffer_size(READ_BUFFER_BYTES)
        .max_buffer_size(setup.outgoing_messages)
        .ping_interval(setup.ping_interval)
        .ping_timeout(setup.ping_timeout)
        .connect_timeout(setup.connect_timeout)
        .with_parser(parser);
    let builder = match setup.transports {
        Transports::Both => builder,
        Transports::Websocket => builder.transports([TransportType::Websocket]),
        Transports::Polling => builder.transports([TransportType::Polling]),
    };
    let (layer, io) = builder.build_layer();
    let Shared { polling, streams, admissions, bans } = shared;
    let edge = Arc::new(Edge { node, polling, streams, admissions, bans, setup });
    for (place, spoken) in spoken.into_iter().map(Arc::new).enumerate() {
        let name = format!("/{}", spoken.dialect.name());
        for namespace in [Some(name), (place == 0).then(|| "/".to_owned())].into_iter().flatten() {
            listen(&io, namespace, edge.clone(), spoken.clone());
        }
    }
    (layer, io)
}

fn listen(io: &SocketIo, namespace: String, edge: Arc<Edge>, spoken: Arc<Spoken>) {
    let opened = |arrival: Arrival| {
        if let Some(gate) = arrival.gate() {
            gate.open(&arrival);
        }
        ready(())
    };
    let admit = move |arrival: Arrival| {
        let (edge, spoken) = (edge.clone(), spoken.clone());
        async move { admit(&edge, &spoken, &arrival).await }
    };
    io.ns(namespace, opened.with(admit));
}

/// A panic elsewhere leaves nothing half done here: the guarded values are replaced whole.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Decides whether a client comes in, by asking those who know, and registers what listens to it.
async fn admit(edge: &Arc<Edge>, spoken: &Arc<Spoken>, arrival: &Arrival) -> Result<(), connecting::Turned> {
    let gate = Arc::new(Gate::admit(edge, spoken, arrival).await?);
    let streams = edge.streams.clone();
    arrival.remember(gate.clone());
    let listening = gate.clone();
    arrival.socket().on_fallback(move |said: Said| {
        listening.hear(&said);
        ready(())
    });
    arrival.socket().on_disconnect(move |departed: Departed| {
        gate.close(departed.left);
        if let Some(peer) = departed.peer {
            peer.release(&streams);
        }
        ready(())
    });
    Ok(())
}
