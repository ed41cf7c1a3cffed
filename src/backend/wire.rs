//! What goes to the backend and what comes back, as its REST API writes them.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use super::call::{Failed, GET, POST, Request};
use crate::domain::errand::{Kept, Tidings, Token, What};
use crate::domain::id::UserId;

/// The longest id of a user that is believed, bytes.
const LONGEST_ID: usize = 128;

/// A good answer: what stands under `data`, or all of it.
#[derive(Debug)]
pub(super) struct Body(Value);

impl Body {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Failed> {
        // Some have nothing to say.
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(Value::Null));
        }
        let mut body: Value = serde_json::from_slice(bytes).map_err(|_| Failed::Unavailable)?;
        if body.get("success") == Some(&Value::Bool(false)) {
            return Err(Failed::Refused);
        }
        let data = body.as_object_mut().and_then(|fields| fields.remove("data"));
        Ok(Self(data.unwrap_or(body)))
    }
}

/// The call that an errand is.
pub(super) fn request(token: Token, what: &What) -> Request {
    let to = |method, path: String, body| Request { token, method, path, body };
    match what {
        What::Start => to(POST, "/chat/start".to_owned(), None),
        What::Write { room, content } => {
            let content = Kept::read(content).content;
            to(POST, "/chat/message".to_owned(), Some(json(&Message { chat_id: *room, content })))
        }
        What::End { room } => to(POST, "/chat/end".to_owned(), Some(json(&Chat { chat_id: *room }))),
        What::Present => to(POST, "/presence/heartbeat".to_owned(), None),
        What::Gone => to(POST, "/presence/disconnect".to_owned(), None),
        What::Said { room } => to(GET, format!("/chat/{room}/messages"), None),
    }
}

/// Who the backend says a guest is.
pub(super) fn guest(Body(body): &Body) -> Option<UserId> {
    user(body.get("guest_id"))
}

/// What the answer to an errand means; `None` if it means nothing.
pub(super) fn tidings(what: &What, Body(body): &Body) -> Option<Tidings> {
    match what {
        What::Start => started(body),
        What::Write { content, .. } => {
            let fields = body.as_object()?;
            fields.get("message_id")?;
            let given = fields.get("content").and_then(Value::as_str);
            Some(Tidings::Written(kept(fields, given.unwrap_or(Kept::read(content).content))))
        }
        What::Said { .. } => {
            let list = body.get("messages").unwrap_or(body).as_array()?;
            let said = |message: &Value| {
                let fields = message.as_object()?;
                let content = fields.get("content")?.as_str()?;
                Some((user(fields.get("sender_guest_id"))?, kept(fields, content)))
            };
            Some(Tidings::Said(list.iter().filter_map(said).collect()))
        }
        What::End { .. } | What::Present | What::Gone => Some(Tidings::Done),
    }
}

fn started(body: &Value) -> Option<Tidings> {
    match body.get("status")?.as_str()? {
        "matched" | "already_matched" => {
            let room = whole(body.get("chat_id")?).filter(|number| *number > 0)?;
            Some(Tidings::Found { room, partner: user(body.get("partner_id"))? })
        }
        "waiting" => Some(Tidings::Nobody),
        "not_opted_in" | "not_online" => Some(Tidings::NotPresent),
        _ => None,
    }
}

/// A message with what the backend wrote on it.
fn kept(fields: &Map<String, Value>, content: &str) -> Arc<str> {
    let stamp = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let stamp = Stamp {
        message_id: stamp("message_id"),
        created_at: stamp("created_at"),
        is_flagged: fields.get("is_flagged").is_some_and(is_true),
    };
    Kept { stamp: Some(&json(&stamp)), content }.write()
}

/// A number, or a text of its digits.
fn whole(value: &Value) -> Option<u64> {
    const MOST: u64 = 9_007_199_254_740_991;
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).filter(|number| *number <= MOST)
}

/// Databases have their own words for it.
fn is_true(value: &Value) -> bool {
    value == &Value::Bool(true) || value.as_u64() == Some(1)
}

fn user(value: Option<&Value>) -> Option<UserId> {
    let id = match value? {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    (1..=LONGEST_ID).contains(&id.len()).then(|| UserId::new(id))
}

/// Every body has text keys and is written into memory, so that none fails.
fn json(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_default()
}

#[derive(Serialize)]
struct Chat {
    chat_id: u64,
}

#[derive(Serialize)]
struct Message<'a> {
    chat_id: u64,
    content: &'a str,
}

