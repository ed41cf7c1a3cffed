//! Letters as text: words with one space between, and what is carried unread behind the last of them.
//!
//! Nothing here trusts what it reads: a text that is not a letter is `None`, whatever it is.

use std::sync::Arc;

use super::text::{self, BODY_WORDS, escaped, unescaped};
use super::words::{NONE, Words};
use crate::domain::envelope::Envelope;
use crate::domain::id::{HallName, SessionId, UserId};
use crate::domain::proposal::{Failure, Proposal, Side};
use crate::domain::talk::{ChatMessage, Departure, Payload, Quality, SignalKind};
use crate::domain::ticket::{PoolId, Ticket};
use crate::domain::time::Time;
use crate::store::Letter;

mod halls;
mod handover;

use halls::hall_news;
use handover::handover;

const KINDS: [SignalKind; 5] =
    [SignalKind::Offer, SignalKind::Answer, SignalKind::Candidate, SignalKind::Ready, SignalKind::Other];
const FAILURES: [Failure; 3] = [Failure::Rejected, Failure::Expired, Failure::PartnerLeft];
const DEPARTURES: [Departure; 3] = [Departure::Left, Departure::Skipped, Departure::Disconnected];

/// The text of a letter, as inboxes hold it.
pub fn write_letter(letter: &Letter) -> String {
    let SessionId { shard, slot, generation } = letter.to;
    let said = if let Envelope::Forwarded { times, envelope } = &letter.envelope {
        format!("forwarded {times} {}", said(envelope))
    } else {
        said(&letter.envelope)
    };
    format!("{shard} {slot} {generation} {said}")
}

fn said(envelope: &Envelope) -> String {
    match envelope {
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
            let ChatMessage { sequence, own_sequence, from, content, client_message_id, at } = message;
            // A name may be empty, or the sign for none: one that is there has a sign of its own in front.
            let name = client_message_id
                .as_ref()
                .map_or_else(|| NONE.to_owned(), |name| format!("={}", escaped(name)));
            let from = escaped(from.as_str());
            format!("chat {room} {sequence} {own_sequence} {from} {} {name} {content}", at.as_ms())
        }
        Envelope::Typing { room, on } => format!("typing {room} {}", u8::from(*on)),
        Envelope::Away { room, from } => format!("away {room} {}", text::address(from)),
        Envelope::Back { room, from } => format!("back {room} {}", text::address(from)),
        Envelope::Here { room, from } => format!("here {room} {}", text::address(from)),
        Envelope::Left { room, departure, from } => {
            format!("left {room} {} {}", departure.as_str(), text::address(from))
        }
        Envelope::TakeOver { user, by, rank } => {
            format!("take_over {} {} {}", escaped(user.as_str()), text::address(by), rank.as_ms())
        }
        Envelope::HandedOver(None) => format!("handed_over {NONE}"),
        Envelope::HandedOver(Some(handed_over)) => format!("handed_over {}", handover(handed_over)),
        Envelope::Hall { hall, news } => format!("hall {} {}", escaped(hall.as_str()), hall_news(news)),
        // Nothing is wrapped twice.
        Envelope::Forwarded { times: _, envelope: _ } => String::new(),
    }
}

fn proposal(proposal: &Proposal) -> String {
    let Proposal { id, room, pool, sides, expires_at } = proposal;
    let [claimer, claimed] = sides.each_ref().map(side);
    format!("{id} {room} {} {} {claimer} {claimed}", escaped(pool.0), expires_at.as_ms())
}

fn side(Side { ticket, stage, accepted }: &Side) -> String {
    format!("{} {} {}", stage.number(), u8::from(*accepted), self::ticket(ticket))
}

fn ticket(ticket: &Ticket) -> String {
    let (id, user) = (text::ticket_id(ticket.id), escaped(ticket.user.as_str()));
    format!("{id} {user} {} {}", text::users(&ticket.avoid), text::body(ticket))
}

