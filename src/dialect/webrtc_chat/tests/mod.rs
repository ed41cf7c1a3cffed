//! The contract's table, row by row, what must hold for any input, and the page that people read.

mod client;
mod decoding;
mod encoding;
mod page;
mod properties;

use crate::dialect::{Answering, Dialect};
use crate::domain::command::{Command, Refusal, Reply};
use crate::domain::id::{RoomId, UserId};
use crate::domain::limits::Limits;
use crate::domain::notice::{Notice, Partner};
use crate::domain::person::Proficiency;
use crate::domain::time::Time;

use super::topic::Topic;

const ROOM: &str = "11111111-2222-4333-8444-555555555555";
const NOW_MS: u64 = 1_700_000_000_000;

fn room() -> RoomId {
    ROOM.parse().expect("an id")
}

fn ana() -> UserId {
    UserId::new("ana")
}

fn partner() -> Partner {
    let language = "und".parse().expect("a language");
    Partner { user: ana(), speaks: language, learns: language, proficiency: Proficiency::Any }
}

/// Decodes `["<event>",<arguments>]`, which must be known as that event.
fn decoded(event: &str, arguments: &str) -> Result<Command, Refusal> {
    let comma = if arguments.is_empty() { "" } else { "," };
    let packet = format!("[\"{event}\"{comma}{arguments}]");
    let asked = Dialect::WebrtcChat.decode(&packet, &Limits::default());
    assert_eq!(Topic::numbered(asked.topic).event(), event);
    asked.command
}

/// Everything that is told by a notice: events with their arguments.
fn told(notice: &Notice) -> Vec<(&'static str, String)> {
    let mut told = Vec::new();
    Dialect::WebrtcChat.notice(notice, None, Time::from_ms(NOW_MS), &mut |said| {
        told.push((said.event, said.argument.get().to_owned()));
    });
    told
}

/// An answer: its one acknowledgement, which comes first, and the events behind it.
fn answered(topic: Topic, answer: &Result<Reply, Refusal>) -> (String, Vec<(&'static str, String)>) {
    let (mut acknowledgements, mut events) = (Vec::new(), Vec::new());
    Dialect::WebrtcChat.answer(topic.number(), answer, Time::from_ms(NOW_MS), &mut |part| match part {
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
