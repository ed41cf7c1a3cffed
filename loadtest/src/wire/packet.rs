//! Packets: the digits in front of what is said.

/// What answers a ping.
pub const PONG: &str = "3";

/// A packet of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The transport stands: `0{...}`.
    Open,
    /// Asks for a sign of life: `2`.
    Ping,
    /// The transport is about to be closed: `1`.
    Close,
    /// Let in: `40{"sid":...}`.
    Connected(&'a str),
    /// Told to leave: `41`.
    Disconnect,
    /// An event: `42["name", ...]`. Whether it asks for an acknowledgement does not matter to these clients.
    Event(&'a str),
    /// An acknowledgement: `43<id>[...]`.
    Acknowledgement(u32, &'a str),
    /// Not let in: `44{"message":...}`.
    Refused(&'a str),
    /// Nothing that a client need know.
    Other,
}

impl<'a> Packet<'a> {
    /// Reads a text frame.
    pub fn read(text: &'a str) -> Self {
        let mut kinds = text.bytes();
        match (kinds.next(), kinds.next()) {
            (Some(b'0'), _) => Self::Open,
            (Some(b'1'), _) => Self::Close,
            (Some(b'2'), _) => Self::Ping,
            (Some(b'4'), Some(kind @ b'0'..=b'6')) => {
                Self::message(kind, without_namespace(text.get(2..).unwrap_or_default()))
            }
            _ => Self::Other,
        }
    }

    fn message(kind: u8, rest: &'a str) -> Self {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (id, body) = rest.split_at(digits);
        match (kind, id.parse()) {
            (b'0', _) => Self::Connected(body),
            (b'1', _) => Self::Disconnect,
            (b'2', _) => Self::Event(body),
            (b'3', Ok(id)) => Self::Acknowledgement(id, body),
            (b'4', _) => Self::Refused(body),
            _ => Self::Other,
        }
    }
}

fn without_namespace(text: &str) -> &str {
    match text.strip_prefix('/') {
        Some(named) => named.split_once(',').map_or("", |(_, rest)| rest),
        None => text,
    }
}

fn namespaced(namespace: Option<&str>) -> String {
    namespace.map(|name| format!("/{name},")).unwrap_or_default()
}

/// Asks to be let into the namespace with `auth`, a JSON object.
pub fn connect(namespace: Option<&str>, auth: &str) -> String {
    format!("40{}{auth}", namespaced(namespace))
}

/// An event: `packet` is the JSON array.
pub fn event(namespace: Option<&str>, acknowledge: Option<u32>, packet: &str) -> String {
    let id = acknowledge.map(|id| id.to_string()).unwrap_or_default();
    format!("42{}{id}{packet}", namespaced(namespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_of_the_server_are_read() {
        for (text, expected) in [
            (r#"0{"sid":"a"}"#, Packet::Open),
            ("1", Packet::Close),
            ("2", Packet::Ping),
            (r#"40{"sid":"a"}"#, Packet::Connected(r#"{"sid":"a"}"#)),
            (r#"40/chat,{"sid":"a"}"#, Packet::Connected(r#"{"sid":"a"}"#)),
            ("41", Packet::Disconnect),
            (r#"42["a",1]"#, Packet::Event(r#"["a",1]"#)),
            (r#"42/chat,17["a"]"#, Packet::Event(r#"["a"]"#)),
            (r#"4317[{"x":1}]"#, Packet::Acknowledgement(17, r#"[{"x":1}]"#)),
            ("43/chat,0[]", Packet::Acknowledgement(0, "[]")),
            ("43[]", Packet::Other),
            (r#"44{"message":"no"}"#, Packet::Refused(r#"{"message":"no"}"#)),
            ("", Packet::Other),
            ("4", Packet::Other),
            ("4é", Packet::Other),
            ("6", Packet::Other),
        ] {
            assert_eq!(Packet::read(text), expected, "{text}");
        }
    }

    #[test]
    fn packets_of_the_client_are_written() {
        assert_eq!(connect(None, "{}"), "40{}");
        assert_eq!(connect(Some("chat"), "{}"), "40/chat,{}");
        assert_eq!(event(None, None, "[\"a\"]"), "42[\"a\"]");
        assert_eq!(event(Some("chat"), Some(7), "[\"a\"]"), "42/chat,7[\"a\"]");
    }
}
