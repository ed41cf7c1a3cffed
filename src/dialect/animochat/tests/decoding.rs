//! Client to server: exact commands.

use std::sync::Arc;

use super::*;
use crate::domain::command::{RoomRef, Scope};
use crate::domain::criteria::{AgeRange, Criteria, Strict};
use crate::domain::person::{Attributes, Proficiency};

fn wish() -> (Attributes, Criteria) {
    let nothing = || "und".parse().expect("a language");
    let attributes = Attributes {
        speaks: nothing(),
        learns: nothing(),
        proficiency: Proficiency::Any,
        age: 0,
        gender: None,
    };
    let strict = Strict::default();
    (attributes, Criteria { same_proficiency: false, age: AgeRange::ALL, gender: None, strict })
}

#[expect(clippy::unnecessary_wraps, reason = "as it is compared")]
fn chat(room: RoomRef, content: &str, name: Option<&str>) -> Result<Command, Refusal> {
    Ok(Command::Chat { room, content: Arc::from(content), client_message_id: name.map(Arc::from) })
}

#[expect(clippy::unnecessary_wraps, reason = "as it is compared")]
fn typing(room: RoomRef, on: bool) -> Result<Command, Refusal> {
    Ok(Command::Typing { room, on })
}

const fn invalid<T>(field: &'static str) -> Result<T, Refusal> {
    Err(Refusal::Invalid { field })
}

#[test]
fn searches_ask_for_anybody_whatever_comes_with_them() {
    let (attributes, criteria) = wish();
    let find = Ok(Command::Join { attributes: attributes.clone(), criteria: criteria.clone() });
    let skip = Ok(Command::Skip { attributes, criteria });
    for arguments in ["", ",null", ",{}", ",{\"age\":5}", ",[[]],1,2,3,4,5"] {
        for (event, topic, expected) in [
            ("find-match", Topic::Search, &find),
            ("next-match", Topic::Search, &skip),
            ("match:find", Topic::SearchSecond, &find),
            ("match:skip", Topic::SearchSecond, &skip),
        ] {
            assert_eq!(asked(&format!("[\"{event}\"{arguments}]")), (topic, expected.clone()), "{event}");
        }
    }
}

#[test]
fn two_who_search_fit_each_other() {
    let (attributes, criteria) = wish();
    assert_eq!(attributes.direction(), attributes.direction().reverse());
    assert!(criteria.age.contains(attributes.age));
}

#[test]
fn the_first_search_shows_the_vocabulary_and_nothing_else_does() {
    let after = |dialect: Dialect, events: &[&str]| {
        events.iter().fold(dialect, |dialect, event| {
            let Asked { topic, .. } = dialect.decode(&format!("[\"{event}\"]"), &Limits::default());
            dialect.after(topic)
        })
    };
    for (events, expected) in [
        (&["find-match"][..], FIRST),
        (&["next-match"], FIRST),
        (&["match:find"], SECOND),
        (&["match:skip"], SECOND),
        (&["find-match", "match:find"], FIRST),
        (&["match:find", "find-match", "next-match"], SECOND),
        (&["send-message", "typing", "leave-room", "cancel-match", "x", "match:skip"], SECOND),
        (&["message:send", "user:typing", "room:leave", "match:cancel"], Dialect::ANIMOCHAT),
    ] {
        assert_eq!(after(Dialect::ANIMOCHAT, events), expected, "{events:?}");
    }
}

#[test]
fn leaving_and_cancelling() {
    for event in ["cancel-match", "match:cancel"] {
        assert_eq!(asked(&format!("[\"{event}\",5]")), (Topic::Cancel, Ok(Command::LeaveQueue)));
    }
    let leave = |room| (Topic::Leave, Ok(Command::LeaveRoom(room)));
    assert_eq!(asked("[\"leave-room\",{\"roomId\":5}]"), leave(RoomRef::Current));
    for arguments in ["", ",null", ",{}", ",{\"roomId\":null}", ",\"$R\""] {
        assert_eq!(asked(&format!("[\"room:leave\"{arguments}]")), leave(RoomRef::Current), "{arguments}");
    }
    assert_eq!(asked("[\"room:leave\",{\"roomId\":\"$R\"}]"), leave(RoomRef::Id(room())));
    assert_eq!(asked("[\"room:leave\",{\"roomId\":5}]"), (Topic::Leave, invalid("roomId")));
    assert_eq!(asked("[\"room:leave\",{\"roomId\":\"x\"}]"), (Topic::Leave, Err(Refusal::NotInRoom)));
}

