//! Server to client, and acknowledgements: exact texts.

use std::sync::Arc;

use super::{PROPOSAL, ROOM, acknowledged, event_of, event_with, proposal, relays, room};
use crate::dialect::Dialect;
use crate::domain::command::{Refusal, Reply, Scope};
use crate::domain::criteria::Stage;
use crate::domain::id::{NodeId, UserId};
use crate::domain::notice::{Found, Notice, Partner, Resumed};
use crate::domain::operation::Place;
use crate::domain::person::Proficiency;
use crate::domain::proposal::Failure;
use crate::domain::talk::{ChatMessage, Departure, Payload, Quality, SignalKind};
use crate::domain::time::Time;

fn ana() -> UserId {
    UserId::new("ana")
}

fn found() -> Found {
    Found {
        proposal: proposal(),
        room: room(),
        partner: partner(),
        expires_at: Time::from_ms(1_700_000_020_000),
        stage: Stage::WiderAge,
        initiator: true,
    }
}

fn partner() -> Partner {
    Partner {
        user: ana(),
        speaks: "es".parse().expect("a language"),
        learns: "en".parse().expect("a language"),
        proficiency: Proficiency::Advanced,
    }
}

fn message(client_message_id: Option<&str>) -> ChatMessage {
    ChatMessage {
        sequence: 7,
        own_sequence: 4,
        from: ana(),
        content: Arc::from("hola \"tú\"\n"),
        client_message_id: client_message_id.map(Arc::from),
        at: Time::from_ms(1_700_000_000_000),
    }
}

/// `$R` and `$P` in `argument` stand for a room's and a proposal's id.
fn tells(notice: &Notice, event: &str, argument: &str) {
    let outgoing = event_of(notice).expect("an event for every notice");
    let argument = argument.replace("$R", ROOM).replace("$P", PROPOSAL);
    assert_eq!((outgoing.event, outgoing.argument.get()), (event, argument.as_str()));
}

fn answers(answer: &Result<Reply, Refusal>, text: &str) {
    assert_eq!(acknowledged(answer).get(), text);
}

