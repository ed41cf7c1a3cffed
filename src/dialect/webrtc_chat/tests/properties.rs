//! What holds for any input.

use proptest::prelude::*;
use proptest::sample::select;

use super::super::topic::Topic;
use super::{ana, answered, room, told};
use crate::dialect::Dialect;
use crate::domain::command::{Command, Refusal};
use crate::domain::limits::Limits;
use crate::domain::notice::Notice;
use crate::domain::talk::SignalKind;

const KEYS: [&str; 9] =
    ["sdp", "type", "candidate", "sdpMid", "sdpMLineIndex", "rtt", "bandwidth", "packetsLost", "x"];

/// JSON texts of every kind.
fn value() -> impl Strategy<Value = String> {
    let words = ["null", "true", "-0", "25", "1e400", "\"offer\"", "\"<b>\"", "\"\\ud83d\"", "\"\""];
    let leaf = prop_oneof![
        select(words.to_vec()).prop_map(str::to_owned),
        any::<String>().prop_map(|text| serde_json::to_string(&text).expect("text")),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        let fields = prop::collection::vec((select(KEYS.to_vec()), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(|all| format!("[{}]", all.join(" , "))),
            fields.prop_map(|fields| {
                let fields: Vec<_> =
                    fields.iter().map(|(key, value)| format!(" \"{key}\" : {value}")).collect();
                format!("{{{}}}", fields.join("\n,"))
            }),
        ]
    })
}

fn kind_of(topic: Topic) -> Option<SignalKind> {
    match topic {
        Topic::Offer => Some(SignalKind::Offer),
        Topic::Answer => Some(SignalKind::Answer),
        Topic::Candidate => Some(SignalKind::Candidate),
        Topic::Unknown
        | Topic::FindMatch
        | Topic::CancelMatch
        | Topic::Skip
        | Topic::Message
        | Topic::Quality
        | Topic::Ping
        | Topic::Validate
        | Topic::CallFailed => None,
    }
}

proptest! {
    #[test]
    fn any_text_is_decoded_or_refused(text in any::<String>()) {
        let _ = Dialect::WebrtcChat.decode(&text, &Limits::default());
    }

    #[test]
    fn any_arguments_are_decoded_or_refused_and_then_answered(
        topic in select(Topic::ALL.to_vec()),
        arguments in prop::collection::vec(value(), 0..5),
    ) {
        let rest: String = arguments.iter().flat_map(|argument| [",", argument]).collect();
        let packet = format!("[\"{}\"{rest}]", topic.event());
        let asked = Dialect::WebrtcChat.decode(&packet, &Limits::default());
        prop_assert_eq!(asked.topic, topic.number());
        match asked.command {
            // What is carried arrives as it was sent, under the same name.
            Ok(Command::Signal { kind, payload, .. }) => {
                prop_assert_eq!(Some(kind), kind_of(topic));
                let signal = Notice::Signal { room: room(), kind, payload, from: ana() };
                prop_assert_eq!(told(&signal), [(topic.event(), arguments[0].clone())]);
            }
            Ok(_) => prop_assert_eq!(kind_of(topic), None),
            Err(refusal) => {
                prop_assert_ne!(refusal, Refusal::UnknownEvent);
                let (acknowledgement, events) = answered(topic, &Err(refusal));
                prop_assert!(acknowledgement.contains("\"error\":"), "{}", acknowledgement);
                prop_assert_eq!(events.is_empty(), topic == Topic::Candidate);
            }
        }
    }
}
