//! What holds for any input.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::value::RawValue;

use super::super::event;
use super::{ROOM, acknowledged, event_of, room};
use crate::dialect::json;
use crate::domain::command::{Command, Refusal};
use crate::domain::id::UserId;
use crate::domain::limits::Limits;
use crate::domain::notice::Notice;
use crate::domain::talk::{Payload, SignalKind};

const UNDERSTOOD: [&str; 14] = [
    event::JOIN_QUEUE,
    event::LEAVE_QUEUE,
    event::ACCEPT_MATCH,
    event::REJECT_MATCH,
    event::OFFER,
    event::ANSWER,
    event::ICE_CANDIDATE,
    event::CONNECTION_READY,
    event::SIGNAL,
    event::HEARTBEAT,
    event::QUALITY,
    event::CHAT_SEND,
    event::CHAT_SYNC,
    event::LEAVE_SESSION,
];

/// Keys as they are written: ours, other spellings of ours, and others'.
const KEYS: [&str; 18] = [
    r#""sessionId""#,
    r#""session\u0049d""#,
    r#""from""#,
    r#""\u0066rom""#,
    r#""From""#,
    r#""matchId""#,
    r#""offer""#,
    r#""signal""#,
    r#""age""#,
    r#""strict""#,
    r#""native_language""#,
    r#""content""#,
    r#""rtt_ms""#,
    r#""after""#,
    r#""\ud83d""#,
    r#""__proto__""#,
    r#""""#,
    r#""from\"""#,
];

fn decode(packet: &str) -> Result<Command, Refusal> {
    super::decode(packet, &Limits::default())
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text")
}

/// JSON texts of every kind, with space where JSON allows it.
fn value() -> impl Strategy<Value = String> {
    let words = ["null", "true", "-0", "25", "25.0", "1e400", "\"en\"", "\"any\"", "\"\\ud83d\"", "\"age\""];
    let leaf = prop_oneof![
        select(words.to_vec()).prop_map(str::to_owned),
        Just(quoted(ROOM)),
        any::<f64>().prop_map(|number| format!("{number:e}").replace("inf", "0").replace("NaN", "1")),
        any::<String>().prop_map(|text| quoted(&text)),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|all| format!("[{}]", all.join(" , "))),
            prop::collection::vec((key(), inner), 0..6).prop_map(|fields| object(&fields)),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![select(KEYS.to_vec()).prop_map(str::to_owned), any::<String>().prop_map(|text| quoted(&text))]
}

fn object(fields: &[(String, String)]) -> String {
    let fields: Vec<_> = fields.iter().map(|(key, value)| format!(" {key} : {value}")).collect();
    format!("{{{}}}", fields.join("\n,"))
}

/// The fields of an object as they are written, and by what name they are read.
fn fields_of(object: &str) -> Vec<(String, String, String)> {
    let mut fields = Vec::new();
    let read = json::each_field(object, |field| {
        fields.push((field.name.into_owned(), field.key.to_owned(), field.value.get().to_owned()));
    });
    assert_eq!(read, Ok(()), "{object}");
    fields
}

fn relayed(kind: SignalKind, payload: Payload, from: &str) -> (&'static str, Box<RawValue>) {
    let notice = Notice::Signal { room: room(), kind, payload, from: UserId::new(from) };
    let outgoing = event_of(&notice).expect("what was decoded can be relayed");
    (outgoing.event, outgoing.argument)
}

