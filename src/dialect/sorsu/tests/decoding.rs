//! Client to server: exact commands.

use std::sync::Arc;

use super::*;
use crate::domain::command::{RoomRef, Scope};
use crate::domain::criteria::{AgeRange, Criteria, Strict};
use crate::domain::person::Attributes;

const TEN: RoomRef = RoomRef::Number(10);

#[expect(clippy::unnecessary_wraps, reason = "as it is compared")]
fn chat(content: &str, name: Option<&str>) -> Result<Command, Refusal> {
    Ok(Command::Chat { room: TEN, content: Arc::from(content), client_message_id: name.map(Arc::from) })
}

const fn invalid<T>(field: &'static str) -> Result<T, Refusal> {
    Err(Refusal::Invalid { field })
}

#[test]
fn presence_asks_for_anybody_whatever_comes_with_it() {
    let nothing = || "und".parse().expect("a language");
    let attributes = Attributes {
        speaks: nothing(),
        learns: nothing(),
        proficiency: Proficiency::Any,
        age: 0,
        gender: None,
    };
    let strict = Strict::default();
    let criteria = Criteria { same_proficiency: false, age: AgeRange::ALL, gender: None, strict };
    assert_eq!(attributes.direction(), attributes.direction().reverse());
    let join = Ok(Command::Join { attributes, criteria });
    for arguments in ["", ",null", ",{}", ",{\"chatId\":5}", ",[[]],1,2,3,4,5"] {
        assert_eq!(asked(&format!("[\"presence:join\"{arguments}]")), (Topic::Join, join.clone()));
        let leave = asked(&format!("[\"presence:leave\"{arguments}]"));
        assert_eq!(leave, (Topic::Leave, Ok(Command::LeaveQueue)));
    }
}

#[test]
fn a_chat_is_named_by_a_number_or_a_text_of_one() {
    let named = |id: &str| {
        let of = |event: &str| asked(&format!("[\"{event}\",{{\"chatId\":{id}}}]")).1;
        let started = of("typing:start").map(|command| {
            let Command::Typing { room, on: true } = command else { panic!("{command:?}") };
            room
        });
        assert_eq!(of("typing:stop"), started.map(|room| Command::Typing { room, on: false }));
        assert_eq!(of("chat:end"), started.map(Command::LeaveRoom));
        assert_eq!(of("chat:rejoin"), started.map(|room| Command::Rejoin { room, after: 0 }));
        started
    };
    for (id, number) in [
        ("10", 10),
        ("\"10\"", 10),
        ("1e1", 10),
        ("0", 0),
        ("9007199254740991", 9_007_199_254_740_991),
        ("\"9007199254740991\"", 9_007_199_254_740_991),
    ] {
        assert_eq!(named(id), Ok(RoomRef::Number(number)), "{id}");
    }
    for id in [
        "null",
        "true",
        "-1",
        "1.5",
        "1e400",
        "\"\"",
        "\"ten\"",
        "\" 10\"",
        "\"-1\"",
        "\"+1\"",
        "\"1e1\"",
        "[10]",
        "{}",
        "9007199254740993",
        "\"9007199254740992\"",
        "\"00000000000000010\"",
        "\"$R\"",
    ] {
        assert_eq!(named(id), invalid("chatId"), "{id}");
    }
    for event in ["typing:start", "typing:stop", "chat:end", "chat:rejoin", "message:send"] {
        for arguments in ["", ",null", ",10", ",\"10\"", ",[]", ",{}", ",{\"chatid\":10}"] {
            let (_, command) = asked(&format!("[\"{event}\"{arguments}]"));
            assert_eq!(command, invalid("chatId"), "{event} {arguments}");
        }
    }
}

#[test]
fn a_message_has_a_chat_and_a_text() {
    let most = "😀".repeat(1_000);
    for (fields, expected) in [
        (r#""content":"hi""#.to_owned(), chat("hi", None)),
        (r#""content":" hi\n""#.to_owned(), chat(" hi\n", None)),
        (r#""content":"hi","clientMessageId":"m-1""#.to_owned(), chat("hi", Some("m-1"))),
        (r#""content":"hi","clientMessageId":null"#.to_owned(), chat("hi", None)),
        (format!("\"content\":\"{most}\""), chat(&most, None)),
        (format!("\"content\":\"{most}!\""), Err(Refusal::TooLarge { field: "content" })),
        (r#""content":"""#.to_owned(), invalid("content")),
        (r#""content":" \n\t""#.to_owned(), invalid("content")),
        (r#""content":"\ud83d""#.to_owned(), invalid("content")),
        (r#""content":5"#.to_owned(), invalid("content")),
        (r#""content":null"#.to_owned(), invalid("content")),
        (r#""content":["hi"]"#.to_owned(), invalid("content")),
        (r#""content":"a","content":"b""#.to_owned(), invalid("content")),
        (r#""content":"hi","clientMessageId":"""#.to_owned(), invalid("clientMessageId")),
        (r#""content":"hi","clientMessageId":5"#.to_owned(), invalid("clientMessageId")),
        (
            format!("\"content\":\"hi\",\"clientMessageId\":\"{}\"", "x".repeat(65)),
            invalid("clientMessageId"),
        ),
    ] {
        let (topic, command) = asked(&format!("[\"message:send\",{{\"chatId\":10,{fields}}}]"));
        assert_eq!((topic, command), (Topic::Send, expected), "{fields}");
    }
    assert_eq!(asked("[\"message:send\",{\"content\":\"hi\"}]").1, invalid("chatId"));
}

#[test]
fn who_comes_back_may_say_what_it_knows() {
    let rejoin =
        |after: &str| asked(&format!("[\"chat:rejoin\",{{\"chatId\":10,\"afterSequence\":{after}}}]"));
    for (after, number) in [("0", 0), ("7", 7), ("null", 0)] {
        assert_eq!(rejoin(after), (Topic::Rejoin, Ok(Command::Rejoin { room: TEN, after: number })));
    }
    for after in ["-1", "\"7\"", "1.5", "{}"] {
        assert_eq!(rejoin(after), (Topic::Rejoin, invalid("afterSequence")), "{after}");
    }
}

#[test]
fn everything_else_is_unknown() {
    for event in ["", "message", "match:found", "presence", "Presence:join", "chat:ended", "heartbeat"] {
        assert_eq!(asked(&format!("[\"{event}\"]")), (Topic::Unknown, Err(Refusal::UnknownEvent)), "{event}");
    }
    assert_eq!(asked("x"), (Topic::Unknown, invalid("packet")));
}

#[test]
fn each_event_is_paid_from_its_budget() {
    for (packet, scope) in [
        ("[\"presence:join\"]", Scope::Matching),
        ("[\"presence:leave\"]", Scope::Matching),
        ("[\"chat:end\",{\"chatId\":1}]", Scope::Matching),
        ("[\"message:send\",{\"chatId\":1,\"content\":\"hi\"}]", Scope::Chat),
        // Ten messages in a minute are ten, however often a client comes back.
        ("[\"chat:rejoin\",{\"chatId\":1}]", Scope::Signaling),
        ("[\"typing:start\",{\"chatId\":1}]", Scope::Signaling),
    ] {
        assert_eq!(asked(packet).1.map(|command| command.scope()), Ok(scope), "{packet}");
    }
}
