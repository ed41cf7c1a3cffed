//! The way back to one client over socketioxide.

use std::sync::Arc;

use serde_json::value::RawValue;
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::AckSender;
use socketioxide::handler::FromMessageParts;
use socketioxide::handler::Value;
use socketioxide::socket::Socket;
use socketioxide::{SendError, SocketError};

use super::peer::Peer;
use crate::node::{Outlet, Undelivered};

/// The engine sends a tuple as that many arguments, and arrays are tuples.
const NO_ARGUMENTS: [u8; 0] = [];

/// One client's socket.
pub(super) struct SocketOutlet {
    pub(super) socket: Arc<Socket<LocalAdapter>>,
    pub(super) peer: Option<Arc<Peer>>,
}

impl Outlet for SocketOutlet {
    fn emit(&self, event: &str, argument: &RawValue) -> Result<(), Undelivered> {
        let emitted = match argument.get() {
            "null" => self.socket.emit(event, &NO_ARGUMENTS),
            _ => self.socket.emit(event, argument),
        };
        emitted.map_err(|error| undelivered(&error))
    }

    fn acknowledge(&self, number: u64, argument: &RawValue) -> Result<(), Undelivered> {
        // The engine hands its sender out to handlers only; made from a socket and a number it is the same.
        let number = i64::try_from(number).ok();
        let Ok(sender) =
            AckSender::from_message_parts(&self.socket, &mut Value::Bytes(Vec::new().into()), &number);
        sender.send(argument).map_err(|error| undelivered(&error))
    }

    fn polls(&self) -> bool {
        self.peer.as_ref().is_some_and(|peer| peer.polls())
    }

    fn dismiss(&self) {
        if self.socket.clone().disconnect().is_err() {
            self.cut();
        }
    }

    fn cut(&self) {
        match &self.peer {
            Some(peer) => peer.cut(),
            // Not our listener: the engine closes a full connection itself at its next ping.
            None => drop(self.socket.clone().disconnect()),
        }
    }
}

fn undelivered(error: &SendError) -> Undelivered {
    match error {
        SendError::Socket(SocketError::InternalChannelFull) => Undelivered::Full,
        SendError::Socket(SocketError::Closed) | SendError::Serialize(_) => Undelivered::Closed,
    }
}
