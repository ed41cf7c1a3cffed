//! Server to client, and answers: exact texts.

use super::*;
use crate::domain::command::{RoomRef, Scope};
use crate::domain::criteria::Stage;
use crate::domain::id::{NodeId, ProposalId};
use crate::domain::limits::PerMinute;
use crate::domain::notice::Resumed;
use crate::domain::operation::Place;
use crate::domain::policy::{Acceptance, JoinAgain};
use crate::domain::proposal::Failure;
use crate::domain::talk::{Departure, Payload, Quality, SignalKind};

const FOUND: &str =
    r#"match:found {"chat_id":10,"partner_id":"ben","started_at":"2023-11-14T22:13:20.000Z"}"#;
const BODY: &str = r#"{"message_id":10485767,"sender_guest_id":"ben","content":"hi \"you\"","created_at":"1970-01-01T00:00:00.005Z","is_flagged":false,"sequence_number":3"#;
const DONE: &str = r#"acknowledgement {"success":true}"#;

fn proposal() -> ProposalId {
    ROOM.parse().expect("an id")
}

fn talking(told: bool) -> Notice {
    Notice::Resumed(Resumed::Talking {
        proposal: proposal(),
        room: room(),
        partner: partner(),
        initiator: true,
        last_sequence: 7,
        told,
    })
}

