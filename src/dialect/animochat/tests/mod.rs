//! Every row of the contract, in both directions and both vocabularies.

mod client;
mod decoding;
mod encoding;
mod page;
mod properties;

use super::super::Asked;
use super::super::{AnimochatVocabulary as Vocabulary, Answering, Dialect, Outgoing};
use super::topic::Topic;
use crate::domain::command::{Command, Refusal, Reply};
use crate::domain::id::RoomId;
use crate::domain::limits::Limits;
use crate::domain::notice::Notice;
use crate::domain::time::Time;

const ROOM: &str = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
const FIRST: Dialect = Dialect::Animochat(Vocabulary::First);
const SECOND: Dialect = Dialect::Animochat(Vocabulary::Second);
const NOW: Time = Time::from_ms(1_700_000_000_000);

fn room() -> RoomId {
    ROOM.parse().expect("an id")
}

/// `$R` stands for the room's id.
fn asked(packet: &str) -> (Topic, Result<Command, Refusal>) {
    let Asked { topic, command } = Dialect::ANIMOCHAT.decode(&packet.replace("$R", ROOM), &Limits::default());
    (Topic::numbered(topic), command)
}

fn written(outgoing: &Outgoing) -> String {
    format!("{} {}", outgoing.event, outgoing.argument).replace(ROOM, "$R")
}

/// Events and their arguments, `null` where there is none.
fn told(dialect: Dialect, notice: &Notice) -> Vec<String> {
    let mut told = Vec::new();
    dialect.notice(notice, None, NOW, &mut |outgoing| told.push(written(&outgoing)));
    told
}

/// Events and their arguments, and the acknowledgement.
fn answered(dialect: Dialect, topic: Topic, answer: &Result<Reply, Refusal>) -> Vec<String> {
    let mut answered = Vec::new();
    dialect.answer(topic.number(), answer, NOW, &mut |part| {
        answered.push(match part {
            Answering::Acknowledgement(argument) => format!("acknowledgement {argument}"),
            Answering::Event(outgoing) => written(&outgoing),
        });
    });
    answered
}
