//! News that come late, twice, in another order, or about what is over.

use super::*;

/// A ticket as it is queued again after a proposal with Ben failed.
fn again(ticket: &Arc<Ticket>) -> Arc<Ticket> {
    let avoid = [user("ben")].into();
    Arc::new(Ticket { priority: Priority::Wronged, avoid, ..(**ticket).clone() })
}

fn left(proposal: &Proposal, departure: Departure) -> Envelope {
    Envelope::Left { room: proposal.room, departure, from: there() }
}

/// Ana does not enter.
fn stays_out(proposal: &Proposal, departure: Departure) -> Envelope {
    Envelope::Left { room: proposal.room, departure, from: here(0) }
}

fn partner_left(proposal: &Proposal) -> Effect {
    send(Envelope::Failed { proposal: proposal.id, failure: Failure::PartnerLeft })
}

/// Asks for the renewal at 2,600 and answers with one standing.
fn renewed(core: &mut Scripted, ticket: &Ticket, standing: Standing) {
    core.wakes(2_600);
    let [renewal] = core.asked([renew(&[ticket], at(2_600))]);
    core.stored(renewal, Outcome::Renewed(vec![(ticket.id, standing)]));
}

#[test]
fn a_proposal_whose_envelope_was_lost_is_learnt_of_at_the_next_renewal() {
    let (mut core, ticket) = ana_waits();
    let proposal = pair(1, &bens_ticket(), &ticket, at(1_000));
    renewed(&mut core, &ticket, Standing::Taken(proposal.clone()));
    core.expect([notify(ANA, Notice::MatchFound(found(&proposal, 1)))]);
    core.hears(0, Envelope::Proposed(proposal.clone()));
    core.expect([]);
    core.asks(ANA, 2, Command::Accept(proposal.id));
    core.expect([answer(&proposal, "ana", Verdict::Accept)]);
}

#[test]
fn a_ticket_that_the_store_lost_is_listed_again() {
    let (mut core, ticket) = ana_waits();
    renewed(&mut core, &ticket, Standing::Unknown);
    let [search] = core.asked([core.look(&ticket, Stage::Exact)]);
    core.stored(search, listed(1));
    core.expect([]);
}

#[test]
fn a_ticket_that_the_store_lost_is_listed_again_once() {
    let (mut core, ticket) = ana_waits();
    core.wakes(2_600);
    let [early] = core.asked([renew(&[&ticket], at(2_600))]);
    core.wakes(4_600);
    let [late] = core.asked([renew(&[&ticket], at(4_600))]);
    core.asks(ANA, 2, wish().join());
    let [search] = core.asked([core.look(&ticket, Stage::Exact)]);
    // Both were answered before the search was, which may have been before or after it was carried out.
    for renewal in [early, late] {
        core.stored(renewal, Outcome::Renewed(vec![(ticket.id, Standing::Unknown)]));
        core.expect([]);
    }
    core.stored(search, listed(1));
    let [search] = core.asked([joined(ANA, 2, place(1)), core.look(&ticket, Stage::Exact)]);
    core.stored(search, listed(1));
    core.expect([]);
}

