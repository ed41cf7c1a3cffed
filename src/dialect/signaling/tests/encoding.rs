//! Server to client: every row, and every acknowledgement.

use super::*;
use crate::domain::command::Scope;
use crate::domain::hall::HallRefusal;
use crate::domain::id::{NodeId, UserId};
use crate::domain::notice::Resumed;

fn tells(notice: &Notice, event: &'static str, argument: &str) {
    assert_eq!(told(notice), [(event, argument.to_owned())]);
}

#[test]
fn who_joined_is_told_who_is_there_in_both_words() {
    let (acknowledgement, events) = answered(Topic::Join, &Ok(Reply::Entered(view())));
    assert_eq!(acknowledgement, r#"{"ok":true,"roomId":"r 1","userId":"ana","users":[{"userId":"ben"}]}"#);
    let expected = [
        ("room-users", r#"{"roomId":"r 1","users":[{"userId":"ben"}]}"#.to_owned()),
        ("room-participants", r#"{"participants":["ben"]}"#.to_owned()),
    ];
    assert_eq!(events, expected);
}

#[test]
fn whatever_else_is_done_is_only_acknowledged() {
    for topic in [Topic::Leave, Topic::Offer, Topic::Answer, Topic::Candidate] {
        assert_eq!(answered(topic, &Ok(Reply::Done)), (r#"{"ok":true}"#.to_owned(), Vec::new()));
    }
}

#[test]
fn the_others_are_told_who_came_and_who_left_and_why() {
    let of = |notice| Notice::Hall(notice);
    let joined = HallNotice::Joined { hall: hall(), name: ana() };
    tells(&of(joined), "user-joined", r#"{"roomId":"r 1","userId":"ana"}"#);
    for (leaving, reason) in
        [(Leaving::Left, "left"), (Leaving::Disconnected, "disconnected"), (Leaving::Replaced, "replaced")]
    {
        let argument = format!(r#"{{"roomId":"r 1","userId":"ana","reason":"{reason}"}}"#);
        tells(&left(leaving), "user-left", &argument);
    }
    let away = HallNotice::Away { hall: hall(), name: ana(), grace_ms: 30_000 };
    tells(&of(away), "user-away", r#"{"roomId":"r 1","userId":"ana","graceMs":30000}"#);
    let back = HallNotice::Back { hall: hall(), name: ana() };
    tells(&of(back), "user-back", r#"{"roomId":"r 1","userId":"ana"}"#);
}

#[test]
fn a_signal_has_its_senders_id_under_three_names() {
    for (kind, event, field) in [
        (SignalKind::Offer, "offer", "offer"),
        (SignalKind::Answer, "answer", "answer"),
        (SignalKind::Candidate, "ice-candidate", "candidate"),
    ] {
        let expected = format!(
            r#"{{"roomId":"r 1","fromId":"ana","senderId":"ana","userId":"ana","targetUserId":"ben","{field}":{{"b": 1e2}}}}"#
        );
        tells(&signal(kind, r#"{"b": 1e2}"#), event, &expected);
    }
    for nothing in [
        signal(SignalKind::Offer, "{"),
        signal(SignalKind::Offer, ""),
        signal(SignalKind::Ready, "{}"),
        signal(SignalKind::Other, "{}"),
    ] {
        assert_eq!(told(&nothing), []);
    }
}

#[test]
fn who_is_put_out_or_comes_back_is_told() {
    let replaced = Notice::Hall(HallNotice::Replaced { hall: hall(), name: ana() });
    let message = r#""message":"Somebody joined the room by the same id.""#;
    tells(&replaced, "replaced", &format!(r#"{{"roomId":"r 1","userId":"ana",{message}}}"#));
    let message = r#"{"message":"You connected somewhere else; that connection goes on."}"#;
    tells(&Notice::Replaced, "replaced", message);
    let resumed = Notice::Hall(HallNotice::Resumed(vec![view()]));
    let rooms = r#"{"rooms":[{"roomId":"r 1","userId":"ana","users":[{"userId":"ben"}]}]}"#;
    tells(&resumed, "session-resumed", rooms);
    let message = r#""message":"The server goes down. Come back in a moment.""#;
    tells(
        &Notice::Shutdown { retry_after_ms: 5 },
        "server-shutdown",
        &format!(r#"{{{message},"retryAfterMs":5}}"#),
    );
}

#[test]
fn a_refusal_is_acknowledged_and_told_alike() {
    let retry_after_ms = 7;
    for (refusal, code, more) in [
        (Refusal::NotInRoom, "not_in_room", ""),
        (Refusal::Hall(HallRefusal::NoSuchHall), "room_not_found", ""),
        (Refusal::Hall(HallRefusal::NoSuchMember), "target_not_found", ""),
        (Refusal::Hall(HallRefusal::Full), "room_full", ""),
        (Refusal::Hall(HallRefusal::InTooMany), "too_many_rooms", ""),
        (Refusal::Hall(HallRefusal::NoMoreHalls), "rooms_full", ""),
        (Refusal::Invalid { field: "roomId" }, "invalid", r#","field":"roomId""#),
        (Refusal::TooLarge { field: "offer" }, "too_large", r#","field":"offer""#),
        (Refusal::Unavailable { retry_after_ms }, "unavailable", r#","retryAfterMs":7"#),
        (Refusal::Busy { retry_after_ms }, "busy", r#","retryAfterMs":7"#),
        (
            Refusal::RateLimited { scope: Scope::Signaling, retry_after_ms },
            "rate_limited",
            r#","retryAfterMs":7"#,
        ),
    ] {
        for topic in Topic::ALL {
            let (acknowledgement, events) = answered(topic, &Err(refusal));
            let body: serde_json::Value = serde_json::from_str(&acknowledgement).expect("JSON");
            let message = body["message"].as_str().expect("for people");
            let error = format!(r#""code":"{code}","message":"{message}"{more}}}"#);
            assert_eq!(acknowledgement, format!(r#"{{"ok":false,{error}"#));
            assert_eq!(events, [("error", format!("{{{error}"))]);
        }
    }
    let limited = Notice::RateLimited { scope: Scope::Signaling, retry_after_ms };
    let message = "Too many requests. Wait a moment.";
    tells(&limited, "error", &format!(r#"{{"code":"rate_limited","message":"{message}","retryAfterMs":7}}"#));
}

#[test]
fn what_nobody_knows_is_acknowledged_and_otherwise_passed_over() {
    let (acknowledgement, events) = answered(Topic::Unknown, &Err(Refusal::UnknownEvent));
    assert!(acknowledgement.starts_with(r#"{"ok":false,"code":"unknown_event","#), "{acknowledgement}");
    assert_eq!(events, []);
}

#[test]
fn nobody_is_welcomed_or_told_of_matches() {
    for notice in [
        Notice::Welcome { user: UserId::new("guest-1"), guest: true, node: NodeId::new("n") },
        Notice::Resumed(Resumed::Idle),
        Notice::WaitingExpired,
        Notice::Inactive,
        Notice::Online { people: 5 },
    ] {
        assert_eq!(told(&notice), [], "{notice:?}");
    }
}
