//! From a wish to a place in the queue, or to a proposal at once.

use super::super::super::id::TicketId;
use super::*;

/// Ana's search is under way: she joined at 500.
fn ana_searches() -> (Scripted, Arc<Ticket>, OperationId) {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.at(500);
    core.asks(ANA, 1, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    (core, ticket, search)
}

#[test]
fn a_session_is_attached_before_anything_else_is_asked() {
    let mut core = Scripted::new();
    core.connected(ANA, "ana");
    let welcome = notify(ANA, welcome("ana"));
    let [attaching] = core.asked([record(Event::SessionOpened), welcome, attach("ana", 0)]);
    core.asks(ANA, 1, wish().join());
    core.expect([]);
    core.at(500);
    let history = vec![(user("zoe"), at(9_000)), (user("cyd"), at(501)), (user("dan"), at(500))];
    core.stored(attaching, Outcome::Attached(Attached { history, former: None, rank: at(0) }));
    let mut ticket = core.ticket("ana", 0, &wish());
    // Sorted, and without the one who may be met again from now on.
    Arc::make_mut(&mut ticket).avoid = [user("cyd"), user("zoe")].into();
    core.expect([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
}

#[test]
fn without_an_answer_to_the_attachment_nobody_joins() {
    let mut core = Scripted::new();
    core.connected(ANA, "ana");
    let welcome = notify(ANA, welcome("ana"));
    let [attaching] = core.asked([record(Event::SessionOpened), welcome, attach("ana", 0)]);
    core.asks(ANA, 1, wish().join());
    core.stored(attaching, UNAVAILABLE);
    let unknown = Refusal::Unavailable { retry_after_ms: 1_000 };
    core.expect([record(Event::StoreUnavailable), refused(unknown), ack(ANA, 1, Err(unknown))]);
}

#[test]
fn a_pool_that_is_not_served_has_no_place_for_anybody() {
    let mut core = Scripted::new();
    let comer = Comer { user: user("ana"), guest: true, pool: PoolId("other"), token: None };
    core.handle(Input::Connected { connection: ANA, comer });
    core.expect([Effect::Close { connection: ANA }]);
    core.asks(ANA, 1, Command::Heartbeat);
    core.expect([]);
    assert_eq!(core.sessions(), 0);
}

#[test]
fn joining_is_answered_with_a_place() {
    let (mut core, _, search) = ana_searches();
    core.stored(search, listed(3));
    core.expect([joined(ANA, 1, place(3))]);
}

#[test]
fn who_wants_no_answer_gets_none() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.says(ANA, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    core.stored(search, listed(3));
    core.expect([]);
}

#[test]
fn joining_is_answered_before_match_found_when_the_search_claims_both() {
    let (mut core, ticket, search) = ana_searches();
    let proposal = pair(1, &ticket, &bens_ticket(), at(500));
    core.stored(search, claimed(&proposal));
    core.expect([
        joined(ANA, 1, AT_ONCE),
        proposed_at(&proposal, 500),
        notify(ANA, Notice::MatchFound(found(&proposal, 0))),
        send(Envelope::Proposed(proposal.clone())),
    ]);
}

#[test]
fn joining_is_answered_before_match_found_when_the_ticket_was_claimed_meanwhile() {
    let (mut core, ticket, search) = ana_searches();
    let proposal = pair(1, &bens_ticket(), &ticket, at(500));
    core.stored(search, taken(&proposal));
    core.expect([joined(ANA, 1, AT_ONCE), notify(ANA, Notice::MatchFound(found(&proposal, 1)))]);
    core.hears(0, Envelope::Proposed(proposal));
    core.expect([]);
}

#[test]
fn joining_is_answered_before_match_found_when_the_claimer_is_faster_than_the_store() {
    let answers: [fn(&Arc<Proposal>) -> Outcome; 4] = [
        |_| listed(1),
        taken,
        |_| UNAVAILABLE,
        |_| {
            let order = Order { effective_ms: 1, ticket: bens_ticket().id };
            Outcome::Searched(Searched::More(order))
        },
    ];
    for answer in answers {
        let (mut core, ticket, search) = ana_searches();
        let proposal = pair(1, &bens_ticket(), &ticket, at(500));
        core.hears(0, Envelope::Proposed(proposal.clone()));
        core.expect([joined(ANA, 1, AT_ONCE), notify(ANA, Notice::MatchFound(found(&proposal, 1)))]);
        core.hears(0, Envelope::Proposed(proposal.clone()));
        core.expect([]);
        core.sleeps_until(at(20_500));
        let answer = answer(&proposal);
        let unavailable = answer == UNAVAILABLE;
        core.stored(search, answer);
        if unavailable {
            core.expect([record(Event::StoreUnavailable)]);
        } else {
            core.expect([]);
        }
    }
}

#[test]
fn joining_again_with_the_same_wish_keeps_the_ticket_and_its_age() {
    let (mut core, ticket) = ana_waits();
    core.at(2_000);
    core.asks(ANA, 2, wish().join());
    let [search] = core.asked([core.look(&ticket, Stage::Exact)]);
    assert_eq!(ticket.enqueued_at, at(500));
    core.stored(search, listed(2));
    core.expect([joined(ANA, 2, place(2))]);
}

#[test]
fn joining_again_with_another_wish_replaces_the_ticket() {
    let (mut core, ticket) = ana_waits();
    core.at(2_000);
    let mut other = wish();
    other.criteria.age.max = 40;
    core.asks(ANA, 2, other.join());
    let newer = core.ticket("ana", 0, &other);
    let mut search = core.search(&newer, Stage::Exact);
    search.plan.replaces = Some(ticket.id);
    let [search] = core.asked([ended(TicketEnd::Replaced), record(Event::Searching), looking(search)]);
    core.stored(search, listed(9));
    core.expect([joined(ANA, 2, place(9))]);
    // What comes for the replaced ticket is declined.
    let proposal = pair(1, &bens_ticket(), &ticket, at(2_000));
    core.hears(0, Envelope::Proposed(proposal.clone()));
    let [declined] = core.asked([answer(&proposal, "ana", Verdict::Leave)]);
    core.stored(declined, Outcome::Answered(Answered::Ended(proposal.clone())));
    core.expect([send(Envelope::Failed { proposal: proposal.id, failure: Failure::PartnerLeft })]);
}

#[test]
fn a_wish_that_was_claimed_when_it_is_replaced_is_declined_and_the_new_one_searched_for() {
    let (mut core, ticket) = ana_waits();
    let mut other = wish();
    other.attributes.age = 30;
    core.asks(ANA, 2, other.join());
    let newer = core.ticket("ana", 0, &other);
    let mut search = core.search(&newer, Stage::Exact);
    search.plan.replaces = Some(ticket.id);
    let [search] = core.asked([ended(TicketEnd::Replaced), record(Event::Searching), looking(search)]);
    let proposal = pair(1, &bens_ticket(), &ticket, at(600));
    core.stored(search, taken(&proposal));
    let [declining, search] =
        core.asked([answer(&proposal, "ana", Verdict::Leave), core.look(&newer, Stage::Exact)]);
    core.stored(search, listed(4));
    core.expect([joined(ANA, 2, place(4))]);
    core.stored(declining, Outcome::Answered(Answered::Ended(proposal.clone())));
    core.expect([send(Envelope::Failed { proposal: proposal.id, failure: Failure::PartnerLeft })]);
}

#[test]
fn a_proposal_that_cannot_be_declined_any_more_is_searched_past_once_a_second() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.asks(ANA, 1, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    // Of a session that is over.
    let older = Arc::new(Ticket { id: TicketId(77), ..(*ticket).clone() });
    let proposal = pair(1, &bens_ticket(), &older, at(0));
    core.stored(search, taken(&proposal));
    let [declining, search] =
        core.asked([answer(&proposal, "ana", Verdict::Leave), core.look(&ticket, Stage::Exact)]);
    core.stored(declining, Outcome::Answered(Answered::Gone));
    core.stored(search, taken(&proposal));
    core.expect([answer(&proposal, "ana", Verdict::Leave), expire(&proposal), joined(ANA, 1, AT_ONCE)]);
    core.wakes(1_000);
    let [search] = core.asked([core.look(&ticket, Stage::Exact)]);
    core.stored(search, listed(4));
    core.expect([]);
}

#[test]
fn joining_in_a_room_leaves_it() {
    let (mut core, proposal) = ana_talks();
    core.at(9_000);
    core.asks(ANA, 3, wish().join());
    let mut ticket = core.ticket("ana", 0, &wish());
    Arc::make_mut(&mut ticket).avoid = [user("ben")].into();
    core.expect([
        send(Envelope::Left { room: proposal.room, departure: Departure::Left, from: here(0) }),
        close(&proposal),
        record(Event::RoomClosed { departure: Departure::Left, lasted: Duration::from_secs(8) }),
        record(Event::Searching),
        core.look(&ticket, Stage::Exact),
    ]);
}

#[test]
fn joining_before_an_answer_lets_go_of_the_proposal() {
    let (mut core, proposal) = ana_found();
    core.at(2_000);
    core.asks(ANA, 2, wish().join());
    let [leaving] = core.asked([answer(&proposal, "ana", Verdict::Leave)]);
    core.stored(leaving, Outcome::Answered(Answered::Ended(proposal.clone())));
    let mut ticket = core.ticket("ana", 0, &wish());
    Arc::make_mut(&mut ticket).avoid = [user("ben")].into();
    let [_, search] = core.asked([
        record(Event::ProposalFailed(Failure::PartnerLeft)),
        send(Envelope::Failed { proposal: proposal.id, failure: Failure::PartnerLeft }),
        remember(at(2_000)),
        ended(TicketEnd::Cancelled),
        record(Event::Searching),
        core.look(&ticket, Stage::Exact),
    ]);
    core.stored(search, listed(5));
    core.expect([joined(ANA, 2, place(5))]);
}

#[test]
fn a_full_pool_takes_nobody_and_says_so() {
    let (mut core, _, search) = ana_searches();
    core.stored(search, Outcome::Searched(Searched::Full));
    let full = Refusal::PoolFull { retry_after_ms: 1_000 };
    core.expect([ended(TicketEnd::Cancelled), refused(full), ack(ANA, 1, Err(full))]);
    core.sleeps_until(Time::NEVER);
}

#[test]
fn joining_is_refused_while_the_store_is_away_and_whatever_it_did_is_undone() {
    for late in [false, true] {
        let (mut core, ticket, search) = ana_searches();
        core.stored(search, UNAVAILABLE);
        let [disowning] = core.asked([
            record(Event::StoreUnavailable),
            refused(UNAVAILABLE_REFUSAL),
            ack(ANA, 1, Err(UNAVAILABLE_REFUSAL)),
            withdraw(&ticket),
            ended(TicketEnd::Cancelled),
        ]);
        core.sleeps_until(Time::NEVER);
        if !late {
            core.stored(disowning, Outcome::Withdrawn(Withdrawn::Removed));
            core.expect([]);
            continue;
        }
        // The search had claimed both before its answer was lost.
        let proposal = pair(1, &ticket, &bens_ticket(), at(500));
        core.stored(disowning, Outcome::Withdrawn(Withdrawn::Taken(proposal.clone())));
        let [declining] = core.asked([answer(&proposal, "ana", Verdict::Leave)]);
        core.stored(declining, Outcome::Answered(Answered::Ended(proposal.clone())));
        core.expect([send(Envelope::Failed { proposal: proposal.id, failure: Failure::PartnerLeft })]);
    }
}

#[test]
fn a_wish_that_nobody_waits_to_hear_of_is_kept_while_the_store_is_away() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.says(ANA, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    core.stored(search, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    core.wakes(1_000);
    let [search] = core.asked([core.look(&ticket, Stage::Exact)]);
    core.stored(search, listed(1));
    core.expect([]);
}