#[derive(Serialize)]
struct Stamp {
    message_id: Value,
    created_at: Value,
    is_flagged: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Result<Body, Failed> {
        Body::read(text.as_bytes())
    }

    fn told(what: &What, text: &str) -> Option<Tidings> {
        tidings(what, &body(text).expect("a good answer"))
    }

    fn asked(what: &What) -> (String, String, Option<String>) {
        let Request { method, path, body, .. } = request(Token::new("t"), what);
        (method.to_string(), path, body)
    }

    #[test]
    fn errands_are_the_calls_of_the_contract() {
        let content = Kept { stamp: None, content: "\u{1}\"hi\"" }.write();
        for (what, method, path, body) in [
            (What::Start, "POST", "/chat/start", None),
            (
                What::Write { room: 7, content },
                "POST",
                "/chat/message",
                Some(r#"{"chat_id":7,"content":"\u0001\"hi\""}"#),
            ),
            (What::End { room: 7 }, "POST", "/chat/end", Some(r#"{"chat_id":7}"#)),
            (What::Present, "POST", "/presence/heartbeat", None),
            (What::Gone, "POST", "/presence/disconnect", None),
            (What::Said { room: 7 }, "GET", "/chat/7/messages", None),
        ] {
            assert_eq!(asked(&what), (method.to_owned(), path.to_owned(), body.map(str::to_owned)));
        }
    }

    #[test]
    fn a_search_is_answered_in_the_backends_words() {
        let found = Some(Tidings::Found { room: 7, partner: UserId::new("g2") });
        for (text, expected) in [
            (r#"{"success":true,"data":{"status":"matched","chat_id":7,"partner_id":"g2"}}"#, found.clone()),
            (r#"{"data":{"status":"already_matched","chat_id":"7","partner_id":"g2"}}"#, found),
            (r#"{"data":{"status":"waiting"}}"#, Some(Tidings::Nobody)),
            (r#"{"data":{"status":"not_opted_in"}}"#, Some(Tidings::NotPresent)),
            (r#"{"data":{"status":"not_online"}}"#, Some(Tidings::NotPresent)),
            (r#"{"data":{"status":"matched","chat_id":0,"partner_id":"g2"}}"#, None),
            (r#"{"data":{"status":"matched","chat_id":7}}"#, None),
            (r#"{"data":{"status":"lost"}}"#, None),
            ("[]", None),
        ] {
            assert_eq!(told(&What::Start, text), expected, "{text}");
        }
    }

    #[test]
    fn messages_keep_what_the_backend_wrote_on_them() {
        let what = What::Write { room: 7, content: "hi".into() };
        let answer = r#"{"data":{"message_id":5,"content":"h*","created_at":"2026","is_flagged":1}}"#;
        let kept =
            Kept { stamp: Some(r#"{"message_id":5,"created_at":"2026","is_flagged":true}"#), content: "h*" };
        assert_eq!(told(&what, answer), Some(Tidings::Written(kept.write())));
        assert_eq!(told(&what, "{}"), None);
        let said = r#"{"data":{"messages":[{"message_id":5,"sender_guest_id":8,"content":"h*","created_at":"2026",
            "is_flagged":true},{"content":"of nobody"},7]}}"#;
        let expected = Tidings::Said(vec![(UserId::new("8"), kept.write())]);
        assert_eq!(told(&What::Said { room: 7 }, said), Some(expected));
        assert_eq!(told(&What::Said { room: 7 }, "{\"data\":[]}"), Some(Tidings::Said(Vec::new())));
    }

    #[test]
    fn what_is_no_success_is_a_refusal_and_what_is_no_json_no_answer() {
        assert_eq!(body(r#"{"success":false,"data":{}}"#).err(), Some(Failed::Refused));
        assert_eq!(body("<html>").err(), Some(Failed::Unavailable));
        assert_eq!(told(&What::Gone, " \n"), Some(Tidings::Done));
        let whose = |text: &str| guest(&body(text).expect("a good answer"));
        assert_eq!(whose(r#"{"success":true,"data":{"guest_id":"g1"}}"#), Some(UserId::new("g1")));
        for text in [r#"{"data":{"guest_id":""}}"#, r#"{"data":{"guest_id":[]}}"#, "{}", r#"{"data":null}"#] {
            assert_eq!(whose(text), None, "{text}");
        }
        let long = format!(r#"{{"data":{{"guest_id":"{}"}}}}"#, "x".repeat(129));
        assert_eq!(whose(&long), None);
    }
}
