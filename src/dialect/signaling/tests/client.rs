//! The client half is the inverse of the server's.

use std::borrow::Cow;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::value::RawValue;

use super::properties::value;
use super::*;
use crate::dialect::client::{Answered, Hall, HallHeard, Heard};
use crate::domain::command::{RoomRef, Scope};
use crate::domain::hall::HallRefusal;

const KINDS: [SignalKind; 3] = [SignalKind::Offer, SignalKind::Answer, SignalKind::Candidate];

/// Names that may be names of halls and members.
fn name() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 1..=128).prop_map(|all| all.into_iter().collect())
}

/// What may be carried: `null` is nothing.
fn carried() -> impl Strategy<Value = String> {
    value().prop_filter("is something", |value| value != "null")
}

fn command() -> impl Strategy<Value = HallCommand> {
    let hall = || name().prop_map(HallName::new);
    let member = || name().prop_map(MemberName::new);
    let signal = (hall(), member(), select(KINDS.to_vec()), carried()).prop_map(|(hall, to, kind, value)| {
        HallCommand::Signal { hall, to, kind, payload: Payload(value.into()) }
    });
    prop_oneof![
        (hall(), member()).prop_map(|(hall, name)| HallCommand::Enter { hall, name }),
        hall().prop_map(|hall| HallCommand::Leave { hall }),
        signal,
    ]
}

/// What a client makes of one event, written down.
fn understood((event, argument): &(&str, String)) -> String {
    format!("{:?}", Dialect::Signaling.hear(&format!("[\"{event}\",{argument}]")))
}

/// Everything that a client makes of a notice about a hall, written down.
fn heard(notice: HallNotice) -> Vec<String> {
    told(&Notice::Hall(notice)).iter().map(understood).collect()
}

/// Everything that a client makes of an answer: its acknowledgement, and the events behind it.
fn read(topic: Topic, answer: &Result<Reply, Refusal>) -> (String, Vec<String>) {
    let (acknowledgement, events) = answered(topic, answer);
    let done = format!("{:?}", Dialect::Signaling.answered(&format!("[{acknowledgement}]")));
    (done, events.iter().map(understood).collect())
}

fn one(expected: HallHeard<'_>) -> Vec<String> {
    vec![format!("{:?}", Heard::Hall(expected))]
}

fn seen(view: &HallView) -> Hall<'_> {
    let others = view.others.iter().map(|name| Cow::Borrowed(name.as_str())).collect();
    Hall { hall: Some(view.hall.as_str().into()), name: Some(view.name.as_str().into()), others }
}

proptest! {
    #[test]
    fn what_a_client_writes_is_read_as_it_was_meant(command in command()) {
        let command = Command::Hall(command);
        let packet = Dialect::Signaling.encode(&command).expect("there is an event for it");
        let asked = Dialect::Signaling.decode(&packet, &Limits::default());
        prop_assert_eq!(asked.command, Ok(command), "{}", packet);
    }

    #[test]
    fn any_signal_is_heard_as_it_was_meant(
        [room, sender, receiver] in any::<[String; 3]>(),
        kind in select(KINDS.to_vec()),
        carried in carried(),
    ) {
        let signal = HallNotice::Signal {
            hall: HallName::new(room.as_str()),
            from: MemberName::new(sender.as_str()),
            to: MemberName::new(receiver),
            kind,
            payload: Payload(carried.as_str().into()),
        };
        let body: &RawValue = serde_json::from_str(&carried).expect("JSON");
        let expected = HallHeard::Signal { hall: room.as_str().into(), from: sender.as_str().into(), kind, body };
        prop_assert_eq!(heard(signal), one(expected));
    }

    #[test]
    fn any_members_are_heard_as_they_were_meant(
        halls in prop::collection::vec(any::<(String, String, Vec<String>)>(), 0..4),
    ) {
        let views: Vec<HallView> = halls
            .into_iter()
            .map(|(hall, name, others)| HallView {
                hall: HallName::new(hall),
                name: MemberName::new(name),
                others: others.into_iter().map(MemberName::new).collect(),
            })
            .collect();
        for view in &views {
            let (done, events) = read(Topic::Join, &Ok(Reply::Entered(view.clone())));
            prop_assert_eq!(done, format!("{:?}", Answered::Done { sequence: None }));
            let in_both = [Hall { name: None, ..seen(view) }, Hall { hall: None, name: None, ..seen(view) }];
            prop_assert_eq!(events, in_both.map(|hall| one(HallHeard::Members(hall))).concat());
        }
        let expected = HallHeard::Resumed(views.iter().map(seen).collect());
        prop_assert_eq!(heard(HallNotice::Resumed(views.clone())), one(expected));
    }

    #[test]
    fn any_coming_and_going_is_heard_as_it_was_meant([room, who] in any::<[String; 2]>()) {
        let (hall, name) = (HallName::new(room.as_str()), MemberName::new(who.as_str()));
        let (in_hall, called) = (Cow::Borrowed(room.as_str()), Cow::Borrowed(who.as_str()));
        for leaving in [Leaving::Left, Leaving::Disconnected, Leaving::Replaced] {
            let left = HallNotice::Left { hall: hall.clone(), name: name.clone(), leaving };
            let reason = Some(leaving.as_str().into());
            let expected = HallHeard::Left { hall: in_hall.clone(), name: called.clone(), reason };
            prop_assert_eq!(heard(left), one(expected));
        }
        let member = |here| HallHeard::Member { hall: in_hall.clone(), name: called.clone(), here };
        let joined = HallHeard::Joined { hall: in_hall.clone(), name: called.clone() };
        let replaced = HallHeard::Replaced { hall: in_hall.clone(), name: called.clone() };
        let (h, n) = (|| hall.clone(), || name.clone());
        for (notice, expected) in [
            (HallNotice::Joined { hall: h(), name: n() }, joined),
            (HallNotice::Away { hall: h(), name: n(), grace_ms: 5 }, member(false)),
            (HallNotice::Back { hall: h(), name: n() }, member(true)),
            (HallNotice::Replaced { hall: h(), name: n() }, replaced),
        ] {
            prop_assert_eq!(heard(notice), one(expected));
        }
    }
}

