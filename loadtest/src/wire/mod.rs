//! Engine.IO 4 and Socket.IO 5 over WebSocket, the client's side: texts and bytes, no sockets. As much of it as a
//! client of one namespace without attachments needs.

mod frame;
mod packet;

pub use frame::{Frame, Frames, WrongFrame, text_frame};
pub use packet::{PONG, Packet, connect, event};

/// The HTTP request that opens a WebSocket. The key is the RFC's own: it proves nothing but that the server reads it.
pub fn upgrade(host: &str, path: &str) -> String {
    format!(
        "GET {path}?EIO=4&transport=websocket HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// What the server answered, once its head is complete: how long it is, and its status.
pub fn upgraded(bytes: &[u8]) -> Option<(usize, u16)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(bytes.get(..end)?).unwrap_or_default();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Some((end, status.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_known_when_it_is_complete() {
        let answer = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n\x81";
        assert_eq!(upgraded(answer), Some((answer.len() - 1, 101)));
        assert_eq!(upgraded(&answer[..40]), None);
        assert_eq!(upgraded(b"HTTP/1.1 503 Busy\r\n\r\n"), Some((21, 503)));
        assert_eq!(upgraded(b"\xff\r\n\r\n"), Some((5, 0)));
    }
}
