//! What the engine hands over, as its extractors see it: the socket itself and texts not parsed yet.

use std::convert::Infallible;
use std::sync::{Arc, Weak};

use socketioxide::TransportType;
use socketioxide::adapter::LocalAdapter;
use socketioxide::handler::{FromConnectParts, FromDisconnectParts, FromMessageParts, Value};
use socketioxide::socket::{DisconnectReason, Socket};

use super::admissions::Way;
use super::connecting::Gate;
use super::outlet::SocketOutlet;
use super::peer::Peer;

/// A client that wants in.
pub(super) struct Arrival {
    socket: Arc<Socket<LocalAdapter>>,
    /// The handshake's `auth`, as JSON.
    auth: Option<String>,
}

/// An event of a client.
pub(super) struct Said {
    socket: Arc<Socket<LocalAdapter>>,
    /// `["event", arguments...]`, as sent.
    pub(super) packet: String,
    /// Whether attachments came with it.
    pub(super) attachments: bool,
    /// Where the answer goes, if one is wanted.
    pub(super) ack: Option<u64>,
}

/// A client that is gone.
pub(super) struct Departed {
    /// What is left of its transport.
    pub(super) peer: Option<Arc<Peer>>,
    /// It said good-bye.
    pub(super) left: bool,
}

impl Said {
    /// The way back to the client, to refuse right here.
    pub(super) fn outlet(&self) -> SocketOutlet {
        SocketOutlet { socket: self.socket.clone(), peer: None }
    }
}

impl Arrival {
    pub(super) fn socket(&self) -> &Arc<Socket<LocalAdapter>> {
        &self.socket
    }

    pub(super) fn auth(&self) -> Option<&str> {
        self.auth.as_deref()
    }

    /// The engine's id of a session that began by polling.
    pub(super) fn polling_sid(&self) -> Option<String> {
        match self.socket.transport_type() {
            TransportType::Polling => Some(self.socket.id.to_string()),
            TransportType::Websocket => None,
        }
    }

    /// The transport's other end. Absent only where the listener is not ours.
    pub(super) fn peer(&self) -> Option<&Arc<Peer>> {
        self.socket.req_parts().extensions.get::<Arc<Peer>>()
    }

    /// The way back to the client.
    pub(super) fn outlet(&self) -> SocketOutlet {
        SocketOutlet { socket: self.socket.clone(), peer: self.peer().cloned() }
    }

    /// The same for whoever must not keep the socket.
    pub(super) fn way(&self) -> Way {
        let (socket, peer) = (Arc::downgrade(&self.socket), self.peer().map(Arc::downgrade));
        Box::new(move || {
            let socket = socket.upgrade()?;
            Some(SocketOutlet { socket, peer: peer.as_ref().and_then(Weak::upgrade) })
        })
    }

    /// Keeps `gate` from the middleware until the engine says that the connection stands.
    pub(super) fn remember(&self, gate: Arc<Gate>) {
        if let Some(peer) = self.peer() {
            peer.set_entering(Some(gate));
        }
    }

    /// What was remembered.
    pub(super) fn gate(&self) -> Option<Arc<Gate>> {
        self.peer()?.set_entering(None)
    }
}

impl FromConnectParts<LocalAdapter> for Arrival {
    type Error = Infallible;

    fn from_connect_parts(
        socket: &Arc<Socket<LocalAdapter>>,
        auth: &Option<Value>,
    ) -> Result<Self, Infallible> {
        let auth = match auth {
            Some(Value::Str(json, _)) => Some(json.to_string()),
            Some(Value::Bytes(_)) | None => None,
        };
        Ok(Self { socket: socket.clone(), auth })
    }
}

impl FromMessageParts<LocalAdapter> for Said {
    type Error = Infallible;

    fn from_message_parts(
        socket: &Arc<Socket<LocalAdapter>>,
        value: &mut Value,
        ack: &Option<i64>,
    ) -> Result<Self, Infallible> {
        let (packet, attachments) = match value {
            Value::Str(packet, attachments) => (packet.to_string(), attachments.is_some()),
            Value::Bytes(_) => (String::new(), true),
        };
        // Clients number their acknowledgements from 0; the engine reads any 63 bits.
        let ack = ack.and_then(|ack| u64::try_from(ack).ok());
        Ok(Self { socket: socket.clone(), packet, attachments, ack })
    }
}

impl FromDisconnectParts<LocalAdapter> for Departed {
    type Error = Infallible;

    fn from_disconnect_parts(
        socket: &Arc<Socket<LocalAdapter>>,
        reason: DisconnectReason,
    ) -> Result<Self, Infallible> {
        let peer = socket.req_parts().extensions.get::<Arc<Peer>>().cloned();
        Ok(Self { peer, left: reason == DisconnectReason::ClientNSDisconnect })
    }
}
