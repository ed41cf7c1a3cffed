//! What holds for any input.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const KEYS: [&str; 8] = ["roomId", "userId", "targetId", "targetUserId", "offer", "answer", "candidate", "x"];

/// JSON texts of every kind.
pub(super) fn value() -> impl Strategy<Value = String> {
    let words = ["null", "true", "-0", "25", "1e400", "\"r\"", "\"ana\"", "\"\\ud83d\"", "\"\""];
    let leaf = prop_oneof![
        3 => select(words.to_vec()).prop_map(str::to_owned),
        1 => any::<String>().prop_map(|text| serde_json::to_string(&text).expect("text")),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        let fields = prop::collection::vec((select(KEYS.to_vec()), inner.clone()), 0..6);
        prop_oneof![
            1 => prop::collection::vec(inner, 0..6).prop_map(|all| format!("[{}]", all.join(" , "))),
            2 => fields.prop_map(|fields| {
                let fields: Vec<_> =
                    fields.iter().map(|(key, value)| format!(" \"{key}\" : {value}")).collect();
                format!("{{{}}}", fields.join("\n,"))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_decoded_or_refused(text in any::<String>()) {
        let _ = Dialect::Signaling.decode(&text, &Limits::default());
    }

    #[test]
    fn any_arguments_are_decoded_or_refused_and_then_answered(
        topic in select(Topic::ALL.to_vec()),
        arguments in prop::collection::vec(value(), 0..5),
    ) {
        let rest: String = arguments.iter().flat_map(|argument| [",", argument]).collect();
        let packet = format!("[\"{}\"{rest}]", topic.event());
        let asked = Dialect::Signaling.decode(&packet, &Limits::default());
        prop_assert_eq!(asked.topic, topic.number());
        match asked.command {
            Ok(Command::Hall(command)) => arrives(topic, command)?,
            Ok(other) => prop_assert!(false, "not about a hall: {other:?}"),
            Err(refusal) => {
                prop_assert_ne!(refusal, Refusal::UnknownEvent);
                let (acknowledgement, events) = answered(topic, &Err(refusal));
                prop_assert!(acknowledgement.starts_with("{\"ok\":false,"), "{}", acknowledgement);
                prop_assert_eq!(events.len(), 1);
            }
        }
    }

    #[test]
    fn any_names_and_signals_arrive_as_they_were(
        [room, user, sender] in any::<[String; 3]>(),
        carried in value(),
        kind in select(vec![SignalKind::Offer, SignalKind::Answer, SignalKind::Candidate]),
    ) {
        let (hall, from, to) = (HallName::new(room), MemberName::new(sender), MemberName::new(user));
        let (names, payload) = ([hall.clone()], Payload(carried.as_str().into()));
        let signal = HallNotice::Signal { hall, from: from.clone(), to: to.clone(), kind, payload };
        let [(_, argument)] = &told(&Notice::Hall(signal))[..] else {
            return Err(TestCaseError::fail("one event"));
        };
        let body: std::collections::BTreeMap<String, Box<serde_json::value::RawValue>> =
            serde_json::from_str(argument).expect("an object");
        let text = |field: &str| serde_json::from_str::<String>(body[field].get()).expect("text");
        prop_assert_eq!([text("roomId")], names.map(|name| name.as_str().to_owned()));
        for field in ["fromId", "senderId", "userId"] {
            prop_assert_eq!(text(field), from.as_str());
        }
        prop_assert_eq!(text("targetUserId"), to.as_str());
        let field = match kind {
            SignalKind::Offer => "offer",
            SignalKind::Answer => "answer",
            SignalKind::Candidate | SignalKind::Ready | SignalKind::Other => "candidate",
        };
        prop_assert_eq!(body[field].get(), carried);
    }
}

/// What is carried arrives under the same name; names are of some characters and not too many.
fn arrives(topic: Topic, command: HallCommand) -> Result<(), TestCaseError> {
    let fits = |name: &str| (1..=128).contains(&name.chars().count());
    match command {
        HallCommand::Enter { hall, name } => {
            prop_assert_eq!(topic, Topic::Join);
            prop_assert!(fits(hall.as_str()) && fits(name.as_str()));
        }
        HallCommand::Leave { hall } => {
            prop_assert_eq!(topic, Topic::Leave);
            prop_assert!(fits(hall.as_str()));
        }
        HallCommand::Signal { hall, to, kind, payload } => {
            prop_assert!(fits(hall.as_str()) && fits(to.as_str()));
            let told = told(&Notice::Hall(HallNotice::Signal { hall, from: ana(), to, kind, payload }));
            prop_assert_eq!(told.len(), 1);
            prop_assert_eq!(told[0].0, topic.event());
        }
    }
    Ok(())
}
