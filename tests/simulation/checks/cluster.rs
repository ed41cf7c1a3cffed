//! Design section 9, 1 and 6, across nodes: whatever befalls them, nobody is in two matches, alone in one for
//! longer than stated, or back without being told where it stands.

use std::time::Duration;

use qala::domain::notice::Notice;

use super::super::ledger::{Ledger, Standing, View};
use super::super::observation::{Moment, Observation};
use super::{Verdict, ensure};

/// The limit where both nodes live.
const LIMIT: Duration = Duration::from_secs(5);
/// More, where somebody is away: until its node notices, or others notice that its node is dead.
const NOTICED: Duration = Duration::from_secs(6);

/// By what its clients were told at nodes that are well, nobody is in two matches. Whose newest session the store
/// lost may be, until the older is made known again.
pub(super) fn nobody_is_in_two_matches(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Told { connection, notice } = &moment.seen else { return Ok(()) };
    let Some(line) = ledger.lines.get(connection) else { return Ok(()) };
    let Some(room) = line.view.clone().after(notice).match_room() else { return Ok(()) };
    if !matches!(notice, Notice::MatchFound(_) | Notice::MatchReady { .. } | Notice::Resumed(_)) {
        return Ok(());
    }
    let lately = ledger.troubles.store_lost_at.is_some_and(|lost_at| moment.at.since(lost_at) <= LIMIT);
    let well = ledger.is_well(line.core, moment.at);
    if lately || !well || ledger.troubles.unknown.contains(&line.user) {
        return Ok(());
    }
    let other = ledger.lines_of(&line.user).find(|(other, line)| {
        let there = line.standing == Standing::Open && ledger.is_well(line.core, moment.at);
        let another = line.view.match_room().is_some_and(|known| known != room);
        other != connection && there && another
    });
    ensure(other.is_none() || !ledger.scene.is_certain(), || {
        let known = other.map(|(other, line)| (other, &line.view));
        format!("{} was told {notice:?} on {connection:?} and is told of {known:?}", line.user)
    })
}

/// Nobody is in a room whose other member does not know it for longer than the limit, nor with somebody who is
/// away for longer than grace.
pub(super) fn nobody_is_alone_for_long(ledger: &Ledger, moment: &Moment) -> Verdict {
    if !ledger.scene.is_reliable() {
        return Ok(());
    }
    for (user, alone) in &ledger.alone {
        let Some(own) = ledger.line_of(user) else { continue };
        let partners = ledger.lines.values().filter(|line| line.view.room() == Some(alone.room));
        let cores: Vec<usize> = partners.map(|line| line.core).chain([own.core]).collect();
        let Some(calm) = ledger.calm_since(&cores, moment.at) else { continue };
        let View::Talking { partner, .. } = &own.view else { continue };
        // The store knows the older of two sessions of the other one: that one is kept for as long.
        let mistaken = ledger.troubles.unknown.contains(partner);
        let kept = alone.away || mistaken || ledger.troubles.bereaved.contains(&alone.room);
        let limit = if kept { ledger.scene.policy.grace + NOTICED + LIMIT } else { LIMIT };
        let lasted = moment.at.since(alone.since.max(calm));
        ensure(lasted <= limit, || {
            let (room, away) = (alone.room, alone.away);
            format!("{user} is alone in {room} for {lasted:?}, the other away: {away}")
        })?;
    }
    Ok(())
}

/// Who comes back in time while something goes on is told what.
pub(super) fn who_is_back_is_told(ledger: &Ledger, moment: &Moment) -> Verdict {
    if !ledger.scene.is_reliable() {
        return Ok(());
    }
    let lost = ledger.troubles.store_lost_at.is_some();
    for (connection, line) in ledger.lines.iter().filter(|(_, line)| line.standing == Standing::Open) {
        let Some(kept_until) = line.unresumed.filter(|_| !lost) else { continue };
        let cores: Vec<usize> = ledger.lines_of(&line.user).map(|(_, line)| line.core).collect();
        // What is given up before the store can be asked is not brought back.
        let calm = ledger.calm_since(&cores, moment.at).filter(|calm| *calm < kept_until);
        let Some(calm) = calm else { continue };
        let lasted = moment.at.since(line.since.max(calm));
        ensure(lasted <= LIMIT, || {
            format!("{} is back on {connection:?} for {lasted:?} and not told where it stands", line.user)
        })?;
    }
    Ok(())
}

/// In the end there is one session for each client that is there, and a client has one connection; but one whose
/// newest session the store lost may have one more of both, as nobody knows that it is the older.
pub(super) fn one_session_for_each_client(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Settled { sessions, .. } = &moment.seen else { return Ok(()) };
    let there = ledger.people.values().filter(|person| person.connection.is_some()).count();
    let open = ledger.open_lines().len();
    let most = there + ledger.troubles.unknown.len();
    if !ledger.scene.is_certain() {
        return Ok(());
    }
    ensure((there..=most).contains(&open) && (there..=most).contains(sessions), || {
        format!("{there} clients have {open} connections and {sessions} sessions")
    })
}

/// The store knows no session of clients that are gone, but of those whose node died with it, or made it known
/// once more after standing still, or whose end the store was not told or lost: these are forgotten in time.
pub(super) fn no_session_is_known_of_who_is_gone(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Emptied { known, .. } = &moment.seen else { return Ok(()) };
    let left = known.iter().find(|(user, core)| {
        !ledger.troubles.killed.contains_key(core)
            && !ledger.undetached.contains(user)
            && !ledger.troubles.unknown.contains(user)
            && !ledger.troubles.met(*core)
    });
    ensure(left.is_none() || !ledger.scene.is_certain(), || format!("{left:?} is known to the store"))
}
