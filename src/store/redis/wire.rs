//! Letters as text: words with one space between, and what is carried unread behind the last of them.
//!
//! Nothing here trusts what it reads: a text that is not a letter is `None`, whatever it is.

use std::str::FromStr;
use std::sync::Arc;

use super::text::{self, BODY_WORDS, escaped, unescaped};
use crate::domain::envelope::Envelope;
use crate::domain::id::{Address, NodeId, SessionId, UserId};
use crate::domain::proposal::{Failure, Proposal, Side};
use crate::domain::talk::{ChatMessage, Departure, Payload, Quality, SignalKind};
use crate::domain::ticket::PoolId;
use crate::domain::time::Time;
use crate::store::Letter;

/// Stands for what is not there.
const NONE: &str = "-";

/// The text of a letter.
pub(super) fn letter(letter: &Letter) -> String {
    let SessionId { shard, slot, generation } = letter.to;
    let said = match &letter.envelope {
        Envelope::Proposed(proposed) => format!("proposed {}", proposal(proposed)),
        Envelope::Accepted(accepted) => format!("accepted {}", proposal(accepted)),
        Envelope::Agreed(agreed) => format!("agreed {}", proposal(agreed)),
        Envelope::Failed { proposal, failure } => format!("failed {proposal} {}", failure.as_str()),
        Envelope::Signal { room, kind, payload } => format!("signal {room} {} {}", kind.as_str(), payload.0),
        Envelope::Quality { room, quality } => {
            let Quality { rtt_ms, jitter_ms, packets_lost, bitrate_kbps } = quality;
            let [jitter, lost, bitrate] = [jitter_ms, packets_lost, bitrate_kbps]
                .map(|figure| figure.as_ref().map_or_else(|| NONE.to_owned(), ToString::to_string));
            format!("quality {room} {rtt_ms} {jitter} {lost} {bitrate}")
        }
        Envelope::Chat { room, message } => {
            let ChatMessage { sequence, from, content, client_message_id, at } = message;
            // A name may be empty, or the sign for none: one that is there has a sign of its own in front.
            let name = client_message_id
                .as_ref()
                .map_or_else(|| NONE.to_owned(), |name| format!("={}", escaped(name)));
            format!("chat {room} {sequence} {} {} {name} {content}", escaped(from.as_str()), at.as_ms())
        }
        Envelope::Away { room, from } => format!("away {room} {}", text::address(from)),
        Envelope::Back { room, from } => format!("back {room} {}", text::address(from)),
        Envelope::Here { room, from } => format!("here {room} {}", text::address(from)),
        Envelope::Left { room, departure, from } => {
            format!("left {room} {} {}", departure.as_str(), text::address(from))
        }
        Envelope::TakeOver { .. } | Envelope::HandedOver(_) => todo!(),
    };
    format!("{shard} {slot} {generation} {said}")
}

fn proposal(proposal: &Proposal) -> String {
    let Proposal { id, room, pool, sides, expires_at } = proposal;
    let [claimer, claimed] = sides.each_ref().map(side);
    format!("{id} {room} {} {} {claimer} {claimed}", escaped(pool.0), expires_at.as_ms())
}

fn side(Side { ticket, stage, accepted }: &Side) -> String {
    let (id, user, avoid) =
        (text::ticket_id(ticket.id), escaped(ticket.user.as_str()), text::users(&ticket.avoid));
    format!("{id} {user} {} {} {avoid} {}", stage.number(), u8::from(*accepted), text::body(ticket))
}

