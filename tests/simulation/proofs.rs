//! Every check can fail: what was seen in a good run is spoilt in one place, and the check says so.

use std::collections::BTreeSet;
use std::sync::Arc;

use qala::domain::command::{Command, Reply};
use qala::domain::criteria::{AgeRange, Criteria, Strict};
use qala::domain::event::{Event, TicketEnd};
use qala::domain::hall::HallNotice;
use qala::domain::id::{ConnectionId, MemberName, RoomId, UserId};
use qala::domain::notice::{Found, Notice};
use qala::domain::operation::{Operation, Outcome, Searched};
use qala::domain::person::{Attributes, Proficiency};
use qala::domain::proposal::Proposal;
use qala::domain::talk::Payload;

use super::checks::{examine_again, names};
use super::observation::{Moment, Observation};
use super::random::Random;
use super::run::record;
use super::scene::Scene;

/// Runs that are tried until one has what it takes.
const SEEDS: u64 = 60;

/// Spoils what was seen; `false` if there is nothing of that kind.
type Spoil = fn(&mut Vec<Moment>) -> bool;

fn prove(check: &str, spoil: Spoil) {
    let fires = (0..SEEDS)
        .flat_map(|seed| [Scene::quiet(seed), Scene::far(seed), Scene::in_halls(Scene::quiet(seed))])
        .any(|scene| {
            let mut moments = record(scene.clone());
            let good = examine_again(&scene, &moments, check);
            assert!(good.is_ok(), "{check} does not even hold in a good run");
            spoil(&mut moments) && examine_again(&scene, &moments, check).is_err()
        });
    assert!(fires, "`{check}` never fails");
}

macro_rules! told {
    ($notice:pat) => {
        Observation::Told { notice: $notice, .. }
    };
}
macro_rules! recorded {
    ($event:pat) => {
        Observation::Recorded { event: $event, .. }
    };
}
macro_rules! claimed {
    ($proposal:pat) => {
        Observation::Carried { outcome: Outcome::Searched(Searched::Claimed($proposal)), .. }
    };
}

macro_rules! proofs {
    ($($name:ident: $check:literal, $spoil:expr;)*) => {
        $(#[test]
        fn $name() {
            prove($check, $spoil);
        })*

        #[test]
        fn every_check_is_proved_to_fail() {
            let proved = BTreeSet::from([$($check),*]);
            assert_eq!(proved, names().collect());
        }
    };
}

