//! Design section 9, in halls: their members know each other, and signals reach whom they are for.

use std::collections::{BTreeMap, BTreeSet};

use qala::domain::hall::HallNotice;
use qala::domain::id::{HallName, MemberName};
use qala::domain::notice::Notice;

use super::super::ledger::{Ledger, Standing};
use super::super::observation::{Moment, Observation};
use super::super::talks::number;
use super::{Verdict, ensure};

/// When all is quiet, everybody in a hall believes that the same people are in it.
pub(super) fn members_agree(ledger: &Ledger, moment: &Moment) -> Verdict {
    if !matches!(moment.seen, Observation::Settled { .. }) {
        return Ok(());
    }
    let mut there = BTreeMap::<&HallName, BTreeSet<&MemberName>>::new();
    let stays = || {
        let connections = ledger.people.values().filter_map(|person| person.connection);
        connections.filter_map(|connection| Some((connection, ledger.halls.stays.get(&connection)?)))
    };
    for (hall, stay) in stays().flat_map(|(_, stays)| stays) {
        let first = there.entry(hall).or_default().insert(&stay.name);
        ensure(first, || format!("two are in {hall} as {}", stay.name))?;
    }
    for (connection, stays) in stays() {
        for (hall, stay) in stays {
            let mut others: BTreeSet<_> = stay.others.iter().collect();
            others.insert(&stay.name);
            let there = &there[hall];
            ensure(others == *there, || {
                format!(
                    "{connection:?} in {hall} as {} believes {others:?} there, and there are {there:?}",
                    stay.name
                )
            })?;
        }
    }
    Ok(())
}

/// Nobody comes who is there, and nobody goes who is not.
pub(super) fn comings_and_goings_fit(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Observation::Told { connection, notice: Notice::Hall(notice) } = &moment.seen else { return Ok(()) };
    let knows = |hall: &HallName, name: &MemberName| {
        ledger.halls.stay(*connection, hall).map(|stay| stay.others.contains(name))
    };
    let fits = match notice {
        HallNotice::Joined { hall, name } => knows(hall, name) == Some(false),
        HallNotice::Left { hall, name, .. }
        | HallNotice::Away { hall, name, .. }
        | HallNotice::Back { hall, name } => knows(hall, name) == Some(true),
        HallNotice::Replaced { hall, name } => {
            ledger.halls.stay(*connection, hall).is_some_and(|stay| stay.name == *name)
        }
        HallNotice::Resumed(_) | HallNotice::Signal { .. } => true,
    };
    ensure(fits, || format!("{connection:?} was told {notice:?}"))
}

/// A signal reaches the member it is for, as it was sent, by the one who sent it.
pub(super) fn a_signal_reaches_whom_it_is_for(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Some((connection, hall, from, to, number)) = signal(moment) else { return Ok(()) };
    let sent = ledger.halls.signals.get(&number);
    ensure(sent.is_some_and(|sent| (&sent.hall, &sent.to) == (hall, to)), || {
        format!("nobody sent {number} to {to} in {hall}")
    })?;
    let named = sent.and_then(|sent| sent.from.as_ref());
    ensure(named.is_none_or(|name| name == from), || format!("{number} is not of {from} but of {named:?}"))?;
    let own = ledger.halls.stay(connection, hall);
    ensure(own.is_some_and(|stay| stay.name == *to), || format!("{connection:?} is not {to} in {hall}"))
}

/// What one client sends another in a hall over one connection is heard in that order, each once.
pub(super) fn signals_are_heard_in_order(ledger: &Ledger, moment: &Moment) -> Verdict {
    let Some((connection, _, _, _, number)) = signal(moment) else { return Ok(()) };
    let (Some(sent), Some(user)) = (ledger.halls.signals.get(&number), ledger.user(connection)) else {
        return Ok(());
    };
    let last = ledger.halls.last.get(&(sent.by, user.clone(), sent.hall.clone()));
    ensure(last.is_none_or(|last| *last < number), || format!("{user} heard {number} after {last:?}"))
}

/// Where nothing gets lost, an acknowledged signal is heard by a member who was there and stayed.
pub(super) fn acknowledged_signals_arrive(ledger: &Ledger, moment: &Moment) -> Verdict {
    if !matches!(moment.seen, Observation::Settled { .. }) || !ledger.scene.is_lossless() {
        return Ok(());
    }
    for (number, sent) in ledger.halls.signals.iter().filter(|(_, sent)| sent.done && !sent.heard) {
        let Some(from) = &sent.from else { continue };
        let stayed = ledger.lines.iter().find(|(connection, line)| {
            let stay = ledger.halls.stay(**connection, &sent.hall);
            let stood = stay.is_some_and(|stay| stay.name == sent.to && stay.stood_with(from, sent.at));
            line.standing == Standing::Open && stood
        });
        ensure(stayed.is_none(), || format!("{:?} never heard {number}", stayed.map(|(it, _)| it)))?;
    }
    Ok(())
}

type Signal<'a> = (qala::domain::id::ConnectionId, &'a HallName, &'a MemberName, &'a MemberName, u64);

fn signal(moment: &Moment) -> Option<Signal<'_>> {
    let Observation::Told {
        connection,
        notice: Notice::Hall(HallNotice::Signal { hall, from, to, payload, .. }),
    } = &moment.seen
    else {
        return None;
    };
    Some((*connection, hall, from, to, number(&payload.0)?))
}
