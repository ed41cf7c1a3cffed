//! The contract's table, row by row, what must hold for any input, and the page that people read.

mod client;
mod decoding;
mod encoding;
mod page;
mod properties;

use crate::dialect::{Answering, Dialect};
use crate::domain::command::{Command, Refusal, Reply};
use crate::domain::hall::{HallCommand, HallNotice, HallView, Leaving};
use crate::domain::id::{HallName, MemberName};
use crate::domain::limits::Limits;
use crate::domain::notice::Notice;
use crate::domain::talk::{Payload, SignalKind};
use crate::domain::time::Time;

use super::topic::Topic;

fn hall() -> HallName {
    HallName::new("r 1")
}

fn ana() -> MemberName {
    MemberName::new("ana")
}

fn ben() -> MemberName {
    MemberName::new("ben")
}

fn view() -> HallView {
    HallView { hall: hall(), name: ana(), others: vec![ben()] }
}

fn signal(kind: SignalKind, payload: &str) -> Notice {
    let payload = Payload(payload.into());
    Notice::Hall(HallNotice::Signal { hall: hall(), from: ana(), to: ben(), kind, payload })
}

fn left(leaving: Leaving) -> Notice {
    Notice::Hall(HallNotice::Left { hall: hall(), name: ana(), leaving })
}

/// Decodes `["<event>",<arguments>]`, which must be known as that event.
fn decoded(event: &str, arguments: &str) -> Result<HallCommand, Refusal> {
    let comma = if arguments.is_empty() { "" } else { "," };
    let packet = format!("[\"{event}\"{comma}{arguments}]");
    let asked = Dialect::Signaling.decode(&packet, &Limits::default());
    assert_eq!(Topic::numbered(asked.topic).event(), event);
    asked.command.map(|command| {
        let Command::Hall(command) = command else { panic!("not about a hall: {command:?}") };
        command
    })
}

/// Everything that is told by a notice: events with their arguments.
fn told(notice: &Notice) -> Vec<(&'static str, String)> {
    let mut told = Vec::new();
    Dialect::Signaling.notice(notice, None, Time::default(), &mut |said| {
        told.push((said.event, said.argument.get().to_owned()));
    });
    told
}

/// An answer: its one acknowledgement, which comes first, and the events behind it.
fn answered(topic: Topic, answer: &Result<Reply, Refusal>) -> (String, Vec<(&'static str, String)>) {
    let (mut acknowledgements, mut events) = (Vec::new(), Vec::new());
    Dialect::Signaling.answer(topic.number(), answer, Time::default(), &mut |part| match part {
        Answering::Acknowledgement(argument) => {
            assert!(events.is_empty(), "the acknowledgement comes first");
            acknowledgements.push(argument.get().to_owned());
        }
        Answering::Event(said) => events.push((said.event, said.argument.get().to_owned())),
    });
    let [acknowledgement] = acknowledgements.try_into().expect("one acknowledgement");
    (acknowledgement, events)
}

const fn invalid<T>(field: &'static str) -> Result<T, Refusal> {
    Err(Refusal::Invalid { field })
}
