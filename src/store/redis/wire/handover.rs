//! What a session hands over, as words: the proposals that ended, after their number, whom it met and the halls it is
//! in, each after theirs, whose it is, the room that ended unheard, whether a backend is asked for somebody, and what it
//! is doing. Signals that it held stand at the end, as many as there are.

use super::halls::handed_hall;
use super::{DEPARTURES, KINDS, ticket};
use crate::domain::envelope::{Ended, GoingOn, Handover};
use crate::domain::hall::HandedHall;
use crate::domain::id::{ProposalId, UserId};
use crate::domain::talk::{Departure, Payload, SignalKind};
use crate::domain::ticket::PoolId;
use crate::domain::time::Time;
use crate::store::redis::text::{self, escaped, unescaped};
use crate::store::redis::words::{NONE, Words};

/// The text of what is handed over.
pub(super) fn handover(Handover { user, going_on, settled, met, halls, ended, seeks }: &Handover) -> String {
    let mut words = vec![settled.len().to_string()];
    words.extend(settled.iter().map(ToString::to_string));
    words.push(met.len().to_string());
    words.extend(
        met.iter().map(|(partner, until)| format!("{} {}", escaped(partner.as_str()), until.as_ms())),
    );
    words.push(halls.len().to_string());
    words.extend(halls.iter().map(handed_hall));
    words.push(escaped(user.as_str()));
    words.push(ended.as_ref().map_or_else(
        || NONE.to_owned(),
        |Ended { room, user, departure }| format!("{} {room} {}", departure.as_str(), escaped(user.as_str())),
    ));
    words.push(u8::from(*seeks).to_string());
    words.push(match going_on {
        GoingOn::Idle => "idle".to_owned(),
        GoingOn::Waiting(waiting) => format!("waiting {} {}", escaped(waiting.pool.0), ticket(waiting)),
        GoingOn::Proposed { proposal, peer_gone } => {
            let gone = peer_gone.map_or(NONE, Departure::as_str);
            format!("proposed {gone} {}", super::proposal(proposal))
        }
        GoingOn::Talking { talk, last_sequence, heard_sequence, told, held: _ } => {
            let told = u8::from(*told);
            format!("talking {last_sequence} {heard_sequence} {told} {}", text::talk(talk))
        }
    });
    if let GoingOn::Talking { held, .. } = going_on {
        words.extend(held.iter().flat_map(|(kind, payload)| [kind.as_str().to_owned(), escaped(&payload.0)]));
    }
    words.join(" ")
}

impl Words<'_> {
    fn met(&mut self) -> Option<(UserId, Time)> {
        Some((UserId::new(unescaped(self.next()?)), Time::from_ms(self.parse()?)))
    }

    fn ended(&mut self) -> Option<Ended> {
        let departure = self.one_of(DEPARTURES, Departure::as_str)?;
        Some(Ended { room: self.parse()?, user: UserId::new(unescaped(self.next()?)), departure })
    }

    /// What [`handover`] was given.
    pub(super) fn handover(&mut self, pools: &[PoolId]) -> Option<Handover> {
        let settled =
            (0..self.parse::<usize>()?).map(|_| self.parse()).collect::<Option<Vec<ProposalId>>>()?;
        let met = (0..self.parse::<usize>()?).map(|_| self.met()).collect::<Option<Vec<_>>>()?;
        let halls =
            (0..self.parse::<usize>()?).map(|_| self.handed_hall()).collect::<Option<Vec<HandedHall>>>()?;
        let user = UserId::new(unescaped(self.next()?));
        let ended = self.or_none(Self::ended).ok()?;
        let seeks = self.flag()?;
        let going_on = match self.next()? {
            "idle" => GoingOn::Idle,
            "waiting" => {
                let pool = self.pool(pools)?;
                GoingOn::Waiting(self.ticket(pool)?)
            }
            "proposed" => {
                let peer_gone = self.or_none(|words| words.one_of(DEPARTURES, Departure::as_str)).ok()?;
                GoingOn::Proposed { proposal: self.proposal(pools)?, peer_gone }
            }
            "talking" => {
                let (last_sequence, heard_sequence) = (self.parse()?, self.parse()?);
                let told = self.flag()?;
                let talk = Box::new(self.talk()?);
                let mut held = Vec::new();
                while !self.is_empty() {
                    let kind = self.one_of(KINDS, SignalKind::as_str)?;
                    held.push((kind, Payload(unescaped(self.next()?).into())));
                }
                GoingOn::Talking { talk, last_sequence, heard_sequence, told, held }
            }
            _ => return None,
        };
        Some(Handover { user, going_on, settled, met, halls, ended, seeks })
    }
}
