//! Client to server.

use std::sync::Arc;

use super::super::event;
use super::super::topic::Topic;
use super::{decoded, invalid};
use crate::dialect::Dialect;
use crate::domain::command::{Command, Refusal, RoomRef};
use crate::domain::criteria::{AgeRange, Criteria, Strict};
use crate::domain::limits::Limits;
use crate::domain::person::{Attributes, Proficiency};
use crate::domain::talk::{Payload, Quality, SignalKind};

fn anybody() -> (Attributes, Criteria) {
    let und = "und".parse().expect("a language");
    let attributes =
        Attributes { speaks: und, learns: und, proficiency: Proficiency::Any, age: 0, gender: None };
    let criteria =
        Criteria { same_proficiency: false, age: AgeRange::ALL, gender: None, strict: Strict::default() };
    (attributes, criteria)
}

fn signal(kind: SignalKind, payload: &str) -> Command {
    Command::Signal { room: RoomRef::Current, kind, payload: Payload(Arc::from(payload)) }
}

#[test]
fn find_match_skip_and_cancel_match_whatever_comes_with_them() {
    let (attributes, criteria) = anybody();
    for arguments in ["", "null", "{}", "5", r#""x",[],{"userId":"me"}"#] {
        let (attributes, criteria) = (attributes.clone(), criteria.clone());
        let join = Command::Join { attributes: attributes.clone(), criteria: criteria.clone() };
        assert_eq!(decoded(event::FIND_MATCH, arguments), Ok(join));
        assert_eq!(decoded(event::SKIP, arguments), Ok(Command::Skip { attributes, criteria }));
        assert_eq!(decoded(event::CANCEL_MATCH, arguments), Ok(Command::LeaveQueue));
    }
}

#[test]
fn everybody_accepts_everybody() {
    let (attributes, criteria) = anybody();
    let ladder = super::super::policy().ladder;
    for stage in crate::domain::criteria::Stage::ALL {
        assert!(ladder.wishes(&criteria, stage).accept(&attributes, &attributes), "{stage:?}");
    }
}