proofs! {
    a_leaving_that_is_not_told: "members of a hall agree",
        |seen| without(seen, |seen| matches!(seen, told!(Notice::Hall(HallNotice::Left { .. }))));
    come_twice: "comings and goings fit",
        |seen| twice(seen, |seen| matches!(seen, told!(Notice::Hall(HallNotice::Joined { .. }))));
    for_somebody_else: "a signal reaches whom it is for",
        |seen| changed(seen, |seen| match seen {
            told!(Notice::Hall(HallNotice::Signal { to, .. })) => replace(to, MemberName::new("somebody else")),
            _ => false,
        });
    signal_twice_in_a_hall: "signals in a hall are heard in order",
        |seen| twice(seen, |seen| matches!(seen, told!(Notice::Hall(HallNotice::Signal { .. }))));
    signal_lost_in_a_hall: "acknowledged signals in a hall arrive",
        |seen| without(seen, |seen| matches!(seen, told!(Notice::Hall(HallNotice::Signal { .. }))));
    found_twice: "found only while waiting",
        |seen| twice(seen, |seen| matches!(seen, told!(Notice::MatchFound(_))));
    found_before_joining_is_acknowledged: "found only while waiting",
        |seen| without(seen, |seen| matches!(seen, Observation::Answered { answer: Ok(Reply::Joined { .. }), .. }));
    another_room: "a match is told as it was made",
        |seen| changed(seen, |seen| match seen {
            told!(Notice::MatchReady { room, .. }) => replace(room, RoomId::random(&mut Random::new(1))),
            _ => false,
        });
    another_partner: "a match is told as it was made",
        |seen| changed(seen, |seen| match seen {
            told!(Notice::MatchFound(found)) => replace(&mut found.partner.user, UserId::new("nobody")),
            _ => false,
        });
    oneself: "nobody meets oneself",
        |seen| {
            let before = seen.clone();
            changed(seen, |seen| match seen {
                Observation::Told { connection, notice: Notice::MatchFound(found) } => {
                    let user = user_of(&before, *connection);
                    user.is_some_and(|user| replace(&mut found.partner.user, user))
                }
                _ => false,
            })
        };
    ready_without_a_yes: "ready only after both accepted",
        |seen| without(seen, |seen| matches!(seen, Observation::Asked { command: Ok(Command::Accept(_)), .. }));
    left_twice: "news are of what the client is in",
        |seen| twice(seen, |seen| matches!(seen, told!(Notice::PeerLeft { .. })));
    failed_twice: "news are of what the client is in",
        |seen| twice(seen, |seen| matches!(seen, told!(Notice::MatchFailed { .. })));
    unwanted_language: "wishes hold at the claim",
        |seen| claims(seen, |proposal| {
            let ticket = Arc::make_mut(&mut proposal.sides[1].ticket);
            ticket.attributes.speaks = "xx".parse().expect("a language");
        });
    stage_too_early: "wishes hold at the claim",
        |seen| claims(seen, |proposal| {
            let later = proposal.expires_at;
            proposal.sides.iter_mut().for_each(|side| {
                Arc::make_mut(&mut side.ticket).enqueued_at = later;
                side.stage = qala::domain::criteria::Stage::PairOnly;
            });
        });
    too_old_for_a_strict_wish: "strict wishes never relax",
        |seen| claims(seen, |proposal| {
            let criteria = &mut Arc::make_mut(&mut proposal.sides[0].ticket).criteria;
            criteria.age = AgeRange { min: 1, max: 2 };
            criteria.strict.age = true;
        });
    somebody_elses_wish: "found for the wish that holds",
        |seen| claims(seen, |proposal| {
            proposal.sides.iter_mut().for_each(|side| Arc::make_mut(&mut side.ticket).attributes.age += 100);
        });
    the_same_two_again: "nobody meets again too soon",
        |seen| {
            let claim = seen.iter().position(|moment| matches!(&moment.seen, claimed!(_)));
            let found = seen.iter().rposition(|moment| matches!(&moment.seen, told!(Notice::MatchFound(_))));
            let (Some(claim), Some(found)) = (claim, found) else { return false };
            seen.insert(found + 1, Moment { at: seen[found].at, ..seen[claim].clone() });
            true
        };
    ended_twice: "a ticket ends once",
        |seen| twice(seen, |seen| matches!(seen, recorded!(Event::TicketEnded(_))));
    never_ended: "a ticket ends once",
        |seen| without_last(seen, |seen| matches!(seen, recorded!(Event::TicketEnded(TicketEnd::Gone))));
    a_stranger_speaks: "only members hear a room",
        |seen| changed(seen, |seen| match seen {
            told!(Notice::Signal { from, .. }) => replace(from, UserId::new("nobody")),
            _ => false,
        });
    a_signal_nobody_sent: "a signal is heard as it was sent",
        |seen| changed(seen, |seen| match seen {
            told!(Notice::Signal { payload, .. }) => replace(payload, Payload("999999".into())),
            _ => false,
        });
    a_signal_twice: "signals are heard in order, each once",
        |seen| twice(seen, |seen| matches!(seen, told!(Notice::Signal { .. })));
    signals_never_heard: "acknowledged signals are complete",
        |seen| without(seen, |seen| matches!(seen, told!(Notice::Signal { .. })));
    a_message_nobody_wrote: "chat is heard as it was written",
        |seen| changed(seen, |seen| match seen {
            told!(Notice::Chat { message, .. }) => replace(&mut message.content, "999999".into()),
            _ => false,
        });
    a_message_twice: "chat is heard in order, each once",
        |seen| twice(seen, |seen| matches!(seen, told!(Notice::Chat { .. })));
    a_message_twice_with_two_numbers: "chat is heard in order, each once",
        |seen| twice(seen, |seen| matches!(seen, told!(Notice::Chat { .. })))
            && changed_last(seen, |seen| match seen {
                told!(Notice::Chat { message, .. }) => replace(&mut message.sequence, 999),
                _ => false,
            });
    messages_never_heard: "acknowledged chat is complete",
        |seen| without(seen, |seen| matches!(seen, told!(Notice::Chat { .. })));
    no_welcome: "welcome comes first",
        |seen| without(seen, |seen| matches!(seen, told!(Notice::Welcome { .. })));
    told_after_closing: "a closed connection is told nothing",
        |seen| {
            let told = |connection| Observation::Told {
                connection,
                notice: Notice::Shutdown { retry_after_ms: 1 },
            };
            after(seen, |seen| match seen {
                Observation::Disconnected { connection, .. } => Some(told(*connection)),
                _ => None,
            })
        };
    told_after_replaced: "a closed connection is told nothing",
        |seen| twice(seen, |seen| matches!(seen, told!(Notice::Replaced)));
    answered_twice: "each command is answered once",
        |seen| twice(seen, |seen| matches!(seen, Observation::Answered { .. }));
    never_answered: "each command is answered once",
        |seen| without_last(seen, |seen| matches!(seen, Observation::Answered { .. }));
    another_answer: "an answer fits its command",
        |seen| changed(seen, |seen| match seen {
            Observation::Answered { answer: answer @ Ok(Reply::Joined { .. }), .. } => {
                replace(answer, Ok(Reply::Messages(Vec::new())))
            }
            _ => false,
        });
    too_much_at_once: "queues stay bounded",
        |seen| changed(seen, |seen| match seen {
            Observation::Load { effects, .. } => replace(effects, 100_000),
            _ => false,
        });
    never_told_that_the_other_left: "nobody is left alone",
        |seen| without(seen, |seen| matches!(seen, told!(Notice::PeerLeft { .. })));
    never_told_that_it_failed: "nobody is left alone",
        |seen| without(seen, |seen| matches!(seen, told!(Notice::MatchFailed { .. })));
    not_listed: "who waits is listed",
        |seen| changed(seen, |seen| match seen {
            Observation::Settled { listed, .. } => replace(listed, BTreeSet::new()),
            _ => false,
        });
    two_who_accept_each_other: "nobody waits beside a match",
        |seen| {
            for moment in seen {
                open_minded(&mut moment.seen);
            }
            true
        };
    a_session_stays: "nothing is left over",
        |seen| changed(seen, |seen| match seen {
            Observation::Emptied { sessions, .. } => replace(sessions, 1),
            _ => false,
        });
    a_room_stays: "nothing is left over",
        |seen| changed(seen, |seen| match seen {
            Observation::Emptied { rooms, .. } => replace(rooms, vec![RoomId::random(&mut Random::new(1))]),
            _ => false,
        });
    another_match_on_another_connection: "nobody is in two matches",
        |seen| {
            let found = seen.iter().position(|moment| matches!(&moment.seen, told!(Notice::MatchFound(_))));
            let Some(index) = found else { return false };
            let Observation::Told { connection, notice: Notice::MatchFound(found) } = seen[index].seen.clone() else {
                return false;
            };
            let Some(user) = user_of(seen, connection) else { return false };
            let (connection, room) = (ConnectionId(999_999), RoomId::random(&mut Random::new(1)));
            let notice = Notice::MatchFound(Found { room, ..found });
            let more = [
                Observation::Connected { connection, user, core: 0 },
                Observation::Told { connection, notice },
            ];
            let at = seen[index].clone();
            seen.splice(index + 1..=index, more.map(|seen| Moment { seen, ..at.clone() }));
            true
        };
    alone_and_not_told: "nobody is alone for long",
        |seen| without(seen, |seen| matches!(seen, told!(Notice::PeerLeft { .. })));
    back_and_not_told: "who is back is told",
        |seen| without(seen, |seen| matches!(seen, told!(Notice::Resumed(_))));
    two_sessions_of_one: "one session for each client",
        |seen| changed(seen, |seen| match seen {
            Observation::Settled { sessions, .. } => { *sessions += 1; true }
            _ => false,
        });
    a_connection_that_was_not_closed: "one session for each client",
        |seen| without_last(seen, |seen| matches!(seen, Observation::Dismissed { .. }))
            && without(seen, |seen| matches!(seen, told!(Notice::Replaced)))
            && without(seen, |seen| matches!(seen, Observation::Disconnected { .. }));
    known_for_ever: "no session is known of who is gone",
        |seen| changed(seen, |seen| match seen {
            Observation::Emptied { known, .. } => replace(known, vec![(UserId::new("nobody"), 0)]),
            _ => false,
        });
}