#[test]
fn a_renewal_that_the_store_did_not_answer_is_repeated_in_its_turn() {
    let (mut core, ticket) = ana_waits();
    core.wakes(2_600);
    let [renewal] = core.asked([renew(&[&ticket], at(2_600))]);
    core.stored(renewal, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    core.wakes(4_600);
    core.expect([renew(&[&ticket], at(4_600))]);
}

#[test]
fn a_settled_proposal_does_not_come_back() {
    let (mut core, ticket) = ana_waits();
    core.wakes(2_600);
    let [renewal] = core.asked([renew(&[&ticket], at(2_600))]);
    let proposal = pair(1, &bens_ticket(), &ticket, at(2_600));
    core.hears(0, Envelope::Proposed(proposal.clone()));
    core.expect([notify(ANA, Notice::MatchFound(found(&proposal, 1)))]);
    core.hears(0, Envelope::Failed { proposal: proposal.id, failure: Failure::Rejected });
    let told = notify(ANA, failed(&proposal, Failure::Rejected, true));
    let ticket = again(&ticket);
    let [_, search] = core.asked([remember(at(2_600)), told, core.look(&ticket, Stage::Exact)]);
    // The renewal and the search were answered before it was over, the envelope comes twice.
    core.stored(renewal, Outcome::Renewed(vec![(ticket.id, Standing::Taken(proposal.clone()))]));
    core.hears(0, Envelope::Proposed(proposal.clone()));
    core.hears(0, Envelope::Failed { proposal: proposal.id, failure: Failure::Rejected });
    core.hears(0, Envelope::Accepted(accepted(&proposal, &["ben"])));
    core.expect([]);
    core.stored(search, taken(&proposal));
    core.expect([]);
    core.wakes(3_600);
    core.expect([core.look(&ticket, Stage::Exact)]);
}

#[test]
fn nor_does_one_that_others_followed() {
    let (mut core, ticket) = ana_waits();
    core.wakes(2_600);
    let [renewal] = core.asked([renew(&[&ticket], at(2_600))]);
    let first = pair(1, &bens_ticket(), &ticket, at(2_600));
    let mut ticket = ticket;
    for number in 1..=3 {
        let proposal = pair(number, &bens_ticket(), &ticket, at(2_600));
        core.hears(0, Envelope::Proposed(proposal.clone()));
        core.expect([notify(ANA, Notice::MatchFound(found(&proposal, 1)))]);
        core.hears(0, Envelope::Failed { proposal: proposal.id, failure: Failure::Rejected });
        let told = notify(ANA, failed(&proposal, Failure::Rejected, true));
        ticket = again(&ticket);
        let [_, search] = core.asked([remember(at(2_600)), told, core.look(&ticket, Stage::Exact)]);
        core.stored(search, listed(1));
        core.expect([]);
    }
    core.stored(renewal, Outcome::Renewed(vec![(ticket.id, Standing::Taken(first.clone()))]));
    core.hears(0, Envelope::Proposed(first));
    core.expect([]);
}

#[test]
fn a_ticket_that_was_claimed_when_its_owner_had_left_the_queue_is_declined() {
    let (mut core, ticket) = ana_waits();
    core.asks(ANA, 2, Command::LeaveQueue);
    let [withdrawal] = core.asked([withdraw(&ticket)]);
    core.stored(withdrawal, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable), ended(TicketEnd::Cancelled), done(ANA, 2)]);
    let proposal = pair(1, &bens_ticket(), &ticket, at(600));
    core.hears(0, Envelope::Proposed(proposal.clone()));
    let [declining] = core.asked([answer(&proposal, "ana", Verdict::Leave)]);
    core.stored(declining, Outcome::Answered(Answered::Ended(proposal.clone())));
    core.expect([partner_left(&proposal)]);
}

#[test]
fn a_ticket_that_was_claimed_when_its_session_was_over_is_declined() {
    let outcomes: [fn(Arc<Proposal>) -> Answered; 4] =
        [|_| Answered::Gone, Answered::Pending, Answered::Ended, Answered::Agreed];
    for outcome in outcomes {
        let (mut core, ticket) = ana_waits();
        core.abandon(ANA);
        let close = Effect::Close { connection: ANA };
        core.expect([close, ended(TicketEnd::Gone), record(Event::SessionClosed)]);
        let proposal = pair(1, &bens_ticket(), &ticket, at(600));
        core.hears(0, Envelope::Proposed(proposal.clone()));
        let [declining] = core.asked([answer(&proposal, "ana", Verdict::Leave)]);
        let answered = outcome(proposal.clone());
        core.stored(declining, Outcome::Answered(answered.clone()));
        match answered {
            Answered::Gone | Answered::Pending(_) => core.expect([]),
            Answered::Ended(_) => core.expect([partner_left(&proposal)]),
            Answered::Agreed(_) => core.expect([send(stays_out(&proposal, Departure::Left))]),
        }
    }
}

