//! How a wait goes on: each stage at its moment, searches in steps, stores that are full or away.

use super::*;
use crate::domain::operation::Search;

/// A search's plan in a few words: stage, the level asked, ages accepted, gender asked, buckets looked in.
fn gist(search: &Search) -> (u8, bool, (u8, u8), Option<Gender>, usize) {
    let plan = &search.plan;
    let ages = (plan.accepts_age.min, plan.accepts_age.max);
    (
        plan.stage.number(),
        plan.listed_in.asks_proficiency,
        ages,
        plan.listed_in.asks_gender,
        plan.look_in.len(),
    )
}

const MALE: Option<Gender> = Some(Gender::Male);

/// The renewals of a ticket that was listed at 600, after `from` and before `until`.
fn between(from: u64, until: u64) -> impl Iterator<Item = u64> {
    (2_600..until).step_by(2_000).filter(move |ms| *ms > from)
}

#[test]
fn each_stage_is_searched_at_its_millisecond_and_asks_less() {
    let (mut core, ticket) = ana_waits();
    let stages = [
        (15_500, Stage::AnyLevel, (1, false, (20, 30), MALE, 10)),
        (30_500, Stage::WiderAge, (2, false, (15, 35), MALE, 10)),
        (45_500, Stage::AnyGender, (3, false, (15, 35), None, 40)),
        (60_500, Stage::PairOnly, (4, false, (0, 255), None, 40)),
    ];
    let mut before = 600;
    for (opens, stage, asks) in stages {
        renewals(&mut core, &ticket, between(before, opens));
        core.wakes(opens);
        let search = core.search(&ticket, stage);
        assert_eq!(gist(&search), asks);
        let [search] = core.asked([looking(search)]);
        core.stored(search, listed(3));
        // A place is told with its stage when either changed, here 5 s and more after the last time.
        core.expect([notify(ANA, Notice::Position { place: place(3), stage })]);
        before = opens;
    }
    // From now on there is nothing but the lease, until there was no sign of life for five minutes.
    renewals(&mut core, &ticket, between(60_500, 300_500));
    core.wakes(300_500);
    core.expect([withdraw(&ticket)]);
}

#[test]
fn what_is_strict_is_asked_for_at_every_stage() {
    let mut strict = wish();
    strict.criteria.strict = Strict { age: true, gender: true, proficiency: true };
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.at(500);
    core.asks(ANA, 1, strict.join());
    let ticket = core.ticket("ana", 0, &strict);
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    core.at(600);
    core.stored(search, listed(3));
    core.expect([joined(ANA, 1, place(3))]);
    let mut before = 600;
    let opening = [(15_500, Stage::AnyLevel), (30_500, Stage::WiderAge), (45_500, Stage::AnyGender)];
    for (opens, stage) in opening.into_iter().chain([(60_500, Stage::PairOnly)]) {
        renewals(&mut core, &ticket, between(before, opens));
        core.wakes(opens);
        let search = core.search(&ticket, stage);
        assert_eq!(gist(&search), (stage.number(), true, (20, 30), MALE, 4));
        let [search] = core.asked([looking(search)]);
        core.stored(search, listed(3));
        core.expect([notify(ANA, Notice::Position { place: place(3), stage })]);
        before = opens;
    }
}

#[test]
fn a_search_that_met_its_limit_goes_on_where_it_stopped() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.asks(ANA, 1, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let [first] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    let cursor = |effective_ms| Order { effective_ms, ticket: bens_ticket().id };
    let on_from = |core: &Scripted, stage, after| {
        let mut search = core.search(&ticket, stage);
        search.plan.after = after;
        looking(search)
    };
    core.stored(first, Outcome::Searched(Searched::More(cursor(32))));
    let [second] = core.asked([on_from(&core, Stage::Exact, Some(cursor(32)))]);
    // The ticket is listed by now: its lease is kept.
    core.wakes(2_000);
    let [_] = core.asked([renew(&[&ticket], at(2_000))]);
    core.stored(second, Outcome::Searched(Searched::More(cursor(64))));
    let [third] = core.asked([on_from(&core, Stage::Exact, Some(cursor(64)))]);
    core.stored(third, listed(7));
    core.expect([joined(ANA, 1, place(7))]);
    // The next search begins at the front again.
    core.asks(ANA, 2, wish().join());
    let [again] = core.asked([core.look(&ticket, Stage::Exact)]);
    core.stored(again, Outcome::Searched(Searched::More(cursor(32))));
    let [_] = core.asked([on_from(&core, Stage::Exact, Some(cursor(32)))]);
}

#[test]
fn a_stage_that_opens_amid_a_search_lets_it_begin_at_the_front() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.asks(ANA, 1, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    core.at(15_000);
    let order = Order { effective_ms: 1, ticket: bens_ticket().id };
    core.stored(search, Outcome::Searched(Searched::More(order)));
    let [search] = core.asked([core.look(&ticket, Stage::AnyLevel)]);
    core.stored(search, listed(7));
    core.expect([joined(ANA, 1, place(7))]);
    core.sleeps_until(at(17_000));
}

#[test]
fn a_stage_that_opens_while_the_store_answers_is_searched_next() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.asks(ANA, 1, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    core.at(16_000);
    core.stored(search, listed(7));
    core.expect([joined(ANA, 1, place(7))]);
    core.sleeps_until(at(15_000));
    core.handle_timeout();
    let [search] = core.asked([core.look(&ticket, Stage::AnyLevel)]);
    core.stored(search, listed(7));
    core.expect([]);
}

#[test]
fn a_stage_search_that_the_store_did_not_answer_is_repeated_a_second_later() {
    let (mut core, ticket) = ana_waits();
    renewals(&mut core, &ticket, between(600, 15_500));
    core.wakes(15_500);
    let [search] = core.asked([core.look(&ticket, Stage::AnyLevel)]);
    core.stored(search, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    core.wakes(16_500);
    let [search] = core.asked([core.look(&ticket, Stage::AnyLevel)]);
    let proposal = pair(1, &ticket, &bens_ticket(), at(16_500));
    core.stored(search, claimed(&proposal));
    core.expect([
        proposed_at(&proposal, 16_500),
        notify(ANA, Notice::MatchFound(found(&proposal, 0))),
        send(Envelope::Proposed(proposal.clone())),
    ]);
}

#[test]
fn who_was_promised_a_place_keeps_asking_for_it_while_the_pool_is_full() {
    let (mut core, proposal) = ana_accepted();
    core.at(2_000);
    core.hears(0, Envelope::Failed { proposal: proposal.id, failure: Failure::Rejected });
    let mut ticket = proposal.sides[0].ticket.clone();
    Arc::make_mut(&mut ticket).priority = Priority::Wronged;
    Arc::make_mut(&mut ticket).avoid = [user("ben")].into();
    let notice = failed(&proposal, Failure::Rejected, true);
    let [_, search] =
        core.asked([remember(at(2_000)), notify(ANA, notice), core.look(&ticket, Stage::Exact)]);
    core.stored(search, Outcome::Searched(Searched::Full));
    core.expect([]);
    core.wakes(3_000);
    let [search] = core.asked([core.look(&ticket, Stage::Exact)]);
    core.stored(search, listed(1));
    core.expect([]);
}
