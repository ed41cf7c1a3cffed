//! A connection that can be cut after a request went through and before its answer came back: the one moment
//! in which a client cannot know what happened.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// Stands before a server.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// How many more times an answer is swallowed and its connection cut.
    cuts: Arc<AtomicU32>,
}

impl Proxy {
    /// In front of the server on that port.
    pub(crate) fn before(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let cuts = Arc::new(AtomicU32::new(0));
        let left = Arc::clone(&cuts);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                relay(&client, &server, Arc::default());
                relay(&server, &client, Arc::clone(&left));
            }
        });
        Self { port, cuts }
    }

    /// Swallows the next answers, one of each of so many connections.
    pub(crate) fn swallow(&self, answers: u32) {
        self.cuts.store(answers, Ordering::SeqCst);
    }

    /// Whether all of them were swallowed.
    pub(crate) fn has_swallowed(&self) -> bool {
        self.cuts.load(Ordering::SeqCst) == 0
    }
}

fn relay(from: &TcpStream, to: &TcpStream, cuts: Arc<AtomicU32>) {
    let (mut from, mut to) = (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            // What is said while a connection begins is let through: only answers to scripts are swallowed.
            let is_answer = !buffer.starts_with(b"+") && !buffer.starts_with(b"$40");
            let one_less = |cuts: u32| cuts.checked_sub(1);
            if is_answer && cuts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok() {
                break;
            }
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        // Both at once, whoever began: neither side may think that the connection stands.
        for stream in [&from, &to] {
            drop(stream.shutdown(Shutdown::Both));
        }
    });
}
