//! Answers: what is told by an event first, then an acknowledgement for those who want one.

use serde::Serialize;

use super::super::Answering;
use super::event;
use super::shape::{EndedBody, MessageBody, outgoing, raw};
use super::topic::Topic;
use crate::domain::command::{Refusal, Reply, RoomRef};
use crate::domain::id::RoomId;
use crate::domain::talk::ChatMessage;
use crate::domain::time::Time;

/// How what was asked under `topic` is answered at `now`.
pub(in crate::dialect) fn answer(
    topic: u8,
    answer: &Result<Reply, Refusal>,
    now: Time,
    say: &mut dyn FnMut(Answering),
) {
    let topic = Topic::numbered(topic);
    let acknowledgement = match answer {
        Ok(reply) => {
            tell_ended(reply, now, say);
            match reply {
                Reply::Sent { room, message } => {
                    raw(&Sent { success: true, message: MessageBody::new(*room, message) })
                }
                Reply::Missed { room, messages } => raw(&Missed::new(*room, messages)),
                Reply::Over(_) => raw(&Refused::new(topic, Refusal::NotInRoom)),
                Reply::Done
                | Reply::Joined { .. }
                | Reply::Alive { .. }
                | Reply::You { .. }
                | Reply::Messages(_)
                | Reply::Left { .. }
                | Reply::Entered(_) => raw(&Done { success: true }),
            }
        }
        // What it asks for is being done.
        Err(Refusal::Searching) => raw(&Done { success: true }),
        Err(refusal) => raw(&Refused::new(topic, *refusal)),
    };
    say(Answering::Acknowledgement(acknowledgement));
}

/// The end of a chat is told by its event, also to the one who ends it, and to who comes back too late.
fn tell_ended(reply: &Reply, now: Time, say: &mut dyn FnMut(Answering)) {
    let body = match reply {
        Reply::Left { room, user } => EndedBody::new(room.number(), Some(user.as_str()), now),
        Reply::Over(RoomRef::Number(chat_id)) => EndedBody::new(*chat_id, None, now),
        Reply::Over(RoomRef::Id(room)) => EndedBody::new(room.number(), None, now),
        // Nobody here comes back without a number.
        Reply::Over(RoomRef::Current)
        | Reply::Done
        | Reply::Joined { .. }
        | Reply::Alive { .. }
        | Reply::You { .. }
        | Reply::Sent { .. }
        | Reply::Messages(_)
        | Reply::Missed { .. }
        | Reply::Entered(_) => return,
    };
    say(Answering::Event(outgoing(event::CHAT_ENDED, &body)));
}

#[derive(Serialize)]
struct Done {
    success: bool,
}

#[derive(Serialize)]
struct Sent<'a> {
    success: bool,
    message: MessageBody<'a>,
}

#[derive(Serialize)]
struct Missed<'a> {
    success: bool,
    messages: Vec<MessageBody<'a>>,
}

impl<'a> Missed<'a> {
    fn new(room: RoomId, messages: &'a [ChatMessage]) -> Self {
        let messages = messages.iter().map(|message| MessageBody::new(room, message)).collect();
        Self { success: true, messages }
    }
}

#[derive(Serialize)]
struct Refused {
    success: bool,
    error: &'static str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

impl Refused {
    fn new(topic: Topic, refusal: Refusal) -> Self {
        let (code, retry_after_ms) = (refusal.code(), refusal.retry_after_ms());
        Self { success: false, error: sentence(topic, refusal), code, retry_after_ms }
    }
}

/// A refusal for people. The first four as is: clients compare these texts.
const fn sentence(topic: Topic, refusal: Refusal) -> &'static str {
    match (refusal, topic) {
        (Refusal::Invalid { .. }, Topic::Send) => "Invalid message data",
        (Refusal::TooLarge { .. }, _) => "Message too long",
        (Refusal::RateLimited { .. }, _) => "Rate limit exceeded",
        (Refusal::NotInRoom | Refusal::NoSuchProposal | Refusal::Hall(_), _) => "Not in this chat",
        (Refusal::Invalid { .. }, _) => "Invalid data",
        (Refusal::UnknownEvent, _) => "Unknown event",
        (Refusal::InRoom, _) => "Already in a chat",
        (Refusal::Searching, _) => "Already searching",
        (
            Refusal::Busy { .. }
            | Refusal::Unavailable { .. }
            | Refusal::PoolFull { .. }
            | Refusal::TooManyBlocks
            | Refusal::CoolingDown { .. },
            _,
        ) => "Server is busy. Please try again in a moment.",
    }
}
