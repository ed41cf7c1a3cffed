//! Design section 9, 1: at most one match for each user, never with oneself, the same for both.

use qala::domain::id::{RoomId, UserId};
use qala::domain::notice::{Found, Notice, Resumed};
use qala::domain::proposal::Side;

use super::super::ledger::{Deal, Ledger, View};
use super::super::observation::{Moment, Observation};
use super::{Verdict, ensure};

/// A proposal is told to nobody who is in another one or in a room, nor before joining is acknowledged.
pub(super) fn found_only_while_waiting(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Told { connection, notice: Notice::MatchFound(found) } = &moment.seen else {
        return Ok(());
    };
    let view = ledger.view(*connection);
    ensure(view == Some(&View::Waiting), || {
        format!("{:?} was told of {} while {view:?}", ledger.user(*connection), found.proposal)
    })
}

/// Both sides are told the same proposal, the same room, and each other, as the store paired them.
pub(super) fn a_match_is_told_as_it_was_made(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Told { connection, notice } = &moment.seen else { return Ok(()) };
    let Some(user) = ledger.user(*connection) else { return Ok(()) };
    match notice {
        Notice::MatchFound(found) | Notice::Resumed(Resumed::Proposed(found)) => {
            let (deal, own, other) = sides(ledger, user, found)?;
            let right = found.room == deal.proposal.room
                && found.expires_at == deal.proposal.expires_at
                && found.stage == own.stage
                && found.initiator == (deal.proposal.sides[0].ticket.user == *user)
                && found.partner.user == other.ticket.user
                && found.partner.speaks == other.ticket.attributes.speaks
                && found.partner.learns == other.ticket.attributes.learns
                && found.partner.proficiency == other.ticket.attributes.proficiency;
            ensure(right, || format!("{user} was told {found:?} of {:?}", deal.proposal))
        }
        Notice::MatchReady { proposal, room, .. }
        | Notice::MatchAccepted { proposal, room, .. }
        | Notice::Resumed(Resumed::Talking { proposal, room, .. }) => {
            let deal = ledger.deals.get(proposal);
            ensure(deal.is_some_and(|deal| deal.proposal.room == *room), || {
                format!("{user} was told that {proposal} has room {room}")
            })?;
            let partner = match notice {
                Notice::MatchAccepted { by, .. } => Some(by),
                Notice::MatchReady { partner, .. } | Notice::Resumed(Resumed::Talking { partner, .. }) => {
                    Some(&partner.user)
                }
                _ => None,
            };
            let other = deal.and_then(|deal| deal.proposal.sides_of(user)).map(|(_, side)| &side.ticket.user);
            ensure(partner.is_none() || partner == other, || {
                format!("{user} was told of {partner:?} in {proposal}, which is with {other:?}")
            })
        }
        _ => Ok(()),
    }
}

fn sides<'a>(
    ledger: &'a Ledger,
    user: &UserId,
    found: &Found,
) -> Result<(&'a Deal, &'a Side, &'a Side), String> {
    let deal = ledger.deals.get(&found.proposal);
    deal.and_then(|deal| deal.proposal.sides_of(user).map(|(own, other)| (deal, own, other)))
        .ok_or_else(|| format!("{user} was told of {}, which is not of it", found.proposal))
}

/// The two of a match are two.
pub(super) fn nobody_meets_oneself(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Told { connection, notice } = &moment.seen else { return Ok(()) };
    let partner = match notice {
        Notice::MatchFound(found) | Notice::Resumed(Resumed::Proposed(found)) => &found.partner.user,
        Notice::MatchReady { partner, .. } | Notice::Resumed(Resumed::Talking { partner, .. }) => {
            &partner.user
        }
        Notice::MatchAccepted { by, .. } => by,
        _ => return Ok(()),
    };
    ensure(ledger.user(*connection) != Some(partner), || format!("{partner} met itself"))
}

/// A room stands only when both have said yes. Saying yes is what counts, not its answer, which a store that
/// does not answer leaves open.
pub(super) fn ready_only_after_both_accepted(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Told {
        connection,
        notice: Notice::MatchReady { proposal, .. } | Notice::Resumed(Resumed::Talking { proposal, .. }),
    } = &moment.seen
    else {
        return Ok(());
    };
    let Some(deal) = ledger.deals.get(proposal) else { return Err(format!("{proposal} was never made")) };
    let said_yes = |side: &Side| deal.accepted.contains(&side.ticket.user);
    ensure(deal.proposal.sides.iter().all(said_yes), || {
        let (user, said) = (ledger.user(*connection), &deal.accepted);
        format!("{user:?} was told that {proposal} is agreed; yes was said by {said:?}")
    })
}

/// What a client is told about a proposal, a room or its place in the queue is about the one it is in.
pub(super) fn news_are_of_what_the_client_is_in(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Told { connection, notice } = &moment.seen else { return Ok(()) };
    let Some(view) = ledger.view(*connection) else { return Ok(()) };
    let waits = *view == View::Waiting;
    let fits = match notice {
        Notice::Position { .. } | Notice::WaitingExpired => waits,
        Notice::MatchReady { .. } if ledger.scene.is_at_once() => waits,
        Notice::MatchAccepted { proposal: told, .. }
        | Notice::MatchReady { proposal: told, .. }
        | Notice::MatchFailed { proposal: told, .. } => {
            matches!(view, View::Proposed { proposal, .. } if proposal == told)
        }
        Notice::PeerAway { room, user, .. }
        | Notice::PeerBack { room, user }
        | Notice::PeerLeft { room, user, .. } => is_in(view, *room, user),
        _ => true,
    };
    ensure(fits, || format!("{:?} was told {notice:?} while {view:?}", ledger.user(*connection)))
}

/// Whether that is a view from inside the room, with that one in it.
pub(super) fn is_in(view: &View, asked: RoomId, with: &UserId) -> bool {
    matches!(view, View::Talking { room, partner, .. } if *room == asked && partner == with)
}