#[test]
fn a_room_that_opens_for_a_session_that_is_over_is_left() {
    let (mut core, proposal) = ana_accepted();
    core.abandon(ANA);
    let cut = Effect::Close { connection: ANA };
    core.expect([cut, ended(TicketEnd::Gone), record(Event::SessionClosed)]);
    core.hears(0, Envelope::Agreed(accepted(&proposal, &["ana", "ben"])));
    core.expect([send(stays_out(&proposal, Departure::Disconnected)), close(&proposal)]);
}

#[test]
fn a_room_that_opens_for_who_gave_the_proposal_up_is_left() {
    let (mut core, proposal) = ana_accepted();
    core.asks(ANA, 3, Command::LeaveQueue);
    let [leaving] = core.asked([answer(&proposal, "ana", Verdict::Leave)]);
    core.stored(leaving, UNAVAILABLE);
    let over = ended(TicketEnd::Cancelled);
    core.expect([record(Event::StoreUnavailable), remember(at(1_000)), over, done(ANA, 3)]);
    core.hears(0, Envelope::Agreed(accepted(&proposal, &["ana", "ben"])));
    core.expect([send(stays_out(&proposal, Departure::Left)), close(&proposal)]);
}

#[test]
fn a_room_that_was_over_before_it_opened_here_is_closed_again() {
    let (mut core, proposal) = ana_accepted();
    let (agreed, room) = (accepted(&proposal, &["ana", "ben"]), proposal.room);
    core.wakes(20_600);
    let [expiring] = core.asked([expire(&proposal)]);
    core.stored(expiring, Outcome::Expired(Expired::Agreed(agreed.clone())));
    let [opening] = core.asked([open(&agreed)]);
    // The other one opened it as well, and has left it.
    core.hears(0, Envelope::Agreed(agreed.clone()));
    let known = registers(&agreed, at(20_600));
    core.expect([ended(TicketEnd::Matched), remember(at(20_600)), notify(ANA, ready(&agreed, "ana")), known]);
    let departure = Departure::Left;
    core.hears(0, left(&agreed, departure));
    core.expect([notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure })]);
    core.stored(opening, Outcome::Done);
    core.expect([send(stays_out(&agreed, departure)), close(&agreed)]);
}

#[test]
fn a_room_that_the_peer_left_before_it_opened_here_opens_and_is_over() {
    let (mut core, proposal) = ana_accepted();
    core.hears(0, left(&proposal, Departure::Left));
    core.expect([]);
    core.wakes(1_000);
    let [expiring] = core.asked([expire(&proposal)]);
    let agreed = accepted(&proposal, &["ana", "ben"]);
    core.stored(expiring, Outcome::Expired(Expired::Agreed(agreed.clone())));
    let [opening] = core.asked([open(&agreed)]);
    core.stored(opening, Outcome::Done);
    let (room, departure) = (agreed.room, Departure::Left);
    core.expect([
        send(Envelope::Agreed(agreed.clone())),
        record(Event::RoomOpened),
        ended(TicketEnd::Matched),
        remember(at(1_000)),
        notify(ANA, ready(&agreed, "ana")),
        registers(&agreed, at(1_000)),
        close(&agreed),
        notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure }),
    ]);
}