#[test]
fn webrtc_offer_and_webrtc_answer_in_both_shapes_as_sent() {
    for (event, kind) in [(event::OFFER, SignalKind::Offer), (event::ANSWER, SignalKind::Answer)] {
        for sent in [
            r#"{"sdp":{"type":"offer","sdp":"v=0"}}"#,
            r#"{ "sdp" : { "sdp":"v=0", "type" : "answer" }, "to":[1] }"#,
            r#"{"sdp":"v=0","type":"offer"}"#,
            r#"{"type":"","sdp":""}"#,
        ] {
            assert_eq!(decoded(event, sent), Ok(signal(kind, sent)), "{event} {sent}");
        }
        for (sent, field) in [
            ("", "sdp"),
            ("null", "sdp"),
            (r#""v=0""#, "sdp"),
            ("[]", "sdp"),
            ("{}", "sdp"),
            (r#"{"sdp":null,"type":"offer"}"#, "sdp"),
            (r#"{"sdp":5,"type":"offer"}"#, "sdp"),
            (r#"{"sdp":"v=0"}"#, "type"),
            (r#"{"sdp":"v=0","type":5}"#, "type"),
            (r#"{"sdp":{"sdp":"v=0"}}"#, "type"),
            (r#"{"sdp":{"type":"offer"}}"#, "sdp"),
            (r#"{"sdp":{"type":"offer","sdp":{}}}"#, "sdp"),
            (r#"{"sdp":"a","sdp":"b","type":"offer"}"#, "sdp"),
        ] {
            assert_eq!(decoded(event, sent), invalid(field), "{event} {sent}");
        }
    }
}

#[test]
fn webrtc_ice_candidate_in_both_shapes_as_sent() {
    for sent in [
        r#"{"candidate":{"candidate":"c","sdpMid":"0","sdpMLineIndex":0}}"#,
        r#"{"candidate":{"candidate":"","sdpMid":null,"usernameFragment":"u"}}"#,
        r#"{"candidate":"c","sdpMid":"0","sdpMLineIndex":0}"#,
        r#"{"candidate":""}"#,
    ] {
        assert_eq!(decoded(event::ICE_CANDIDATE, sent), Ok(signal(SignalKind::Candidate, sent)), "{sent}");
    }
    for (sent, field) in [
        ("", "candidate"),
        ("null", "candidate"),
        (r#""c""#, "candidate"),
        (r#"{"candidate":null}"#, "candidate"),
        (r#"{"candidate":5}"#, "candidate"),
        (r#"{"candidate":{}}"#, "candidate"),
        (r#"{"candidate":{"candidate":"c","sdpMid":5}}"#, "sdpMid"),
        (r#"{"candidate":"c","sdpMLineIndex":"0"}"#, "sdpMLineIndex"),
        (r#"{"candidate":"c","sdpMLineIndex":-1}"#, "sdpMLineIndex"),
    ] {
        assert_eq!(decoded(event::ICE_CANDIDATE, sent), invalid(field), "{sent}");
    }
}

#[test]
fn a_signal_is_as_long_as_allowed() {
    let limits = Limits { sdp_bytes: 100, ..Limits::default() };
    for (event, start, field) in [
        (event::OFFER, r#"{"type":"offer","sdp":""#, "sdp"),
        (event::ANSWER, r#"{"type":"answer","sdp":""#, "sdp"),
        (event::ICE_CANDIDATE, r#"{"candidate":""#, "candidate"),
    ] {
        let of = |length: usize| {
            let filling = "x".repeat(length - start.len() - 2);
            Dialect::WebrtcChat.decode(&format!(r#"["{event}",{start}{filling}"}}]"#), &limits).command
        };
        assert!(of(100).is_ok(), "{event}");
        assert_eq!(of(101), Err(Refusal::TooLarge { field }), "{event}");
    }
}

#[test]
fn message_is_text_of_a_length_without_markup() {
    let chat = |content: &str| {
        Ok(Command::Chat { room: RoomRef::Current, content: Arc::from(content), client_message_id: None })
    };
    let smiles = "🙂".repeat(1_000);
    for (sent, expected) in [
        (r#""hello""#, chat("hello")),
        (r#"" <b>hi</b>\n ""#, chat(" hi\n ")),
        (r#""hello",5,{}"#, chat("hello")),
        (&format!("\"{smiles}\""), chat(&smiles)),
        (&format!("\"{smiles}!\""), Err(Refusal::TooLarge { field: "message" })),
        ("", invalid("message")),
        ("null", invalid("message")),
        ("5", invalid("message")),
        (r#"{"content":"hi"}"#, invalid("message")),
        (r#"["hi"]"#, invalid("message")),
        (r#""""#, invalid("message")),
        (r#"" \n\u00a0""#, invalid("message")),
        (r#""<b></b>""#, invalid("message")),
        (r#""\ud83d""#, invalid("message")),
    ] {
        assert_eq!(decoded(event::MESSAGE, sent), expected, "{sent}");
    }
}

#[test]
fn connection_quality_is_what_can_be_measured() {
    let report = |rtt_ms, packets_lost, bitrate_kbps| {
        let quality = Quality { rtt_ms, jitter_ms: None, packets_lost, bitrate_kbps };
        Ok(Command::Quality { room: None, quality })
    };
    for (sent, expected) in [
        (
            r#"{"overall":"good","rtt":12,"packetsLost":2,"bandwidth":300}"#,
            report(12.0, Some(2.0), Some(300.0)),
        ),
        (r#"{"rtt":0.5,"overall":7,"packetsLost":-1,"bandwidth":null}"#, report(0.5, Some(0.0), None)),
        (r#"{"rtt":0}"#, report(0.0, None, None)),
        ("", invalid("rtt")),
        ("{}", invalid("rtt")),
        (r#"{"rtt":-1}"#, invalid("rtt")),
        (r#"{"rtt":"1"}"#, invalid("rtt")),
        (r#"{"rtt":1,"packetsLost":"2"}"#, invalid("packetsLost")),
        (r#"{"rtt":1,"bandwidth":-2}"#, invalid("bandwidth")),
    ] {
        assert_eq!(decoded(event::CONNECTION_QUALITY, sent), expected, "{sent}");
    }
}

#[test]
fn ping_validate_connection_and_webrtc_error_take_anything() {
    for arguments in ["", "null", "5", r#""x""#, r#"{"error":{"deep":[1]}}"#] {
        assert_eq!(decoded(event::PING, arguments), Ok(Command::WhoAmI));
        assert_eq!(decoded(event::VALIDATE_CONNECTION, arguments), Ok(Command::WhoAmI));
        assert_eq!(decoded(event::WEBRTC_ERROR, arguments), Ok(Command::CallFailed));
    }
}

#[test]
fn everything_else_is_unknown() {
    for name in ["", "Ping", "message ", "match_found", "connect", "matching:join_queue", "__proto__"] {
        let asked = Dialect::WebrtcChat.decode(&format!("[\"{name}\",{{}}]"), &Limits::default());
        let found = (Topic::numbered(asked.topic), asked.command);
        assert_eq!(found, (Topic::Unknown, Err(Refusal::UnknownEvent)), "{name}");
    }
    let nothing = Dialect::WebrtcChat.decode("{", &Limits::default());
    assert_eq!((Topic::numbered(nothing.topic), nothing.command), (Topic::Unknown, invalid("packet")));
}

#[test]
fn topics_travel_as_numbers() {
    for topic in Topic::ALL {
        assert_eq!(Topic::numbered(topic.number()), topic);
        assert_eq!(Topic::named(topic.event()), topic);
    }
    assert_eq!(Topic::numbered(u8::MAX), Topic::Unknown);
    assert_eq!(Topic::numbered(Topic::Unknown.number()), Topic::Unknown);
}
