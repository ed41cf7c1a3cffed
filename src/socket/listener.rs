//! Where transports come from: TCP, with a deadline for each stream and a way to close it from outside.
//!
//! The engine has no call that closes a transport whose client does not read, and the HTTP server waits for
//! a request as long as it takes: so streams are watched here.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::addresses::AddressLimit;
use super::streams::{Handle, Side, Streams};
use crate::domain::time::Time;
use crate::metrics::Counter;

/// After a failed accept (usually: no file descriptor left) the next is tried this much later.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// A failing accept is logged this often, not each time.
const SAY_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Accepts TCP connections.
pub struct Listener {
    tcp: TcpListener,
    streams: Arc<Streams>,
    /// Streams of each address, before anything is known about them.
    addresses: AddressLimit,
    say_again_at: Time,
}

impl Listener {
    /// Accepts what `listener` does, at most so many streams of one address; all are kept in `streams`.
    pub fn new(listener: TcpListener, streams: Arc<Streams>, addresses: AddressLimit) -> Self {
        Self { tcp: listener, streams, addresses, say_again_at: Time::default() }
    }

    fn take(&self, stream: TcpStream, address: SocketAddr) -> Option<Stream> {
        let Ok(counted) = self.addresses.enter(Some(address.ip())) else {
            self.streams.counters.add(Counter::StreamsPerAddressOverLimit);
            return None;
        };
        // Signals are small and urgent. A transport without this option is slower, not wrong.
        let _ = stream.set_nodelay(true);
        let handle = self.streams.opened();
        let counted = counted.map(|address| Box::new(Counted { limit: self.addresses.clone(), address }));
        Some(Stream { tcp: stream, handle, streams: self.streams.clone(), _counted: counted })
    }
}

impl axum::serve::Listener for Listener {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        loop {
            match self.tcp.accept().await {
                Ok((stream, address)) => {
                    if let Some(stream) = self.take(stream, address) {
                        return (stream, address);
                    }
                }
                Err(error) => {
                    let now = self.streams.clock.now();
                    if now >= self.say_again_at {
                        self.say_again_at = now + SAY_AGAIN_AFTER;
                        tracing::warn!(%error, "cannot accept connections");
                    }
                    tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// Counts one stream of an address as long as it lives.
struct Counted {
    limit: AddressLimit,
    address: IpAddr,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.limit.leave(self.address);
    }
}

/// A TCP stream that is watched.
pub struct Stream {
    tcp: TcpStream,
    handle: Arc<Handle>,
    streams: Arc<Streams>,
    _counted: Option<Box<Counted>>,
}

impl Stream {
    /// A write with its outcome noted: one that waits too long ends the stream.
    fn written<T>(&self, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match outcome {
            Poll::Pending => self.handle.write_waits(self.streams.clock.now()),
            Poll::Ready(_) => self.handle.write_went(),
        }
        outcome
    }
}

fn aborted<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.handle.is_cut(Side::Reading, context) {
            return aborted();
        }
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.handle.is_cut(Side::Writing, context) {
            return aborted();
        }
        let outcome = Pin::new(&mut self.tcp).poll_write(context, bytes);
        self.written(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.handle.is_cut(Side::Writing, context) {
            return aborted();
        }
        let outcome = Pin::new(&mut self.tcp).poll_write_vectored(context, buffers);
        self.written(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}

/// What a request knows of the stream it came over.
#[derive(Clone)]
pub struct Transport {
    pub(super) address: SocketAddr,
    pub(super) handle: Arc<Handle>,
}

impl Transport {
    /// Where its other end is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Connected<IncomingStream<'_, Listener>> for Transport {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        Self { address: *stream.remote_addr(), handle: stream.io().handle.clone() }
    }
}
