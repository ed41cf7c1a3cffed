//! What a script answered, as the outcome that it means.

use std::sync::Arc;
use std::vec;

use redis::Value;

use super::call::Append;
use super::halls::HallAnswer;
use super::text;
use crate::domain::id::{Address, TicketId, UserId};
use crate::domain::operation::{
    Answered, Appended, Attached, Expired, Former, Outcome, Place, Reclaimed, Registered, Searched, Standing,
    Superseded, Withdrawn,
};
use crate::domain::proposal::{Proposal, Side};
use crate::domain::talk::ChatMessage;
use crate::domain::ticket::PoolId;
use crate::domain::time::Time;

/// What kind of answer a call brings, and what it leaves out because the caller knows it.
#[derive(Clone)]
pub(super) enum Expected {
    Done,
    Attached,
    Registered,
    Located,
    Reclaimed(PoolId),
    Searched(PoolId),
    Withdrawn(PoolId),
    Renewed(PoolId, Vec<TicketId>),
    Answered(PoolId),
    Expired(PoolId),
    Rejoined(UserId),
    Messages,
    Hall(HallAnswer),
}

impl Expected {
    /// The outcome that `value` means; `None` if it means nothing, because something else wrote those keys.
    pub(super) fn read(self, value: Value) -> Option<Outcome> {
        Some(match self {
            Self::Done => Outcome::Done,
            Self::Attached => attached(value)?,
            Self::Registered => Outcome::Registered(registered(Parts::of(value)?)?),
            Self::Located => Outcome::Located(located(value).ok()?),
            Self::Reclaimed(pool) => Outcome::Reclaimed(reclaimed(Parts::of(value)?, pool)?),
            Self::Searched(pool) => Outcome::Searched(searched(Parts::of(value)?, pool)?),
            Self::Withdrawn(pool) => Outcome::Withdrawn(withdrawn(Parts::of(value)?, pool)?),
            Self::Renewed(pool, tickets) => Outcome::Renewed(renewed(Parts::of(value)?, pool, tickets)?),
            Self::Answered(pool) => Outcome::Answered(answered(Parts::of(value)?, pool)?),
            Self::Expired(pool) => Outcome::Expired(expired(Parts::of(value)?, pool)?),
            Self::Rejoined(user) => Outcome::Rejoined(rejoined(Parts::of(value)?, &user).ok()?),
            Self::Hall(answer) => Outcome::Hall(answer.read(value)?),
            Self::Messages => Outcome::Messages(Parts::of(value)?.0.map(message).collect::<Option<_>>()?),
        })
    }
}

/// The parts of an array, taken one after the other.
pub(super) struct Parts(vec::IntoIter<Value>);

impl Parts {
    pub(super) fn of(value: Value) -> Option<Self> {
        if let Value::Array(parts) = value { Some(Self(parts.into_iter())) } else { None }
    }

