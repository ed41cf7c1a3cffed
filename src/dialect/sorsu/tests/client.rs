//! The client half is the inverse of the server's.

use proptest::prelude::*;

use super::*;
use crate::dialect::client::{Answered, Heard, Line, Meeting};
use crate::domain::command::{RoomRef, Scope};
use crate::domain::criteria::Stage;
use crate::domain::errand::Kept;
use crate::domain::id::NodeId;
use crate::domain::notice::Resumed;
use crate::domain::talk::{Departure, SignalKind};

/// The largest number that clients hold exactly.
const MOST: u64 = 9_007_199_254_740_991;

fn command() -> impl Strategy<Value = Command> {
    let join = asked("[\"presence:join\"]").1.expect("a command");
    let room = || (0..=MOST).prop_map(RoomRef::Number);
    let text = any::<String>().prop_filter("not only blanks", |text| !text.trim().is_empty());
    let name = prop::option::of(prop::collection::vec(any::<char>(), 1..=64));
    let chat = (room(), text, name).prop_map(|(room, text, name)| Command::Chat {
        room,
        content: Kept { stamp: None, content: &text }.write(),
        client_message_id: name.map(|name| name.into_iter().collect::<String>().into()),
    });
    prop_oneof![
        Just(join),
        Just(Command::LeaveQueue),
        chat,
        (room(), any::<bool>()).prop_map(|(room, on)| Command::Typing { room, on }),
        (room(), 0..=MOST).prop_map(|(room, after)| Command::Rejoin { room, after }),
        room().prop_map(Command::LeaveRoom),
    ]
}

/// What a client makes of one event, `"<event> <argument>"`, written down.
fn understood(said: &str) -> String {
    let (event, argument) = said.split_once(' ').expect("an argument");
    format!("{:?}", Dialect::Sorsu.hear(&format!("[\"{event}\",{argument}]")))
}

/// Everything that a client makes of a notice, written down.
fn heard(notice: &Notice) -> Vec<String> {
    told(notice).iter().map(|said| understood(said)).collect()
}

/// Everything that a client makes of an answer: the events before the acknowledgement, and that.
fn read(topic: Topic, answer: &Result<Reply, Refusal>) -> (Vec<String>, String) {
    let mut parts = answered(topic, answer);
    let last = parts.pop().expect("an acknowledgement");
    let acknowledgement = last.strip_prefix("acknowledgement ").expect("which comes last");
    let done = format!("{:?}", Dialect::Sorsu.answered(&format!("[{acknowledgement}]")));
    (parts.iter().map(|said| understood(said)).collect(), done)
}