/// The letter that a text is. `pools` are those this node serves: one about another means nothing here.
pub fn parse_letter(text: &str, pools: &[PoolId]) -> Option<Letter> {
    let mut words = Words::of(text);
    let to = SessionId { shard: words.parse()?, slot: words.parse()?, generation: words.parse()? };
    let envelope = match words.next()? {
        "forwarded" => {
            let times = words.parse()?;
            let first = words.next()?;
            Envelope::Forwarded { times, envelope: Box::new(words.envelope(first, pools)?) }
        }
        first => words.envelope(first, pools)?,
    };
    words.whole(Letter { to, envelope })
}

impl Words<'_> {
    /// An envelope of which the first word was read.
    fn envelope(&mut self, first: &str, pools: &[PoolId]) -> Option<Envelope> {
        let words = self;
        Some(match first {
            "proposed" => Envelope::Proposed(words.proposal(pools)?),
            "accepted" => Envelope::Accepted(words.proposal(pools)?),
            "agreed" => Envelope::Agreed(words.proposal(pools)?),
            "failed" => Envelope::Failed {
                proposal: words.parse()?,
                failure: words.one_of(FAILURES, Failure::as_str)?,
            },
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
                let (room, sequence, own_sequence) = (words.parse()?, words.parse()?, words.parse()?);
                let (from, at) = (UserId::new(unescaped(words.next()?)), Time::from_ms(words.parse()?));
                let name = match words.next()? {
                    NONE => None,
                    name => Some(unescaped(name.strip_prefix('=')?).into()),
                };
                let content = words.rest()?.into();
                Envelope::Chat {
                    room,
                    message: ChatMessage {
                        sequence,
                        own_sequence,
                        from,
                        content,
                        client_message_id: name,
                        at,
                    },
                }
            }
            "typing" => Envelope::Typing { room: words.parse()?, on: words.parse::<u8>()? == 1 },
            "away" => Envelope::Away { room: words.parse()?, from: words.address()? },
            "back" => Envelope::Back { room: words.parse()?, from: words.address()? },
            "here" => Envelope::Here { room: words.parse()?, from: words.address()? },
            "left" => {
                let (room, departure) = (words.parse()?, words.one_of(DEPARTURES, Departure::as_str)?);
                Envelope::Left { room, departure, from: words.address()? }
            }
            "take_over" => Envelope::TakeOver {
                user: UserId::new(unescaped(words.next()?)),
                by: words.address()?,
                rank: Time::from_ms(words.parse()?),
            },
            "hall" => {
                Envelope::Hall { hall: HallName::new(unescaped(words.next()?)), news: words.hall_news()? }
            }
            "handed_over" => {
                Envelope::HandedOver(words.or_none(|words| words.handover(pools).map(Box::new)).ok()?)
            }
            _ => return None,
        })
    }

    fn pool(&mut self, pools: &[PoolId]) -> Option<PoolId> {
        let named = unescaped(self.next()?);
        pools.iter().copied().find(|pool| pool.0 == named)
    }

    fn proposal(&mut self, pools: &[PoolId]) -> Option<Arc<Proposal>> {
        let (id, room, pool) = (self.parse()?, self.parse()?, self.pool(pools)?);
        let expires_at = Time::from_ms(self.parse()?);
        let sides = [self.side(pool)?, self.side(pool)?];
        Some(Arc::new(Proposal { id, room, pool, sides, expires_at }))
    }

    fn side(&mut self, pool: PoolId) -> Option<Side> {
        let (stage, accepted) = (text::parse_stage(self.parse()?)?, self.flag()?);
        Some(Side { ticket: self.ticket(pool)?, stage, accepted })
    }

    fn ticket(&mut self, pool: PoolId) -> Option<Arc<Ticket>> {
        let (id, user, avoid) = (self.next()?, self.next()?, self.next()?);
        text::parse_ticket(id, user, avoid, pool, self.several(BODY_WORDS)?).map(Arc::new)
    }
}

#[cfg(test)]
mod tests;
