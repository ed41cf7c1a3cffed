//! Halls in Redis: each operation as a script, and what the scripts answer.

use redis::{Cmd, Value};

use super::call::{Call, Caller, MOST, call};
use super::reply::{Expected, Parts};
use super::scripts;
use super::text::{self, escaped, unescaped};
use crate::domain::hall::{HallOperation, HallOutcome, Member, Roster};
use crate::domain::id::{EntryId, HallName, MemberName};
use crate::domain::limits::HALLS_LISTED_AT_ONCE;
use crate::domain::ticket::PoolId;
use crate::domain::time::Time;

/// What kind of answer an operation brings.
#[derive(Clone, Copy)]
pub(super) enum HallAnswer {
    Entered,
    Restored,
    Roster,
    Renewed,
    Listed,
    Reserved,
}

impl Caller {
    /// What carries out `request` in the halls of `pool`.
    pub(super) fn of_halls(&self, pool: PoolId, request: HallOperation, now: Time) -> Call {
        let (script, answer) = match &request {
            HallOperation::Enter { .. } => (&scripts::HALL_ENTER, HallAnswer::Entered),
            HallOperation::Restore { .. } => (&scripts::HALL_RESTORE, HallAnswer::Restored),
            HallOperation::Leave { .. } | HallOperation::Look { .. } => {
                (&scripts::HALL_LEAVE, HallAnswer::Roster)
            }
            HallOperation::Renew { .. } => (&scripts::HALL_RENEW, HallAnswer::Renewed),
            HallOperation::List { .. } => (&scripts::HALL_LIST, HallAnswer::Listed),
            HallOperation::Reserve { .. } => (&scripts::HALL_RESERVE, HallAnswer::Reserved),
        };
        let mut command = self.timed(script, &self.keys.halls(pool), now);
        add_arguments(&mut command, request);
        call(command, script, Expected::Hall(answer))
    }
}

/// What follows the moment among a script's arguments.
fn add_arguments(command: &mut Cmd, request: HallOperation) {
    match request {
        HallOperation::Enter { hall, member, instead, most_members, most_halls } => {
            command.arg(hall.as_str()).arg(&words(&member));
            command.arg(instead.map(entry).unwrap_or_default()).arg(most_members).arg(most_halls);
        }
        HallOperation::Restore { hall, roster, own } => {
            let version = roster.version.min(MOST);
            command.arg(hall.as_str()).arg(entry(own)).arg(roster.created_at.as_ms()).arg(version);
            for member in &roster.members {
                command.arg(&words(member));
            }
        }
        HallOperation::Leave { hall, entries } => {
            command.arg(hall.as_str()).arg(entries.into_iter().map(entry).collect::<Vec<_>>());
        }
        HallOperation::Renew { entries } => {
            for (hall, own) in entries {
                command.arg(hall.as_str()).arg(entry(own));
            }
        }
        HallOperation::Look { hall } => {
            command.arg(hall.as_str());
        }
        HallOperation::List { skip } => {
            command.arg(skip).arg(HALLS_LISTED_AT_ONCE);
        }
        HallOperation::Reserve { hall, most_reserved, most_halls } => {
            command.arg(hall.as_str()).arg(most_reserved).arg(most_halls);
        }
    }
}

fn entry(EntryId(number): EntryId) -> String {
    number.to_string()
}

/// A member as three arguments.
fn words(member: &Member) -> [String; 3] {
    [entry(member.entry), escaped(member.name.as_str()), text::address(&member.address)]
}

impl HallAnswer {
    /// The outcome that `value` means.
    pub(super) fn read(self, value: Value) -> Option<HallOutcome> {
        let mut parts = Parts::of(value)?;
        Some(match self {
            Self::Entered => return entered(parts),
            Self::Restored => {
                HallOutcome::Restored { roster: roster(parts.parts()?)?, changed: parts.text()? == "1" }
            }
            Self::Roster => match parts.optional_parts().ok()? {
                Some(parts) => HallOutcome::Roster(Some(roster(parts)?)),
                None => HallOutcome::Roster(None),
            },
            Self::Renewed => HallOutcome::Renewed(renewed(parts)?),
            Self::Listed => HallOutcome::Listed(listed(parts)?),
            Self::Reserved => match parts.text()?.as_str() {
                "reserved" => HallOutcome::Reserved,
                "no_more_halls" => HallOutcome::NoMoreHalls,
                _ => return None,
            },
        })
    }
}

fn entered(mut parts: Parts) -> Option<HallOutcome> {
    Some(match parts.text()?.as_str() {
        "entered" => {
            let roster = roster(parts.parts()?)?;
            let replaced = match parts.optional_parts().ok()? {
                Some(mut replaced) => Some(member(&mut replaced)?),
                None => None,
            };
            HallOutcome::Entered { roster, replaced }
        }
        "full" => HallOutcome::Full,
        "no_more_halls" => HallOutcome::NoMoreHalls,
        _ => return None,
    })
}

fn renewed(mut parts: Parts) -> Option<Vec<Option<u64>>> {
    let mut versions = Vec::new();
    while !parts.is_empty() {
        let version = parts.text()?;
        versions.push(if version.is_empty() { None } else { Some(version.parse().ok()?) });
    }
    Some(versions)
}

fn listed(mut parts: Parts) -> Option<Vec<(HallName, Roster)>> {
    let mut halls = Vec::new();
    while !parts.is_empty() {
        halls.push((HallName::new(parts.text()?), roster(parts.parts()?)?));
    }
    Some(halls)
}

fn roster(mut parts: Parts) -> Option<Roster> {
    let (created_at, version) = (Time::from_ms(parts.text()?.parse().ok()?), parts.text()?.parse().ok()?);
    let mut of_members = parts.parts()?;
    let mut members = Vec::new();
    while !of_members.is_empty() {
        members.push(member(&mut of_members)?);
    }
    Some(Roster { created_at, version, members })
}

fn member(parts: &mut Parts) -> Option<Member> {
    Some(Member {
        entry: EntryId(parts.text()?.parse().ok()?),
        name: MemberName::new(unescaped(&parts.text()?)),
        address: text::parse_address(&parts.text()?)?,
    })
}