#[test]
fn who_you_are() {
    let version = env!("CARGO_PKG_VERSION");
    tells(
        &Notice::Welcome { user: UserId::new("a\"b"), guest: true, node: NodeId::new("n-1") },
        "session:welcome",
        &format!(r#"{{"userId":"a\"b","guest":true,"node":"n-1","version":"{version}"}}"#),
    );
}

#[test]
fn the_course_of_a_match() {
    tells(
        &Notice::MatchFound(found()),
        "matching:match_found",
        r#"{"matchId":"$P","partnerId":"ana","sessionId":"$R","expiresAt":1700000020000,"stage":2,"initiator":true,"partner":{"native_language":"es","target_language":"en","proficiency_level":"advanced"}}"#,
    );
    tells(
        &Notice::MatchAccepted { proposal: proposal(), room: room(), by: ana() },
        "matching:match_accepted",
        r#"{"matchId":"$P","sessionId":"$R","acceptedBy":"ana"}"#,
    );
    tells(
        &Notice::MatchReady { proposal: proposal(), room: room(), partner: partner(), initiator: true },
        "matching:match_ready",
        r#"{"matchId":"$P","sessionId":"$R"}"#,
    );
    for (failure, reason) in [
        (Failure::Rejected, "rejected"),
        (Failure::Expired, "expired"),
        (Failure::PartnerLeft, "partner_left"),
    ] {
        tells(
            &Notice::MatchFailed { proposal: proposal(), failure, requeued: true },
            "matching:match_rejected",
            &format!(r#"{{"matchId":"$P","reason":"{reason}","requeued":true}}"#),
        );
    }
}

#[test]
fn waiting() {
    tells(
        &Notice::Position {
            place: Place { position: 3, estimated_wait_seconds: 40 },
            stage: Stage::AnyGender,
        },
        "queue:position_update",
        r#"{"position":3,"estimatedWait":40,"stage":3}"#,
    );
    tells(&Notice::WaitingExpired, "queue:expired", r#"{"reason":"no_sign_of_life"}"#);
}

#[test]
fn signals_as_sent_plus_from() {
    for (kind, event) in [
        (SignalKind::Offer, "webrtc:offer"),
        (SignalKind::Answer, "webrtc:answer"),
        (SignalKind::Candidate, "webrtc:ice_candidate"),
        (SignalKind::Ready, "webrtc:connection_ready"),
        (SignalKind::Other, "webrtc:signal"),
    ] {
        let payload = Payload(Arc::from(r#"{"sessionId":"r","x":[ 1 ]}"#));
        tells(
            &Notice::Signal { room: room(), kind, payload, from: UserId::new("\"},{é\\") },
            event,
            r#"{"sessionId":"r","x":[ 1 ],"from":"\"},{é\\"}"#,
        );
    }
}

#[test]
fn a_payload_that_no_dialect_made_is_not_relayed() {
    for text in ["", "}", "x", "{}", "[]", "{\"a\":1", "{\"a\":}", "{\"a\":1}]}", "{\"a\":1}\n,{}"] {
        let payload = Payload(Arc::from(text));
        let notice = Notice::Signal { room: room(), kind: SignalKind::Offer, payload, from: ana() };
        assert!(event_of(&notice).is_none(), "{text}");
    }
}

#[test]
fn how_the_call_goes() {
    let quality =
        |rest: Option<f64>| Quality { rtt_ms: 12.5, jitter_ms: rest, packets_lost: rest, bitrate_kbps: rest };
    tells(
        &Notice::Quality { room: room(), from: ana(), quality: quality(Some(2.0)) },
        "connection:quality",
        r#"{"sessionId":"$R","from":"ana","rtt_ms":12.5,"jitter_ms":2.0,"packets_lost":2.0,"bitrate_kbps":2.0}"#,
    );
    tells(
        &Notice::Quality { room: room(), from: ana(), quality: quality(None) },
        "connection:quality",
        r#"{"sessionId":"$R","from":"ana","rtt_ms":12.5}"#,
    );
}

#[test]
fn chat() {
    tells(
        &Notice::Chat { room: room(), message: message(Some("c-1")) },
        "chat:message",
        r#"{"sessionId":"$R","from":"ana","content":"hola \"tú\"\n","sequence":7,"clientMessageId":"c-1","timestamp":1700000000000}"#,
    );
    tells(
        &Notice::Chat { room: room(), message: message(None) },
        "chat:message",
        r#"{"sessionId":"$R","from":"ana","content":"hola \"tú\"\n","sequence":7,"timestamp":1700000000000}"#,
    );
}

#[test]
fn the_peer_comes_and_goes() {
    tells(
        &Notice::PeerAway { room: room(), user: ana(), grace_ms: 30_000 },
        "session:peer_away",
        r#"{"sessionId":"$R","userId":"ana","graceMs":30000}"#,
    );
    tells(
        &Notice::PeerBack { room: room(), user: ana() },
        "session:peer_back",
        r#"{"sessionId":"$R","userId":"ana"}"#,
    );
    for (departure, reason) in [
        (Departure::Left, "left"),
        (Departure::Skipped, "skipped"),
        (Departure::Disconnected, "disconnected"),
    ] {
        tells(
            &Notice::PeerLeft { room: room(), user: ana(), departure },
            "session:peer_left",
            &format!(r#"{{"sessionId":"$R","userId":"ana","reason":"{reason}"}}"#),
        );
    }
}

#[test]
fn where_a_session_goes_on() {
    let tells = |resumed, argument| tells(&Notice::Resumed(resumed), "session:resumed", argument);
    tells(Resumed::Idle, r#"{"state":"idle"}"#);
    tells(Resumed::Waiting { stage: Stage::PairOnly }, r#"{"state":"waiting","stage":4}"#);
    tells(
        Resumed::Proposed(found()),
        r#"{"state":"proposed","matchId":"$P","partnerId":"ana","sessionId":"$R","expiresAt":1700000020000,"stage":2,"initiator":true,"partner":{"native_language":"es","target_language":"en","proficiency_level":"advanced"}}"#,
    );
    tells(
        Resumed::Talking {
            proposal: proposal(),
            room: room(),
            partner: partner(),
            initiator: false,
            last_sequence: 9,
            told: true,
        },
        r#"{"state":"talking","matchId":"$P","sessionId":"$R","partnerId":"ana","partner":{"native_language":"es","target_language":"en","proficiency_level":"advanced"},"initiator":false,"lastSequence":9}"#,
    );
}

#[test]
fn relays_are_told_where_a_call_may_begin() {
    let ice = r#","iceServers":[{"urls":["turn:r:1"],"username":"9:ana","credential":"c="}]}"#;
    let talking = Resumed::Talking {
        proposal: proposal(),
        room: room(),
        partner: partner(),
        initiator: false,
        last_sequence: 9,
        told: true,
    };
    for notice in
        [Notice::MatchFound(found()), Notice::Resumed(Resumed::Proposed(found())), Notice::Resumed(talking)]
    {
        let without = event_of(&notice).expect("an event").argument;
        let with = format!("{}{ice}", without.get().strip_suffix('}').expect("an object"));
        assert!(Dialect::Qala.tells_relays(&notice));
        assert_eq!(event_with(&notice, Some(&relays())).expect("an event").argument.get(), with);
    }
    let ready =
        Notice::MatchReady { proposal: proposal(), room: room(), partner: partner(), initiator: true };
    for notice in [ready, Notice::Resumed(Resumed::Idle), Notice::Replaced] {
        assert!(!Dialect::Qala.tells_relays(&notice), "{notice:?}");
    }
}

#[test]
fn what_the_node_has_to_say() {
    for (scope, word) in
        [(Scope::Matching, "matching"), (Scope::Chat, "chat"), (Scope::Signaling, "signaling")]
    {
        tells(
            &Notice::RateLimited { scope, retry_after_ms: 600 },
            "rate_limited",
            &format!(r#"{{"scope":"{word}","retry_after_ms":600}}"#),
        );
    }
    tells(&Notice::Shutdown { retry_after_ms: 2_000 }, "server_shutdown", r#"{"retry_after_ms":2000}"#);
    tells(&Notice::Replaced, "replaced", "{}");
}

#[test]
fn what_was_done() {
    answers(&Ok(Reply::Done), r#"{"success":true}"#);
    answers(
        &Ok(Reply::Joined { position: 2, estimated_wait_seconds: 30 }),
        r#"{"success":true,"queuePosition":2,"estimatedWait":30}"#,
    );
    answers(&Ok(Reply::Alive { timestamp_ms: 1_700_000_000_000 }), r#"{"timestamp":1700000000000}"#);
    answers(
        &Ok(Reply::Sent { room: room(), message: message(Some("c-1")) }),
        r#"{"success":true,"sequence":7}"#,
    );
    answers(&Ok(Reply::Messages(Vec::new())), r#"{"success":true,"messages":[]}"#);
    answers(
        &Ok(Reply::Messages(vec![message(Some("c-1")), message(None)])),
        r#"{"success":true,"messages":[{"from":"ana","content":"hola \"tú\"\n","sequence":7,"clientMessageId":"c-1","timestamp":1700000000000},{"from":"ana","content":"hola \"tú\"\n","sequence":7,"timestamp":1700000000000}]}"#,
    );
}

#[test]
fn what_was_not_done() {
    let retry_after_ms = 1_001;
    for (refusal, rest) in [
        (
            Refusal::Invalid { field: "age" },
            r#""The field age is missing or wrong. Correct it and try again.","code":"invalid","field":"age""#,
        ),
        (
            Refusal::TooLarge { field: "offer" },
            r#""The field offer is too long. Shorten it and try again.","code":"too_large","field":"offer""#,
        ),
        (Refusal::UnknownEvent, r#""This server does not know that event.","code":"unknown_event""#),
        (Refusal::NoSuchProposal, r#""Match no longer available.","code":"match_gone""#),
        (Refusal::NotInRoom, r#""You are not in that session.","code":"not_in_session""#),
        (Refusal::InRoom, r#""You are in a session. Leave it first.","code":"in_session""#),
        (Refusal::Searching, r#""You are searching already.","code":"searching""#),
        (
            Refusal::CoolingDown { retry_after_ms },
            r#""You skipped somebody a moment ago. Try again in 2 s.","code":"cooling_down","retry_after_ms":1001"#,
        ),
        (
            Refusal::RateLimited { scope: Scope::Chat, retry_after_ms },
            r#""Too many requests. Try again in 2 s.","code":"rate_limited","retry_after_ms":1001"#,
        ),
        (
            Refusal::Busy { retry_after_ms },
            r#""Your earlier requests are still being handled. Try again in 2 s.","code":"busy","retry_after_ms":1001"#,
        ),
        (
            Refusal::Unavailable { retry_after_ms },
            r#""The service is not available at the moment. Try again in 2 s.","code":"unavailable","retry_after_ms":1001"#,
        ),
        (
            Refusal::PoolFull { retry_after_ms },
            r#""Too many people are waiting. Try again in 2 s.","code":"queue_full","retry_after_ms":1001"#,
        ),
    ] {
        answers(&Err(refusal), &format!(r#"{{"success":false,"error":{rest}}}"#));
    }
}