/// The letter that a text is. `pools` are those this node serves: one about another means nothing here.
pub(super) fn parse_letter(text: &str, pools: &[PoolId]) -> Option<Letter> {
    let mut words = Words(Some(text));
    let to = SessionId { shard: words.parse()?, slot: words.parse()?, generation: words.parse()? };
    let envelope = match words.next()? {
        "proposed" => Envelope::Proposed(words.proposal(pools)?),
        "accepted" => Envelope::Accepted(words.proposal(pools)?),
        "agreed" => Envelope::Agreed(words.proposal(pools)?),
        "failed" => {
            let failures = [Failure::Rejected, Failure::Expired, Failure::PartnerLeft];
            Envelope::Failed { proposal: words.parse()?, failure: words.one_of(failures, Failure::as_str)? }
        }
        "signal" => {
            let (room, kind) = (words.parse()?, words.one_of(KINDS, SignalKind::as_str)?);
            Envelope::Signal { room, kind, payload: Payload(words.rest()?.into()) }
        }
        "quality" => Envelope::Quality {
            room: words.parse()?,
            quality: Quality {
                rtt_ms: words.parse()?,
                jitter_ms: words.optional().ok()?,
                packets_lost: words.optional().ok()?,
                bitrate_kbps: words.optional().ok()?,
            },
        },
        "chat" => {
            let (room, sequence) = (words.parse()?, words.parse()?);
            let (from, at) = (UserId::new(unescaped(words.next()?)), Time::from_ms(words.parse()?));
            let name = match words.next()? {
                NONE => None,
                name => Some(unescaped(name.strip_prefix('=')?).into()),
            };
            let content = words.rest()?.into();
            Envelope::Chat {
                room,
                message: ChatMessage { sequence, from, content, client_message_id: name, at },
            }
        }
        "away" => Envelope::Away { room: words.parse()?, from: words.address()? },
        "back" => Envelope::Back { room: words.parse()?, from: words.address()? },
        "here" => Envelope::Here { room: words.parse()?, from: words.address()? },
        "left" => {
            let departures = [Departure::Left, Departure::Disconnected, Departure::Shutdown];
            let (room, departure) = (words.parse()?, words.one_of(departures, Departure::as_str)?);
            Envelope::Left { room, departure, from: words.address()? }
        }
        _ => return None,
    };
    words.0.is_none().then_some(Letter { to, envelope })
}

const KINDS: [SignalKind; 5] =
    [SignalKind::Offer, SignalKind::Answer, SignalKind::Candidate, SignalKind::Ready, SignalKind::Other];

/// What is left of a text; `None` at its end.
struct Words<'a>(Option<&'a str>);

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let (word, rest) = match self.0?.split_once(' ') {
            Some((word, rest)) => (word, Some(rest)),
            None => (self.0?, None),
        };
        self.0 = rest;
        Some(word)
    }

    fn rest(&mut self) -> Option<&'a str> {
        self.0.take()
    }

    fn parse<T: FromStr>(&mut self) -> Option<T> {
        self.next()?.parse().ok()
    }

    /// A figure, or the sign for none; an error of anything else.
    fn optional(&mut self) -> Result<Option<f64>, ()> {
        match self.next().ok_or(())? {
            NONE => Ok(None),
            figure => figure.parse().map(Some).map_err(drop),
        }
    }

    fn one_of<T: Copy, const N: usize>(
        &mut self,
        known: [T; N],
        name: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let word = self.next()?;
        known.into_iter().find(|known| name(*known) == word)
    }

    /// So many words as one text.
    fn several(&mut self, count: usize) -> Option<&'a str> {
        let all = self.0?;
        for _ in 0..count {
            self.next()?;
        }
        let left = self.0.map_or(0, |rest| rest.len() + 1);
        all.get(..all.len() - left)
    }

    fn address(&mut self) -> Option<Address> {
        let node = NodeId::new(unescaped(self.next()?));
        let session = SessionId { shard: self.parse()?, slot: self.parse()?, generation: self.parse()? };
        Some(Address { node, session })
    }

    fn proposal(&mut self, pools: &[PoolId]) -> Option<Arc<Proposal>> {
        let (id, room, named) = (self.parse()?, self.parse()?, unescaped(self.next()?));
        let pool = pools.iter().copied().find(|pool| pool.0 == named)?;
        let expires_at = Time::from_ms(self.parse()?);
        let sides = [self.side(pool)?, self.side(pool)?];
        Some(Arc::new(Proposal { id, room, pool, sides, expires_at }))
    }

    fn side(&mut self, pool: PoolId) -> Option<Side> {
        let (id, user) = (self.next()?, self.next()?);
        let stage = text::parse_stage(self.parse()?)?;
        let accepted = self.next()? == "1";
        let (avoid, body) = (self.next()?, self.several(BODY_WORDS)?);
        let ticket = Arc::new(text::parse_ticket(id, user, avoid, pool, body)?);
        Some(Side { ticket, stage, accepted })
    }
}

#[cfg(test)]
mod tests;
