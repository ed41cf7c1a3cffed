//! What happens by time alone, and that no wake-up is missing or idle.

use super::*;

fn position(position: u32) -> Effect {
    notify(ANA, Notice::Position { place: place(position), stage: Stage::Exact })
}

#[test]
fn in_each_state_the_next_wake_up_is_the_next_deadline() {
    let mut core = Scripted::new();
    core.sleeps_until(Time::NEVER);
    core.connect(ANA, "ana", 0);
    core.sleeps_until(Time::NEVER);
    // While a search is under way there is nothing to wait for but its answer.
    core.asks(ANA, 1, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    core.sleeps_until(Time::NEVER);
    // Waiting: the lease; for its owner who is away, neither that nor the stages.
    core.stored(search, listed(1));
    core.expect([joined(ANA, 1, place(1))]);
    core.sleeps_until(at(2_000));
    // Before an answer: its expiry. In a room: nothing.
    let (core, _) = ana_found();
    core.sleeps_until(at(20_600));
    let (mut core, _) = ana_talks();
    core.wakes_in_vain(20_600);
    core.sleeps_until(Time::NEVER);
    // Away: the end of the grace.
    core.disconnected(ANA);
    core.expect([send(Envelope::Away { room: pair(1, &ticket, &ticket, at(0)).room, from: here(0) })]);
    core.sleeps_until(at(50_600));
}

#[test]
fn a_deadline_that_moved_away_is_looked_at_once() {
    let (mut core, _) = ana_was_found();
    // The renewal and the stage of a ticket that waits no more.
    core.wakes_in_vain(2_600);
    core.wakes_in_vain(15_500);
    core.sleeps_until(at(20_700));
}

#[test]
fn leases_are_renewed_every_two_seconds_in_batches() {
    let mut core = Scripted::new();
    let many = u32::try_from(RENEWED_AT_ONCE).expect("small") + 1;
    let mut tickets = Vec::new();
    for slot in 0..many {
        let (connection, name) = (ConnectionId(u64::from(slot)), format!("user {slot}"));
        core.connect(connection, &name, slot);
        core.asks(connection, 1, wish().join());
        let ticket = core.ticket(&name, slot, &wish());
        let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
        core.stored(search, listed(1));
        core.expect([joined(connection, 1, place(1))]);
        tickets.push(ticket);
    }
    let tickets: Vec<&Ticket> = tickets.iter().map(|ticket| &**ticket).collect();
    for ms in [2_000, 4_000, 6_000] {
        core.wakes(ms);
        let (batch, rest) = tickets.split_at(RENEWED_AT_ONCE);
        core.expect([renew(batch, at(ms)), renew(rest, at(ms))]);
    }
}

#[test]
fn renewals_end_with_the_last_wait_and_begin_with_the_next() {
    let (mut core, ticket) = ana_waits();
    core.asks(ANA, 2, Command::LeaveQueue);
    let [withdrawal] = core.asked([withdraw(&ticket)]);
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Removed));
    core.expect([ended(TicketEnd::Cancelled), done(ANA, 2)]);
    core.wakes_in_vain(2_600);
    core.sleeps_until(at(15_500));
    core.at(5_000);
    core.asks(ANA, 3, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    core.stored(search, listed(1));
    core.expect([joined(ANA, 3, place(1))]);
    core.wakes(7_000);
    core.expect([renew(&[&ticket], at(7_000))]);
}

#[test]
fn a_place_is_told_when_it_changed_and_at_most_every_five_seconds() {
    let (mut core, ticket) = ana_waits();
    // Told at 600: third.
    let renewals = [
        (2_600, 2, false),
        (4_600, 2, false),
        (6_600, 2, true),
        (8_600, 1, false),
        (10_600, 2, false),
        (12_600, 2, false),
        (14_600, 1, true),
    ];
    for (ms, stands_at, told) in renewals {
        core.wakes(ms);
        let [renewal] = core.asked([renew(&[&ticket], at(ms))]);
        core.stored(renewal, Outcome::Renewed(vec![(ticket.id, Standing::Waiting(place(stands_at)))]));
        if told {
            core.expect([position(stands_at)]);
        } else {
            core.expect([]);
        }
    }
}

#[test]
fn a_place_is_told_again_after_exactly_five_seconds() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.asks(ANA, 1, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    core.at(1_000);
    core.stored(search, listed(3));
    core.expect([joined(ANA, 1, place(3))]);
    core.wakes(3_000);
    let [early] = core.asked([renew(&[&ticket], at(3_000))]);
    core.wakes(5_000);
    let [late] = core.asked([renew(&[&ticket], at(5_000))]);
    let second = || Outcome::Renewed(vec![(ticket.id, Standing::Waiting(place(2)))]);
    core.at(5_999);
    core.stored(early, second());
    core.expect([]);
    core.at(6_000);
    core.stored(late, second());
    core.expect([position(2)]);
}

#[test]
fn a_wait_ends_after_five_minutes_without_a_sign_of_life() {
    let (mut core, ticket) = ana_waits();
    core.waits_until(100_000);
    core.says(ANA, Command::Heartbeat);
    core.expect([]);
    core.waits_until(400_000);
    core.wakes(400_000);
    let [withdrawal] = core.asked([withdraw(&ticket)]);
    // Too late.
    core.asks(ANA, 2, Command::Heartbeat);
    core.expect([]);
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Removed));
    let alive = Ok(Reply::Alive { timestamp_ms: at(400_000).as_ms() });
    core.expect([ended(TicketEnd::Expired), notify(ANA, Notice::WaitingExpired), ack(ANA, 2, alive)]);
    core.wakes_in_vain(400_600);
    core.sleeps_until(Time::NEVER);
}

#[test]
fn who_was_found_just_before_the_wait_ended_is_asked_all_the_same() {
    let (mut core, ticket) = ana_waits();
    core.waits_until(300_500);
    core.wakes(300_500);
    let [withdrawal] = core.asked([withdraw(&ticket)]);
    let proposal = pair(1, &bens_ticket(), &ticket, at(300_500));
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Taken(proposal.clone())));
    core.expect([notify(ANA, Notice::MatchFound(found(&proposal, 1)))]);
    core.wakes_in_vain(300_600);
    core.sleeps_until(at(320_500));
}
