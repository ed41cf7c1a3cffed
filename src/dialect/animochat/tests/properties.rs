//! Whatever a client sends is decoded or refused, and what one writes the other reads.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::domain::id::UserId;
use crate::domain::talk::ChatMessage;

const EVENTS: [&str; 13] = [
    "find-match",
    "cancel-match",
    "next-match",
    "leave-room",
    "send-message",
    "typing",
    "match:find",
    "match:cancel",
    "match:skip",
    "room:leave",
    "message:send",
    "user:typing",
    "",
];
const KEYS: [&str; 6] = ["content", "roomId", "replyTo", "isTyping", "clientMessageId", "cont\\u0065nt"];

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text is JSON")
}

fn value() -> impl Strategy<Value = String> {
    let words = ["null", "true", "-0", "1e400", "\"\"", "\"hi\"", "\"\\ud83d\"", "\"\\u0001\""];
    let leaf = prop_oneof![
        select(words.to_vec()).prop_map(str::to_owned),
        Just(quoted(ROOM)),
        any::<String>().prop_map(|text| quoted(&text)),
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
fn heard(dialect: Dialect, content: &str) -> serde_json::Value {
    let message = ChatMessage {
        sequence: 1,
        own_sequence: 1,
        from: UserId::new("ben"),
        content: content.into(),
        client_message_id: None,
        at: NOW,
    };
    let mut heard = Vec::new();
    let notice = Notice::Chat { room: room(), message };
    dialect.notice(&notice, None, NOW, &mut |outgoing| heard.push(outgoing.argument));
    assert_eq!(heard.len(), 1);
    serde_json::from_str(heard[0].get()).expect("JSON")
}

proptest! {
    #[test]
    fn any_text_is_decoded_or_refused(text in any::<String>()) {
        let _ = asked(&text);
    }

    #[test]
    fn any_arguments_of_a_known_event_are_decoded_or_refused_and_then_answered(
        event in select(EVENTS.to_vec()),
        arguments in prop::collection::vec(value(), 0..6),
    ) {
        let arguments: String = arguments.iter().flat_map(|argument| [",", argument]).collect();
        let (topic, command) = asked(&format!("[\"{event}\"{arguments}]"));
        let acknowledgements = |parts: Vec<String>| {
            parts.iter().filter(|part| part.starts_with("acknowledgement ")).count()
        };
        match command {
            Ok(Command::Chat { content, .. }) => {
                prop_assert!(heard(FIRST, &content)["content"].is_string());
            }
            Ok(_) => prop_assert_eq!(acknowledgements(answered(FIRST, topic, &Ok(Reply::Done))), 1),
            Err(refusal) => prop_assert_eq!(acknowledgements(answered(SECOND, topic, &Err(refusal))), 1),
        }
    }

    #[test]
    fn what_one_writes_the_other_reads(text in any::<String>(), reply in any::<String>(), replies in any::<bool>()) {
        let trimmed = text.trim();
        let reply_to = if replies { quoted(&reply) } else { "null".to_owned() };
        let packet = format!("[\"message:send\",{{\"content\":{},\"replyTo\":{reply_to}}}]", quoted(&text));
        let Asked { command, .. } = SECOND.decode(&packet, &Limits::default());
        if trimmed.is_empty() {
            prop_assert_eq!(command, Err(Refusal::Invalid { field: "content" }));
            return Ok(());
        }
        let Ok(Command::Chat { content, .. }) = command else { return Err(TestCaseError::fail(packet)) };
        let second = heard(SECOND, &content);
        prop_assert_eq!(&second["content"], trimmed);
        prop_assert_eq!(&second["replyTo"], &serde_json::from_str::<serde_json::Value>(&reply_to).expect("JSON"));
        prop_assert_eq!(&heard(FIRST, &content)["content"], trimmed);
    }
}

#[test]
fn depth_costs_no_stack() {
    for depth in [1_000, 100_000] {
        let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for event in EVENTS {
            let _ = asked(&format!("[\"{event}\",{deep}]"));
            let _ =
                asked(&format!("[\"{event}\",{{\"content\":\"hi\",\"roomId\":{deep},\"replyTo\":{deep}}}]"));
        }
    }
    let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
    let (_, command) = asked(&format!("[\"message:send\",{{\"content\":\"hi\",\"replyTo\":{deep}}}]"));
    let Ok(Command::Chat { content, .. }) = command else { panic!("{command:?}") };
    let message = ChatMessage {
        sequence: 1,
        own_sequence: 1,
        from: UserId::new("ben"),
        content,
        client_message_id: None,
        at: NOW,
    };
    assert!(told(SECOND, &Notice::Chat { room: room(), message })[0].contains(&deep));
}
