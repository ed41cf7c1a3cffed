//! The client half is the inverse of the server's.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;

use super::{ROOM, ana, decoded, partner, room, told};
use crate::dialect::Dialect;
use crate::dialect::client::{Heard, Line, Meeting};
use crate::domain::command::{Command, RoomRef, Scope};
use crate::domain::id::{NodeId, UserId};
use crate::domain::limits::Limits;
use crate::domain::notice::{Notice, Resumed};
use crate::domain::talk::{ChatMessage, Departure, Quality, SignalKind};
use crate::domain::time::Time;

fn signal() -> impl Strategy<Value = Command> {
    let kinds = [SignalKind::Offer, SignalKind::Answer, SignalKind::Candidate];
    (select(kinds.to_vec()), any::<String>()).prop_map(|(kind, text)| {
        let body = match kind {
            SignalKind::Candidate => serde_json::json!({ "candidate": text, "sdpMLineIndex": 0 }),
            SignalKind::Offer | SignalKind::Answer | SignalKind::Ready | SignalKind::Other => {
                serde_json::json!({ "type": "offer", "sdp": text })
            }
        };
        Dialect::WebrtcChat.signal(RoomRef::Current, kind, &body.to_string()).expect("carried")
    })
}

fn quality() -> impl Strategy<Value = Command> {
    let measure = || prop::option::of((0_u32..100_000).prop_map(f64::from));
    (0_u32..100_000, measure(), measure()).prop_map(|(rtt, packets_lost, bitrate_kbps)| Command::Quality {
        room: None,
        quality: Quality { rtt_ms: f64::from(rtt), jitter_ms: None, packets_lost, bitrate_kbps },
    })
}

fn command() -> impl Strategy<Value = Command> {
    let join = decoded("find_match", "").expect("a command");
    let skip = decoded("skip", "").expect("a command");
    prop_oneof![
        Just(join),
        Just(skip),
        Just(Command::LeaveQueue),
        Just(Command::WhoAmI),
        Just(Command::CallFailed),
        signal(),
        quality(),
        // Markup is stripped, so that a text with some is not what arrives.
        "[a-z \"é]{0,20}[a-z]".prop_map(|text| Command::Chat {
            room: RoomRef::Current,
            content: Arc::from(text),
            client_message_id: None,
        }),
    ]
}

proptest! {
    #[test]
    fn what_a_client_writes_is_read_as_it_was_meant(command in command()) {
        let packet = Dialect::WebrtcChat.encode(&command).expect("there is an event for it");
        let asked = Dialect::WebrtcChat.decode(&packet, &Limits::default());
        prop_assert_eq!(asked.command, Ok(command), "{}", packet);
    }
}

#[test]
fn what_the_dialect_has_no_event_for_is_not_written() {
    for command in [Command::Heartbeat, Command::LeaveRoom(RoomRef::Current)] {
        assert_eq!(Dialect::WebrtcChat.encode(&command), None, "{command:?}");
    }
}

fn packet((event, argument): &(&str, String)) -> String {
    format!("[\"{event}\",{argument}]")
}

fn meeting(resumed: bool) -> Meeting<'static> {
    Meeting {
        room: ROOM.into(),
        partner: Some("ana".into()),
        initiator: Some(false),
        resumed,
        ..Meeting::default()
    }
}

#[test]
fn every_notice_is_heard_as_it_was_meant() {
    let proposal = ROOM.parse().expect("an id");
    let (partner, room) = (partner(), room());
    let ready = Notice::MatchReady { proposal, room, partner: partner.clone(), initiator: false };
    let talking =
        Resumed::Talking { proposal, room, partner, initiator: false, last_sequence: 0, told: false };
    let message = ChatMessage {
        sequence: 7,
        own_sequence: 4,
        from: ana(),
        content: Arc::from("hi \"you\""),
        client_message_id: None,
        at: Time::default(),
    };
    let line = Line { from: None, content: "hi \"you\"".into(), sequence: None };
    let left = |departure| Notice::PeerLeft { room, user: ana(), departure };
    for (notice, expected) in [
        (
            Notice::Welcome { user: UserId::new("ana"), guest: true, node: NodeId::new("n") },
            Heard::Welcome { user: "ana".into() },
        ),
        (Notice::Resumed(Resumed::Idle), Heard::Idle),
        (Notice::Resumed(talking), Heard::Ready(meeting(true))),
        (ready, Heard::Ready(meeting(false))),
        (Notice::WaitingExpired, Heard::Expired),
        (Notice::Chat { room, message }, Heard::Chat(line)),
        (Notice::PeerAway { room, user: ana(), grace_ms: 5 }, Heard::Peer { here: false }),
        (Notice::PeerBack { room, user: ana() }, Heard::Peer { here: true }),
        (left(Departure::Skipped), Heard::PeerLeft),
        (left(Departure::Disconnected), Heard::PeerLeft),
        (
            Notice::RateLimited { scope: Scope::Chat, retry_after_ms: 5 },
            Heard::Refused { code: "rate_limited".into() },
        ),
        (Notice::Shutdown { retry_after_ms: 5 }, Heard::Ending),
        (Notice::Inactive, Heard::Ending),
        (Notice::Replaced, Heard::Ending),
    ] {
        let [said] = told(&notice).try_into().expect("it is told by one event");
        let heard = format!("{:?}", Dialect::WebrtcChat.hear(&packet(&said)));
        assert_eq!(heard, format!("{expected:?}"), "{notice:?}");
    }
}

#[test]
fn other_servers_of_the_family_say_less() {
    let found = r#"["match_found",{"roomId":"room-7-1","timestamp":5,"peerId":"Xa_7"}]"#;
    let expected = Meeting { room: "room-7-1".into(), partner: Some("Xa_7".into()), ..Meeting::default() };
    assert_eq!(format!("{:?}", Dialect::WebrtcChat.hear(found)), format!("{:?}", Heard::Ready(expected)));
    for (said, expected) in [
        (r#"["waiting",{"timestamp":5}]"#, Heard::Waiting),
        (r#"["match_cancelled",{}]"#, Heard::Cancelled),
        (r#"["error",{"type":"duplicate_request"}]"#, Heard::Refused { code: "duplicate_request".into() }),
        (
            r#"["signaling_error",{"type":"webrtc_offer","error":"no_active_match"}]"#,
            Heard::Refused { code: "no_active_match".into() },
        ),
        (r#"["match_found",{}]"#, Heard::Unknown),
        (r#"["message",7]"#, Heard::Unknown),
    ] {
        assert_eq!(format!("{:?}", Dialect::WebrtcChat.hear(said)), format!("{expected:?}"), "{said}");
    }
}
