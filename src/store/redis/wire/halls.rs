//! What members of a hall tell each other, as words.

use std::collections::VecDeque;
use std::sync::Arc;

use super::KINDS;
use crate::domain::hall::{HallNews, HandedHall, HeldSignal, Leaving, Member, Roster};
use crate::domain::id::{EntryId, HallName, MemberName};
use crate::domain::talk::{Payload, SignalKind};
use crate::domain::time::Time;
use crate::store::redis::text::{self, escaped, unescaped};
use crate::store::redis::words::Words;

const LEAVINGS: [Leaving; 3] = [Leaving::Left, Leaving::Disconnected, Leaving::Replaced];

/// The text of what a member tells another; a signal stands at its end, unread.
pub(super) fn hall_news(news: &HallNews) -> String {
    match news {
        HallNews::Roster(told) => format!("roster {}", roster(told)),
        HallNews::Gone { entry, leaving } => format!("gone {} {}", entry.0, leaving.as_str()),
        HallNews::Away { entry } => format!("away {}", entry.0),
        HallNews::Back { entry } => format!("back {}", entry.0),
        HallNews::Signal { from, to, kind, payload } => {
            format!("signal {} {} {} {}", member(from), to.0, kind.as_str(), payload.0)
        }
    }
}

fn roster(Roster { created_at, version, members }: &Roster) -> String {
    let mut words = format!("{} {version} {}", created_at.as_ms(), members.len());
    for told in members {
        words.push(' ');
        words.push_str(&member(told));
    }
    words
}

fn member(Member { entry, name, address }: &Member) -> String {
    format!("{} {} {}", entry.0, escaped(name.as_str()), text::address(address))
}

/// The text of a stay that is handed over.
pub(super) fn handed_hall(HandedHall { hall, own, roster: told, held }: &HandedHall) -> String {
    let mut words = format!("{} {} {} {}", escaped(hall.as_str()), own.0, roster(told), held.len());
    for HeldSignal { from, kind, payload } in held {
        for word in [&escaped(from.as_str()), kind.as_str(), &escaped(&payload.0)] {
            words.push(' ');
            words.push_str(word);
        }
    }
    words
}

impl Words<'_> {
    /// What [`hall_news`] was given.
    pub(super) fn hall_news(&mut self) -> Option<HallNews> {
        Some(match self.next()? {
            "roster" => HallNews::Roster(Arc::new(self.roster()?)),
            "gone" => {
                HallNews::Gone { entry: self.entry()?, leaving: self.one_of(LEAVINGS, Leaving::as_str)? }
            }
            "away" => HallNews::Away { entry: self.entry()? },
            "back" => HallNews::Back { entry: self.entry()? },
            "signal" => {
                let (from, to) = (Box::new(self.member()?), self.entry()?);
                let kind = self.one_of(KINDS, SignalKind::as_str)?;
                HallNews::Signal { from, to, kind, payload: Payload(self.rest()?.into()) }
            }
            _ => return None,
        })
    }

    fn entry(&mut self) -> Option<EntryId> {
        self.parse().map(EntryId)
    }

    fn member_name(&mut self) -> Option<MemberName> {
        Some(MemberName::new(unescaped(self.next()?)))
    }

    fn member(&mut self) -> Option<Member> {
        Some(Member { entry: self.entry()?, name: self.member_name()?, address: self.address()? })
    }

    fn roster(&mut self) -> Option<Roster> {
        let (created_at, version) = (Time::from_ms(self.parse()?), self.parse()?);
        let members = (0..self.parse::<usize>()?).map(|_| self.member()).collect::<Option<Vec<_>>>()?;
        Some(Roster { created_at, version, members })
    }

    /// What [`handed_hall`] was given.
    pub(super) fn handed_hall(&mut self) -> Option<HandedHall> {
        let hall = HallName::new(unescaped(self.next()?));
        let (own, roster) = (self.entry()?, self.roster()?);
        let held =
            (0..self.parse::<usize>()?).map(|_| self.held_signal()).collect::<Option<VecDeque<_>>>()?;
        Some(HandedHall { hall, own, roster, held })
    }

    fn held_signal(&mut self) -> Option<HeldSignal> {
        let (from, kind) = (self.member_name()?, self.one_of(KINDS, SignalKind::as_str)?);
        Some(HeldSignal { from, kind, payload: Payload(unescaped(self.next()?).into()) })
    }
}