#[test]
fn what_is_about_no_hall_is_heard_as_it_was_meant() {
    for (notice, expected) in [
        (Notice::Replaced, Heard::Ending),
        (Notice::Shutdown { retry_after_ms: 5 }, Heard::Ending),
        (
            Notice::RateLimited { scope: Scope::Signaling, retry_after_ms: 5 },
            Heard::Refused { code: "rate_limited".into() },
        ),
    ] {
        let [said] = told(&notice).try_into().expect("it is told by one event");
        assert_eq!(understood(&said), format!("{expected:?}"), "{notice:?}");
    }
}

#[test]
fn every_answer_is_read_as_it_was_meant() {
    for topic in Topic::ALL {
        let done = format!("{:?}", Answered::Done { sequence: None });
        assert_eq!(read(topic, &Ok(Reply::Done)), (done, Vec::new()));
        for (refusal, code) in [
            (Refusal::NotInRoom, "not_in_room"),
            (Refusal::Hall(HallRefusal::Full), "room_full"),
            (Refusal::Invalid { field: "roomId" }, "invalid"),
            (Refusal::Unavailable { retry_after_ms: 5 }, "unavailable"),
        ] {
            let acknowledged = format!("{:?}", Answered::Refused { code: code.into() });
            let told = format!("{:?}", Heard::Refused { code: code.into() });
            assert_eq!(read(topic, &Err(refusal)), (acknowledged, vec![told]), "{refusal:?}");
        }
    }
    let unknown = format!("{:?}", Answered::Refused { code: "unknown_event".into() });
    assert_eq!(read(Topic::Unknown, &Err(Refusal::UnknownEvent)), (unknown, Vec::new()));
}

#[test]
fn what_the_dialect_has_no_event_for_is_not_written() {
    let signal = |kind, payload: &str| {
        Command::Hall(HallCommand::Signal { hall: hall(), to: ben(), kind, payload: Payload(payload.into()) })
    };
    for command in [
        Command::LeaveQueue,
        Command::Heartbeat,
        Command::LeaveRoom(RoomRef::Current),
        signal(SignalKind::Ready, "{}"),
        signal(SignalKind::Other, "{}"),
        signal(SignalKind::Offer, "{"),
    ] {
        assert_eq!(Dialect::Signaling.encode(&command), None, "{command:?}");
    }
    assert_eq!(Dialect::Signaling.signal(RoomRef::Current, SignalKind::Offer, "{}"), None);
}

#[test]
fn other_servers_of_the_family_say_less() {
    let (hall, from) = (|| Cow::Borrowed("r"), || Cow::Borrowed("ana"));
    let body: &RawValue = serde_json::from_str("5").expect("JSON");
    for sender in ["fromId", "senderId", "userId"] {
        let said = ("answer", format!(r#"{{"roomId":"r","{sender}":"ana","answer":5}}"#));
        let expected = HallHeard::Signal { hall: hall(), from: from(), kind: SignalKind::Answer, body };
        assert_eq!([understood(&said)], *one(expected), "{sender}");
    }
    let left = ("user-left", r#"{"roomId":"r","userId":"ana"}"#.to_owned());
    let expected = HallHeard::Left { hall: hall(), name: from(), reason: None };
    assert_eq!([understood(&left)], *one(expected));
}

#[test]
fn what_this_dialect_does_not_say_is_unknown() {
    for said in [
        r#"["offer",{"roomId":"r","offer":5}]"#,
        r#"["offer",{"roomId":"r","fromId":"ana"}]"#,
        r#"["user-joined",{"roomId":"r"}]"#,
        r#"["room-users",{"roomId":"r"}]"#,
        r#"["replaced",{"roomId":"r"}]"#,
        r#"["error"]"#,
        r#"["join-room","r","ana"]"#,
        "nonsense",
    ] {
        assert_eq!(format!("{:?}", Dialect::Signaling.hear(said)), "Unknown", "{said}");
    }
}
