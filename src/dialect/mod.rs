//! Wire vocabularies: pure tables between what clients send and hear and the words of the domain.
//!
//! A dialect translates and checks shape. It decides nothing, keeps nothing between two calls and knows
//! neither sockets nor time.

use serde_json::value::RawValue;

use crate::domain::command::{Command, Refusal, Reply, Scope};
use crate::domain::limits::Limits;
use crate::domain::notice::Notice;
use crate::domain::policy::Policy;
use crate::domain::relay::Relays;
use crate::domain::time::Time;

mod animochat;
pub mod client;
#[cfg(test)]
mod contract;
mod field;
mod json;
mod packet;
mod qala;
mod signaling;
mod sorsu;
mod standing;
mod webrtc_chat;

pub use animochat::Vocabulary as AnimochatVocabulary;
pub use standing::{Farewell, Renewed};

/// What binary attachments are called when they are refused: no dialect asks for any yet.
pub const ATTACHMENTS: &str = "attachments";

/// An event on its way to a client.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Its name.
    pub event: &'static str,
    /// Its argument. `null` stands for none: clients are sent none.
    pub argument: Box<RawValue>,
}

/// A part of an answer.
#[derive(Clone, Debug)]
pub enum Answering {
    /// The one argument of the acknowledgement.
    Acknowledgement(Box<RawValue>),
    /// Told to every client that asks so.
    Event(Outgoing),
}

/// What a client said, as its dialect understands it.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Which of the dialect's events it was, for the answer.
    pub topic: u8,
    /// What it asks.
    pub command: Result<Command, Refusal>,
}

/// How the clients of a family enter, besides what an operator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whether they show a session token, with or without anybody who signs it.
    pub session_tokens: bool,
    /// How often in a minute one address may try, where nobody says; 0 is no limit.
    pub attempts_per_minute: u32,
    /// How many connections one address may have in production, where nobody says.
    pub connections_in_production: Option<usize>,
}

impl Entry {
    /// With whatever they have, as often as they like.
    const WITH_ANYTHING: Self =
        Self { session_tokens: false, attempts_per_minute: 0, connections_in_production: None };
}

/// One client family's event names and payloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Language exchange by video.
    Qala,
    /// Anonymous text chat, in one of its vocabularies.
    Animochat(AnimochatVocabulary),
    /// Video with strangers.
    WebrtcChat,
    /// Calls of several in rooms by id.
    Signaling,
    /// Anonymous chat of a campus.
    Sorsu,
}

impl Dialect {
    /// Anonymous text chat, before a client has shown which vocabulary it speaks.
    pub const ANIMOCHAT: Self = Self::Animochat(AnimochatVocabulary::Unsaid);

    /// What a client speaks that asked under `topic`: one that has several vocabularies may have shown which is its
    /// own.
    #[must_use]
    pub fn after(self, topic: u8) -> Self {
        match self {
            Self::Qala | Self::WebrtcChat | Self::Signaling | Self::Sorsu => self,
            Self::Animochat(vocabulary) => Self::Animochat(vocabulary.after(topic)),
        }
    }