#[test]
fn a_match_is_told_once_also_to_who_was_away() {
    let ready =
        Notice::MatchReady { proposal: proposal(), room: room(), partner: partner(), initiator: true };
    assert_eq!(told(&ready), [FOUND]);
    let resumed = r#"session:resumed {"state":"talking","chat_id":10,"partner_id":"ben"}"#;
    assert_eq!(told(&talking(true)), [resumed]);
    assert_eq!(told(&talking(false)), [resumed, FOUND]);
    let waiting = Notice::Resumed(Resumed::Waiting { stage: Stage::Exact });
    assert_eq!(told(&waiting), [r#"session:resumed {"state":"waiting"}"#]);
    assert_eq!(told(&Notice::Resumed(Resumed::Idle)), [r#"session:resumed {"state":"idle"}"#]);
}

#[test]
fn messages_carry_their_readers_number() {
    let plain = Notice::Chat { room: room(), message: message("hi \"you\"", None) };
    assert_eq!(told(&plain), [format!("message {BODY}}}")]);
    let named = Notice::Chat { room: room(), message: message("hi \"you\"", Some("m-1")) };
    assert_eq!(told(&named), [format!("message {BODY},\"client_message_id\":\"m-1\"}}")]);
    let sent = Ok(Reply::Sent { room: room(), message: message("hi \"you\"", None) });
    let expected = format!("acknowledgement {{\"success\":true,\"message\":{BODY}}}}}");
    assert_eq!(answered(Topic::Send, &sent), [expected]);
    let messages = vec![message("hi \"you\"", None); 2];
    let missed = Ok(Reply::Missed { room: room(), messages });
    let expected = format!("acknowledgement {{\"success\":true,\"messages\":[{BODY}}},{BODY}}}]}}");
    assert_eq!(answered(Topic::Rejoin, &missed), [expected]);
    let none = Ok(Reply::Missed { room: room(), messages: Vec::new() });
    assert_eq!(answered(Topic::Rejoin, &none), [r#"acknowledgement {"success":true,"messages":[]}"#]);
}

#[test]
fn message_ids_are_whole_numbers_that_clients_hold_exactly() {
    let id = |room: &str, sequence: u64| {
        let message = ChatMessage { sequence, ..message("hi", None) };
        let told = told(&Notice::Chat { room: room.parse().expect("an id"), message });
        let body: serde_json::Value =
            serde_json::from_str(told[0].strip_prefix("message ").expect("a message")).expect("JSON");
        body["message_id"].as_u64().expect("a whole number")
    };
    let most = "ffffffff-ffff-4fff-bfff-ffffffffffff";
    assert_eq!(id(most, (1 << 20) - 1), (1 << 53) - 1);
    assert_ne!(id(most, 1), id(most, 2));
    assert_ne!(id(most, 1), id(ROOM, 1));
}

#[test]
fn typing_is_told_and_ends_with_the_connection() {
    for on in [true, false] {
        let expected = format!("typing {{\"sender_guest_id\":\"ben\",\"is_typing\":{on}}}");
        assert_eq!(told(&Notice::Typing { room: room(), user: ben(), on }), [expected]);
    }
    let away = Notice::PeerAway { room: room(), user: ben(), grace_ms: 1 };
    assert_eq!(told(&away), [r#"typing {"sender_guest_id":"ben","is_typing":false}"#]);
}

#[test]
fn the_end_of_a_chat_is_told_to_both_and_to_who_comes_back_too_late() {
    let ended = |by: &str| {
        format!("chat:ended {{\"chat_id\":10,\"ended_by\":{by},\"ended_at\":\"2023-11-14T22:13:20.000Z\"}}")
    };
    for departure in [Departure::Left, Departure::Skipped, Departure::Disconnected] {
        let notice = Notice::PeerLeft { room: room(), user: ben(), departure };
        assert_eq!(told(&notice), [ended("\"ben\"")]);
    }
    let left = Ok(Reply::Left { room: room(), user: ben() });
    assert_eq!(answered(Topic::End, &left), [ended("\"ben\""), DONE.to_owned()]);
    let refused = r#"acknowledgement {"success":false,"error":"Not in this chat","code":"not_in_session"}"#;
    for named in [RoomRef::Number(10), RoomRef::Id(room())] {
        let over = Ok(Reply::Over(named));
        assert_eq!(answered(Topic::Rejoin, &over), [ended("null"), refused.to_owned()]);
    }
    assert_eq!(answered(Topic::Rejoin, &Ok(Reply::Over(RoomRef::Current))), [refused]);
    assert_eq!(answered(Topic::End, &Err(Refusal::NotInRoom)), [refused]);
}

#[test]
fn refusals_have_the_texts_that_clients_know() {
    let retry_after_ms = 600;
    let texts = |topic, refusal| {
        let [acknowledgement] = answered(topic, &Err(refusal)).try_into().expect("no event");
        acknowledgement
    };
    for (topic, refusal, error, code) in [
        (Topic::Send, Refusal::Invalid { field: "content" }, "Invalid message data", "invalid"),
        (Topic::Send, Refusal::TooLarge { field: "content" }, "Message too long", "too_large"),
        (Topic::Send, Refusal::NotInRoom, "Not in this chat", "not_in_session"),
        (Topic::Rejoin, Refusal::NotInRoom, "Not in this chat", "not_in_session"),
        (Topic::End, Refusal::Invalid { field: "chatId" }, "Invalid data", "invalid"),
        (Topic::Unknown, Refusal::UnknownEvent, "Unknown event", "unknown_event"),
        (Topic::Join, Refusal::InRoom, "Already in a chat", "in_session"),
    ] {
        let expected =
            format!("acknowledgement {{\"success\":false,\"error\":\"{error}\",\"code\":\"{code}\"}}");
        assert_eq!(texts(topic, refusal), expected);
    }
    let busy = "Server is busy. Please try again in a moment.";
    for (refusal, error, code) in [
        (Refusal::RateLimited { scope: Scope::Chat, retry_after_ms }, "Rate limit exceeded", "rate_limited"),
        (Refusal::Busy { retry_after_ms }, busy, "busy"),
        (Refusal::Unavailable { retry_after_ms }, busy, "unavailable"),
        (Refusal::PoolFull { retry_after_ms }, busy, "queue_full"),
    ] {
        let expected = format!(
            "acknowledgement {{\"success\":false,\"error\":\"{error}\",\"code\":\"{code}\",\"retry_after_ms\":600}}"
        );
        assert_eq!(texts(Topic::Send, refusal), expected);
    }
}

#[test]
fn what_is_done_is_acknowledged() {
    for (topic, answer) in [
        (Topic::Join, Ok(Reply::Joined { position: 3, estimated_wait_seconds: 7 })),
        (Topic::Join, Err(Refusal::Searching)),
        (Topic::Leave, Ok(Reply::Done)),
        (Topic::TypingStart, Ok(Reply::Done)),
    ] {
        assert_eq!(answered(topic, &answer), [DONE]);
    }
}

#[test]
fn what_is_ours() {
    let welcome = Notice::Welcome { user: UserId::new("a\"b"), guest: true, node: NodeId::new("n") };
    assert_eq!(told(&welcome), [r#"session:welcome {"guest_id":"a\"b"}"#]);
    assert_eq!(told(&Notice::Replaced), ["replaced null"]);
    let shutdown = Notice::Shutdown { retry_after_ms: 2_000 };
    assert_eq!(told(&shutdown), [r#"server_shutdown {"retry_after_ms":2000}"#]);
    for (scope, word) in
        [(Scope::Matching, "presence"), (Scope::Chat, "message"), (Scope::Signaling, "other")]
    {
        let limited = Notice::RateLimited { scope, retry_after_ms: 600 };
        let expected = format!("rate_limited {{\"scope\":\"{word}\",\"retry_after_ms\":600}}");
        assert_eq!(told(&limited), [expected]);
    }
}

#[test]
fn nothing_else_is_told() {
    let quality = Quality { rtt_ms: 1.0, jitter_ms: None, packets_lost: None, bitrate_kbps: None };
    let place = Place { position: 1, estimated_wait_seconds: 1 };
    for notice in [
        Notice::WaitingExpired,
        Notice::MatchFailed { proposal: proposal(), failure: Failure::Expired, requeued: true },
        Notice::Position { place, stage: Stage::Exact },
        Notice::Signal { room: room(), kind: SignalKind::Offer, payload: Payload("{}".into()), from: ben() },
        Notice::Quality { room: room(), from: ben(), quality },
        Notice::PeerBack { room: room(), user: ben() },
        Notice::Online { people: 5 },
        Notice::Inactive,
    ] {
        assert_eq!(told(&notice), Vec::<String>::new(), "{notice:?}");
    }
}

#[test]
fn its_policy_has_the_numbers_of_the_contract() {
    let policy = Dialect::Sorsu.policy();
    assert_eq!((policy.pool.0, policy.acceptance), ("sorsu", Acceptance::AtOnce));
    assert_eq!((policy.grace.as_secs(), policy.join_again), (30, JoinAgain::Refused));
    assert_eq!((policy.search_within, policy.silence, policy.rematch_after.as_secs()), (None, None, 0));
    assert_eq!(policy.events_per_minute, Some(PerMinute { matching: 100, chat: 10, signaling: 100 }));
    assert!(policy.keeps_endings);
}