    /// An array, or nothing in its place; an error of anything else.
    pub(super) fn optional_parts(&mut self) -> Result<Option<Self>, ()> {
        let value = self.0.next().ok_or(())?;
        if value == Value::Nil { Ok(None) } else { Self::of(value).map(Some).ok_or(()) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.len() == 0
    }

    pub(super) fn parts(&mut self) -> Option<Self> {
        Self::of(self.0.next()?)
    }

    pub(super) fn text(&mut self) -> Option<String> {
        text_of(self.0.next()?)
    }

    /// Whatever comes next.
    pub(super) fn any(&mut self) -> Option<Value> {
        self.0.next()
    }

    /// A text, or nothing in its place; an error of anything else.
    pub(super) fn optional_text(&mut self) -> Result<Option<String>, ()> {
        optional(self.0.next().ok_or(())?)
    }

    pub(super) fn number(&mut self) -> Option<i64> {
        if let Value::Int(number) = self.0.next()? { Some(number) } else { None }
    }

    fn time(&mut self) -> Option<Time> {
        Some(Time::from_ms(u64::try_from(self.number()?).ok()?))
    }

    fn place(&mut self) -> Option<Place> {
        Some(Place {
            position: u32::try_from(self.number()?).ok()?,
            estimated_wait_seconds: u32::try_from(self.number()?).ok()?,
        })
    }

    fn side(&mut self, pool: PoolId) -> Option<Side> {
        let mut parts = self.parts()?;
        let (id, stage, accepted) = (parts.text()?, parts.number()?, parts.number()? == 1);
        let (user, avoid, body) = (parts.text()?, parts.text()?, parts.text()?);
        let ticket = text::parse_ticket(&id, &user, &avoid, pool, &body)?;
        Some(Side { ticket: Arc::new(ticket), stage: text::parse_stage(stage)?, accepted })
    }

    fn proposal(&mut self, pool: PoolId) -> Option<Arc<Proposal>> {
        let mut parts = self.parts()?;
        Some(Arc::new(Proposal {
            id: parts.text()?.parse().ok()?,
            room: parts.text()?.parse().ok()?,
            expires_at: parts.time()?,
            pool,
            sides: [parts.side(pool)?, parts.side(pool)?],
        }))
    }
}

/// A text, or nothing in its place; an error of anything else.
fn optional(value: Value) -> Result<Option<String>, ()> {
    if value == Value::Nil { Ok(None) } else { text_of(value).map(Some).ok_or(()) }
}

fn text_of(value: Value) -> Option<String> {
    let Value::BulkString(bytes) = value else { return None };
    String::from_utf8(bytes).ok()
}

/// What is known of a user whose session begins, or where the session lives that stays known instead.
fn attached(value: Value) -> Option<Outcome> {
    let mut parts = Parts::of(value)?;
    if let Some(Value::BulkString(_)) = parts.0.as_slice().first() {
        let (by, former) = (text::parse_address(&parts.text()?)?, located(parts.0.next()?).ok()?);
        return Some(Outcome::Superseded(Superseded { by, former }));
    }
    let (mut before, mut partners) = (parts.parts()?, parts.parts()?);
    let former = match (before.optional_text().ok()?, before.optional_text().ok()?) {
        (None, _) => None,
        (Some(address), talk) => Some(Former {
            address: text::parse_address(&address)?,
            talk: match talk {
                None => None,
                Some(talk) => Some(Box::new(text::parse_talk(&talk)?)),
            },
        }),
    };
    let mut history = Vec::with_capacity(partners.0.len() / 2);
    while partners.0.len() > 0 {
        let partner = UserId::new(partners.text()?);
        history.push((partner, time(&partners.text()?)?));
    }
    Some(Outcome::Attached(Attached { history, former, rank: time(&parts.text()?)? }))
}

fn registered(mut parts: Parts) -> Option<Registered> {
    let (lives_at, rank) = (text::parse_address(&parts.text()?)?, time(&parts.text()?)?);
    Some(Registered { lives_at, rank, former: located(parts.0.next()?).ok()? })
}

/// An address, or nothing in its place; an error of anything else.
fn located(value: Value) -> Result<Option<Address>, ()> {
    optional(value)?.map(|address| text::parse_address(&address).ok_or(())).transpose()
}

fn reclaimed(mut parts: Parts, pool: PoolId) -> Option<Reclaimed> {
    Some(match parts.text()?.as_str() {
        "waiting" => {
            let (id, user, avoid, body) = (parts.text()?, parts.text()?, parts.text()?, parts.text()?);
            Reclaimed::Waiting(Arc::new(text::parse_ticket(&id, &user, &avoid, pool, &body)?))
        }
        "taken" => Reclaimed::Taken(parts.proposal(pool)?),
        "nothing" => Reclaimed::Nothing,
        _ => return None,
    })
}

/// The last number of a room for one of its members, both of whom are named before it; nothing for anybody else, or
/// of no room; an error of anything else.
fn rejoined(mut parts: Parts, user: &UserId) -> Result<Option<u64>, ()> {
    let members = [parts.optional_text()?, parts.optional_text()?];
    let last = parts.optional_text()?;
    let is_member = members.iter().flatten().any(|member| member == user.as_str());
    last.filter(|_| is_member).map(|last| last.parse().map_err(drop)).transpose()
}

/// A time that may be later than every moment, which a sorted set keeps rounded.
fn time(text: &str) -> Option<Time> {
    let digits: u128 = text.parse().ok()?;
    Some(Time::from_ms(u64::try_from(digits).unwrap_or(u64::MAX)))
}

fn searched(mut parts: Parts, pool: PoolId) -> Option<Searched> {
    Some(match parts.text()?.as_str() {
        "listed" => Searched::Listed(parts.place()?),
        "claimed" => Searched::Claimed(parts.proposal(pool)?),
        "taken" => Searched::Taken(parts.proposal(pool)?),
        "full" => Searched::Full,
        "more" => Searched::More(text::parse_place(&parts.text()?)?),
        _ => return None,
    })
}

fn withdrawn(mut parts: Parts, pool: PoolId) -> Option<Withdrawn> {
    Some(match parts.text()?.as_str() {
        "removed" => Withdrawn::Removed,
        "taken" => Withdrawn::Taken(parts.proposal(pool)?),
        "unknown" => Withdrawn::Unknown,
        _ => return None,
    })
}

fn renewed(mut parts: Parts, pool: PoolId, tickets: Vec<TicketId>) -> Option<Vec<(TicketId, Standing)>> {
    tickets.into_iter().map(|ticket| Some((ticket, standing(parts.parts()?, pool)?))).collect()
}

fn standing(mut parts: Parts, pool: PoolId) -> Option<Standing> {
    Some(match parts.text()?.as_str() {
        "waiting" => Standing::Waiting(parts.place()?),
        "taken" => Standing::Taken(parts.proposal(pool)?),
        "unknown" => Standing::Unknown,
        _ => return None,
    })
}

fn answered(mut parts: Parts, pool: PoolId) -> Option<Answered> {
    Some(match parts.text()?.as_str() {
        "pending" => Answered::Pending(parts.proposal(pool)?),
        "agreed" => Answered::Agreed(parts.proposal(pool)?),
        "ended" => Answered::Ended(parts.proposal(pool)?),
        "gone" => Answered::Gone,
        _ => return None,
    })
}

fn expired(mut parts: Parts, pool: PoolId) -> Option<Expired> {
    Some(match parts.text()?.as_str() {
        "ended" => Expired::Ended(parts.proposal(pool)?),
        "agreed" => Expired::Agreed(parts.proposal(pool)?),
        "early" => Expired::Early,
        "gone" => Expired::Gone,
        _ => return None,
    })
}

/// How each of these messages was taken; `None` if the value means nothing.
pub(super) fn appends(value: Value, appends: Vec<Append>) -> Option<Vec<Outcome>> {
    let mut parts = Parts::of(value)?;
    appends.into_iter().map(|append| Some(Outcome::Appended(appended(parts.parts()?, append)?))).collect()
}

fn appended(mut parts: Parts, append: Append) -> Option<Appended> {
    Some(match parts.text()?.as_str() {
        "added" => {
            let (sequence, at) = (u64::try_from(parts.number()?).ok()?, parts.time()?);
            let own_sequence = u64::try_from(parts.number()?).ok()?;
            let Append { from, content, client_message_id, .. } = append;
            Appended::Added(ChatMessage { sequence, own_sequence, from, content, client_message_id, at })
        }
        "duplicate" => Appended::Duplicate(message(parts.0.next()?)?),
        "no_room" => Appended::NoRoom,
        _ => return None,
    })
}

/// An entry of a room's stream. Its fields stand in the order in which `append.lua` writes them.
fn message(entry: Value) -> Option<ChatMessage> {
    let mut entry = Parts::of(entry)?;
    let id = entry.text()?;
    let mut fields = entry.parts()?;
    let mut field = || {
        let (_name, value) = (fields.text()?, fields.text()?);
        Some(value)
    };
    let (from, content, at, _key, own) = (field()?, field()?, field()?, field()?, field()?);
    Some(ChatMessage {
        sequence: id.split_once('-')?.0.parse().ok()?,
        own_sequence: own.parse().ok()?,
        from: UserId::new(from),
        content: content.into(),
        client_message_id: field().map(Into::into),
        at: time(&at)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    #[test]
    fn a_reply_that_means_nothing_is_no_outcome() {
        let pool = PoolId("reply");
        let array = |words: &[&str]| Value::Array(words.iter().map(|word| bulk(word)).collect());
        for value in [Value::Nil, bulk("listed"), array(&[]), array(&["listed"]), array(&["claimed", "x"])] {
            assert!(Expected::Searched(pool).read(value.clone()).is_none(), "{value:?}");
            assert!(Expected::Renewed(pool, vec![TicketId(1)]).read(value).is_none());
        }
        assert!(Expected::Messages.read(array(&["1-0"])).is_none());
        for value in [Value::Int(1), bulk("node 0 0"), array(&[])] {
            assert!(Expected::Located.read(value.clone()).is_none(), "{value:?}");
            assert!(Expected::Registered.read(value.clone()).is_none(), "{value:?}");
            assert!(Expected::Rejoined(UserId::new("ana")).read(value.clone()).is_none(), "{value:?}");
            for attached in [value.clone(), Value::Array(vec![value.clone(), array(&[]), bulk("1")])] {
                assert!(Expected::Attached.read(attached).is_none(), "{value:?}");
            }
            assert!(Expected::Reclaimed(pool).read(value).is_none());
        }
        assert!(Expected::Registered.read(Value::Nil).is_none(), "somebody is always known then");
    }

    #[test]
    fn a_time_that_does_not_come_stays_so() {
        assert_eq!(time("18446744073709551616"), Some(Time::NEVER));
        assert_eq!(time("1700000000000"), Some(Time::from_ms(1_700_000_000_000)));
    }
}