fn all(expected: &[Heard<'_>]) -> Vec<String> {
    expected.iter().map(|heard| format!("{heard:?}")).collect()
}

proptest! {
    #[test]
    fn what_a_client_writes_is_read_as_it_was_meant(command in command()) {
        let packet = Dialect::Sorsu.encode(&command).expect("there is an event for it");
        prop_assert_eq!(asked(&packet).1, Ok(command), "{}", packet);
    }

    #[test]
    fn any_names_and_texts_are_heard_as_they_were_meant(
        [who, text] in any::<[String; 2]>(),
        number in 1..=MOST,
    ) {
        let (user, room) = (UserId::new(who.as_str()), RoomId::numbered(number));
        let welcome = Notice::Welcome { user: user.clone(), guest: true, node: NodeId::new("n") };
        prop_assert_eq!(heard(&welcome), all(&[Heard::Welcome { user: who.as_str().into() }]));

        let proposal = ROOM.parse().expect("an id");
        let partner = Partner { user: user.clone(), ..partner() };
        let ready = Notice::MatchReady { proposal, room, partner, initiator: true };
        let meeting = Meeting {
            room: number.to_string().into(),
            partner: Some(who.as_str().into()),
            ..Meeting::default()
        };
        prop_assert_eq!(heard(&ready), all(&[Heard::Ready(meeting)]));

        let content = Kept { stamp: None, content: &text }.write();
        let chat = Notice::Chat { room, message: ChatMessage { from: user, ..message(&content, None) } };
        let line =
            Line { from: Some(who.as_str().into()), content: text.as_str().into(), sequence: None };
        prop_assert_eq!(heard(&chat), all(&[Heard::Chat(line)]));
    }
}

#[test]
fn what_the_dialect_has_no_event_for_is_not_written() {
    let (id, current) = (RoomRef::Id(room()), RoomRef::Current);
    let stamped = Kept { stamp: Some("{}"), content: "hi" }.write();
    for command in [
        Command::Heartbeat,
        Command::WhoAmI,
        Command::Sync { room: RoomRef::Number(10), after: 0 },
        Command::LeaveRoom(id),
        Command::LeaveRoom(current),
        Command::Typing { room: current, on: true },
        Command::Rejoin { room: id, after: 0 },
        Command::Chat { room: current, content: "hi".into(), client_message_id: None },
        Command::Chat { room: RoomRef::Number(10), content: stamped, client_message_id: None },
    ] {
        assert_eq!(Dialect::Sorsu.encode(&command), None, "{command:?}");
    }
    assert_eq!(Dialect::Sorsu.signal(RoomRef::Number(10), SignalKind::Offer, "{}"), None);
}

fn talking(told: bool) -> Notice {
    let proposal = ROOM.parse().expect("an id");
    let (room, partner) = (room(), partner());
    let resumed = Resumed::Talking { proposal, room, partner, initiator: true, last_sequence: 7, told };
    Notice::Resumed(resumed)
}

#[test]
fn every_notice_is_heard_as_it_was_meant() {
    let meeting = |resumed| {
        let partner = Some("ben".into());
        Heard::Ready(Meeting { room: "10".into(), partner, resumed, ..Meeting::default() })
    };
    let stamped =
        Kept { stamp: Some(r#"{"message_id":1,"created_at":"","is_flagged":true}"#), content: "hi" };
    let chat = Notice::Chat { room: room(), message: message(&stamped.write(), Some("m-1")) };
    let line = Line { from: Some("ben".into()), content: "hi".into(), sequence: None };
    let left = Notice::PeerLeft { room: room(), user: ben(), departure: Departure::Left };
    let limited = Notice::RateLimited { scope: Scope::Chat, retry_after_ms: 5 };
    for (notice, expected) in [
        (Notice::Resumed(Resumed::Idle), vec![Heard::Idle]),
        (Notice::Resumed(Resumed::Waiting { stage: Stage::Exact }), vec![Heard::Waiting]),
        (talking(true), vec![meeting(true)]),
        (talking(false), vec![meeting(true), meeting(false)]),
        (chat, vec![Heard::Chat(line)]),
        (Notice::Typing { room: room(), user: ben(), on: true }, vec![Heard::Aside]),
        (Notice::PeerAway { room: room(), user: ben(), grace_ms: 5 }, vec![Heard::Aside]),
        (left, vec![Heard::PeerLeft]),
        (limited, vec![Heard::Refused { code: "rate_limited".into() }]),
        (Notice::Shutdown { retry_after_ms: 5 }, vec![Heard::Ending]),
        (Notice::Replaced, vec![Heard::Ending]),
    ] {
        assert_eq!(heard(&notice), all(&expected), "{notice:?}");
    }
}

#[test]
fn every_answer_is_read_as_it_was_meant() {
    let done = || Answered::Done { sequence: None };
    let refused = |code| Answered::Refused { code: std::borrow::Cow::Borrowed(code) };
    let (limited, left) = (
        Refusal::RateLimited { scope: Scope::Chat, retry_after_ms: 5 },
        Reply::Left { room: room(), user: ben() },
    );
    for (topic, answer, events, expected) in [
        (Topic::Join, Ok(Reply::Joined { position: 3, estimated_wait_seconds: 7 }), vec![], done()),
        (Topic::Join, Err(Refusal::Searching), vec![], done()),
        (Topic::Join, Err(Refusal::InRoom), vec![], refused("in_session")),
        (Topic::Send, Ok(Reply::Sent { room: room(), message: message("hi", None) }), vec![], done()),
        (Topic::Send, Err(limited), vec![], refused("rate_limited")),
        (Topic::Send, Err(Refusal::Invalid { field: "content" }), vec![], refused("invalid")),
        (
            Topic::Rejoin,
            Ok(Reply::Missed { room: room(), messages: vec![message("hi", None)] }),
            vec![],
            done(),
        ),
        (
            Topic::Rejoin,
            Ok(Reply::Over(RoomRef::Number(10))),
            vec![Heard::PeerLeft],
            refused("not_in_session"),
        ),
        (Topic::End, Ok(left), vec![Heard::PeerLeft], done()),
        (Topic::Unknown, Err(Refusal::UnknownEvent), vec![], refused("unknown_event")),
    ] {
        assert_eq!(read(topic, &answer), (all(&events), format!("{expected:?}")), "{answer:?}");
    }
}

#[test]
fn what_this_dialect_does_not_say_is_unknown() {
    for said in [
        r#"["match:found",{"chat_id":"ten","partner_id":"ben"}]"#,
        r#"["match:found",{"chat_id":10}]"#,
        r#"["message",{"content":"hi"}]"#,
        r#"["session:welcome"]"#,
        r#"["session:resumed",{"state":"lost"}]"#,
        r#"["presence:join"]"#,
        "nonsense",
    ] {
        assert_eq!(format!("{:?}", Dialect::Sorsu.hear(said)), "Unknown", "{said}");
    }
}
