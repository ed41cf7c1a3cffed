//! Handshakes: query, headers and credentials as anybody may write them, over real sockets, with every way to enter.
//!
//! An input is a line with the query, lines with headers, an empty line, and what is sent as CONNECT: a namespace maybe,
//! and credentials. Where `<<header|claims>>` stands, a token is put that says so, signed with the right secret: what is
//! in a token is tried as well, and not only that a false signature is none.

use std::sync::OnceLock;

use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use qala::node::Clock;
use serde_json::{Map, Value};

use super::served::{Response, Served, Wire, nothing_panicked};

const SECRET: &str = "a-secret-of-the-fuzzer";
/// What a token must say besides.
const AUDIENCE: &str = "fuzz";
/// Where those enter that need a token; the others are open to guests.
const WITH_TOKEN: [&str; 2] = ["/", "/qala"];
const MOST_BYTES: usize = 16 * 1024;
/// Clocks may differ.
const LEEWAY_SECONDS: f64 = 300.0;
/// Polls until a CONNECT must be answered: the first may bring a ping alone.
const POLLS: usize = 4;
/// Frames of a WebSocket until then: the first packet, a ping, and some to spare.
const FRAMES: usize = 8;
/// A user's id.
const LONGEST_ID_BYTES: usize = 128;

/// Whoever comes in has shown a token that says what it must, or came in where guests may; everything else is refused,
/// in words, and the server goes on.
pub(super) fn entering(input: &[u8]) {
    static SERVED: OnceLock<Served> = OnceLock::new();
    let served = SERVED.get_or_init(|| {
        Served::start(&[
            ("dialects", "qala,animochat,webrtc-chat,signaling,sorsu"),
            ("auth", "qala=jwt,animochat=guest,webrtc-chat=guest,signaling=guest,sorsu=guest"),
            ("jwt-secret", SECRET),
            ("jwt-audience", AUDIENCE),
            ("connect-timeout", "1"),
        ])
    });
    let Ok(text) = std::str::from_utf8(input) else { return };
    if text.len() > MOST_BYTES {
        return;
    }
    let (text, signed) = with_tokens(text);
    let (head, connect) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let query = lines.next().unwrap_or_default();
    let headers: String = lines.filter(|line| is_passed_on(line)).flat_map(|line| [line, "\r\n"]).collect();
    let mut wire = served.connect();
    wire.write(format!("GET /socket.io/?{query} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n").as_bytes());
    let Some(opened) = wire.response() else { return };
    opened.is_sound();
    let answer = match opened.status {
        101 => by_websocket(wire, connect),
        200 => by_polling(&mut wire, &opened, &headers, connect),
        _ => None,
    };
    nothing_panicked();
    let Some(answer) = answer else { return };
    let entered = answer.strip_prefix("40").map(namespace);
    if entered.is_some_and(|namespace| WITH_TOKEN.contains(&namespace)) {
        assert!(signed.iter().any(Signed::is_good), "came in without a good token: {input:?}: {answer}");
    } else if entered.is_none() {
        let refusal = answer.strip_prefix("44").unwrap_or_else(|| panic!("{answer}"));
        let refusal = refusal.strip_prefix(namespace(refusal)).unwrap_or(refusal);
        let said: Map<String, Value> = serde_json::from_str(refusal.trim_start_matches(','))
            .unwrap_or_else(|error| panic!("{error}: {answer}"));
        assert!(said.get("message").is_some_and(Value::is_string), "{answer}");
    }
}

/// Headers of the handshake that are tried: what the HTTP library makes of lengths is its own affair.
fn is_passed_on(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
    !line.is_empty() && !["content-length", "transfer-encoding", "expect"].contains(&name.as_str())
}

/// The namespace that stands before a packet's payload.
fn namespace(packet: &str) -> &str {
    if !packet.starts_with('/') {
        return "/";
    }
    packet.split_once(',').map_or(packet, |(namespace, _)| namespace)
}

/// A token that was put in.
struct Signed {
    header: String,
    claims: String,
}

