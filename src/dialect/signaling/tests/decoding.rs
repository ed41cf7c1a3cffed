//! Client to server: every row, in both shapes where there are two.

use super::*;

fn enter(room: &str, user: &str) -> HallCommand {
    HallCommand::Enter { hall: HallName::new(room), name: MemberName::new(user) }
}

fn leave(room: &str) -> HallCommand {
    HallCommand::Leave { hall: HallName::new(room) }
}

const fn too_large<T>(field: &'static str) -> Result<T, Refusal> {
    Err(Refusal::TooLarge { field })
}

#[test]
fn join_room_is_an_object_or_two_arguments() {
    for (arguments, expected) in [
        (r#"{"roomId":"r","userId":"ana"}"#, Ok(enter("r", "ana"))),
        (r#"{"userId":"ana","x":1,"roomId":"r"},"more",5"#, Ok(enter("r", "ana"))),
        (r#""r","ana""#, Ok(enter("r", "ana"))),
        (r#""r","ana",{"three":3}"#, Ok(enter("r", "ana"))),
        (r#"" r\n","🙂""#, Ok(enter(" r\n", "🙂"))),
        (r#""r",{"userId":"ana"}"#, invalid("userId")),
        (r#""r",null"#, invalid("userId")),
        (r#""r",5"#, invalid("userId")),
        (r#""r","""#, invalid("userId")),
        (r#""r""#, invalid("userId")),
        (r#""","ana""#, invalid("roomId")),
        (r#"{"roomId":"r"}"#, invalid("userId")),
        (r#"{"userId":"ana"}"#, invalid("roomId")),
        (r#"{"roomId":5,"userId":"ana"}"#, invalid("roomId")),
        (r#"{"roomId":"r","userId":null}"#, invalid("userId")),
        (r#"{"roomId":"r","userId":""}"#, invalid("userId")),
        (r#"{"roomId":"r","roomId":"s","userId":"ana"}"#, invalid("roomId")),
        ("", invalid("roomId")),
        ("null", invalid("roomId")),
        (r#"5,"ana""#, invalid("roomId")),
        (r#"["r","ana"]"#, invalid("roomId")),
    ] {
        assert_eq!(decoded("join-room", arguments), expected, "{arguments}");
    }
}

#[test]
fn leave_room_is_an_object_or_arguments_and_always_of_the_one_who_says_so() {
    for (arguments, expected) in [
        (r#"{"roomId":"r"}"#, Ok(leave("r"))),
        (r#"{"roomId":"r","userId":"somebody"}"#, Ok(leave("r"))),
        (r#""r""#, Ok(leave("r"))),
        (r#""r","somebody""#, Ok(leave("r"))),
        (r#""r",5,6"#, Ok(leave("r"))),
        (r#""""#, invalid("roomId")),
        ("{}", invalid("roomId")),
        ("", invalid("roomId")),
        ("true", invalid("roomId")),
    ] {
        assert_eq!(decoded("leave-room", arguments), expected, "{arguments}");
    }
}

#[test]
fn signals_name_room_and_target_and_are_carried_as_written() {
    for (event, field, kind) in [
        ("offer", "offer", SignalKind::Offer),
        ("answer", "answer", SignalKind::Answer),
        ("ice-candidate", "candidate", SignalKind::Candidate),
    ] {
        for target in ["targetId", "targetUserId"] {
            for carried in [r#"{"type":"offer","sdp": "v=0"}"#, "5", r#""text""#, "[ ]", "false"] {
                let arguments = format!(r#"{{"roomId":"r","{target}":"ben","{field}":{carried}}}"#);
                let expected = HallCommand::Signal {
                    hall: HallName::new("r"),
                    to: ben(),
                    kind,
                    payload: Payload(carried.into()),
                };
                assert_eq!(decoded(event, &arguments), Ok(expected), "{arguments}");
            }
        }
        for (arguments, wrong) in [
            ("", "roomId"),
            ("null", "roomId"),
            (r#""r","ben",{}"#, "roomId"),
            (r#"{"targetId":"ben","FIELD":{}}"#, "roomId"),
            (r#"{"roomId":{},"targetId":"ben","FIELD":{}}"#, "roomId"),
            (r#"{"roomId":"r","FIELD":{}}"#, "targetId"),
            (r#"{"roomId":"r","targetId":7,"FIELD":{}}"#, "targetId"),
            (r#"{"roomId":"r","targetUserId":7,"FIELD":{}}"#, "targetUserId"),
            (r#"{"roomId":"r","targetId":"","FIELD":{}}"#, "targetId"),
            (r#"{"roomId":"r","targetId":"ben"}"#, field),
            (r#"{"roomId":"r","targetId":"ben","FIELD":null}"#, field),
        ] {
            let arguments = arguments.replace("FIELD", field);
            assert_eq!(decoded(event, &arguments), invalid(wrong), "{event} {arguments}");
        }
    }
}

#[test]
fn names_have_128_characters_at_most_and_signals_their_bytes() {
    let name = |count: usize| "☎".repeat(count);
    let (fits, long) = (name(128), name(129));
    let object = |room: &str, user: &str| format!(r#"{{"roomId":"{room}","userId":"{user}"}}"#);
    let words = |room: &str, user: &str| format!(r#""{room}","{user}""#);
    assert_eq!(decoded("join-room", &object(&fits, &fits)), Ok(enter(&fits, &fits)));
    assert_eq!(decoded("join-room", &words(&fits, &fits)), Ok(enter(&fits, &fits)));
    for (room, user, field) in [(&long, &fits, "roomId"), (&fits, &long, "userId")] {
        assert_eq!(decoded("join-room", &object(room, user)), too_large(field));
        assert_eq!(decoded("join-room", &words(room, user)), too_large(field));
    }
    assert_eq!(decoded("leave-room", &words(&long, "x")), too_large("roomId"));
    let sdp = |bytes: usize| format!(r#"{{"roomId":"r","targetId":"ben","offer":"{}"}}"#, "x".repeat(bytes));
    let most = Limits::default().sdp_bytes;
    assert!(decoded("offer", &sdp(most - 2)).is_ok(), "the quotes count");
    assert_eq!(decoded("offer", &sdp(most - 1)), too_large("offer"));
    let target = format!(r#"{{"roomId":"r","targetId":"{long}","offer":1}}"#);
    assert_eq!(decoded("offer", &target), too_large("targetId"));
}

#[test]
fn what_nobody_knows_is_unknown() {
    for packet in [r#"["join"]"#, r#"["JOIN-ROOM","r","ana"]"#, r#"[""]"#, r#"["__proto__",{}]"#] {
        let asked = Dialect::Signaling.decode(packet, &Limits::default());
        assert_eq!((asked.topic, asked.command), (Topic::Unknown.number(), Err(Refusal::UnknownEvent)));
    }
    let asked = Dialect::Signaling.decode("nonsense", &Limits::default());
    assert_eq!(asked.command, invalid("packet"));
}