    /// The word in flags, logs and metrics, and the name of its pool.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Qala => qala::NAME,
            Self::Animochat(_) => animochat::NAME,
            Self::WebrtcChat => webrtc_chat::NAME,
            Self::Signaling => signaling::NAME,
            Self::Sorsu => sorsu::NAME,
        }
    }

    /// How its pool is run.
    pub fn policy(self) -> Policy {
        match self {
            Self::Qala => Policy::new(qala::NAME),
            Self::Animochat(_) => animochat::policy(),
            Self::WebrtcChat => webrtc_chat::policy(),
            Self::Signaling => signaling::policy(),
            Self::Sorsu => sorsu::policy(),
        }
    }

    /// How its clients enter.
    pub const fn entry(self) -> Entry {
        match self {
            Self::Qala | Self::Animochat(_) | Self::Signaling => Entry::WITH_ANYTHING,
            Self::WebrtcChat => webrtc_chat::ENTRY,
            Self::Sorsu => sorsu::ENTRY,
        }
    }

    /// How a client is told that its address tries to enter too often: by an event, or (`None`) by being refused.
    /// `retry_after_ms`: milliseconds until it may.
    pub fn too_many_attempts(self, retry_after_ms: u64) -> Option<Outgoing> {
        let limited = Notice::RateLimited { scope: Scope::Signaling, retry_after_ms };
        match self {
            Self::Qala => qala::too_many_attempts(retry_after_ms),
            Self::WebrtcChat => webrtc_chat::too_many_attempts(retry_after_ms),
            // Their clients are told the same of every budget.
            Self::Animochat(_) | Self::Signaling => {
                let mut told = Vec::new();
                self.notice(&limited, None, Time::default(), &mut |said| told.push(said));
                told.into_iter().next()
            }
            // Its refusal is its contract's.
            Self::Sorsu => None,
        }
    }

    /// Whether commands are answered by events as well, so that also those are answered that no acknowledgement
    /// was asked for.
    pub const fn answers_by_event(self) -> bool {
        match self {
            Self::Qala => false,
            Self::Animochat(_) | Self::WebrtcChat | Self::Signaling | Self::Sorsu => true,
        }
    }

    /// What a client asks by `packet`: the JSON text `["event", argument, ...]` as it arrived.
    pub fn decode(self, packet: &str, limits: &Limits) -> Asked {
        let asked = match self {
            Self::Qala => Asked { topic: 0, command: qala::decode(packet, limits) },
            Self::Animochat(_) => animochat::decode(packet, limits),
            Self::WebrtcChat => webrtc_chat::decode(packet, limits),
            Self::Signaling => signaling::decode(packet, limits),
            Self::Sorsu => sorsu::decode(packet, limits),
        };
        // Whatever a test of this crate says or asks is held against the contract as well.
        #[cfg(test)]
        contract::assert_asked(self, packet, &asked);
        asked
    }

    /// Whether a client is told with `notice` which relays its call may take.
    pub const fn tells_relays(self, notice: &Notice) -> bool {
        match self {
            Self::Qala => qala::tells_relays(notice),
            Self::WebrtcChat => webrtc_chat::tells_relays(notice),
            Self::Animochat(_) | Self::Signaling | Self::Sorsu => false,
        }
    }

    /// How a client is told at `now`: nothing where the dialect has no event for it, or where a relayed payload is
    /// not what [`Dialect::decode`] makes. `relays` are told with what [`Dialect::tells_relays`] says.
    pub fn notice(self, notice: &Notice, relays: Option<&Relays>, now: Time, say: &mut dyn FnMut(Outgoing)) {
        #[cfg(test)]
        let say = &mut contract::held_told(self, say);
        match self {
            Self::Qala => qala::notice(notice, relays).into_iter().for_each(say),
            Self::Animochat(vocabulary) => animochat::notice(vocabulary, notice, now, say),
            Self::WebrtcChat => webrtc_chat::notice(notice, relays, now).into_iter().for_each(say),
            Self::Signaling => signaling::notice(notice).into_iter().for_each(say),
            Self::Sorsu => sorsu::notice(notice, now, say),
        }
    }

    /// How what was asked under `topic` is answered at `now`, in that order. An acknowledgement goes to those who
    /// want one.
    pub fn answer(
        self,
        topic: u8,
        answer: &Result<Reply, Refusal>,
        now: Time,
        say: &mut dyn FnMut(Answering),
    ) {
        #[cfg(test)]
        let say = &mut contract::held_answered(self, say);
        match self {
            Self::Qala => say(Answering::Acknowledgement(qala::answer(answer))),
            Self::Animochat(vocabulary) => animochat::answer(vocabulary, topic, answer, say),
            Self::WebrtcChat => webrtc_chat::answer(topic, answer, now, say),
            Self::Signaling => signaling::answer(topic, answer, say),
            Self::Sorsu => sorsu::answer(topic, answer, now, say),
        }
    }
}
