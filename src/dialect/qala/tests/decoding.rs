//! Client to server, all but joining.

use std::sync::Arc;

use super::{ROOM, decode, decoded, invalid, proposal, room};
use crate::domain::command::{Command, Refusal};
use crate::domain::id::UserId;
use crate::domain::limits::Limits;
use crate::domain::safety::{ReportReason, SafetyCommand};
use crate::domain::talk::{Payload, Quality, SignalKind};

/// Event and the field that makes it one.
const SIGNALS: [(&str, &str, SignalKind); 4] = [
    ("webrtc:offer", "offer", SignalKind::Offer),
    ("webrtc:answer", "answer", SignalKind::Answer),
    ("webrtc:ice_candidate", "candidate", SignalKind::Candidate),
    ("webrtc:signal", "signal", SignalKind::Other),
];

fn signal(kind: SignalKind, payload: &str) -> Command {
    let payload = Payload(Arc::from(payload.replace("$R", ROOM)));
    Command::Signal { room: room().into(), kind, payload }
}

#[test]
fn what_needs_no_argument_takes_any() {
    for arguments in ["", "null", "{}", "[]", "5", r#""x","y",1,2,3,4,5"#, r#"{"userId":"u"}"#] {
        assert_eq!(decoded("matching:leave_queue", arguments), Ok(Command::LeaveQueue), "{arguments}");
        assert_eq!(decoded("heartbeat", arguments), Ok(Command::Heartbeat), "{arguments}");
    }
}

