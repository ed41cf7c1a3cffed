//! `leave_queue`, wherever it finds its client.

use super::*;

#[test]
fn who_does_not_wait_may_leave_all_the_same() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.asks(ANA, 1, Command::LeaveQueue);
    core.expect([done(ANA, 1)]);
}

#[test]
fn a_waiting_ticket_is_withdrawn_before_that_is_confirmed() {
    for outcome in [
        Outcome::Withdrawn(Withdrawn::Removed),
        Outcome::Withdrawn(Withdrawn::Unknown),
        // The ticket is renewed no more: its lease runs out.
        UNAVAILABLE,
    ] {
        let (mut core, ticket) = ana_waits();
        core.asks(ANA, 2, Command::LeaveQueue);
        let [withdrawal] = core.asked([withdraw(&ticket)]);
        let unavailable = outcome == UNAVAILABLE;
        core.stored(withdrawal, outcome);
        let end = [ended(TicketEnd::Cancelled), done(ANA, 2)];
        let [cancelled, done] = end;
        if unavailable {
            core.expect([record(Event::StoreUnavailable), cancelled, done]);
        } else {
            core.expect([cancelled, done]);
        }
        core.asks(ANA, 3, Command::LeaveQueue);
        core.expect([super::words::done(ANA, 3)]);
    }
}

#[test]
fn who_was_claimed_before_the_withdrawal_leaves_the_proposal() {
    // With and without the claimer's word arriving first: the withdrawal's answer tells of the proposal.
    for told in [false, true] {
        let (mut core, ticket) = ana_waits();
        core.asks(ANA, 2, Command::LeaveQueue);
        let [withdrawal] = core.asked([withdraw(&ticket)]);
        let proposal = pair(1, &bens_ticket(), &ticket, at(600));
        if told {
            core.hears(0, Envelope::Proposed(proposal.clone()));
            core.expect([]);
        }
        core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Taken(proposal.clone())));
        let [leaving] = core.asked([
            notify(ANA, Notice::MatchFound(found(&proposal, 1))),
            answer(&proposal, "ana", Verdict::Leave),
        ]);
        core.stored(leaving, Outcome::Answered(Answered::Ended(proposal.clone())));
        core.expect([
            record(Event::ProposalFailed(Failure::PartnerLeft)),
            send(Envelope::Failed { proposal: proposal.id, failure: Failure::PartnerLeft }),
            remember(at(600)),
            ended(TicketEnd::Cancelled),
            done(ANA, 2),
        ]);
    }
}

#[test]
fn a_proposal_that_is_over_here_and_not_in_the_store_keeps_nobody_in_the_queue() {
    for leaves in [false, true] {
        let (mut core, proposal) = ana_found();
        core.hears(0, Envelope::Failed { proposal: proposal.id, failure: Failure::Rejected });
        let mut ticket = proposal.sides[0].ticket.clone();
        Arc::make_mut(&mut ticket).priority = Priority::Wronged;
        Arc::make_mut(&mut ticket).avoid = [user("ben")].into();
        let told = notify(ANA, failed(&proposal, Failure::Rejected, true));
        let [_, search] = core.asked([remember(at(600)), told, core.look(&ticket, Stage::Exact)]);
        if leaves {
            core.asks(ANA, 2, Command::LeaveQueue);
        } else {
            core.handle(Input::Disconnected { connection: ANA, left: true });
        }
        // A store that lost the end of the proposal.
        core.stored(search, Outcome::Searched(Searched::Taken(proposal.clone())));
        let [withdrawal] = core.asked([withdraw(&ticket)]);
        core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Taken(proposal.clone())));
        let declined = answer(&proposal, "ana", Verdict::Leave);
        if leaves {
            core.expect([declined, ended(TicketEnd::Cancelled), done(ANA, 2)]);
        } else {
            let closed = record(Event::SessionClosed);
            core.expect([declined, ended(TicketEnd::Gone), detach("ana", 0), closed]);
        }
    }
}

