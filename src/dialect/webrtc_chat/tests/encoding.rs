//! Server to client, and acknowledgements: exact texts.

use std::sync::Arc;

use super::super::too_many_attempts;
use super::super::topic::Topic;
use super::{ROOM, ana, answered, partner, room, told};
use crate::dialect::Dialect;
use crate::domain::command::{Refusal, Reply, Scope};
use crate::domain::criteria::Stage;
use crate::domain::id::{NodeId, ProposalId, UserId};
use crate::domain::notice::{Found, Notice, Resumed};
use crate::domain::operation::Place;
use crate::domain::proposal::Failure;
use crate::domain::relay::Relays;
use crate::domain::talk::{ChatMessage, Departure, Payload, Quality, SignalKind};
use crate::domain::time::Time;

fn proposal() -> ProposalId {
    ROOM.parse().expect("an id")
}

fn found() -> Found {
    Found {
        proposal: proposal(),
        room: room(),
        partner: partner(),
        expires_at: Time::from_ms(1),
        stage: Stage::PairOnly,
        initiator: true,
    }
}

/// `$R` in `argument` stands for the room's id, `$T` for the moment.
#[track_caller]
fn tells(notice: &Notice, event: &'static str, argument: &str) {
    assert_eq!(told(notice), [(event, filled(argument))]);
}

fn filled(argument: &str) -> String {
    argument.replace("$R", ROOM).replace("$T", "1700000000000")
}

