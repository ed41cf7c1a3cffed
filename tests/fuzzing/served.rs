//! The real server, in this process, and a client that writes whatever it is told to over real sockets.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Once, mpsc};
use std::thread;
use std::time::Duration;

use qala::config::{Config, Sources};
use qala::server::Server;

/// A server on this machine that has not said a word for so long does not answer.
const SILENCE: Duration = Duration::from_secs(5);
/// No answer is larger but the demo page's own files.
const MOST_BYTES: usize = 256 * 1024;

/// Tasks of the server that panicked: the runtime keeps them from ending anything else.
static PANICS: AtomicU64 = AtomicU64::new(0);

/// A server that runs as long as the process.
pub(super) struct Served {
    address: SocketAddr,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Served {
    /// Starts one with these flags, on a free port.
    pub(super) fn start(flags: &[(&'static str, &str)]) -> Self {
        static COUNTING: Once = Once::new();
        COUNTING.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                PANICS.fetch_add(1, Ordering::Relaxed);
                before(panic);
            }));
        });
        let mut flags: std::collections::BTreeMap<_, _> =
            flags.iter().map(|(flag, value)| (*flag, (*value).to_owned())).collect();
        flags.insert("port", "0".to_owned());
        let config =
            Config::resolve(&Sources { flags, ..Sources::default() }).expect("these flags are right");
        let (started, address) = mpsc::channel();
        thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let mut server = Server::start(&config).await.expect("a free port");
                started.send(server.address()).expect("it is waited for");
                server.failed().await;
            });
        });
        Self { address: address.recv().expect("it started") }
    }

    pub(super) fn connect(&self) -> Wire {
        let stream = TcpStream::connect(self.address).expect("the server accepts connections");
        stream
            .set_nodelay(true)
            .and_then(|()| stream.set_read_timeout(Some(SILENCE)))
            .expect("a fresh socket");
        Wire { stream, read: Vec::new() }
    }
}

/// Fails if anything panicked inside a server.
pub(super) fn nothing_panicked() {
    assert_eq!(PANICS.load(Ordering::Relaxed), 0, "something panicked inside the server");
}

/// A connection of the client.
pub(super) struct Wire {
    stream: TcpStream,
    /// What was read and not used.
    read: Vec<u8>,
}

impl Wire {
    /// Writes it; the server may have closed already.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// The next response, or `None` where the server closed without one.
    pub(super) fn response(&mut self) -> Option<Response> {
        self.response_to(true)
    }

    /// The same; some requests ask for no body, and get only its length.
    pub(super) fn response_to(&mut self, wants_body: bool) -> Option<Response> {
        let end = self.until(b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&self.read[..end]).into_owned();
        // What a page asks to send is repeated to it, as it asked.
        self.read.drain(..end);
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status: {head}"));
        let header = |line: &str| {
            line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        };
        let mut response = Response { status, headers: lines.filter_map(header).collect(), body: Vec::new() };
        let length = response.header("content-length").and_then(|length| length.parse().ok());
        if status == 101 || !wants_body {
            return Some(response);
        }
        match length {
            Some(length) => {
                assert!(length <= MOST_BYTES, "{length} bytes are announced");
                while self.read.len() < length && self.more() {}
                assert!(self.read.len() >= length, "{} of {length} bytes came", self.read.len());
                response.body = self.read.drain(..length).collect();
            }
            None if response.header("transfer-encoding") == Some("chunked") => response.body = self.chunks(),
            // Of a response without either there is nothing more, or all until the end.
            None if matches!(status, 204 | 304) => {}
            None => {
                while self.more() {}
                response.body = std::mem::take(&mut self.read);
            }
        }
        Some(response)
    }

    /// The payload of the next frame of a WebSocket; `None` at its end.
    pub(super) fn frame(&mut self) -> Option<Vec<u8>> {
        let head = |read: &[u8]| match *read.get(1)? {
            126 => Some((4, usize::from(u16::from_be_bytes(read.get(2..4)?.try_into().ok()?)))),
            127 => panic!("no frame is that long"),
            length => Some((2, usize::from(length))),
        };
        loop {
            if let Some((begin, length)) = head(&self.read)
                && self.read.len() >= begin + length
            {
                let frame: Vec<u8> = self.read.drain(..begin + length).collect();
                return Some(frame[begin..].to_vec());
            }
            if !self.more() {
                return None;
            }
        }
    }

    fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let end = self.until(b"\r\n").expect("the length of a chunk");
            let line = String::from_utf8(self.read.drain(..end).collect()).expect("digits");
            let length = usize::from_str_radix(line.trim(), 16).expect("hexadecimal digits");
            while self.read.len() < length + 2 && self.more() {}
            body.extend(self.read.drain(..length));
            self.read.drain(..2);
            if length == 0 {
                return body;
            }
            assert!(body.len() <= MOST_BYTES, "it never ends");
        }
    }

    /// Where the first of these marks ends.
    fn until(&mut self, mark: &[u8]) -> Option<usize> {
        loop {
            let found = self.read.windows(mark.len()).position(|window| window == mark);
            if let Some(found) = found {
                return Some(found + mark.len());
            }
            if !self.more() {
                return None;
            }
        }
    }

    /// Reads on; `false` at the end.
    fn more(&mut self) -> bool {
        let mut buffer = [0; 4_096];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(count) => {
                self.read.extend_from_slice(&buffer[..count]);
                assert!(self.read.len() <= 2 * MOST_BYTES, "it never ends");
                true
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("no answer within {SILENCE:?}; so far: {:?}", String::from_utf8_lossy(&self.read))
            }
            // Closed while something of ours was still under way.
            Err(_) => false,
        }
    }
}

impl Response {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("every answer is text")
    }

    /// Holds of every response: it is none of a server in trouble, and what is called JSON is JSON.
    pub(super) fn is_sound(&self) {
        assert!(self.status < 500 || self.status == 503, "{self:?}");
        if self.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
            assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&self.body).is_ok(), "{self:?}");
        }
    }
}