/// Whose connection that is.
fn user_of(moments: &[Moment], asked: ConnectionId) -> Option<UserId> {
    moments.iter().find_map(|moment| match &moment.seen {
        Observation::Connected { connection, user, .. } if *connection == asked => Some(user.clone()),
        _ => None,
    })
}

/// The first one of that kind is seen twice.
fn twice(moments: &mut Vec<Moment>, kind: fn(&Observation) -> bool) -> bool {
    let Some(index) = moments.iter().position(|moment| kind(&moment.seen)) else { return false };
    moments.insert(index, moments[index].clone());
    true
}

/// Nothing of that kind is seen.
fn without(moments: &mut Vec<Moment>, kind: fn(&Observation) -> bool) -> bool {
    let before = moments.len();
    moments.retain(|moment| !kind(&moment.seen));
    moments.len() < before
}

/// The last one of that kind is not seen.
fn without_last(moments: &mut Vec<Moment>, kind: fn(&Observation) -> bool) -> bool {
    let index = moments.iter().rposition(|moment| kind(&moment.seen));
    index.map(|index| moments.remove(index)).is_some()
}

/// The first one that can be is changed.
fn changed(moments: &mut [Moment], mut change: impl FnMut(&mut Observation) -> bool) -> bool {
    moments.iter_mut().any(|moment| change(&mut moment.seen))
}

