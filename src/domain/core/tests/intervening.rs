//! What somebody who runs the service has done, and what the numbers say of it all.

use super::super::super::happening::{Happening, What};
use super::super::super::intervention::{Act, Intervention};
use super::super::super::survey::{Doing, Line, Survey};
use super::*;

fn order(core: &mut Scripted, name: &str, act: Act) {
    let intervention = Intervention { user: user(name), pool: POOL, act, by: "ops@host".into() };
    core.handle(Input::Intervene(intervention));
}

fn told(act: Act) -> Happening {
    Happening { user: user("ana"), pool: POOL, what: What::Intervened { act, by: "ops@host".into() } }
}

#[test]
fn a_room_that_is_closed_by_order_ends_for_both_as_if_the_other_had_left() {
    let (mut core, proposal) = ana_talks();
    core.told();
    core.at(5_000);
    let (room, departure) = (proposal.room, Departure::Left);
    order(&mut core, "ana", Act::CloseRoom(room));
    core.expect([
        send(Envelope::Left { room, departure, from: here(0) }),
        close(&proposal),
        record(Event::RoomClosed { departure, lasted: Duration::from_secs(4) }),
        notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure }),
    ]);
    let news = core.told();
    assert_eq!((news.len(), &news[0]), (2, &told(Act::CloseRoom(room))));
    assert!(matches!(news[1].what, What::RoomClosed { own: false, .. }), "{:?}", news[1]);
    // Once more, and for somebody who is not here: nothing.
    order(&mut core, "ana", Act::CloseRoom(room));
    order(&mut core, "nobody", Act::CloseRoom(room));
    core.expect([]);
    assert_eq!(core.told(), []);
}

#[test]
fn a_room_in_which_the_user_is_not_stays() {
    let (mut core, _) = ana_talks();
    core.told();
    order(&mut core, "ana", Act::CloseRoom("00000000-0000-4000-8000-00000000ffff".parse().expect("an id")));
    core.expect([]);
    assert_eq!(core.told(), []);
}

#[test]
fn a_user_who_is_disconnected_by_order_has_left_for_good() {
    let (mut core, proposal) = ana_talks();
    core.told();
    let (room, departure) = (proposal.room, Departure::Left);
    order(&mut core, "ana", Act::Disconnect);
    core.expect([
        Effect::Close { connection: ANA },
        send(Envelope::Left { room, departure, from: here(0) }),
        close(&proposal),
        record(Event::RoomClosed { departure, lasted: Duration::ZERO }),
        detach("ana", 0),
        record(Event::SessionClosed),
    ]);
    assert_eq!(core.told()[0], told(Act::Disconnect));
    assert_eq!(core.sessions(), 0);
}

#[test]
fn a_user_who_is_away_is_disconnected_as_well() {
    let mut core = Scripted::new();
    let ticket = ana_joins(&mut core);
    core.disconnected(ANA);
    let [withdrawing] = core.asked([withdraw(&ticket)]);
    core.stored(withdrawing, Outcome::Withdrawn(Withdrawn::Removed));
    core.expect([]);
    order(&mut core, "ana", Act::Disconnect);
    let [withdrawing] = core.asked([withdraw(&ticket)]);
    core.stored(withdrawing, Outcome::Withdrawn(Withdrawn::Unknown));
    core.expect([ended(TicketEnd::Gone), detach("ana", 0), record(Event::SessionClosed)]);
}

#[test]
fn what_sessions_do_is_counted_a_few_at_a_time() {
    let (mut core, _) = ana_waits();
    core.connect(BEN, "ben", 1);
    let count = |core: &Scripted, at_once: usize| {
        let (mut survey, mut next) = (Survey::default(), 0);
        while core.survey(next..next + at_once, &mut survey) {
            next += at_once;
        }
        survey
    };
    let survey = count(&core, 1);
    let key = (POOL, wish().attributes.direction());
    let doing = Doing { sessions: 2, away: 0, waiting: 1, talking: 0, in_halls: 0 };
    assert_eq!(survey.pools.into_iter().collect::<Vec<_>>(), [(POOL, doing)]);
    let line = Line { by_stage: [1, 0, 0, 0, 0], oldest: Some(at(500)) };
    assert_eq!(survey.lines.into_iter().collect::<Vec<_>>(), [(key, line)]);
    assert_eq!(core.tallied(), [(key, (1, 0, 0))]);
    core.disconnected(BEN);
    core.expect([detach("ben", 1), record(Event::SessionClosed)]);
    assert_eq!(count(&core, 512).pools[&POOL].sessions, 1);
}

#[test]
fn arrivals_waits_and_matches_are_counted_where_they_happen() {
    let (core, proposal) = ana_talks();
    let key = |side: usize| (POOL, proposal.sides[side].ticket.attributes.direction());
    // Ben arrived on the other node, which counts him; how long he waited is counted where he was found.
    assert_eq!(core.tallied(), [(key(0), (1, 1, 1)), (key(1), (0, 0, 1))]);
    let (core, proposal) = both_here();
    let mut expected = [(key(0), (1, 0, 1)), (key(1), (1, 0, 1))];
    expected.sort_unstable();
    assert_eq!(core.tallied(), expected, "{proposal:?}");
}