proptest! {
    #[test]
    fn any_text_is_decoded_or_refused(text in any::<String>()) {
        let _ = decode(&text);
    }

    #[test]
    fn any_array_is_decoded_or_refused(elements in prop::collection::vec(value(), 0..6)) {
        prop_assert_ne!(decode(&format!("[{}]", elements.join(","))), Err(Refusal::Invalid { field: "packet" }));
    }

    #[test]
    fn any_arguments_of_a_known_event_are_decoded_or_refused_and_then_answered(
        event in select(UNDERSTOOD.to_vec()),
        arguments in prop::collection::vec(value(), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let arguments: String = arguments.iter().flat_map(|argument| [",", argument]).collect();
        let packet = format!("[\"{event}\"{arguments}]");
        match decode(&packet) {
            Ok(command) => {
                if let Command::Signal { kind, payload, .. } = command {
                    prop_assert_eq!(relayed(kind, payload, "ana").0, event);
                }
            }
            Err(refusal) => {
                prop_assert_ne!(refusal, Refusal::UnknownEvent);
                let answer = acknowledged(&Err(refusal));
                let refused = answer.get().starts_with(r#"{"success":false,"error":""#);
                prop_assert!(refused, "{}", answer);
            }
        }
        // What was cut off on the way is refused like anything else.
        let mut end = cut.index(packet.len());
        while !packet.is_char_boundary(end) {
            end -= 1;
        }
        prop_assert_eq!(decode(&packet[..end]), Err(Refusal::Invalid { field: "packet" }));
    }

    #[test]
    fn a_signal_arrives_with_all_its_fields_in_order_and_a_from_that_only_we_wrote(
        before in prop::collection::vec((key(), value()), 0..4),
        between in prop::collection::vec((key(), value()), 0..4),
        after in prop::collection::vec((key(), value()), 0..4),
        offer in value(),
        from in any::<String>(),
    ) {
        let session = (r#""sessionId""#.to_owned(), quoted(ROOM));
        let sent = [before, vec![session], between, vec![(r#""offer""#.to_owned(), offer)], after].concat();
        let sent = object(&sent);
        let packet = format!(r#"["webrtc:offer",{sent}]"#);
        let mut expected = fields_of(&sent);
        let given = |name: &str| expected.iter().filter(|field| field.0 == name).count();
        if given("sessionId") > 1 || given("offer") > 1 {
            let refused = matches!(decode(&packet), Err(Refusal::Invalid { .. }));
            prop_assert!(refused, "{}", packet);
            return Ok(());
        }
        expected.retain(|field| field.0 != "from");
        expected.push(("from".to_owned(), r#""from""#.to_owned(), quoted(&from)));
        let Ok(Command::Signal { kind, payload, .. }) = decode(&packet) else {
            return Err(TestCaseError::fail(packet));
        };
        let (event, argument) = relayed(kind, payload, &from);
        prop_assert_eq!(event, "webrtc:offer");
        prop_assert_eq!(fields_of(argument.get()), expected);
    }
}

#[test]
fn depth_costs_no_stack() {
    // Far more than a packet may hold, and as much as it may.
    for depth in [100_000, 32_000] {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        let objects = format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        for deep in [format!("{open}{close}"), objects] {
            for event in UNDERSTOOD {
                let _ = decode(&format!("[\"{event}\",{deep}]"));
                let _ =
                    decode(&format!(r#"["{event}",{{"sessionId":{deep},"age":{deep},"strict":[{deep}]}}]"#));
                let _ = decode(&format!(r#"["{event}",{{"sessionId":"{ROOM}","x":{deep}}}]"#));
            }
            assert_eq!(
                decode(&deep),
                Err(if deep.starts_with('[') {
                    Refusal::UnknownEvent
                } else {
                    Refusal::Invalid { field: "packet" }
                })
            );
            let too_large =
                decode(&format!(r#"["webrtc:connection_ready",{{"sessionId":"{ROOM}","x":{deep}}}]"#));
            assert_eq!(too_large, Err(Refusal::TooLarge { field: "sessionId" }));
            let small = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
            let carried =
                decode(&format!(r#"["webrtc:connection_ready",{{"sessionId":"{ROOM}","x":{small}}}]"#));
            let Ok(Command::Signal { kind, payload, .. }) = carried else { panic!("{carried:?}") };
            assert!(relayed(kind, payload, "ana").1.get().contains(&small));
        }
        assert_eq!(decode(&open), Err(Refusal::Invalid { field: "packet" }));
        let unclosed = format!("[\"heartbeat\",{open}");
        assert_eq!(decode(&unclosed), Err(Refusal::Invalid { field: "packet" }));
    }
}
