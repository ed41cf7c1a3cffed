//! The client half is the inverse of the server's, in both vocabularies.

use std::sync::Arc;

use proptest::prelude::*;

use super::{FIRST, NOW, ROOM, SECOND, asked, room};
use crate::dialect::Dialect;
use crate::dialect::client::{Heard, Line, Meeting};
use crate::domain::command::{Command, RoomRef};
use crate::domain::id::{NodeId, UserId};
use crate::domain::notice::{Notice, Partner, Resumed};
use crate::domain::person::{Language, Proficiency};
use crate::domain::talk::{ChatMessage, Departure};

/// What both vocabularies say of a room that is meant like this.
fn command(room: impl Strategy<Value = RoomRef> + Clone) -> impl Strategy<Value = Command> {
    let join = asked(r#"["find-match"]"#).1.expect("a command");
    let skip = asked(r#"["next-match"]"#).1.expect("a command");
    let text = "[a-z\"é][a-z \"é]{0,20}[a-z]";
    let named = prop::option::of("[a-z0-9 \"]{1,64}");
    let chat = (room.clone(), text, named).prop_map(|(room, content, name)| Command::Chat {
        room,
        content: Arc::from(content),
        client_message_id: name.map(Arc::from),
    });
    prop_oneof![
        Just(join),
        Just(skip),
        Just(Command::LeaveQueue),
        chat,
        (room.clone(), any::<bool>()).prop_map(|(room, on)| Command::Typing { room, on }),
        room.prop_map(Command::LeaveRoom),
    ]
}

fn read(dialect: Dialect, command: &Command) -> Result<Command, String> {
    let packet = dialect.encode(command).ok_or("no event for it")?;
    asked(&packet).1.map_err(|refusal| format!("{refusal:?}: {packet}"))
}

proptest! {
    #[test]
    fn what_a_client_writes_is_read_as_it_was_meant(
        first in command(Just(RoomRef::Current)),
        second in command(prop_oneof![Just(RoomRef::Current), Just(RoomRef::Id(room()))]),
    ) {
        prop_assert_eq!(read(FIRST, &first), Ok(first));
        prop_assert_eq!(read(SECOND, &second), Ok(second));
    }
}

#[test]
fn what_is_replied_to_is_written_in_the_second() {
    let packet = r#"["message:send",{"content":"hi","replyTo":{"id":7}}]"#;
    let command = asked(packet).1.expect("a command");
    assert_eq!(SECOND.encode(&command).as_deref(), Some(packet));
}

#[test]
fn what_the_dialect_has_no_event_for_is_not_written() {
    for dialect in [FIRST, SECOND] {
        assert_eq!(dialect.encode(&Command::Heartbeat), None);
        assert_eq!(dialect.signal(RoomRef::Current, crate::domain::talk::SignalKind::Offer, "{}"), None);
    }
    assert_eq!(FIRST.encode(&Command::LeaveRoom(room().into())), None);
}

/// Everything that a client makes of a notice, written down.
fn heard(dialect: Dialect, notice: &Notice) -> Vec<String> {
    let mut heard = Vec::new();
    dialect.notice(notice, None, NOW, &mut |said| {
        let packet = format!("[\"{}\",{}]", said.event, said.argument);
        heard.push(format!("{:?}", dialect.hear(&packet)));
    });
    heard
}

fn all(expected: &[Heard<'_>]) -> Vec<String> {
    expected.iter().map(|heard| format!("{heard:?}")).collect()
}

#[test]
fn every_notice_is_heard_as_it_was_meant() {
    let language = Language::UNDETERMINED;
    let partner = Partner {
        user: UserId::new("ben"),
        speaks: language,
        learns: language,
        proficiency: Proficiency::Any,
    };
    let proposal = ROOM.parse().expect("an id");
    let ready = Notice::MatchReady { proposal, room: room(), partner: partner.clone(), initiator: true };
    let talking = Notice::Resumed(Resumed::Talking {
        proposal,
        room: room(),
        partner,
        initiator: true,
        last_sequence: 0,
        told: false,
    });
    let meeting = |partner: Option<&'static str>, resumed| {
        let partner = partner.map(Into::into);
        Heard::Ready(Meeting { room: ROOM.into(), partner, resumed, ..Meeting::default() })
    };
    let message = ChatMessage {
        sequence: 7,
        own_sequence: 4,
        from: UserId::new("ben"),
        content: Arc::from("hi"),
        client_message_id: None,
        at: NOW,
    };
    let chat = Notice::Chat { room: room(), message };
    let line = || Heard::Chat(Line { from: Some("ben".into()), content: "hi".into(), sequence: None });
    let left = Notice::PeerLeft { room: room(), user: UserId::new("ben"), departure: Departure::Left };
    let welcome = Notice::Welcome { user: UserId::new("ana"), guest: true, node: NodeId::new("n") };
    let idle = Notice::Resumed(Resumed::Idle);
    for (notice, first, second) in [
        (welcome, vec![Heard::Welcome { user: "ana".into() }], vec![Heard::Welcome { user: "ana".into() }]),
        (ready, vec![meeting(Some("ben"), false), Heard::Aside], vec![meeting(None, false)]),
        (talking, vec![Heard::Aside, meeting(Some("ben"), true)], vec![Heard::Aside, meeting(None, true)]),
        (idle, vec![Heard::Idle, Heard::PeerLeft], vec![Heard::Idle, Heard::PeerLeft]),
        (chat, vec![line()], vec![line()]),
        (left, vec![Heard::PeerLeft], vec![Heard::PeerLeft]),
        (Notice::WaitingExpired, vec![Heard::Expired], vec![Heard::Expired]),
        (Notice::Online { people: 5 }, vec![Heard::Aside], vec![Heard::Aside]),
        (Notice::Replaced, vec![Heard::Ending], vec![Heard::Ending]),
    ] {
        assert_eq!(heard(FIRST, &notice), all(&first), "{notice:?}");
        assert_eq!(heard(SECOND, &notice), all(&second), "{notice:?}");
    }
}
