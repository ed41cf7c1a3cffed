//! The client half is the inverse of the server's.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;

use super::{PROPOSAL, ROOM, decode, event_of, proposal, room};
use crate::dialect::Dialect;
use crate::dialect::client::{Heard, Line, Meeting};
use crate::domain::command::{Command, Scope};
use crate::domain::criteria::{AgeRange, Criteria, Stage, Strict};
use crate::domain::id::{NodeId, UserId};
use crate::domain::limits::Limits;
use crate::domain::notice::{Found, Notice, Partner, Resumed};
use crate::domain::operation::Place;
use crate::domain::person::{Attributes, Gender, Language, Proficiency};
use crate::domain::proposal::Failure;
use crate::domain::safety::{ReportReason, SafetyCommand};
use crate::domain::talk::{ChatMessage, Departure, Quality, SignalKind};
use crate::domain::time::Time;

fn gender() -> impl Strategy<Value = Option<Gender>> {
    prop::option::of(select(Gender::ALL.to_vec()))
}

fn join() -> impl Strategy<Value = Command> {
    let tags = select(vec!["en", "es", "yue", "ja"]);
    let ages = (13_u8..=120, 13_u8..=120).prop_map(|(a, b)| AgeRange { min: a.min(b), max: a.max(b) });
    let strict = any::<[bool; 3]>();
    let person = (tags.clone(), tags, select(Proficiency::ALL.to_vec()), 13_u8..=120, gender());
    (person, ages, gender(), strict).prop_map(|(person, age, wanted, [by_age, by_gender, by_level])| {
        let (speaks, learns, proficiency, own_age, own_gender) = person;
        let language = |tag: &str| tag.parse::<Language>().expect("a language");
        Command::Join {
            attributes: Attributes {
                speaks: language(speaks),
                learns: language(learns),
                proficiency,
                age: own_age,
                gender: own_gender,
            },
            criteria: Criteria {
                same_proficiency: proficiency != Proficiency::Any,
                age,
                gender: wanted,
                strict: Strict { age: by_age, gender: by_gender, proficiency: by_level },
            },
        }
    })
}

fn signal() -> impl Strategy<Value = Command> {
    let kinds =
        [SignalKind::Offer, SignalKind::Answer, SignalKind::Candidate, SignalKind::Ready, SignalKind::Other];
    (select(kinds.to_vec()), any::<String>()).prop_map(|(kind, text)| {
        let body = serde_json::json!({ "type": "offer", "sdp": text }).to_string();
        Dialect::Qala.signal(room().into(), kind, &body).expect("carried")
    })
}

fn chat() -> impl Strategy<Value = Command> {
    (".{0,20}[a-z].{0,20}", prop::option::of("[a-z0-9 \"]{1,64}")).prop_map(|(content, name)| Command::Chat {
        room: room().into(),
        content: Arc::from(content),
        client_message_id: name.map(Arc::from),
    })
}

fn quality() -> impl Strategy<Value = Command> {
    let measure = || prop::option::of((0_u32..100_000).prop_map(f64::from));
    (any::<bool>(), 0_u32..100_000, measure(), measure(), measure()).prop_map(
        |(named, rtt, jitter_ms, packets_lost, bitrate_kbps)| Command::Quality {
            room: named.then(room),
            quality: Quality { rtt_ms: f64::from(rtt), jitter_ms, packets_lost, bitrate_kbps },
        },
    )
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        join(),
        signal(),
        chat(),
        quality(),
        Just(Command::LeaveQueue),
        Just(Command::Heartbeat),
        Just(Command::Accept(proposal())),
        Just(Command::Reject(proposal())),
        Just(Command::LeaveRoom(room().into())),
        "[a-z]{1,128}".prop_map(|id| Command::Safety(SafetyCommand::Block(UserId::new(id)))),
        (0..ReportReason::ALL.len()).prop_map(|reason| {
            Command::Safety(SafetyCommand::Report { room: room(), reason: ReportReason::ALL[reason] })
        }),
        (0_u64..1 << 53).prop_map(|after| Command::Sync { room: room().into(), after }),
    ]
}

proptest! {
    #[test]
    fn what_a_client_writes_is_read_as_it_was_meant(command in command()) {
        let packet = Dialect::Qala.encode(&command).expect("there is an event for it");
        prop_assert_eq!(decode(&packet, &Limits::default()), Ok(command), "{}", packet);
    }
}

#[test]
fn what_the_dialect_has_no_event_for_is_not_written() {
    for command in [Command::WhoAmI, Command::CallFailed] {
        assert_eq!(Dialect::Qala.encode(&command), None, "{command:?}");
    }
}

fn partner() -> Partner {
    let language = |tag: &str| tag.parse().expect("a language");
    Partner {
        user: UserId::new("ben"),
        speaks: language("en"),
        learns: language("es"),
        proficiency: Proficiency::Any,
    }
}

fn found() -> Found {
    Found {
        proposal: proposal(),
        room: room(),
        partner: partner(),
        expires_at: Time::from_ms(9),
        stage: Stage::WiderAge,
        initiator: true,
    }
}

