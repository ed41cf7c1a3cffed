//! Answers: events, as these clients know them, and then an acknowledgement for those who want one.

use std::fmt;

use serde::Serialize;

use super::super::{ATTACHMENTS, Answering, Outgoing};
use super::decode::{CONTENT, REPLY_TO};
use super::shape::{ErrorBody, MessageBody, spelled};
use super::speaker::{Speaker, raw};
use super::topic::Topic;
use super::{Vocabulary, event};
use crate::domain::command::{Refusal, Reply};

/// How these clients are answered.
pub(in crate::dialect) fn answer(
    vocabulary: Vocabulary,
    topic: u8,
    answer: &Result<Reply, Refusal>,
    say: &mut dyn FnMut(Answering),
) {
    let topic = Topic::numbered(topic);
    let mut say_event = |outgoing: Outgoing| say(Answering::Event(outgoing));
    let mut speaker = Speaker { vocabulary, say: &mut say_event };
    match answer {
        Ok(reply) => tell_done(&mut speaker, topic, reply),
        Err(refusal) => tell_refused(&mut speaker, topic, *refusal),
    }
    say(Answering::Acknowledgement(match answer {
        Ok(_) | Err(Refusal::Searching) => raw(&Done { success: true }),
        Err(refusal) => raw(&Refused::new(*refusal)),
    }));
}

fn tell_done(speaker: &mut Speaker<'_>, topic: Topic, reply: &Reply) {
    match reply {
        Reply::Joined { .. } => tell_waiting(speaker),
        // The second vocabulary shows its writer's messages before they are stored, and knows no word for the end
        // of a search.
        Reply::Sent { room, message } => speaker.first(event::MESSAGE, &MessageBody::new(*room, message)),
        Reply::Done if topic == Topic::Cancel => speaker.first(event::MATCH_CANCELLED, &()),
        Reply::Done
        | Reply::Alive { .. }
        | Reply::You { .. }
        | Reply::Messages(_)
        | Reply::Missed { .. }
        | Reply::Left { .. }
        | Reply::Over(_)
        | Reply::Entered(_) => {}
    }
}

/// Somebody is searched for.
pub(super) fn tell_waiting(speaker: &mut Speaker<'_>) {
    speaker.first(event::WAITING, &());
    speaker.second(event::MATCH_WAITING, &());
}

fn tell_refused(speaker: &mut Speaker<'_>, topic: Topic, refusal: Refusal) {
    match (topic, refusal) {
        // What it asks for is being done.
        (Topic::Search | Topic::SearchSecond, Refusal::Searching) => tell_waiting(speaker),
        // Signs of writing are of the moment, and often come just after the end of a talk; events that nobody
        // knows were always passed over. Neither is worth an alarm on somebody's screen.
        (Topic::Typing | Topic::Unknown, _) => {}
        (Topic::Search | Topic::SearchSecond | Topic::Cancel | Topic::Leave | Topic::Send, _) => {
            tell_error(speaker, Sentence(refusal), refusal.code(), refusal.retry_after_ms());
        }
    }
}

/// Something is wrong.
pub(super) fn tell_error(
    speaker: &mut Speaker<'_>,
    message: impl fmt::Display,
    code: &'static str,
    retry_after_ms: Option<u64>,
) {
    let error = ErrorBody { message, code, retry_after_ms };
    speaker.first(event::ERROR, &error);
    speaker.second(event::MATCH_ERROR, &error);
}

#[derive(Serialize)]
struct Done {
    success: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refused {
    success: bool,
    #[serde(serialize_with = "spelled")]
    error: Sentence,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

impl Refused {
    fn new(refusal: Refusal) -> Self {
        let (code, retry_after_ms) = (refusal.code(), refusal.retry_after_ms());
        Self { success: false, error: Sentence(refusal), code, retry_after_ms }
    }
}

/// A refusal for people. Programs read the code.
pub(super) struct Sentence(pub(super) Refusal);

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            // The first five as is: clients compare these texts.
            Refusal::InRoom => f.write_str("Already in a room"),
            Refusal::CoolingDown { retry_after_ms } => {
                write!(f, "Please wait {} before finding a new match", Seconds(retry_after_ms))
            }
            Refusal::NotInRoom | Refusal::Hall(_) => f.write_str("Not in a chat room"),
            Refusal::Invalid { field: CONTENT } => f.write_str("Message cannot be empty"),
            Refusal::TooLarge { field: CONTENT | REPLY_TO } => f.write_str("Message too long"),
            Refusal::Invalid { field: ATTACHMENTS } => f.write_str("Attachments are not accepted"),
            Refusal::Invalid { field } => write!(f, "{field} is missing or wrong"),
            Refusal::TooLarge { field } => write!(f, "{field} is too long"),
            Refusal::UnknownEvent => f.write_str("Unknown event"),
            Refusal::NoSuchProposal => f.write_str("Match no longer available"),
            Refusal::Searching => f.write_str("Already searching"),
            Refusal::TooManyBlocks => f.write_str("Too many people blocked"),
            Refusal::RateLimited { retry_after_ms, .. } => {
                write!(f, "Too many requests. Please wait {}", Seconds(retry_after_ms))
            }
            Refusal::Busy { retry_after_ms }
            | Refusal::Unavailable { retry_after_ms }
            | Refusal::PoolFull { retry_after_ms } => {
                write!(f, "Server is busy. Please wait {}", Seconds(retry_after_ms))
            }
        }
    }
}

/// Milliseconds as whole seconds, rounded up: who waits that long has waited long enough.
struct Seconds(u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0.div_ceil(1_000))
    }
}
