//! Pools where anyone may be chosen: a search begins anywhere and goes round.

use super::harness::Dice;
use super::*;
use crate::domain::id::{Entropy, TicketId};

fn policy() -> Policy {
    Policy { choice: Choice::Random, ..Policy::new(POOL.0) }
}

/// Ana joined at 500; her search begins anywhere.
#[track_caller]
fn ana_searches() -> (Scripted, Arc<Ticket>, Order, OperationId) {
    let mut core = Scripted::with(policy(), Limits::default());
    core.connect(ANA, "ana", 0);
    core.at(500);
    core.asks(ANA, 1, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let from = core.anywhere();
    let [search] = core.asked([record(Event::Searching), behind(&core, &ticket, Stage::Exact, Some(from))]);
    (core, ticket, from, search)
}

/// A search that looks at those behind `after`.
fn behind(core: &Scripted, ticket: &Arc<Ticket>, stage: Stage, after: Option<Order>) -> Effect {
    let mut search = core.search(ticket, stage);
    search.plan.after = after;
    looking(search)
}

fn more(after: Order) -> Outcome {
    Outcome::Searched(Searched::More(after))
}

#[test]
fn who_is_found_behind_the_beginning_is_not_looked_for_again() {
    let (mut core, ticket, _, search) = ana_searches();
    let proposal = pair(1, &ticket, &bens_ticket(), at(500));
    core.stored(search, claimed(&proposal));
    core.expect([
        joined(ANA, 1, AT_ONCE),
        proposed_at(&proposal, 500),
        notify(ANA, Notice::MatchFound(found(&proposal, 0))),
        send(Envelope::Proposed(proposal)),
    ]);
}

#[test]
fn a_search_that_found_nobody_looks_once_more_at_all() {
    let (mut core, ticket, _, search) = ana_searches();
    core.stored(search, listed(3));
    let [search] = core.asked([behind(&core, &ticket, Stage::Exact, None)]);
    core.stored(search, listed(2));
    core.expect([joined(ANA, 1, place(2))]);
}

#[test]
fn a_search_in_steps_goes_round_once() {
    let (mut core, ticket, from, search) = ana_searches();
    let [third, first] = [from, Order { effective_ms: 1, ticket: TicketId(9) }]
        .map(|order| Order { effective_ms: order.effective_ms + 1, ..order });
    core.stored(search, more(third));
    let [search] = core.asked([behind(&core, &ticket, Stage::Exact, Some(third))]);
    core.stored(search, listed(3));
    let [search] = core.asked([behind(&core, &ticket, Stage::Exact, None)]);
    core.stored(search, more(first));
    let [search] = core.asked([behind(&core, &ticket, Stage::Exact, Some(first))]);
    core.stored(search, listed(3));
    core.expect([joined(ANA, 1, place(3))]);
}

#[test]
fn the_next_search_begins_anywhere_else() {
    let (mut core, ticket, from, search) = ana_searches();
    core.at(600);
    core.stored(search, listed(3));
    let [search] = core.asked([behind(&core, &ticket, Stage::Exact, None)]);
    core.stored(search, listed(3));
    core.expect([joined(ANA, 1, place(3))]);
    renewals(&mut core, &ticket, (2_600..15_500).step_by(2_000));
    core.wakes(15_500);
    let again = core.anywhere();
    assert_ne!(from, again);
    let [search] = core.asked([behind(&core, &ticket, Stage::AnyLevel, Some(again))]);
    core.stored(search, listed(3));
    core.expect([behind(&core, &ticket, Stage::AnyLevel, None)]);
}

#[test]
fn a_stage_that_opens_meanwhile_begins_anew() {
    // In the first half of the round, and in the second.
    for half in [1, 2] {
        let (mut core, ticket, from, mut search) = ana_searches();
        if half == 2 {
            core.stored(search, listed(3));
            [search] = core.asked([behind(&core, &ticket, Stage::Exact, None)]);
        }
        for ms in (2_500..15_500).step_by(2_000).filter(|_| half == 2) {
            core.wakes(ms);
            core.expect([renew(&[&ticket], at(ms))]);
        }
        core.at(15_500);
        core.stored(search, more(from));
        let again = core.anywhere();
        let [search] = core.asked([behind(&core, &ticket, Stage::AnyLevel, Some(again))]);
        core.stored(search, listed(3));
        let [search] = core.asked([behind(&core, &ticket, Stage::AnyLevel, None)]);
        core.stored(search, listed(3));
        core.expect([joined(ANA, 1, place(3))]);
    }
}

#[test]
fn a_search_without_an_answer_goes_on_where_it_was() {
    let mut core = Scripted::with(policy(), Limits::default());
    core.connect(ANA, "ana", 0);
    core.says(ANA, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let from = core.anywhere();
    let [search] = core.asked([record(Event::Searching), behind(&core, &ticket, Stage::Exact, Some(from))]);
    core.stored(search, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    core.wakes(1_000);
    let [search] = core.asked([behind(&core, &ticket, Stage::Exact, Some(from))]);
    core.stored(search, listed(3));
    core.expect([behind(&core, &ticket, Stage::Exact, None)]);
}

#[test]
fn anyone_of_many_may_be_the_first() {
    let tickets = (1..=100).map(|number| Ticket { id: TicketId(number), ..(*bens_ticket()).clone() });
    let mut orders: Vec<Order> = tickets.map(|ticket| ticket.shuffled()).collect();
    orders.sort_unstable();
    let mut dice = Dice(1);
    let mut chosen = vec![0; orders.len()];
    for _ in 0..20_000 {
        let from = Ticket::anywhere(dice.next_u64());
        chosen[orders.partition_point(|order| *order <= from) % orders.len()] += 1;
    }
    // Gaps between random places are of every size. Nobody is passed over for long: whoever is found leaves a gap
    // to the next one.
    let (never, most) = (chosen.iter().filter(|times| **times == 0).count(), chosen.iter().max());
    assert!(never < 5 && most < Some(&2_000), "{chosen:?}");
}
