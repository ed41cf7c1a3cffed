//! Requests to the REST edge: path, query, headers and body as anybody may write them.
//!
//! An input is a line with method and target, lines with headers, an empty line, and the body.

use std::sync::OnceLock;

use super::served::{Served, nothing_panicked};

/// What operators show.
const ADMIN_TOKEN: &str = "of-the-operators";
/// What only answers about users have.
const ABOUT_USERS: &str = "\"shards\":[";
const MOST_BYTES: usize = 16 * 1024;
/// How long a body is and where it ends is the HTTP library's affair, and so is what is said before it.
const FRAMING: [&str; 5] = ["content-length", "transfer-encoding", "expect", "connection", "upgrade"];

/// Every request is answered once and soundly, and only operators learn of users.
pub(super) fn request(input: &[u8]) {
    static SERVED: OnceLock<Served> = OnceLock::new();
    let served = SERVED.get_or_init(|| {
        Served::start(&[
            ("dialects", "sorsu,qala,animochat,webrtc-chat,signaling"),
            ("auth", "none"),
            ("admin-token", ADMIN_TOKEN),
            ("connect-timeout", "1"),
        ])
    });
    if input.len() > MOST_BYTES {
        return;
    }
    let Some(request) = Request::of(input) else { return };
    let mut wire = served.connect();
    wire.write(&request.bytes());
    let wants_body = !request.line.starts_with(b"HEAD ");
    let Some(response) = wire.response_to(wants_body) else { return };
    nothing_panicked();
    // Who is told that a tunnel stands takes the server for an open proxy.
    assert!(response.status >= 300 || !request.line.starts_with(b"CONNECT "), "{response:?}");
    if !wants_body {
        return;
    }
    response.is_sound();
    // The demo page is many files, and none of them is anybody's secret.
    if response.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
        let shown = input.windows(ADMIN_TOKEN.len()).any(|window| window == ADMIN_TOKEN.as_bytes());
        assert!(shown || !response.text().contains(ABOUT_USERS), "anybody is told {response:?}");
    }
}

struct Request<'a> {
    line: &'a [u8],
    headers: Vec<&'a [u8]>,
    body: &'a [u8],
}

impl<'a> Request<'a> {
    /// `None` for what is not meant for this edge: a poll waits until there is something to say.
    fn of(input: &'a [u8]) -> Option<Self> {
        let (head, body) = match input.windows(2).position(|pair| pair == b"\n\n") {
            Some(end) => (&input[..end], &input[end + 2..]),
            None => (input, &[][..]),
        };
        let mut lines = head.split(|byte| *byte == b'\n');
        let line = lines.next()?;
        if line.windows(10).any(|window| window.eq_ignore_ascii_case(b"/socket.io")) {
            return None;
        }
        let framing = |line: &&[u8]| {
            let name = line.split(|byte| *byte == b':').next().unwrap_or_default().trim_ascii();
            FRAMING.iter().any(|framing| name.eq_ignore_ascii_case(framing.as_bytes()))
        };
        let headers = lines.filter(|line| !line.is_empty() && !framing(line)).collect();
        Some(Self { line, headers, body })
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = [self.line, b" HTTP/1.1\r\nhost: localhost\r\n"].concat();
        for header in &self.headers {
            bytes.extend_from_slice(header);
            bytes.extend_from_slice(b"\r\n");
        }
        let length = self.body.len();
        bytes.extend_from_slice(format!("content-length: {length}\r\nconnection: close\r\n\r\n").as_bytes());
        bytes.extend_from_slice(self.body);
        bytes
    }
}
