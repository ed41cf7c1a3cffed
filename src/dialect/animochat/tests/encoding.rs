//! Server to client, and answers: exact texts.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::dialect::ATTACHMENTS;
use crate::domain::command::Scope;
use crate::domain::criteria::Stage;
use crate::domain::id::{NodeId, ProposalId, UserId};
use crate::domain::notice::{Partner, Resumed};
use crate::domain::operation::Place;
use crate::domain::person::{Language, Proficiency};
use crate::domain::policy::{Acceptance, Choice, JoinAgain};
use crate::domain::proposal::Failure;
use crate::domain::talk::{ChatMessage, Departure, Payload, Quality, SignalKind};

fn ben() -> UserId {
    UserId::new("ben")
}

fn partner() -> Partner {
    let (speaks, learns) = (Language::UNDETERMINED, Language::UNDETERMINED);
    Partner { user: ben(), speaks, learns, proficiency: Proficiency::Any }
}

fn proposal() -> ProposalId {
    ROOM.parse().expect("an id")
}

fn message(content: &str, name: Option<&str>) -> ChatMessage {
    ChatMessage {
        sequence: 7,
        own_sequence: 3,
        from: ben(),
        content: Arc::from(content),
        client_message_id: name.map(Arc::from),
        at: Time::from_ms(5),
    }
}

fn ready() -> Notice {
    Notice::MatchReady { proposal: proposal(), room: room(), partner: partner(), initiator: true }
}

const GREETING: &str = r#"message {"id":"$R-0","roomId":"$R","senderId":"system","content":"You are now chatting with a stranger. Say hi!","timestamp":1700000000000,"type":"system"}"#;
const MATCHED: &str = r#"matched {"roomId":"$R","partnerId":"ben"}"#;
const SUCCESS: &str = r#"match:success {"roomId":"$R","partnerId":"Stranger"}"#;
const ACKNOWLEDGED: &str = r#"acknowledgement {"success":true}"#;

/// What is told in the first vocabulary, in the second, and to who has not shown which: both.
#[track_caller]
fn tells(notice: &Notice, first: &[&str], second: &[&str]) {
    assert_eq!(told(FIRST, notice), first);
    assert_eq!(told(SECOND, notice), second);
    let (mut both, mut unsaid) = ([first, second].concat(), told(Dialect::ANIMOCHAT, notice));
    both.sort_unstable();
    both.dedup();
    unsaid.sort_unstable();
    assert_eq!(unsaid, both);
}

#[track_caller]
fn answers(topic: Topic, answer: &Result<Reply, Refusal>, first: &[&str], second: &[&str]) {
    assert_eq!(answered(FIRST, topic, answer), first);
    assert_eq!(answered(SECOND, topic, answer), second);
}

#[test]
fn a_match_and_the_system_message_that_follows_it() {
    tells(&ready(), &[MATCHED, GREETING], &[SUCCESS]);
}

#[test]
fn messages_of_the_peer() {
    tells(
        &Notice::Chat { room: room(), message: message("hi \"you\"", Some("m-1")) },
        &[
            r#"message {"id":"$R-7","roomId":"$R","senderId":"ben","content":"hi \"you\"","timestamp":5,"type":"text","clientMessageId":"m-1"}"#,
        ],
        &[
            r#"message:receive {"id":"$R-7","senderId":"ben","content":"hi \"you\"","timestamp":5,"type":"text","replyTo":null}"#,
        ],
    );
    tells(
        &Notice::Chat { room: room(), message: message("\u{1}{\"id\": \"$R-3\"}\u{1}hi", None) },
        &[
            r#"message {"id":"$R-7","roomId":"$R","senderId":"ben","content":"hi","timestamp":5,"type":"text"}"#,
        ],
        &[
            r#"message:receive {"id":"$R-7","senderId":"ben","content":"hi","timestamp":5,"type":"text","replyTo":{"id": "$R-3"}}"#,
        ],
    );
}