/// The last one that can be is changed.
fn changed_last(moments: &mut [Moment], mut change: impl FnMut(&mut Observation) -> bool) -> bool {
    moments.iter_mut().rev().any(|moment| change(&mut moment.seen))
}

/// After the first one that has a consequence, that is seen.
fn after(moments: &mut Vec<Moment>, consequence: impl Fn(&Observation) -> Option<Observation>) -> bool {
    let found =
        moments.iter().enumerate().find_map(|(index, moment)| Some((index, consequence(&moment.seen)?)));
    let Some((index, seen)) = found else { return false };
    moments.insert(index + 1, Moment { seen, ..moments[index].clone() });
    true
}

/// Every claim is of something else.
fn claims(moments: &mut [Moment], change: fn(&mut Proposal)) -> bool {
    let mut any = false;
    for moment in moments {
        if let claimed!(proposal) = &mut moment.seen {
            change(Arc::make_mut(proposal));
            any = true;
        }
    }
    any
}

fn replace<T>(place: &mut T, by: T) -> bool {
    *place = by;
    true
}

/// Whoever is listed is one of two kinds that want each other.
fn open_minded(seen: &mut Observation) {
    let Observation::Carried { request: Operation::Search(search), .. } = seen else { return };
    let ticket = Arc::make_mut(&mut search.plan.ticket);
    let [speaks, learns] = ["en", "es"].map(|tag| tag.parse().expect("a language"));
    let even = ticket.user.as_str().ends_with(['0', '2', '4', '6', '8']);
    let (speaks, learns) = if even { (speaks, learns) } else { (learns, speaks) };
    ticket.attributes = Attributes { speaks, learns, proficiency: Proficiency::Any, age: 30, gender: None };
    ticket.criteria =
        Criteria { same_proficiency: false, age: AgeRange::ALL, gender: None, strict: Strict::default() };
    ticket.avoid = Arc::default();
}