impl Signed {
    /// Whether it says what a token must, as somebody reads it who knows only that.
    fn is_good(&self) -> bool {
        let object = |text: &str| serde_json::from_str::<Map<String, Value>>(text).ok();
        let (Some(header), Some(claims)) = (object(&self.header), object(&self.claims)) else { return false };
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^52")]
        let now = Clock::start().now().as_ms() as f64 / 1_000.0;
        let time = |name: &str| claims.get(name).map(|time| time.as_f64().unwrap_or(f64::NAN));
        let audience = match claims.get("aud") {
            Some(Value::String(audience)) => audience == AUDIENCE,
            Some(Value::Array(all)) => all.iter().any(|audience| audience == AUDIENCE),
            _ => false,
        };
        header.get("alg").is_some_and(|alg| alg == "HS256")
            && !header.contains_key("crit")
            && audience
            && time("exp").is_none_or(|exp| exp + LEEWAY_SECONDS > now)
            && time("nbf").is_none_or(|nbf| nbf - LEEWAY_SECONDS < now)
            && claims
                .get("sub")
                .and_then(Value::as_str)
                .is_some_and(|sub| (1..=LONGEST_ID_BYTES).contains(&sub.len()))
    }
}

/// The text with tokens where they are asked for.
fn with_tokens(text: &str) -> (String, Vec<Signed>) {
    let (mut made, mut signed) = (String::with_capacity(text.len()), Vec::new());
    let mut rest = text;
    while let Some((before, token, after)) = next_token(rest) {
        made.push_str(before);
        let said = format!("{}.{}", base64url(token.header.as_bytes()), base64url(token.claims.as_bytes()));
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let signature = crypto::sign(said.as_bytes(), &key, Algorithm::HS256).expect("a secret signs");
        made.push_str(&said);
        made.push('.');
        made.push_str(&signature);
        signed.push(token);
        rest = after;
    }
    made.push_str(rest);
    (made, signed)
}

fn next_token(text: &str) -> Option<(&str, Signed, &str)> {
    let (before, rest) = text.split_once("<<")?;
    let (token, after) = rest.split_once(">>")?;
    let (header, claims) = token.split_once('|')?;
    Some((before, Signed { header: header.to_owned(), claims: claims.to_owned() }, after))
}

fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - three.len()));
        for letter in 0..=three.len() {
            text.push(char::from(LETTERS[(bits >> (18 - 6 * letter)) as usize & 63]));
        }
    }
    text
}

/// CONNECT by polling, and how it is answered.
fn by_polling(wire: &mut Wire, opened: &Response, headers: &str, connect: &str) -> Option<String> {
    let packet = opened.text().strip_prefix('0').unwrap_or_else(|| panic!("{opened:?}"));
    let said: Map<String, Value> = serde_json::from_str(packet).expect("the first packet is an object");
    let sid = said["sid"].as_str().expect("a session has an id");
    let target = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
    let mut ask = |method: &str, body: &str| {
        // A session is polled with what it was opened with.
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        );
        wire.write(head.as_bytes());
        wire.write(body.as_bytes());
        let response = wire.response()?;
        response.is_sound();
        (response.status == 200).then_some(response)
    };
    let mut answer = None;
    // Several packets may stand in one body, as a client may send them.
    if ask("POST", &format!("40{connect}")).is_some() {
        for _ in 0..POLLS {
            let Some(polled) = ask("GET", "") else { break };
            answer = polled.text().split('\u{1e}').find(|packet| is_answer(packet)).map(str::to_owned);
            if answer.is_some() {
                break;
            }
        }
        ask("POST", "1");
    }
    answer
}

fn is_answer(packet: &str) -> bool {
    packet.starts_with("40") || packet.starts_with("44")
}

/// The same by a WebSocket.
fn by_websocket(mut wire: Wire, connect: &str) -> Option<String> {
    wire.write(&frame(&format!("40{connect}"))?);
    for _ in 0..FRAMES {
        let payload = wire.frame()?;
        if let Some(answer) = String::from_utf8(payload).ok().filter(|text| is_answer(text)) {
            return Some(answer);
        }
    }
    None
}

/// A text frame of a client, masked with nothing. `None` for what one frame of this kind cannot hold.
fn frame(text: &str) -> Option<Vec<u8>> {
    let length = u16::try_from(text.len()).ok()?;
    let mut frame = vec![0x81, 0xFE];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text.as_bytes());
    Some(frame)
}
