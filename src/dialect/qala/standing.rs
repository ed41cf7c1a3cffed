//! `auth:renew`, and what is said to those who have to go.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::super::field::pick;
use super::super::packet::Packet;
use super::super::{Farewell, Outgoing, Renewed, json};
use super::{answer, event};
use crate::domain::command::{Refusal, Reply};
use crate::domain::time::Time;

/// The newer token of `{token}`, if the packet is about one.
pub(in crate::dialect) fn renewal(packet: &str) -> Option<Result<String, Refusal>> {
    // Nearly everything else is told apart without being split twice.
    if !packet.contains(event::AUTH_RENEW) {
        return None;
    }
    let packet = Packet::split(packet).ok().filter(|packet| packet.event == event::AUTH_RENEW)?;
    let token = pick(packet.argument(), ["token"]).and_then(|[token]| token.required(json::text));
    Some(token.map(std::borrow::Cow::into_owned))
}

/// How it is answered.
pub(in crate::dialect) fn renewed(renewed: &Renewed) -> Box<RawValue> {
    let written = match renewed {
        Renewed::Until(Time::NEVER) => return answer(&Ok(Reply::Done)),
        Renewed::Until(until) => to_raw_value(&Held { success: true, expires_at: until.as_ms() }),
        Renewed::Denied(error) => to_raw_value(&Denied { success: false, error, code: "denied" }),
        Renewed::Refused(refusal) => return answer(&Err(*refusal)),
    };
    // Every body has text keys and is written into memory, so that none fails.
    written.unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// What is said to somebody who has to go.
pub(in crate::dialect) fn farewell(farewell: Farewell) -> Outgoing {
    let event = match farewell {
        Farewell::Expired => event::AUTH_EXPIRED,
        Farewell::Suspended => event::AUTH_SUSPENDED,
    };
    Outgoing { event, argument: RawValue::NULL.to_owned() }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Held {
    success: bool,
    expires_at: u64,
}

#[derive(Serialize)]
struct Denied<'a> {
    success: bool,
    error: &'a str,
    code: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_token_is_a_text_in_its_own_event() {
        let invalid = Some(Err(Refusal::Invalid { field: "token" }));
        for (packet, expected) in [
            (r#"["auth:renew",{"token":"a.b.c"}]"#, Some(Ok("a.b.c".to_owned()))),
            (r#"["auth:renew",{"token":7}]"#, invalid.clone()),
            (r#"["auth:renew"]"#, invalid.clone()),
            (r#"["auth:renew","a.b.c"]"#, invalid),
            (r#"["chat:send",{"content":"auth:renew"}]"#, None),
            (r#"["auth:renewal",{"token":"a.b.c"}]"#, None),
            (r#"["heartbeat"]"#, None),
        ] {
            assert_eq!(renewal(packet), expected, "{packet}");
        }
    }

    #[test]
    fn it_is_answered_as_every_request_is() {
        for (outcome, expected) in [
            (Renewed::Until(Time::NEVER), r#"{"success":true}"#),
            (Renewed::Until(Time::from_ms(5)), r#"{"success":true,"expiresAt":5}"#),
            (
                Renewed::Denied("Invalid token"),
                r#"{"success":false,"error":"Invalid token","code":"denied"}"#,
            ),
            (
                Renewed::Refused(Refusal::Busy { retry_after_ms: 250 }),
                r#"{"success":false,"error":"Your earlier requests are still being handled. Try again in 1 s.","code":"busy","retry_after_ms":250}"#,
            ),
        ] {
            assert_eq!(renewed(&outcome).get(), expected);
        }
        assert_eq!(farewell(Farewell::Expired).event, "auth:expired");
        assert_eq!(farewell(Farewell::Suspended).event, "auth:suspended");
    }
}