#[test]
fn a_message_is_a_text_or_has_one() {
    let current = RoomRef::Current;
    let most = "😀".repeat(1_000);
    for (argument, expected) in [
        (r#""hi""#.to_owned(), chat(current, "hi", None)),
        (r#"" \n hi\u0001 \t""#.to_owned(), chat(current, "hi\u{1}", None)),
        (r#"{"content":" hi "}"#.to_owned(), chat(current, "hi", None)),
        (r#"{"content":"hi","clientMessageId":"m-1"}"#.to_owned(), chat(current, "hi", Some("m-1"))),
        (r#"{"content":"hi","clientMessageId":null}"#.to_owned(), chat(current, "hi", None)),
        (format!("\"  {most}  \""), chat(current, &most, None)),
        (format!("\"{most}!\""), Err(Refusal::TooLarge { field: "content" })),
        (r#"{"content":"hi","clientMessageId":""}"#.to_owned(), invalid("clientMessageId")),
        (r#"{"content":"hi","clientMessageId":5}"#.to_owned(), invalid("clientMessageId")),
        (r#"{"content":"a","content":"b"}"#.to_owned(), invalid("content")),
    ] {
        assert_eq!(asked(&format!("[\"send-message\",{argument}]")), (Topic::Send, expected), "{argument}");
    }
    for argument in ["null", "5", "true", "[]", "[\"hi\"]", "{}", "\"\"", "\" \\n\\t\\u00a0\"", "\"\\ud83d\""]
    {
        for packet in [
            format!("[\"send-message\",{argument}]"),
            format!("[\"send-message\",{{\"content\":{argument}}}]"),
            format!("[\"message:send\",{{\"content\":{argument}}}]"),
        ] {
            assert_eq!(asked(&packet), (Topic::Send, invalid("content")), "{packet}");
        }
    }
    assert_eq!(asked("[\"send-message\"]"), (Topic::Send, invalid("content")));
    assert_eq!(asked("[\"message:send\",\"hi\"]"), (Topic::Send, invalid("content")));
}

#[test]
fn a_message_of_the_second_vocabulary_names_its_room_and_what_it_replies_to() {
    let id = RoomRef::Id(room());
    let send = |fields: &str| asked(&format!("[\"message:send\",{{\"content\":\" hi \"{fields}}}]"));
    let too_long = "x".repeat(2_048);
    for (fields, expected) in [
        (r#","roomId":"$R""#.to_owned(), chat(id, "hi", None)),
        (String::new(), chat(RoomRef::Current, "hi", None)),
        (r#","roomId":"$R","replyTo":null"#.to_owned(), chat(id, "hi", None)),
        (r#","roomId":"$R","replyTo":"m-7""#.to_owned(), chat(id, "\u{1}\"m-7\"\u{1}hi", None)),
        (r#","replyTo":{"id":7}"#.to_owned(), chat(RoomRef::Current, "\u{1}{\"id\":7}\u{1}hi", None)),
        (r#","clientMessageId":"m""#.to_owned(), chat(RoomRef::Current, "hi", Some("m"))),
        (format!(",\"replyTo\":\"{too_long}\""), Err(Refusal::TooLarge { field: "replyTo" })),
        (r#","roomId":"lobby""#.to_owned(), Err(Refusal::NotInRoom)),
        (r#","roomId":5"#.to_owned(), invalid("roomId")),
        (r#","roomId":"$R","roomId":"$R""#.to_owned(), invalid("roomId")),
    ] {
        assert_eq!(send(&fields), (Topic::Send, expected), "{fields}");
    }
}

#[test]
fn typing_is_yes_or_no() {
    let current = RoomRef::Current;
    assert_eq!(asked("[\"typing\",true]"), (Topic::Typing, typing(current, true)));
    assert_eq!(asked("[\"typing\",false,1]"), (Topic::Typing, typing(current, false)));
    for argument in ["", ",null", ",1", ",\"true\"", ",{}", ",[true]", ",{\"isTyping\":true}"] {
        assert_eq!(
            asked(&format!("[\"typing\"{argument}]")),
            (Topic::Typing, invalid("isTyping")),
            "{argument}"
        );
    }
    let with = |fields: &str| asked(&format!("[\"user:typing\",{{{fields}}}]"));
    assert_eq!(with(r#""roomId":"$R","isTyping":true"#), (Topic::Typing, typing(room().into(), true)));
    assert_eq!(with(r#""isTyping":false"#), (Topic::Typing, typing(current, false)));
    assert_eq!(with(r#""roomId":"x","isTyping":true"#), (Topic::Typing, Err(Refusal::NotInRoom)));
    for fields in ["", "\"isTyping\":1", "\"roomId\":\"$R\"", "\"isTyping\":\"yes\""] {
        assert_eq!(with(fields), (Topic::Typing, invalid("isTyping")), "{fields}");
    }
}

#[test]
fn everything_else_is_unknown() {
    for event in
        ["", "message", "find_match", "findMatch", "Find-Match", "matched", "match:success", "heartbeat"]
    {
        assert_eq!(asked(&format!("[\"{event}\"]")), (Topic::Unknown, Err(Refusal::UnknownEvent)), "{event}");
    }
    assert_eq!(asked("x"), (Topic::Unknown, invalid("packet")));
}

#[test]
fn each_event_is_paid_from_its_budget() {
    for (packet, scope) in [
        ("[\"find-match\"]", Scope::Matching),
        ("[\"next-match\"]", Scope::Matching),
        ("[\"cancel-match\"]", Scope::Matching),
        ("[\"leave-room\"]", Scope::Matching),
        ("[\"send-message\",\"hi\"]", Scope::Chat),
        ("[\"typing\",true]", Scope::Signaling),
    ] {
        assert_eq!(asked(packet).1.map(|command| command.scope()), Ok(scope), "{packet}");
    }
}
