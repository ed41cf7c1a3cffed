//! Whatever a client sends is decoded or refused, and what one writes the other reads.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const KEYS: [&str; 5] = ["content", "chatId", "afterSequence", "clientMessageId", "cont\\u0065nt"];

fn events() -> Vec<&'static str> {
    Topic::ALL.into_iter().chain([Topic::Unknown]).map(Topic::event).collect()
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text is JSON")
}

fn value() -> impl Strategy<Value = String> {
    let words =
        ["null", "true", "-0", "10", "\"10\"", "1e400", "\"\"", "\"hi\"", "\"\\ud83d\"", "\"\\u0001\""];
    let leaf = prop_oneof![
        select(words.to_vec()).prop_map(str::to_owned),
        any::<String>().prop_map(|text| quoted(&text)),
        any::<f64>().prop_map(|number| number.to_string()),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|all| format!("[{}]", all.join(" , "))),
            prop::collection::vec((select(KEYS.to_vec()), inner), 0..6).prop_map(|fields| {
                let fields: Vec<_> = fields.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

/// What the other side hears of a message.
fn heard(content: &str) -> serde_json::Value {
    let heard = told(&Notice::Chat { room: room(), message: message(content, None) });
    serde_json::from_str(heard[0].strip_prefix("message ").expect("a message")).expect("JSON")
}

proptest! {
    #[test]
    fn any_text_is_decoded_or_refused(text in any::<String>()) {
        let _ = asked(&text);
    }

    #[test]
    fn any_arguments_of_any_event_are_decoded_or_refused_and_then_answered_once(
        event in select(events()),
        arguments in prop::collection::vec(value(), 0..6),
    ) {
        let arguments: String = arguments.iter().flat_map(|argument| [",", argument]).collect();
        let (topic, command) = asked(&format!("[\"{event}\"{arguments}]"));
        let parts = match command {
            Ok(Command::Rejoin { room, .. }) => answered(topic, &Ok(Reply::Over(room))),
            Ok(_) => answered(topic, &Ok(Reply::Done)),
            Err(refusal) => answered(topic, &Err(refusal)),
        };
        let acknowledgements = parts.iter().filter(|part| part.starts_with("acknowledgement "));
        prop_assert_eq!(acknowledgements.count(), 1);
    }

    #[test]
    fn what_one_writes_the_other_reads(text in any::<String>(), chat in 0..=9_007_199_254_740_991_u64) {
        for id in [chat.to_string(), format!("\"{chat}\"")] {
            let packet = format!("[\"message:send\",{{\"chatId\":{id},\"content\":{}}}]", quoted(&text));
            let (_, command) = asked(&packet);
            if text.trim().is_empty() {
                prop_assert_eq!(command, Err(Refusal::Invalid { field: "content" }));
                continue;
            }
            let Ok(Command::Chat { room: named, content, .. }) = command else {
                return Err(TestCaseError::fail(packet))
            };
            prop_assert_eq!(named, crate::domain::command::RoomRef::Number(chat));
            prop_assert_eq!(&heard(&content)["content"], &text);
        }
    }
}

#[test]
fn depth_costs_no_stack() {
    for depth in [1_000, 100_000] {
        let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for event in events() {
            let _ = asked(&format!("[\"{event}\",{deep}]"));
            let _ = asked(&format!("[\"{event}\",{{\"content\":\"hi\",\"chatId\":{deep}}}]"));
        }
    }
}