#[test]
fn a_proposal_is_let_go_of() {
    let (mut core, proposal) = ana_accepted();
    core.at(2_000);
    core.asks(ANA, 3, Command::LeaveQueue);
    let [leaving] = core.asked([answer(&proposal, "ana", Verdict::Leave)]);
    core.stored(leaving, Outcome::Answered(Answered::Ended(proposal.clone())));
    core.expect([
        record(Event::ProposalFailed(Failure::PartnerLeft)),
        send(Envelope::Failed { proposal: proposal.id, failure: Failure::PartnerLeft }),
        remember(at(2_000)),
        ended(TicketEnd::Cancelled),
        done(ANA, 3),
    ]);
    core.asks(ANA, 4, Command::Accept(proposal.id));
    core.expect([refused(Refusal::NoSuchProposal), ack(ANA, 4, Err(Refusal::NoSuchProposal))]);
}

#[test]
fn a_proposal_is_let_go_of_whatever_the_store_says() {
    let (mut core, proposal) = ana_found();
    core.asks(ANA, 2, Command::LeaveQueue);
    let [leaving] = core.asked([answer(&proposal, "ana", Verdict::Leave)]);
    core.stored(leaving, UNAVAILABLE);
    core.expect([
        record(Event::StoreUnavailable),
        remember(at(600)),
        ended(TicketEnd::Cancelled),
        done(ANA, 2),
    ]);
}

#[test]
fn who_leaves_just_when_both_have_accepted_never_enters_the_room() {
    let (mut core, proposal) = ana_accepted();
    core.at(2_000);
    core.asks(ANA, 3, Command::LeaveQueue);
    let [leaving] = core.asked([answer(&proposal, "ana", Verdict::Leave)]);
    let agreed = accepted(&proposal, &["ana", "ben"]);
    core.stored(leaving, Outcome::Answered(Answered::Agreed(agreed.clone())));
    core.expect([
        send(Envelope::Left { room: agreed.room, departure: Departure::Left, from: here(0) }),
        close(&agreed),
        remember(at(2_000)),
        ended(TicketEnd::Cancelled),
        done(ANA, 3),
    ]);
    // Whoever says so afterwards is told again.
    core.hears(0, Envelope::Agreed(agreed.clone()));
    let left = Envelope::Left { room: agreed.room, departure: Departure::Left, from: here(0) };
    core.expect([send(left), close(&agreed)]);
}

#[test]
fn who_leaves_while_the_other_rejects_is_not_queued_again() {
    let (mut core, proposal) = ana_found();
    core.at(2_000);
    core.asks(ANA, 2, Command::LeaveQueue);
    let [leaving] = core.asked([answer(&proposal, "ana", Verdict::Leave)]);
    core.hears(0, Envelope::Failed { proposal: proposal.id, failure: Failure::Rejected });
    core.expect([remember(at(2_000)), notify(ANA, failed(&proposal, Failure::Rejected, true))]);
    core.stored(leaving, Outcome::Answered(Answered::Gone));
    let [withdrawal] = core.asked([withdraw(&proposal.sides[0].ticket)]);
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Unknown));
    core.expect([ended(TicketEnd::Cancelled), done(ANA, 2)]);
}

#[test]
fn who_leaves_is_not_left_before_the_next_proposal() {
    let (mut core, proposal) = ana_found();
    let ticket = &proposal.sides[0].ticket;
    let failure = Failure::Rejected;
    core.asks(ANA, 2, Command::LeaveQueue);
    let [leaving] = core.asked([answer(&proposal, "ana", Verdict::Leave)]);
    core.hears(0, Envelope::Failed { proposal: proposal.id, failure });
    core.expect([remember(at(600)), notify(ANA, failed(&proposal, failure, true))]);
    let next = pair(2, &bens_ticket(), ticket, at(600));
    core.hears(0, Envelope::Proposed(next.clone()));
    core.expect([notify(ANA, Notice::MatchFound(found(&next, 1)))]);
    core.stored(leaving, Outcome::Answered(Answered::Gone));
    let [leaving] = core.asked([answer(&next, "ana", Verdict::Leave)]);
    core.stored(leaving, Outcome::Answered(Answered::Ended(next.clone())));
    core.expect([
        record(Event::ProposalFailed(Failure::PartnerLeft)),
        send(Envelope::Failed { proposal: next.id, failure: Failure::PartnerLeft }),
        remember(at(600)),
        ended(TicketEnd::Cancelled),
        done(ANA, 2),
    ]);
}

#[test]
fn leaving_the_queue_is_not_leaving_the_room() {
    let (mut core, _) = ana_talks();
    core.asks(ANA, 3, Command::LeaveQueue);
    core.expect([done(ANA, 3)]);
}