#[test]
fn proposals_are_answered_by_their_id_alone() {
    for (event, command) in [
        ("matching:accept_match", Command::Accept(proposal())),
        ("matching:reject_match", Command::Reject(proposal())),
    ] {
        for arguments in [
            r#"{"matchId":"$P"}"#,
            r#"{"matchId":"$P","sessionId":"$R"}"#,
            r#"{"sessionId":5,"matchId":"$P"},"more""#,
            r#"{"matchId":"AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE"}"#,
        ] {
            assert_eq!(decoded(event, arguments), Ok(command.clone()), "{arguments}");
        }
        for arguments in [
            "",
            "null",
            r#""$P""#,
            r#"["$P"]"#,
            "{}",
            r#"{"matchId":null}"#,
            r#"{"matchId":5}"#,
            r#"{"matchId":["$P"]}"#,
            r#"{"matchId":"$P","matchId":"$P"}"#,
        ] {
            assert_eq!(decoded(event, arguments), invalid("matchId"), "{arguments}");
        }
        for id in ["", "x", "$P ", "undefined"] {
            let arguments = format!(r#"{{"matchId":"{id}"}}"#);
            assert_eq!(decoded(event, &arguments), Err(Refusal::NoSuchProposal), "{id}");
        }
    }
}

#[test]
fn a_signal_is_carried_as_sent() {
    for (event, body, kind) in SIGNALS {
        for value in [
            r#"{"type":"offer","sdp":"v=0\r\n\u00e9 \ud83d\ude00"}"#,
            "[1, 2.50, 1e400]",
            r#""a string""#,
            "null",
            r#"{"from":"inner","sessionId":5}"#,
        ] {
            let object = format!(r#"{{"sessionId":"$R","{body}":{value},"type":"x"}}"#);
            assert_eq!(decoded(event, &object), Ok(signal(kind, &object)), "{object}");
        }
    }
    let ready = r#"{"sessionId":"$R"}"#;
    assert_eq!(decoded("webrtc:connection_ready", ready), Ok(signal(SignalKind::Ready, ready)));
    let more = r#"{"offer":[],"sessionId":"$R","x":{"y":[]}}"#;
    assert_eq!(decoded("webrtc:connection_ready", more), Ok(signal(SignalKind::Ready, more)));
}

#[test]
fn a_signal_loses_the_space_between_its_fields_and_what_it_says_of_its_sender() {
    for (sent, relayed) in [
        (r#" { "sessionId" : "$R" , "offer" : { } } "#, r#"{"sessionId":"$R","offer":{ }}"#),
        (r#"{"from":"a","sessionId":"$R","offer":1,"from":"b"}"#, r#"{"sessionId":"$R","offer":1}"#),
        (r#"{"sessionId":"$R","\u0066r\u006fm":{"from":1},"offer":1}"#, r#"{"sessionId":"$R","offer":1}"#),
        (r#"{"sessionId":"$R","offer":1,"From":2}"#, r#"{"sessionId":"$R","offer":1,"From":2}"#),
        (r#"{"\u0073essionId":"$R","offer":1}"#, r#"{"\u0073essionId":"$R","offer":1}"#),
        (r#"{"sessionId":"$R","offer":1,"x":1,"x":2}"#, r#"{"sessionId":"$R","offer":1,"x":1,"x":2}"#),
        (
            r#"{"\ud83d":"\ud83d","sessionId":"$R","offer":1}"#,
            r#"{"\ud83d":"\ud83d","sessionId":"$R","offer":1}"#,
        ),
    ] {
        assert_eq!(decoded("webrtc:offer", sent), Ok(signal(SignalKind::Offer, relayed)), "{sent}");
    }
}

#[test]
fn a_signal_that_cannot_be_carried_is_refused() {
    let ready = ("webrtc:connection_ready", "", SignalKind::Ready);
    for (event, body, _) in SIGNALS.into_iter().chain([ready]) {
        for arguments in ["", "null", "5", r#""$R""#, r#"["$R"]"#, "{}", r#"{"offer":1}"#] {
            assert_eq!(decoded(event, arguments), invalid("sessionId"), "{event} {arguments}");
        }
        for session in ["null", "5", "[]", "{}", r#""\ud83d""#] {
            let object = format!(r#"{{"sessionId":{session},"{body}":1}}"#);
            assert_eq!(decoded(event, &object), invalid("sessionId"), "{event} {object}");
        }
        let twice = format!(r#"{{"sessionId":"$R","{body}":1,"session\u0049d":"$R"}}"#);
        assert_eq!(decoded(event, &twice), invalid("sessionId"), "{event}");
        let elsewhere = format!(r#"{{"sessionId":"lobby","{body}":1}}"#);
        assert_eq!(decoded(event, &elsewhere), Err(Refusal::NotInRoom), "{event}");
    }
    for (event, body, _) in SIGNALS {
        assert_eq!(decoded(event, r#"{"sessionId":"$R","other":1}"#), invalid(body));
        let twice = format!(r#"{{"sessionId":"$R","{body}":1,"{body}":2}}"#);
        assert_eq!(decoded(event, &twice), invalid(body));
    }
}

#[test]
fn a_signal_is_as_long_as_allowed() {
    let limits = Limits { sdp_bytes: 10, ..Limits::default() };
    for (event, body, _) in SIGNALS {
        let of = |length: usize| {
            let value = format!("\"{}\"", "x".repeat(length - 2));
            let packet = format!(r#"["{event}",{{"sessionId":"{ROOM}","{body}":{value}}}]"#);
            decode(&packet, &limits)
        };
        assert!(of(10).is_ok());
        assert_eq!(of(11), Err(Refusal::TooLarge { field: body }));
    }
}

#[test]
fn quality_is_what_can_be_measured() {
    let report = |room, rtt_ms, jitter_ms, packets_lost, bitrate_kbps| {
        let quality = Quality { rtt_ms, jitter_ms, packets_lost, bitrate_kbps };
        Ok(Command::Quality { room, quality })
    };
    for (object, expected) in [
        (r#"{"rtt_ms":12}"#, report(None, 12.0, None, None, None)),
        (
            r#"{"sessionId":"$R","rtt_ms":0,"jitter_ms":1.5,"packets_lost":2,"bitrate_kbps":3e3}"#,
            report(Some(room()), 0.0, Some(1.5), Some(2.0), Some(3000.0)),
        ),
        (
            r#"{"sessionId":null,"rtt_ms":1,"jitter_ms":null,"packets_lost":null,"bitrate_kbps":null}"#,
            report(None, 1.0, None, None, None),
        ),
        (r#"{"rtt_ms":1,"packets_lost":-3}"#, report(None, 1.0, None, Some(0.0), None)),
        ("", invalid("rtt_ms")),
        ("[1]", invalid("rtt_ms")),
        (r#"{"rtt_ms":null}"#, invalid("rtt_ms")),
        (r#"{"rtt_ms":-1}"#, invalid("rtt_ms")),
        (r#"{"rtt_ms":"1"}"#, invalid("rtt_ms")),
        (r#"{"rtt_ms":1e999}"#, invalid("rtt_ms")),
        (r#"{"rtt_ms":1,"jitter_ms":-1}"#, invalid("jitter_ms")),
        (r#"{"rtt_ms":1,"packets_lost":"2"}"#, invalid("packets_lost")),
        (r#"{"rtt_ms":1,"bitrate_kbps":{}}"#, invalid("bitrate_kbps")),
        (r#"{"rtt_ms":1,"sessionId":5}"#, invalid("sessionId")),
        (r#"{"rtt_ms":1,"sessionId":"lobby"}"#, Err(Refusal::NotInRoom)),
    ] {
        assert_eq!(decoded("connection:quality", object), expected, "{object}");
    }
}

#[test]
fn chat_is_text_of_a_length() {
    let chat = |content: &str, id: Option<&str>| {
        let client_message_id = id.map(Arc::from);
        Ok(Command::Chat { room: room().into(), content: Arc::from(content), client_message_id })
    };
    let send = |rest: &str| decoded("chat:send", &format!(r#"{{"sessionId":"$R",{rest}}}"#));
    let smiles = "😀".repeat(1_000);
    assert_eq!(send(r#""content":" hi\n ""#), chat(" hi\n ", None));
    assert_eq!(send(&format!(r#""content":"{smiles}""#)), chat(&smiles, None));
    assert_eq!(send(&format!(r#""content":"{smiles}!""#)), Err(Refusal::TooLarge { field: "content" }));
    for content in [r#""""#, r#"" \n\t\u00a0""#, "null", "5", "{}", r#"["hi"]"#, r#""\ud83d""#] {
        assert_eq!(send(&format!(r#""content":{content}"#)), invalid("content"), "{content}");
    }
    assert_eq!(send(r#""text":"hi""#), invalid("content"));
    let id = "é".repeat(64);
    assert_eq!(send(&format!(r#""content":"hi","clientMessageId":"{id}""#)), chat("hi", Some(&id)));
    assert_eq!(send(r#""content":"hi","clientMessageId":null"#), chat("hi", None));
    for wrong in [format!("\"{id}é\""), "\"\"".into(), "5".into(), "{}".into()] {
        let fields = format!(r#""content":"hi","clientMessageId":{wrong}"#);
        assert_eq!(send(&fields), invalid("clientMessageId"), "{wrong}");
    }
}

#[test]
fn sync_asks_from_a_number_on() {
    let sync = |after| Ok(Command::Sync { room: room().into(), after });
    for (fields, expected) in [
        ("", sync(0)),
        (r#","after":null"#, sync(0)),
        (r#","after":0"#, sync(0)),
        (r#","after":41.0"#, sync(41)),
        (r#","after":-1"#, invalid("after")),
        (r#","after":1.5"#, invalid("after")),
        (r#","after":"1""#, invalid("after")),
        (r#","after":18446744073709551615"#, invalid("after")),
    ] {
        assert_eq!(decoded("chat:sync", &format!(r#"{{"sessionId":"$R"{fields}}}"#)), expected, "{fields}");
    }
}

#[test]
fn a_room_is_named_by_its_id() {
    assert_eq!(decoded("session:leave", r#"{"sessionId":"$R"}"#), Ok(Command::LeaveRoom(room().into())));
    for (event, rest) in [("session:leave", ""), ("chat:sync", ""), ("chat:send", r#","content":"hi""#)] {
        for arguments in ["", "null", "5", r#""$R""#, r#"["$R"]"#, "{}"] {
            assert_eq!(decoded(event, arguments), invalid("sessionId"), "{event} {arguments}");
        }
        for (session, expected) in [
            ("5", invalid("sessionId")),
            ("null", invalid("sessionId")),
            (r#""""#, Err(Refusal::NotInRoom)),
            (r#""lobby""#, Err(Refusal::NotInRoom)),
        ] {
            let object = format!(r#"{{"sessionId":{session}{rest}}}"#);
            assert_eq!(decoded(event, &object), expected, "{event} {object}");
        }
    }
}

#[test]
fn everything_else_is_unknown() {
    for event in ["", "message", "Heartbeat", "heartbeat ", "matching:match_found", "connect", "disconnect"] {
        assert_eq!(decoded(event, "{}"), Err(Refusal::UnknownEvent), "{event}");
    }
}

#[test]
fn who_is_blocked_and_why_somebody_is_reported() {
    let block = |id: &str| decoded("safety:block", &format!(r#"{{"userId":"{id}"}}"#));
    let longest = "x".repeat(128);
    for id in ["ben", &longest] {
        assert_eq!(block(id), Ok(Command::Safety(SafetyCommand::Block(UserId::new(id)))));
    }
    for id in [String::new(), "x".repeat(129)] {
        assert_eq!(block(&id), Err(Refusal::Invalid { field: "userId" }));
    }
    for reason in ReportReason::ALL {
        let report = format!(r#"{{"sessionId":"$R","reason":"{}"}}"#, reason.as_str());
        let expected = Command::Safety(SafetyCommand::Report { room: room(), reason });
        assert_eq!(decoded("safety:report", &report), Ok(expected));
    }
    let wrong = decoded("safety:report", r#"{"sessionId":"$R","reason":"he said ..."}"#);
    assert_eq!(wrong, Err(Refusal::Invalid { field: "reason" }));
    assert_eq!(decoded("safety:report", r#"{"sessionId":"x","reason":"spam"}"#), Err(Refusal::NotInRoom));
}