#[test]
fn typing_and_leaving() {
    for on in [true, false] {
        tells(
            &Notice::Typing { room: room(), user: ben(), on },
            &[&format!("partner-typing {{\"isTyping\":{on}}}")],
            &[&format!("partner:typing {{\"isTyping\":{on}}}")],
        );
    }
    tells(
        &Notice::PeerAway { room: room(), user: ben(), grace_ms: 1 },
        &[r#"partner-typing {"isTyping":false}"#],
        &[r#"partner:typing {"isTyping":false}"#],
    );
    for departure in [Departure::Left, Departure::Skipped, Departure::Disconnected] {
        let notice = Notice::PeerLeft { room: room(), user: ben(), departure };
        tells(&notice, &["partner-disconnected null"], &["partner:left null"]);
    }
}

#[test]
fn a_search_that_found_nobody() {
    let first = r#"error {"message":"No available matches found. Try again later.","code":"no_match"}"#;
    let second =
        r#"match:error {"message":"No available matches found. Try again later.","code":"no_match"}"#;
    tells(&Notice::WaitingExpired, &[first], &[second]);
    let failed = |requeued| Notice::MatchFailed { proposal: proposal(), failure: Failure::Expired, requeued };
    tells(&failed(false), &[first], &[second]);
    tells(&failed(true), &[], &[]);
}

#[test]
fn how_many_are_there() {
    tells(&Notice::Online { people: 12_345 }, &["online-count 12345"], &["online-count 12345"]);
}

#[test]
fn what_is_ours() {
    let welcome = Notice::Welcome { user: UserId::new("a\"b"), guest: true, node: NodeId::new("n") };
    tells(&welcome, &[r#"session:welcome {"userId":"a\"b"}"#], &[r#"session:welcome {"userId":"a\"b"}"#]);
    tells(&Notice::Replaced, &["replaced null"], &["replaced null"]);
    let down = r#"server_shutdown {"retryAfterMs":2000}"#;
    tells(&Notice::Shutdown { retry_after_ms: 2_000 }, &[down], &[down]);
    let limited = Notice::RateLimited { scope: Scope::Chat, retry_after_ms: 600 };
    let body = r#"{"message":"Too many requests. Please wait 1s","code":"rate_limited","retryAfterMs":600}"#;
    tells(&limited, &[&format!("error {body}")], &[&format!("match:error {body}")]);
}

#[test]
fn who_comes_back_is_told_where_it_is_in_its_own_words_too() {
    let talking = Resumed::Talking {
        proposal: proposal(),
        room: room(),
        partner: partner(),
        initiator: false,
        last_sequence: 7,
        told: true,
    };
    let resumed = r#"session:resumed {"state":"talking","roomId":"$R","partnerId":"ben"}"#;
    tells(
        &Notice::Resumed(talking),
        &[resumed, r#"matched {"roomId":"$R","partnerId":"ben","resumed":true}"#],
        &[resumed, r#"match:success {"roomId":"$R","partnerId":"Stranger","resumed":true}"#],
    );
    let resumed = r#"session:resumed {"state":"waiting"}"#;
    tells(
        &Notice::Resumed(Resumed::Waiting { stage: Stage::Exact }),
        &[resumed, "waiting null"],
        &[resumed, "match:waiting null"],
    );
    let resumed = r#"session:resumed {"state":"idle"}"#;
    tells(
        &Notice::Resumed(Resumed::Idle),
        &[resumed, "partner-disconnected null"],
        &[resumed, "partner:left null"],
    );
}

#[test]
fn what_these_clients_do_not_show() {
    let quality = Quality { rtt_ms: 1.0, jitter_ms: None, packets_lost: None, bitrate_kbps: None };
    let place = Place { position: 1, estimated_wait_seconds: 2 };
    let payload = Payload(Arc::from("{}"));
    for notice in [
        Notice::MatchAccepted { proposal: proposal(), room: room(), by: ben() },
        Notice::Position { place, stage: Stage::Exact },
        Notice::Signal { room: room(), kind: SignalKind::Offer, payload, from: ben() },
        Notice::Quality { room: room(), from: ben(), quality },
        Notice::PeerBack { room: room(), user: ben() },
    ] {
        tells(&notice, &[], &[]);
    }
}

#[test]
fn waiting_follows_every_search() {
    for position in [0, 3] {
        let joined = Ok(Reply::Joined { position, estimated_wait_seconds: 9 });
        let (first, second) = (["waiting null", ACKNOWLEDGED], ["match:waiting null", ACKNOWLEDGED]);
        answers(Topic::Search, &joined, &first, &second);
        answers(Topic::SearchSecond, &joined, &first, &second);
        answers(Topic::Search, &Err(Refusal::Searching), &first, &second);
    }
}

#[test]
fn a_message_that_is_stored_goes_to_its_writer_as_well_in_the_first_vocabulary() {
    let sent = Ok(Reply::Sent { room: room(), message: message("hi", Some("m-1")) });
    let body = r#"message {"id":"$R-7","roomId":"$R","senderId":"ben","content":"hi","timestamp":5,"type":"text","clientMessageId":"m-1"}"#;
    answers(Topic::Send, &sent, &[body, ACKNOWLEDGED], &[ACKNOWLEDGED]);
}

#[test]
fn the_end_of_a_search_is_told_and_other_things_done_are_not() {
    answers(Topic::Cancel, &Ok(Reply::Done), &["match-cancelled null", ACKNOWLEDGED], &[ACKNOWLEDGED]);
    for topic in [Topic::Leave, Topic::Typing] {
        answers(topic, &Ok(Reply::Done), &[ACKNOWLEDGED], &[ACKNOWLEDGED]);
    }
}

#[test]
fn errors_in_the_words_of_the_contract() {
    let content = "content";
    for (topic, refusal, message, code, retry) in [
        (Topic::Search, Refusal::InRoom, "Already in a room", "in_session", None),
        (
            Topic::Search,
            Refusal::CoolingDown { retry_after_ms: 4_001 },
            "Please wait 5s before finding a new match",
            "cooling_down",
            Some(4_001),
        ),
        (Topic::Cancel, Refusal::InRoom, "Already in a room", "in_session", None),
        (Topic::Leave, Refusal::NotInRoom, "Not in a chat room", "not_in_session", None),
        (Topic::Send, Refusal::NotInRoom, "Not in a chat room", "not_in_session", None),
        (Topic::Send, Refusal::Invalid { field: content }, "Message cannot be empty", "invalid", None),
        (Topic::Send, Refusal::TooLarge { field: content }, "Message too long", "too_large", None),
        (Topic::Send, Refusal::TooLarge { field: "replyTo" }, "Message too long", "too_large", None),
        (Topic::Send, Refusal::Invalid { field: "roomId" }, "roomId is missing or wrong", "invalid", None),
        (
            Topic::Send,
            Refusal::Invalid { field: ATTACHMENTS },
            "Attachments are not accepted",
            "invalid",
            None,
        ),
        (
            Topic::Send,
            Refusal::Unavailable { retry_after_ms: 1_000 },
            "Server is busy. Please wait 1s",
            "unavailable",
            Some(1_000),
        ),
        (
            Topic::Search,
            Refusal::RateLimited { scope: Scope::Matching, retry_after_ms: 60_000 },
            "Too many requests. Please wait 60s",
            "rate_limited",
            Some(60_000),
        ),
    ] {
        let retry = retry.map(|ms| format!(",\"retryAfterMs\":{ms}")).unwrap_or_default();
        let body = format!("{{\"message\":\"{message}\",\"code\":\"{code}\"{retry}}}");
        let acknowledged = body.replace("{\"message\"", "{\"success\":false,\"error\"");
        let acknowledged = format!("acknowledgement {acknowledged}");
        let (first, second) = (format!("error {body}"), format!("match:error {body}"));
        answers(topic, &Err(refusal), &[&first, &acknowledged], &[&second, &acknowledged]);
        let both = answered(Dialect::ANIMOCHAT, topic, &Err(refusal));
        assert_eq!(both, [first, second, acknowledged]);
    }
}

#[test]
fn signs_of_writing_and_unknown_events_raise_no_alarm() {
    let gone = r#"acknowledgement {"success":false,"error":"Not in a chat room","code":"not_in_session"}"#;
    answers(Topic::Typing, &Err(Refusal::NotInRoom), &[gone], &[gone]);
    let unknown = r#"acknowledgement {"success":false,"error":"Unknown event","code":"unknown_event"}"#;
    answers(Topic::Unknown, &Err(Refusal::UnknownEvent), &[unknown], &[unknown]);
}

#[test]
fn its_pool() {
    let policy = FIRST.policy();
    assert_eq!((FIRST.name(), policy.pool.0), ("animochat", "animochat"));
    assert!(FIRST.answers_by_event() && policy.shows_presence);
    assert_eq!((policy.acceptance, policy.choice), (Acceptance::AtOnce, Choice::Random));
    assert_eq!((policy.join_again, policy.partners_remembered), (JoinAgain::Refused, 50));
    assert_eq!(policy.rematch_after, Duration::from_hours(24));
    assert_eq!(policy.skip_cooldown, Duration::from_secs(5));
    assert_eq!(policy.search_within, Some(Duration::from_secs(30)));
}
