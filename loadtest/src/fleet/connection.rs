//! One connection: from the first byte until the client is let in, and what is said over it then.

use std::io::{self, ErrorKind, Read, Write};

use mio::net::TcpStream;

use crate::time::Moment;
use crate::wire::{Frame, Frames, PONG, Packet, WrongFrame, text_frame, upgraded};

/// Bytes that wait to be sent; a server that reads so little has stopped.
const OUTGOING_BYTES: usize = 1 << 20;

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The WebSocket is asked for.
    Upgrading,
    /// It stands; the transport has not said that it is open.
    Opening,
    /// Asked to be let in.
    Entering,
    /// Let in.
    In,
}

/// What a client hears.
#[derive(Clone, Copy, Debug)]
pub(super) enum Heard<'a> {
    /// It is let in, as this connection.
    Entered(&'a str),
    /// An event, a JSON array.
    Event(&'a str),
    /// An acknowledgement, its arguments as a JSON array.
    Acknowledgement(u32, &'a str),
}

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    stage: Stage,
    /// When it was opened.
    pub(super) since: Moment,
    /// Whether what comes is read.
    pub(super) reads: bool,
    /// The front of what has not come whole.
    incoming: Vec<u8>,
    /// What the socket would not take yet.
    outgoing: Vec<u8>,
}

impl Connection {
    /// Over `stream`, which may not stand yet; `hello` is said first of all.
    pub(super) fn new(stream: TcpStream, hello: String, since: Moment) -> Self {
        let outgoing = hello.into_bytes();
        Self { stream, stage: Stage::Upgrading, since, reads: true, incoming: Vec::new(), outgoing }
    }

    pub(super) const fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    pub(super) fn is_in(&self) -> bool {
        self.stage == Stage::In
    }

    /// Sends a text, or keeps it until the socket takes it.
    pub(super) fn send(&mut self, text: &str) -> io::Result<()> {
        let waits = !self.outgoing.is_empty();
        text_frame(text, &mut self.outgoing);
        if self.outgoing.len() > OUTGOING_BYTES {
            return Err(io::Error::other("server reads nothing"));
        }
        if waits { Ok(()) } else { self.flush() }
    }

    /// Sends what waits, as far as the socket takes it.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        // Whether it came to stand is told with its first readiness.
        if self.stage == Stage::Upgrading
            && let Some(error) = self.stream.take_error()?
        {
            return Err(error);
        }
        let mut sent = 0;
        while sent < self.outgoing.len() {
            match self.stream.write(&self.outgoing[sent..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(bytes) => sent += bytes,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    break;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if sent == self.outgoing.len() {
            // Given back: most connections have nothing to send most of the time.
            self.outgoing = Vec::new();
        } else {
            self.outgoing.drain(..sent);
        }
        Ok(())
    }

    /// Reads what is there; 0 if nothing is.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.stream.read(buffer) {
            Ok(0) => Err(io::Error::other("closed by the server")),
            Ok(bytes) => Ok(bytes),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => Ok(0),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Takes bytes that came: all whole frames in them, and keeps the rest.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        hello: impl Fn() -> String,
        say: &mut impl FnMut(Heard<'_>),
    ) -> io::Result<()> {
        if self.incoming.is_empty() {
            let used = self.take_whole(bytes, &hello, say)?;
            self.incoming.extend_from_slice(&bytes[used..]);
            return Ok(());
        }
        let mut all = std::mem::take(&mut self.incoming);
        all.extend_from_slice(bytes);
        let used = self.take_whole(&all, &hello, say)?;
        if used < all.len() {
            self.incoming = all.split_off(used);
        }
        Ok(())
    }

    fn take_whole(
        &mut self,
        bytes: &[u8],
        hello: &impl Fn() -> String,
        say: &mut impl FnMut(Heard<'_>),
    ) -> io::Result<usize> {
        let mut used = 0;
        if self.stage == Stage::Upgrading {
            match upgraded(bytes) {
                None => return Ok(0),
                Some((head, 101)) => used = head,
                Some((_, status)) => return Err(io::Error::other(format!("answered with HTTP {status}"))),
            }
            self.stage = Stage::Opening;
        }
        let mut frames = Frames::new(&bytes[used..]);
        loop {
            match frames.next_frame() {
                Ok(Some(Frame::Text(text))) => self.packet(text, hello, say)?,
                Ok(Some(Frame::Close)) => return Err(io::Error::other("closed by the server")),
                Ok(Some(Frame::Ping(_) | Frame::Other)) => {}
                Ok(None) => return Ok(used + frames.read()),
                Err(WrongFrame) => return Err(io::Error::other("a frame that cannot be read")),
            }
        }
    }

    fn packet(
        &mut self,
        text: &str,
        hello: &impl Fn() -> String,
        say: &mut impl FnMut(Heard<'_>),
    ) -> io::Result<()> {
        match (Packet::read(text), self.stage) {
            (Packet::Ping, _) => self.send(PONG),
            (Packet::Open, Stage::Opening) => {
                self.stage = Stage::Entering;
                self.send(&hello())
            }
            (Packet::Connected(body), Stage::Entering) => {
                self.stage = Stage::In;
                say(Heard::Entered(&text_of(body, "sid")));
                Ok(())
            }
            (Packet::Refused(body), _) => {
                Err(io::Error::other(format!("refused: {}", text_of(body, "message"))))
            }
            (Packet::Close | Packet::Disconnect, _) => Err(io::Error::other("told to leave")),
            (Packet::Event(body), Stage::In) => {
                say(Heard::Event(body));
                Ok(())
            }
            (Packet::Acknowledgement(id, arguments), Stage::In) => {
                say(Heard::Acknowledgement(id, arguments));
                Ok(())
            }
            (
                Packet::Open
                | Packet::Connected(_)
                | Packet::Event(_)
                | Packet::Acknowledgement(..)
                | Packet::Other,
                _,
            ) => Ok(()),
        }
    }
}

fn text_of(object: &str, field: &str) -> String {
    let object = serde_json::from_str::<serde_json::Value>(object).unwrap_or_default();
    object.get(field).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
