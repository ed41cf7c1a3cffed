//! The contract's tables, row by row, what must hold for any input, and the page that people read.

mod client;
mod decoding;
mod encoding;
mod page;
mod properties;

use super::topic::Topic;
use crate::dialect::{Answering, Dialect, Outgoing};
use crate::domain::command::{Command, Refusal, Reply};
use crate::domain::id::{RoomId, UserId};
use crate::domain::limits::Limits;
use crate::domain::notice::{Notice, Partner};
use crate::domain::person::{Language, Proficiency};
use crate::domain::talk::ChatMessage;
use crate::domain::time::Time;

/// Its number is 10.
const ROOM: &str = "11111111-2222-4333-8000-00000000000a";
const NOW: Time = Time::from_ms(1_700_000_000_000);

fn room() -> RoomId {
    ROOM.parse().expect("an id")
}

fn ben() -> UserId {
    UserId::new("ben")
}

fn partner() -> Partner {
    let (speaks, learns) = (Language::UNDETERMINED, Language::UNDETERMINED);
    Partner { user: ben(), speaks, learns, proficiency: Proficiency::Any }
}

/// Ben's third message, the seventh of the chat.
fn message(content: &str, name: Option<&str>) -> ChatMessage {
    ChatMessage {
        sequence: 7,
        own_sequence: 3,
        from: ben(),
        content: content.into(),
        client_message_id: name.map(Into::into),
        at: Time::from_ms(5),
    }
}

/// Decodes a packet.
fn asked(packet: &str) -> (Topic, Result<Command, Refusal>) {
    let asked = Dialect::Sorsu.decode(packet, &Limits::default());
    (Topic::numbered(asked.topic), asked.command)
}

fn written(Outgoing { event, argument }: &Outgoing) -> String {
    format!("{event} {argument}")
}

/// Events and their arguments, `null` where there is none.
fn told(notice: &Notice) -> Vec<String> {
    let mut told = Vec::new();
    Dialect::Sorsu.notice(notice, None, NOW, &mut |outgoing| told.push(written(&outgoing)));
    told
}

/// Events and their arguments, and the acknowledgement.
fn answered(topic: Topic, answer: &Result<Reply, Refusal>) -> Vec<String> {
    let mut answered = Vec::new();
    Dialect::Sorsu.answer(topic.number(), answer, NOW, &mut |part| {
        answered.push(match part {
            Answering::Acknowledgement(argument) => format!("acknowledgement {argument}"),
            Answering::Event(outgoing) => written(&outgoing),
        });
    });
    answered
}
