//! The node goes down, or one session of it has to be given up.

use super::super::super::operation::Search;
use super::super::super::search::SearchPlan;
use super::*;

#[test]
fn everybody_is_told_of_a_shutdown_and_sessions_go_on_until_they_are_closed() {
    let (mut core, proposal) = both_here();
    core.connected(ConnectionId(0), "cyd");
    let welcome = notify(ConnectionId(0), welcome("cyd"));
    core.expect([record(Event::SessionOpened), welcome, attach_since("cyd", 2, at(600))]);
    core.disconnected(ConnectionId(0));
    core.expect([]);
    core.handle(Input::Shutdown { retry_after_ms: 5_000, elsewhere: false });
    core.expect([ANA, BEN].map(|connection| notify(connection, Notice::Shutdown { retry_after_ms: 5_000 })));
    core.asks(ANA, 2, Command::Accept(proposal.id));
    core.expect([answer(&proposal, "ana", Verdict::Accept)]);
}

/// The search that keeps the ticket's place for whoever takes it over, for as long as grace lasts.
fn parking(core: &Scripted, ticket: &Arc<Ticket>) -> Effect {
    let usual = core.search(ticket, Stage::Exact);
    let plan = SearchPlan { look_in: Vec::new(), accepts_age: AgeRange::NONE, ..usual.plan.clone() };
    looking(Search { plan, lease_until: core.now() + Duration::from_secs(30), ..usual })
}

const ELSEWHERE: Input = Input::Shutdown { retry_after_ms: 5_000, elsewhere: true };

#[test]
fn who_waits_and_is_closed_has_a_place_that_nobody_but_its_next_session_finds() {
    let (mut core, ticket) = ana_waits();
    core.handle(ELSEWHERE);
    core.expect([notify(ANA, Notice::Shutdown { retry_after_ms: 5_000 })]);
    core.at(2_000);
    core.disconnected(ANA);
    let [parked] = core.asked([parking(&core, &ticket)]);
    core.stored(parked, listed(3));
    core.expect([]);
    // Its lease is not renewed: who does not come in time has no place.
    core.wakes_in_vain(2_600);
    core.wakes_in_vain(15_500);
    core.wakes(32_000);
    let [withdrawal] = core.asked([withdraw(&ticket)]);
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Removed));
    core.expect([ended(TicketEnd::Gone), detach("ana", 0), record(Event::SessionClosed)]);
}

#[test]
fn who_was_away_before_gets_that_place_when_the_node_begins_to_go_down() {
    let (mut core, ticket) = ana_waits();
    core.disconnected(ANA);
    let [withdrawal] = core.asked([withdraw(&ticket)]);
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Removed));
    core.expect([]);
    core.at(2_000);
    core.handle(ELSEWHERE);
    let [parked] = core.asked([parking(&core, &ticket)]);
    core.stored(parked, listed(3));
    core.expect([]);
}

#[test]
fn who_was_found_just_before_being_closed_is_before_an_agreement() {
    let (mut core, ticket) = ana_waits();
    core.handle(ELSEWHERE);
    core.expect([notify(ANA, Notice::Shutdown { retry_after_ms: 5_000 })]);
    core.disconnected(ANA);
    let [parked] = core.asked([parking(&core, &ticket)]);
    let proposal = pair(1, &bens_ticket(), &ticket, at(600));
    core.stored(parked, Outcome::Searched(Searched::Taken(proposal.clone())));
    core.expect([]);
    // The answer comes from where its client is next.
    core.hears(0, Envelope::Proposed(proposal));
    core.expect([]);
}

#[test]
fn who_talks_and_is_told_to_go_on_elsewhere_is_not_called_away() {
    let (mut core, _) = ana_talks();
    core.handle(ELSEWHERE);
    core.expect([notify(ANA, Notice::Shutdown { retry_after_ms: 5_000 })]);
    core.disconnected(ANA);
    core.expect([]);
}

#[test]
fn an_abandoned_session_is_closed_and_its_peer_told() {
    let (mut core, proposal) = ana_talks();
    core.asks(ANA, 3, Command::Sync { room: proposal.room.into(), after: 0 });
    let [reading] = core.asked([ask(Operation::Messages { room: proposal.room, after: 0 })]);
    core.abandon(ANA);
    core.expect([
        Effect::Close { connection: ANA },
        send(Envelope::Left { room: proposal.room, departure: Departure::Disconnected, from: here(0) }),
        record(Event::SessionClosed),
    ]);
    assert_eq!(core.sessions(), 0);
    core.abandon(ANA);
    core.disconnected(ANA);
    core.asks(ANA, 4, Command::Heartbeat);
    core.expect([]);
    // The shell drops what is for a closed connection.
    core.stored(reading, Outcome::Messages(Vec::new()));
    core.expect([ack(ANA, 3, Ok(Reply::Messages(Vec::new())))]);
    core.connected(ANA_AGAIN, "ana");
    let mut again = attach_since("ana", 0, at(1_000));
    if let Effect::Ask { request: Operation::Attach { address, .. }, .. } = &mut again {
        address.session.generation = 1;
    }
    core.expect([record(Event::SessionOpened), notify(ANA_AGAIN, welcome("ana")), again]);
}

#[test]
fn an_abandoned_sessions_peer_in_the_same_core_hears_of_it_with_the_next_input() {
    let (mut core, proposal) = both_here();
    let agreed = accepted(&proposal, &["ana", "ben"]);
    for (slot, peer, connection, name, other) in [(0, 1, ANA, "ana", "ben"), (1, 0, BEN, "ben", "ana")] {
        core.hears(slot, Envelope::Agreed(agreed.clone()));
        let met = remembers(name, other, at(600));
        let side = usize::try_from(slot).expect("small");
        let known = knows(&agreed, side, slot, here(peer), at(600));
        core.expect([ended(TicketEnd::Matched), met, notify(connection, ready(&agreed, name)), known]);
    }
    core.abandon(ANA);
    core.expect([Effect::Close { connection: ANA }, record(Event::SessionClosed)]);
    core.handle_timeout();
    let (room, departure) = (agreed.room, Departure::Disconnected);
    core.expect([notify(BEN, Notice::PeerLeft { room, user: user("ana"), departure })]);
}

#[test]
fn an_abandoned_sessions_wait_is_renewed_no_more() {
    let (mut core, _) = ana_waits();
    core.abandon(ANA);
    let close = Effect::Close { connection: ANA };
    core.expect([close, ended(TicketEnd::Gone), record(Event::SessionClosed)]);
    core.wakes_in_vain(2_600);
    core.wakes_in_vain(15_500);
    core.sleeps_until(Time::NEVER);
}
