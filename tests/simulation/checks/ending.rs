//! Design section 9, 3 and 6: every ticket ends once, and nobody is left where nothing will happen.

use std::time::Duration;

use qala::domain::id::UserId;
use qala::domain::ticket::Ticket;
use qala::domain::time::Time;

use super::super::ledger::{Ledger, View};
use super::super::observation::{Moment, Observation};
use super::{Verdict, ensure};

/// A search that a stage has just made possible may still be on its way.
const LATELY: Duration = Duration::from_secs(5);

/// Never more tickets end than began, and once everybody is gone as many: in the whole cluster, because tickets
/// go on at other nodes. Those are missing that a dead node took along. Those may end twice that were brought
/// back from the store while the node that they were at did not answer, once more each time, because all believe
/// to have them.
pub(super) fn a_ticket_ends_once(ledger: &Ledger, moment: &Moment) -> Verdict {
    let gone = matches!(&moment.seen, Observation::Emptied { .. });
    let (began, ended) = (ledger.began, ledger.ended);
    let (lost, copied) = (ledger.lost_tickets.len() as u64, ledger.copied_tickets.len() as u64);
    let sure = ledger.scene.is_certain();
    let all = (!sure || ended + lost >= began) && ended + lost <= began + copied;
    ensure(ended <= began + copied && (!gone || all), || {
        let (lost, copied) = (&ledger.lost_tickets, &ledger.copied_tickets);
        format!("{began} tickets began, {ended} ended, {lost:?} were lost, {copied:?} brought back")
    })
}

/// Nobody who is there is left before a proposal whose time is over, or in a room that its partner is not in.
pub(super) fn nobody_is_left_alone(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Settled { .. } = &moment.seen else { return Ok(()) };
    // Who has two clients of which neither knows of the other is with two people at once.
    if !ledger.scene.is_certain() {
        return Ok(());
    }
    for user in ledger.people.keys() {
        match ledger.view_of(user) {
            Some(View::Proposed { proposal, .. }) => {
                return Err(format!("{user} was left before {proposal}"));
            }
            Some(View::Talking { room, partner, .. }) => {
                let other = ledger.view_of(partner);
                let there = matches!(other, Some(View::Talking { room: theirs, partner: back, .. })
                    if theirs == room && back == user);
                ensure(there, || format!("{user} was left in {room}; {partner} is {other:?}"))?;
            }
            Some(View::Idle | View::Waiting) | None => {}
        }
    }
    Ok(())
}

/// Who was told to wait does wait, unless the pool had no room lately.
pub(super) fn who_waits_is_listed(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Settled { listed, .. } = &moment.seen else { return Ok(()) };
    let full = ledger.full_at.is_some_and(|full_at| moment.at.since(full_at) < LATELY);
    for user in ledger.people.keys() {
        if ledger.view_of(user) == Some(&View::Waiting) {
            let ticket = ledger.listed.get(user);
            ensure(full || ticket.is_some_and(|ticket| listed.contains(&ticket.id)), || {
                format!("{user} waits for nothing with {ticket:?}")
            })?;
        }
    }
    Ok(())
}

/// No two who wait accept each other. Their tickets say whom they avoid, as they were listed: the end of a
/// rematch window alone is not searched for. (Who is not listed is another check's: a pool that is full does
/// not even look.)
pub(super) fn nobody_waits_beside_a_match(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Settled { listed, .. } = &moment.seen else { return Ok(()) };
    let waiting: Vec<_> = ledger
        .people
        .keys()
        .filter(|user| ledger.view_of(user) == Some(&View::Waiting))
        .filter_map(|user| Some((user, ledger.listed.get(user)?)))
        .filter(|(_, ticket)| listed.contains(&ticket.id))
        .collect();
    for (index, (user, ticket)) in waiting.iter().enumerate() {
        let beside =
            waiting.iter().skip(index + 1).find(|(_, other)| accept(ledger, ticket, other, moment.at));
        ensure(beside.is_none(), || {
            let other: Option<&UserId> = beside.map(|(other, _)| *other);
            format!("{user} and {other:?} wait beside each other")
        })?;
    }
    Ok(())
}

fn accept(ledger: &Ledger, one: &Ticket, other: &Ticket, now: Time) -> bool {
    let ladder = &ledger.scene.policy.ladder;
    let [a, b] = [one, other].map(|ticket| ladder.stage_at(ticket.enqueued_at + LATELY, now));
    one.may_meet(a, other, b, ladder)
}

/// When everybody is gone, no core keeps a session or wants to be woken, and no room stands but those that
/// somebody was in who died with its node, and those whose end the store lost.
pub(super) fn nothing_is_left_over(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Emptied { sessions, wakes, rooms, .. } = &moment.seen else { return Ok(()) };
    ensure(*sessions == 0, || format!("{sessions} sessions are left"))?;
    ensure(*wakes == Time::NEVER, || format!("a core wants to be woken at {wakes:?}"))?;
    let left = rooms
        .iter()
        .find(|room| !ledger.troubles.bereaved.contains(room) && !ledger.troubles.unclosed.contains(room));
    ensure(left.is_none() || !ledger.scene.is_certain(), || format!("rooms are left: {left:?}"))
}