#[test]
fn a_room_that_was_left_and_is_forgotten_ends_the_proposal() {
    let (mut core, proposal) = ana_accepted();
    core.hears(0, left(&proposal, Departure::Left));
    core.wakes(1_000);
    let [expiring] = core.asked([expire(&proposal)]);
    core.stored(expiring, Outcome::Expired(Expired::Gone));
    core.expect([]);
    core.wakes(1_700);
    let [expiring] = core.asked([expire(&proposal)]);
    core.stored(expiring, Outcome::Expired(Expired::Gone));
    let told = notify(ANA, failed(&proposal, Failure::PartnerLeft, true));
    let ticket = again(&proposal.sides[0].ticket);
    core.expect([
        partner_left(&proposal),
        send(stays_out(&proposal, Departure::Left)),
        close(&proposal),
        remember(at(1_700)),
        told,
        core.look(&ticket, Stage::Exact),
    ]);
}

#[test]
fn the_second_acceptance_may_overtake_the_answer_to_the_first() {
    let (mut core, proposal) = ana_found();
    core.asks(ANA, 2, Command::Accept(proposal.id));
    let [asked] = core.asked([answer(&proposal, "ana", Verdict::Accept)]);
    let (first, agreed) = (accepted(&proposal, &["ana"]), accepted(&proposal, &["ana", "ben"]));
    core.hears(0, Envelope::Agreed(agreed.clone()));
    let known = registers(&agreed, at(600));
    core.expect([ended(TicketEnd::Matched), remember(at(600)), notify(ANA, ready(&agreed, "ana")), known]);
    core.stored(asked, Outcome::Answered(Answered::Pending(first.clone())));
    core.expect([done(ANA, 2), send(Envelope::Accepted(first))]);
}

#[test]
fn a_failure_may_overtake_the_answer_to_an_acceptance() {
    let (mut core, proposal) = ana_found();
    core.asks(ANA, 2, Command::Accept(proposal.id));
    let [asked] = core.asked([answer(&proposal, "ana", Verdict::Accept)]);
    core.hears(0, Envelope::Failed { proposal: proposal.id, failure: Failure::Rejected });
    core.expect([remember(at(600)), notify(ANA, failed(&proposal, Failure::Rejected, true))]);
    core.stored(asked, Outcome::Answered(Answered::Gone));
    core.expect([
        refused(Refusal::NoSuchProposal),
        ack(ANA, 2, Err(Refusal::NoSuchProposal)),
        core.look(&again(&proposal.sides[0].ticket), Stage::Exact),
    ]);
}

#[test]
fn who_joins_and_disconnects_while_both_accept_waits_on() {
    let (mut core, proposal) = ana_accepted();
    core.asks(ANA, 3, wish().join());
    let [leaving] = core.asked([answer(&proposal, "ana", Verdict::Leave)]);
    core.disconnected(ANA);
    core.expect([]);
    let agreed = accepted(&proposal, &["ana", "ben"]);
    core.stored(leaving, Outcome::Answered(Answered::Agreed(agreed.clone())));
    let ticket = core.ticket("ana", 0, &wish());
    core.expect([
        send(stays_out(&agreed, Departure::Left)),
        close(&agreed),
        remember(at(1_000)),
        ended(TicketEnd::Cancelled),
        record(Event::Searching),
    ]);
    core.connected(ANA_AGAIN, "ana");
    let avoid = [user("ben")].into();
    let ticket = Arc::new(Ticket { avoid, ..(*ticket).clone() });
    core.expect([
        notify(ANA_AGAIN, welcome("ana")),
        notify(ANA_AGAIN, Notice::Resumed(Resumed::Waiting { stage: Stage::Exact })),
        core.look(&ticket, Stage::Exact),
    ]);
}

#[test]
fn an_answer_counts_once_and_only_for_what_was_asked() {
    let (mut core, ticket) = ana_waits();
    core.asks(ANA, 2, wish().join());
    let [search] = core.asked([core.look(&ticket, Stage::Exact)]);
    core.stored(OperationId(9_999), listed(1));
    core.expect([]);
    core.stored(search, listed(1));
    core.expect([joined(ANA, 2, place(1))]);
    core.stored(search, listed(1));
    core.expect([]);
}