fn meeting(resumed: bool) -> Meeting<'static> {
    Meeting {
        proposal: Some(PROPOSAL.into()),
        room: ROOM.into(),
        partner: Some("ben".into()),
        stage: Some(2),
        initiator: Some(true),
        resumed,
    }
}

/// What a client makes of a notice, written down.
fn heard(notice: &Notice) -> String {
    let outgoing = event_of(notice).expect("it is told");
    let packet = format!("[\"{}\",{}]", outgoing.event, outgoing.argument);
    format!("{:?}", Dialect::Qala.hear(&packet))
}

#[test]
fn what_a_client_is_told_of_itself_and_of_matches() {
    let ready = Meeting { partner: None, stage: None, initiator: None, ..meeting(false) };
    let talking = Meeting { stage: None, ..meeting(true) };
    let place = Place { position: 3, estimated_wait_seconds: 4 };
    for (notice, expected) in [
        (
            Notice::Welcome { user: UserId::new("ana\""), guest: true, node: NodeId::new("n") },
            Heard::Welcome { user: "ana\"".into() },
        ),
        (Notice::Resumed(Resumed::Idle), Heard::Idle),
        (Notice::Resumed(Resumed::Waiting { stage: Stage::Exact }), Heard::Waiting),
        (Notice::Resumed(Resumed::Proposed(found())), Heard::Found(meeting(true))),
        (
            Notice::Resumed(Resumed::Talking {
                proposal: proposal(),
                room: room(),
                partner: partner(),
                initiator: true,
                last_sequence: 4,
                told: false,
            }),
            Heard::Ready(talking),
        ),
        (Notice::MatchFound(found()), Heard::Found(meeting(false))),
        (
            Notice::MatchAccepted { proposal: proposal(), room: room(), by: UserId::new("ben") },
            Heard::Accepted,
        ),
        (
            Notice::MatchReady { proposal: proposal(), room: room(), partner: partner(), initiator: true },
            Heard::Ready(ready),
        ),
        (
            Notice::MatchFailed { proposal: proposal(), failure: Failure::Expired, requeued: true },
            Heard::Failed { proposal: PROPOSAL.into(), requeued: true },
        ),
        (Notice::Position { place, stage: Stage::Exact }, Heard::Waiting),
        (Notice::WaitingExpired, Heard::Expired),
    ] {
        assert_eq!(heard(&notice), format!("{expected:?}"), "{notice:?}");
    }
}

#[test]
fn what_a_client_is_told_in_a_room_and_of_its_connection() {
    let message = ChatMessage {
        sequence: 7,
        own_sequence: 4,
        from: UserId::new("ben"),
        content: Arc::from("hi \"you\""),
        client_message_id: None,
        at: Time::default(),
    };
    let line = Line { from: Some("ben".into()), content: "hi \"you\"".into(), sequence: Some(7) };
    let user = UserId::new("ben");
    for (notice, expected) in [
        (Notice::Chat { room: room(), message }, Heard::Chat(line)),
        (Notice::PeerAway { room: room(), user: user.clone(), grace_ms: 5 }, Heard::Peer { here: false }),
        (Notice::PeerBack { room: room(), user: user.clone() }, Heard::Peer { here: true }),
        (Notice::PeerLeft { room: room(), user, departure: Departure::Left }, Heard::PeerLeft),
        (
            Notice::RateLimited { scope: Scope::Chat, retry_after_ms: 5 },
            Heard::Refused { code: "rate_limited".into() },
        ),
        (Notice::Shutdown { retry_after_ms: 5 }, Heard::Ending),
        (Notice::Replaced, Heard::Ending),
    ] {
        assert_eq!(heard(&notice), format!("{expected:?}"), "{notice:?}");
    }
}

#[test]
fn a_signal_is_heard_as_it_was_sent() {
    let sent = Dialect::Qala.signal(room().into(), SignalKind::Offer, r#"{"sdp":"v=0"}"#);
    let Some(Command::Signal { kind, payload, .. }) = sent else { panic!("{sent:?}") };
    let outgoing = event_of(&Notice::Signal { room: room(), kind, payload, from: UserId::new("ben") });
    let packet = outgoing.map(|outgoing| format!("[\"{}\",{}]", outgoing.event, outgoing.argument));
    let packet = packet.expect("it is relayed");
    let Heard::Signal { kind, body } = Dialect::Qala.hear(&packet) else { panic!("{packet}") };
    assert_eq!(kind, SignalKind::Offer);
    assert_eq!(body.get(), format!(r#"{{"sessionId":"{ROOM}","offer":{{"sdp":"v=0"}},"from":"ben"}}"#));
}

#[test]
fn what_nobody_says_is_unknown() {
    for packet in ["", "[]", "[\"x\"]", "[\"matching:match_found\"]", "[\"matching:match_found\",{}]"] {
        assert!(matches!(Dialect::Qala.hear(packet), Heard::Unknown), "{packet}");
    }
}
