//! Design section 9, 2: nobody is matched against a wish of either, as it is at that moment.

use std::time::Duration;

use qala::domain::id::{ProposalId, UserId};
use qala::domain::notice::Notice;
use qala::domain::operation::{Operation, Outcome, Searched};
use qala::domain::proposal::{Proposal, Side};
use qala::domain::time::Time;

use super::super::ledger::Ledger;
use super::super::observation::{Moment, Observation};
use super::{Verdict, ensure};

/// Longer than a session takes to move, and what it asked for before to be done.
const MOVING: Duration = Duration::from_secs(3);

/// The proposal that a client hears of for the first time, and with whom: that both are asked or, where nobody is,
/// that the room stands.
fn told_first<'a>(ledger: &Ledger, notice: &'a Notice) -> Option<(ProposalId, &'a UserId)> {
    match notice {
        Notice::MatchFound(found) => Some((found.proposal, &found.partner.user)),
        Notice::MatchReady { proposal, partner, .. } if ledger.scene.is_at_once() => {
            Some((*proposal, &partner.user))
        }
        _ => None,
    }
}

fn claimed(moment: &Moment) -> Option<&Proposal> {
    match &moment.seen {
        Observation::Carried {
            request: Operation::Search(_),
            outcome: Outcome::Searched(Searched::Claimed(proposal)),
            ..
        } => Some(proposal),
        _ => None,
    }
}

/// The two accept each other at the stages that the proposal names, and neither has come further than its
/// waiting allows.
pub(super) fn wishes_hold_at_the_claim(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Some(proposal) = claimed(moment) else { return Ok(()) };
    let ladder = &ledger.scene.policy.ladder;
    let [one, other] = &proposal.sides;
    ensure(one.ticket.may_meet(one.stage, &other.ticket, other.stage, ladder), || {
        format!("{one:?} and {other:?} do not accept each other")
    })?;
    let early = |side: &&Side| ladder.stage_at(side.ticket.enqueued_at, moment.at) < side.stage;
    let early = proposal.sides.iter().find(early);
    ensure(early.is_none(), || format!("at {:?} too early for {early:?}", moment.at))
}

/// Said once more without the ladder, so that a mistake there does not hide itself.
pub(super) fn strict_wishes_never_relax(_: &Ledger, moment: &Moment) -> Verdict {
    let Some(Proposal { sides: [one, other], .. }) = claimed(moment) else { return Ok(()) };
    for (side, met) in [(one, other), (other, one)] {
        let (own, criteria, met) = (&side.ticket.attributes, &side.ticket.criteria, &met.ticket.attributes);
        let strict = criteria.strict;
        let age = !strict.age || (criteria.age.min..=criteria.age.max).contains(&met.age);
        let gender = !strict.gender || criteria.gender.is_none() || criteria.gender == met.gender;
        let level = !strict.proficiency || !criteria.same_proficiency || own.proficiency == met.proficiency;
        let pair = own.speaks == met.learns && own.learns == met.speaks;
        ensure(age && gender && level && pair, || format!("{criteria:?} of {own:?} does not want {met:?}"))?;
    }
    Ok(())
}

/// Who is told of a proposal is so for the wish that was acknowledged last, or one asked since, and has
/// waited no longer than since that wish. A node that stood still holds to an older wish until it has heard that
/// its client was elsewhere.
pub(super) fn found_for_the_wish_that_holds(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Told { connection, notice } = &moment.seen else { return Ok(()) };
    let Some((proposal, _)) = told_first(ledger, notice) else { return Ok(()) };
    let Some((user, deal)) = ledger.user(*connection).zip(ledger.deals.get(&proposal)) else {
        return Ok(());
    };
    let Some(((own, _), person)) = deal.proposal.sides_of(user).zip(ledger.people.get(user)) else {
        return Ok(());
    };
    let ticket = &own.ticket;
    let Some(line) = ledger.lines.get(connection) else { return Ok(()) };
    let current = if ledger.is_well(line.core, moment.at) { line.current } else { 0 };
    // A store that lost the wish holds to the one before.
    let lost = ledger.troubles.store_lost_at.is_some_and(|lost_at| ticket.enqueued_at <= lost_at);
    let current = if lost || ledger.troubles.unknown.contains(user) { 0 } else { current };
    let wished = |(_, attributes, criteria): &(_, _, _)| {
        *attributes == ticket.attributes && *criteria == ticket.criteria
    };
    ensure(person.wishes.iter().skip(current).any(wished), || {
        format!("{user} does not wish for {ticket:?} any more")
    })?;
    let since = person.wishes.iter().filter(|wish| wished(wish)).map(|(at, _, _)| *at).min();
    ensure(since.is_some_and(|since| since <= ticket.enqueued_at), || {
        format!("{user} has not waited since {:?}", ticket.enqueued_at)
    })
}

/// Nobody is told again of somebody within the window. As long as the store loses nothing, the two are not
/// even claimed again; a store that does may keep a ticket whose owner gave it up, with the avoid list that
/// it had, and whoever claims that one is turned away. Nor can the promise hold for somebody whose history
/// the store lost: what a session met is forgotten with the session, unless `Remember` and the next `Attach`
/// were carried out.
pub(super) fn nobody_meets_again_too_soon(ledger: &Ledger, moment: &Moment) -> Verdict {
    if let Some(Proposal { sides: [one, other], .. }) = claimed(moment) {
        let (one, other) = (&one.ticket.user, &other.ticket.user);
        let met_at = ledger.met_at(one, other).max(ledger.met_at(other, one));
        let excused = !ledger.scene.is_lossless() || moved(ledger, [one, other], met_at);
        return ensure(excused || is_past(ledger, met_at, moment.at), || {
            format!("{one} and {other} met at {met_at:?} and are claimed again at {:?}", moment.at)
        });
    }
    let Observation::Told { connection, notice } = &moment.seen else { return Ok(()) };
    let Some((_, partner)) = told_first(ledger, notice) else { return Ok(()) };
    let Some(user) = ledger.user(*connection) else { return Ok(()) };
    let forgot = |whom: Option<&UserId>| ledger.forgot.contains(&(user.clone(), whom.cloned()));
    let met_at = ledger.met_at(user, partner);
    let excused = forgot(None) || forgot(Some(partner)) || moved(ledger, [user, partner], met_at);
    ensure(excused || is_past(ledger, met_at, moment.at), || {
        format!("{user} met {partner} at {met_at:?} and again at {:?}", moment.at)
    })
}

/// Whether one of them came in while the two were told of each other: its session may have asked whom to avoid
/// before the other session of the same user had that written down.
fn moved(ledger: &Ledger, users: [&UserId; 2], met_at: Option<Time>) -> bool {
    let near =
        |opened: Time| met_at.is_some_and(|met_at| opened < met_at + MOVING && met_at < opened + MOVING);
    users.iter().any(|user| ledger.lines_of(user).any(|(_, line)| near(line.opened)))
}

fn is_past(ledger: &Ledger, met_at: Option<Time>, now: Time) -> bool {
    met_at.is_none_or(|met_at| now.since(met_at) >= ledger.scene.policy.rematch_after)
}
