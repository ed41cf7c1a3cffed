//! Where transports come from: TCP, with a way to close each from outside.
//!
//! The engine has no call that closes a transport whose outgoing messages are full, and a client that does
//! not read would keep them: so the stream itself can be cut.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::lock;

/// After a failed accept (usually: no file descriptor left) the next is tried this much later.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Accepts TCP connections.
pub struct Listener(TcpListener);

impl Listener {
    /// Accepts what `listener` does.
    pub fn new(listener: TcpListener) -> Self {
        Self(listener)
    }
}

impl axum::serve::Listener for Listener {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        loop {
            match self.0.accept().await {
                Ok((stream, address)) => {
                    // Signals are small and urgent. A transport without this option is slower, not wrong.
                    let _ = stream.set_nodelay(true);
                    return (Stream { stream, cut: Arc::default() }, address);
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Closes one stream, from anywhere.
#[derive(Default)]
pub(super) struct Cut {
    done: AtomicBool,
    /// Who waits to read, and who to write. A lock, because the one who cuts is another task; held while a
    /// waker is put down or taken.
    wakers: Mutex<[Option<Waker>; 2]>,
}

#[derive(Clone, Copy)]
enum Side {
    Reading,
    Writing,
}

impl Cut {
    pub(super) fn cut(&self) {
        self.done.store(true, Ordering::Release);
        let mut wakers = lock(&self.wakers);
        for waker in wakers.iter_mut().filter_map(Option::take) {
            waker.wake();
        }
    }

    /// Whether it is done; if not, `context` is woken when it will be.
    fn is_done(&self, side: Side, context: &Context<'_>) -> bool {
        if !self.done.load(Ordering::Acquire) {
            let mut wakers = lock(&self.wakers);
            let place = &mut wakers[side as usize];
            if !place.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
                *place = Some(context.waker().clone());
            }
        }
        // Looked at again: it may have been cut before the waker was put down.
        self.done.load(Ordering::Acquire)
    }
}

/// A TCP stream that can be cut.
pub struct Stream {
    stream: TcpStream,
    cut: Arc<Cut>,
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.cut.is_done(Side::Reading, context) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.cut.is_done(Side::Writing, context) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.cut.is_done(Side::Writing, context) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// What a request knows of the stream it came over.
#[derive(Clone)]
pub struct Transport {
    pub(super) address: SocketAddr,
    pub(super) cut: Arc<Cut>,
}

impl Connected<IncomingStream<'_, Listener>> for Transport {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        Self { address: *stream.remote_addr(), cut: stream.io().cut.clone() }
    }
}