#[track_caller]
fn answers(
    topic: Topic,
    answer: &Result<Reply, Refusal>,
    acknowledgement: &str,
    events: &[(&'static str, &str)],
) {
    let events = events.iter().map(|(event, argument)| (*event, filled(argument))).collect();
    assert_eq!(answered(topic, answer), (acknowledgement.to_owned(), events), "{topic:?} {answer:?}");
}

#[test]
fn connected() {
    let version = env!("CARGO_PKG_VERSION");
    tells(
        &Notice::Welcome { user: UserId::new("a\"b"), guest: true, node: NodeId::new("n-1") },
        "connected",
        &format!(
            r#"{{"socketId":"a\"b","timestamp":$T,"serverInfo":{{"worker":"n-1","version":"{version}"}}}}"#
        ),
    );
}

#[test]
fn session_resumed() {
    let tells = |resumed, argument| tells(&Notice::Resumed(resumed), "session_resumed", argument);
    tells(Resumed::Idle, r#"{"state":"idle"}"#);
    tells(Resumed::Waiting { stage: Stage::PairOnly }, r#"{"state":"waiting"}"#);
    tells(Resumed::Proposed(found()), r#"{"state":"waiting"}"#);
    let talking = Resumed::Talking {
        proposal: proposal(),
        room: room(),
        partner: partner(),
        initiator: false,
        last_sequence: 9,
        told: true,
    };
    tells(talking, r#"{"state":"talking","roomId":"$R","peerId":"ana","initiator":false}"#);
}

#[test]
fn waiting() {
    const WAITING: &str = r#"{"message":"Looking for somebody to talk to.","timestamp":$T,"queuePosition":3,"estimatedWait":40}"#;
    let place = Place { position: 3, estimated_wait_seconds: 40 };
    tells(&Notice::Position { place, stage: Stage::Exact }, "waiting", WAITING);
    for topic in [Topic::FindMatch, Topic::Skip] {
        let joined = |position| Ok(Reply::Joined { position, estimated_wait_seconds: 40 });
        answers(topic, &joined(3), r#"{"success":true}"#, &[("waiting", WAITING)]);
        answers(topic, &joined(0), r#"{"success":true}"#, &[]);
    }
}

#[test]
fn match_found() {
    tells(
        &Notice::MatchReady { proposal: proposal(), room: room(), partner: partner(), initiator: true },
        "match_found",
        r#"{"roomId":"$R","peerId":"ana","timestamp":$T,"matchType":"webrtc_chat","matchQuality":1,"initiator":true}"#,
    );
    assert_eq!(told(&Notice::MatchFound(found())), []);
    assert_eq!(told(&Notice::MatchAccepted { proposal: proposal(), room: room(), by: ana() }), []);
}

#[test]
fn relays_are_told_where_a_call_begins() {
    let ready =
        Notice::MatchReady { proposal: proposal(), room: room(), partner: partner(), initiator: true };
    let urls = ["turn:r:1".to_owned()].into();
    let relays = Relays { urls, username: "9:ana".to_owned(), credential: "c=".to_owned() };
    let ice = r#","iceServers":[{"urls":["turn:r:1"],"username":"9:ana","credential":"c="}]}"#;
    let (mut with, now) = (Vec::new(), Time::from_ms(super::NOW_MS));
    Dialect::WebrtcChat
        .notice(&ready, Some(&relays), now, &mut |said| with.push(said.argument.get().to_owned()));
    let without = told(&ready).remove(0).1;
    assert!(Dialect::WebrtcChat.tells_relays(&ready));
    assert_eq!(with, [format!("{}{ice}", without.strip_suffix('}').expect("an object"))]);
    assert!(!Dialect::WebrtcChat.tells_relays(&Notice::Resumed(Resumed::Idle)));
}

#[test]
fn match_timeout() {
    const TIMEOUT: &str = r#"{"message":"Nobody was found. Try again.","timestamp":$T,"canRetry":true}"#;
    tells(&Notice::WaitingExpired, "match_timeout", TIMEOUT);
    let failed = |requeued| Notice::MatchFailed { proposal: proposal(), failure: Failure::Expired, requeued };
    tells(&failed(false), "match_timeout", TIMEOUT);
    assert_eq!(told(&failed(true)), []);
}

#[test]
fn match_cancelled() {
    let cancelled = [("match_cancelled", r#"{"timestamp":$T}"#)];
    answers(Topic::CancelMatch, &Ok(Reply::Done), r#"{"success":true}"#, &cancelled);
    // The match that was found first was told.
    assert_eq!(answered(Topic::CancelMatch, &Err(Refusal::InRoom)).1, []);
}

#[test]
fn signals_as_sent() {
    for (kind, event) in [
        (SignalKind::Offer, "webrtc_offer"),
        (SignalKind::Answer, "webrtc_answer"),
        (SignalKind::Candidate, "webrtc_ice_candidate"),
    ] {
        let payload = Payload(Arc::from(r#"{"sdp":{ "x":[ 1 ] }}"#));
        let signal = Notice::Signal { room: room(), kind, payload, from: ana() };
        tells(&signal, event, r#"{"sdp":{ "x":[ 1 ] }}"#);
    }
}

#[test]
fn a_signal_that_this_dialect_did_not_make_is_not_relayed() {
    for text in ["", "}", "x", "{\"a\":1", "{\"a\":1}]"] {
        let payload = Payload(Arc::from(text));
        assert_eq!(told(&Notice::Signal { room: room(), kind: SignalKind::Offer, payload, from: ana() }), []);
    }
    for kind in [SignalKind::Ready, SignalKind::Other] {
        let payload = Payload(Arc::from("{}"));
        assert_eq!(told(&Notice::Signal { room: room(), kind, payload, from: ana() }), []);
    }
}

#[test]
fn message() {
    let message = ChatMessage {
        sequence: 7,
        own_sequence: 3,
        from: ana(),
        content: Arc::from("hola \"tú\"\n"),
        client_message_id: None,
        at: Time::from_ms(1),
    };
    tells(&Notice::Chat { room: room(), message: message.clone() }, "message", r#""hola \"tú\"\n""#);
    answers(Topic::Message, &Ok(Reply::Sent { room: room(), message }), r#"{"success":true}"#, &[]);
}

#[test]
fn the_peer_comes_and_goes() {
    tells(
        &Notice::PeerAway { room: room(), user: ana(), grace_ms: 30_000 },
        "peer_away",
        r#"{"peerId":"ana","timestamp":$T,"roomId":"$R","gracePeriod":30000}"#,
    );
    let back = Notice::PeerBack { room: room(), user: ana() };
    tells(&back, "peer_back", r#"{"peerId":"ana","timestamp":$T,"roomId":"$R"}"#);
    for (departure, event, argument) in [
        (Departure::Skipped, "peer_skipped", r#"{"reason":"user_skip","timestamp":$T}"#),
        (
            Departure::Left,
            "peer_disconnected",
            r#"{"peerId":"ana","reason":"left","timestamp":$T,"roomId":"$R"}"#,
        ),
        (
            Departure::Disconnected,
            "peer_disconnected",
            r#"{"peerId":"ana","reason":"disconnected","timestamp":$T,"roomId":"$R"}"#,
        ),
    ] {
        tells(&Notice::PeerLeft { room: room(), user: ana(), departure }, event, argument);
    }
}

#[test]
fn pong_and_connection_valid() {
    let you = Ok(Reply::You { user: ana(), node: NodeId::new("n-1") });
    let pong = [("pong", r#"{"timestamp":$T,"serverTime":$T,"worker":"n-1"}"#)];
    answers(Topic::Ping, &you, r#"{"success":true}"#, &pong);
    let valid = [("connection_valid", r#"{"socketId":"ana","timestamp":$T,"worker":"n-1"}"#)];
    answers(Topic::Validate, &you, r#"{"success":true}"#, &valid);
}

#[test]
fn what_is_done_in_silence() {
    for topic in [Topic::Offer, Topic::Answer, Topic::Candidate, Topic::Quality, Topic::CallFailed] {
        answers(topic, &Ok(Reply::Done), r#"{"success":true}"#, &[]);
    }
    let quality = Quality { rtt_ms: 1.0, jitter_ms: None, packets_lost: None, bitrate_kbps: None };
    assert_eq!(told(&Notice::Quality { room: room(), from: ana(), quality }), []);
    assert_eq!(told(&Notice::Typing { room: room(), user: ana(), on: true }), []);
}

#[test]
fn what_the_node_has_to_say() {
    tells(&Notice::Inactive, "inactive_timeout", r#"{"message":"You were not active for too long."}"#);
    tells(
        &Notice::Shutdown { retry_after_ms: 2_000 },
        "server_shutdown",
        r#"{"message":"The server goes down. Come back in a moment.","timestamp":$T,"gracePeriod":2000}"#,
    );
    tells(
        &Notice::Replaced,
        "replaced",
        r#"{"message":"You connected somewhere else; that connection goes on."}"#,
    );
}

#[test]
fn rate_limited() {
    for (scope, limited) in [
        (
            Scope::Matching,
            r#"{"type":"matchmaking","message":"You search too often. Wait a moment.","retryAfter":600}"#,
        ),
        (
            Scope::Chat,
            r#"{"type":"messaging","message":"You write too often. Wait a moment.","retryAfter":600}"#,
        ),
        (
            Scope::Signaling,
            r#"{"type":"signaling","message":"You send too much. Wait a moment.","retryAfter":600}"#,
        ),
    ] {
        tells(&Notice::RateLimited { scope, retry_after_ms: 600 }, "rate_limited", limited);
        let refused = Err(Refusal::RateLimited { scope, retry_after_ms: 600 });
        let told = [("rate_limited", limited)];
        answers(Topic::Message, &refused, r#"{"error":"rate_limited","retryAfter":600}"#, &told);
        for topic in Topic::ALL.into_iter().filter(|topic| *topic != Topic::Message) {
            let acknowledgement = r#"{"success":false,"error":"rate_limited","retryAfter":600}"#;
            answers(topic, &refused, acknowledgement, &told);
        }
    }
    let turned = too_many_attempts(12_000).expect("it is told");
    let body =
        r#"{"type":"connection","message":"You connect too often. Wait a moment.","retryAfter":12000}"#;
    assert_eq!((turned.event, turned.argument.get()), ("rate_limited", body));
}

#[test]
fn signaling_error() {
    let invalid = Refusal::Invalid { field: "sdp" };
    for (topic, event) in [(Topic::Offer, "webrtc_offer"), (Topic::Answer, "webrtc_answer")] {
        for (refusal, error, message) in [
            (invalid, "invalid_data", "This is not what the server can read. Correct it and try again."),
            (
                Refusal::TooLarge { field: "sdp" },
                "invalid_data",
                "This is too long. Shorten it and try again.",
            ),
            (Refusal::NotInRoom, "no_active_match", "You are not in a match."),
            (
                Refusal::Busy { retry_after_ms: 250 },
                "forwarding_failed",
                "Your earlier requests are still being handled. Try again in a moment.",
            ),
        ] {
            let said = format!(r#"{{"type":"{event}","error":"{error}","message":"{message}"}}"#);
            assert_eq!(answered(topic, &Err(refusal)).1, [("signaling_error", said)]);
        }
    }
    let no_match =
        r#"{"type":"webrtc_ice_candidate","error":"no_active_match","message":"You are not in a match."}"#;
    let acknowledgement = r#"{"success":false,"error":"not_in_session"}"#;
    answers(Topic::Candidate, &Err(Refusal::NotInRoom), acknowledgement, &[("signaling_error", no_match)]);
    for dropped in [invalid, Refusal::TooLarge { field: "candidate" }] {
        assert_eq!(answered(Topic::Candidate, &Err(dropped)).1, [], "{dropped:?}");
    }
}

#[test]
fn message_error() {
    let retry_after_ms = 250;
    for (refusal, acknowledgement, error) in [
        (Refusal::Invalid { field: "message" }, r#"{"error":"invalid_message"}"#, "invalid_message"),
        (Refusal::TooLarge { field: "message" }, r#"{"error":"invalid_message"}"#, "invalid_message"),
        (Refusal::NotInRoom, r#"{"success":false}"#, "no_active_match"),
        (
            Refusal::Unavailable { retry_after_ms },
            r#"{"error":"message_error","retryAfter":250}"#,
            "message_error",
        ),
        (Refusal::Busy { retry_after_ms }, r#"{"error":"message_error","retryAfter":250}"#, "message_error"),
    ] {
        let (acknowledged, events) = answered(Topic::Message, &Err(refusal));
        assert_eq!(acknowledged, acknowledgement);
        let [(event, argument)] = events.try_into().expect("one event");
        assert_eq!(event, "message_error");
        assert!(argument.starts_with(&format!(r#"{{"error":"{error}","message":""#)), "{argument}");
    }
}

#[test]
fn error() {
    let retry_after_ms = 1_000;
    for (topic, refusal, kind, rest) in [
        (Topic::FindMatch, Refusal::Searching, "duplicate_request", r#""You are searching already.""#),
        (Topic::Skip, Refusal::Searching, "duplicate_request", r#""You are searching already.""#),
        (
            Topic::FindMatch,
            Refusal::InRoom,
            "duplicate_request",
            r#""You are in a match already. Skip it first.""#,
        ),
        (
            Topic::FindMatch,
            Refusal::PoolFull { retry_after_ms },
            "matchmaking_error",
            r#""Too many people are waiting. Try again in a moment.","retryAfter":1000"#,
        ),
        (
            Topic::CancelMatch,
            Refusal::Unavailable { retry_after_ms },
            "matchmaking_error",
            r#""The service is not available at the moment. Try again in a moment.","retryAfter":1000"#,
        ),
        (
            Topic::Quality,
            Refusal::Invalid { field: "rtt" },
            "invalid_data",
            r#""This is not what the server can read. Correct it and try again.""#,
        ),
        (
            Topic::Ping,
            Refusal::Busy { retry_after_ms },
            "busy",
            r#""Your earlier requests are still being handled. Try again in a moment.","retryAfter":1000"#,
        ),
    ] {
        let said = format!(r#"{{"type":"{kind}","message":{rest}}}"#);
        let (acknowledged, events) = answered(topic, &Err(refusal));
        assert_eq!(events, [("error", said)], "{topic:?} {refusal:?}");
        let refused = format!(r#"{{"success":false,"error":"{}""#, refusal.code());
        assert!(acknowledged.starts_with(&refused), "{acknowledged}");
    }
}

#[test]
fn unknown_events_are_answered_only_where_a_callback_asks() {
    let acknowledgement = r#"{"success":false,"error":"unknown_event"}"#;
    answers(Topic::Unknown, &Err(Refusal::UnknownEvent), acknowledgement, &[]);
}
