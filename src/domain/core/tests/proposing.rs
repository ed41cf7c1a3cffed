//! From a proposal to a room, or back to the queue.

use super::*;

/// What follows for Ana when her answer was the second: the room is open in the store.
fn room_stands(proposal: &Arc<Proposal>, now: Time) -> [Effect; 6] {
    [
        send(Envelope::Agreed(proposal.clone())),
        record(Event::RoomOpened),
        ended(TicketEnd::Matched),
        remember(now),
        notify(ANA, ready(proposal, "ana")),
        registers(proposal, now),
    ]
}

/// Ana's ticket as it is queued again after a proposal with Ben came to nothing.
fn again(ticket: &Arc<Ticket>, priority: Priority) -> Arc<Ticket> {
    let avoid = [user("ben")].into();
    Arc::new(Ticket { priority, avoid, ..(**ticket).clone() })
}

fn accepted_by(proposal: &Proposal, name: &str) -> Notice {
    Notice::MatchAccepted { proposal: proposal.id, room: proposal.room, by: user(name) }
}

#[test]
fn who_accepts_first_hears_of_the_room_from_the_second() {
    let (mut core, proposal) = ana_accepted();
    core.at(2_000);
    let agreed = accepted(&proposal, &["ana", "ben"]);
    core.hears(0, Envelope::Accepted(agreed.clone()));
    core.expect([notify(ANA, accepted_by(&proposal, "ben"))]);
    core.hears(0, Envelope::Agreed(agreed.clone()));
    let known = registers(&agreed, at(2_000));
    core.expect([ended(TicketEnd::Matched), remember(at(2_000)), notify(ANA, ready(&agreed, "ana")), known]);
    core.hears(0, Envelope::Agreed(agreed));
    core.expect([]);
}

#[test]
fn who_accepts_second_opens_the_room() {
    let (mut core, proposal) = ana_was_found();
    let first = accepted(&proposal, &["ben"]);
    core.hears(0, Envelope::Accepted(first.clone()));
    core.expect([notify(ANA, accepted_by(&proposal, "ben"))]);
    core.asks(ANA, 2, Command::Accept(proposal.id));
    let [asked] = core.asked([answer(&proposal, "ana", Verdict::Accept)]);
    let agreed = accepted(&proposal, &["ana", "ben"]);
    core.stored(asked, Outcome::Answered(Answered::Agreed(agreed.clone())));
    let [opening] = core.asked([send(Envelope::Accepted(agreed.clone())), open(&agreed)]);
    core.stored(opening, Outcome::Done);
    let [sent, opened, matched, remembered, told, known] = room_stands(&agreed, at(700));
    core.expect([done(ANA, 2), sent, opened, matched, remembered, told, known]);
}

#[test]
fn two_of_one_core_agree_in_either_order() {
    let people = [(ANA, "ana"), (BEN, "ben")];
    for (first, second) in [(0, 1), (1, 0)] {
        let ((one, one_name), (two, two_name)) = (people[first], people[second]);
        let places = [0, 1];
        let (mut core, proposal) = both_here();
        core.at(1_000);
        core.asks(one, 2, Command::Accept(proposal.id));
        let [asked] = core.asked([answer(&proposal, one_name, Verdict::Accept)]);
        let pending = accepted(&proposal, &[one_name]);
        core.stored(asked, Outcome::Answered(Answered::Pending(pending)));
        core.expect([done(one, 2), notify(two, accepted_by(&proposal, one_name))]);
        core.at(2_000);
        core.asks(two, 2, Command::Accept(proposal.id));
        let [asked] = core.asked([answer(&proposal, two_name, Verdict::Accept)]);
        let agreed = accepted(&proposal, &["ana", "ben"]);
        core.stored(asked, Outcome::Answered(Answered::Agreed(agreed.clone())));
        let [opening] = core.asked([open(&agreed), notify(one, accepted_by(&proposal, two_name))]);
        core.stored(opening, Outcome::Done);
        core.expect([
            done(two, 2),
            record(Event::RoomOpened),
            ended(TicketEnd::Matched),
            remembers(two_name, one_name, at(2_000)),
            notify(two, ready(&agreed, two_name)),
            knows(&agreed, second, places[second], here(places[first]), at(2_000)),
            ended(TicketEnd::Matched),
            remembers(one_name, two_name, at(2_000)),
            notify(one, ready(&agreed, one_name)),
            knows(&agreed, first, places[first], here(places[second]), at(2_000)),
        ]);
    }
}

#[test]
fn accepting_again_is_confirmed_without_asking() {
    let (mut core, proposal) = ana_accepted();
    core.asks(ANA, 3, Command::Accept(proposal.id));
    core.expect([done(ANA, 3)]);
    let (mut core, proposal) = ana_talks();
    core.asks(ANA, 3, Command::Accept(proposal.id));
    core.expect([done(ANA, 3)]);
}

#[test]
fn a_proposal_that_is_not_the_clients_own_cannot_be_answered() {
    let (mut core, proposal) = ana_found();
    let other = pair(9, &proposal.sides[0].ticket, &proposal.sides[1].ticket, at(600));
    let no_such = || [refused(Refusal::NoSuchProposal), ack(ANA, 2, Err(Refusal::NoSuchProposal))];
    for command in [Command::Accept(other.id), Command::Reject(other.id)] {
        core.asks(ANA, 2, command);
        core.expect(no_such());
    }
    let (mut core, proposal) = ana_talks();
    core.asks(ANA, 2, Command::Reject(proposal.id));
    core.expect(no_such());
}

#[test]
fn an_answer_that_comes_too_late_is_refused_for_either_verdict() {
    for (command, verdict) in
        [(Command::Accept as fn(_) -> _, Verdict::Accept), (Command::Reject, Verdict::Reject)]
    {
        let (mut core, proposal) = ana_found();
        core.asks(ANA, 2, command(proposal.id));
        let [asked] = core.asked([answer(&proposal, "ana", verdict)]);
        core.stored(asked, Outcome::Answered(Answered::Gone));
        core.expect([refused(Refusal::NoSuchProposal), ack(ANA, 2, Err(Refusal::NoSuchProposal))]);
        // The store is asked what became of it, should nobody tell.
        core.wakes(1_300);
        core.expect([expire(&proposal)]);
    }
}

#[test]
fn an_answer_is_refused_while_the_store_is_away_and_may_be_given_again() {
    for (command, verdict) in
        [(Command::Accept as fn(_) -> _, Verdict::Accept), (Command::Reject, Verdict::Reject)]
    {
        let (mut core, proposal) = ana_found();
        core.asks(ANA, 2, command(proposal.id));
        let [asked] = core.asked([answer(&proposal, "ana", verdict)]);
        core.stored(asked, UNAVAILABLE);
        core.expect([
            record(Event::StoreUnavailable),
            refused(UNAVAILABLE_REFUSAL),
            ack(ANA, 2, Err(UNAVAILABLE_REFUSAL)),
        ]);
        core.asks(ANA, 3, command(proposal.id));
        core.expect([answer(&proposal, "ana", verdict)]);
    }
}

#[test]
fn a_room_that_cannot_be_opened_is_opened_a_second_later() {
    let (mut core, proposal) = ana_found();
    core.at(1_000);
    core.asks(ANA, 2, Command::Accept(proposal.id));
    let [asked] = core.asked([answer(&proposal, "ana", Verdict::Accept)]);
    let agreed = accepted(&proposal, &["ana", "ben"]);
    core.stored(asked, Outcome::Answered(Answered::Agreed(agreed.clone())));
    let [opening] = core.asked([send(Envelope::Accepted(agreed.clone())), open(&agreed)]);
    core.stored(opening, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable), done(ANA, 2)]);
    core.wakes(2_000);
    let [expiring] = core.asked([expire(&proposal)]);
    core.stored(expiring, Outcome::Expired(Expired::Agreed(agreed.clone())));
    let [opening] = core.asked([open(&agreed)]);
    core.stored(opening, Outcome::Done);
    core.expect(room_stands(&agreed, at(2_000)));
}

#[test]
fn who_rejects_is_queued_again_ahead_of_the_others() {
    let (mut core, proposal) = ana_found();
    core.at(16_000);
    core.asks(ANA, 2, Command::Reject(proposal.id));
    let [asked] = core.asked([answer(&proposal, "ana", Verdict::Reject)]);
    core.stored(asked, Outcome::Answered(Answered::Ended(proposal.clone())));
    let ticket = again(&proposal.sides[0].ticket, Priority::Requeued);
    let [_, search] = core.asked([
        record(Event::ProposalFailed(Failure::Rejected)),
        send(Envelope::Failed { proposal: proposal.id, failure: Failure::Rejected }),
        remember(at(16_000)),
        done(ANA, 2),
        // It kept its age, and with it the stage.
        core.look(&ticket, Stage::AnyLevel),
    ]);
    core.stored(search, listed(1));
    core.expect([]);
}

#[test]
fn who_is_rejected_or_left_is_queued_again_ahead_of_everyone() {
    for failure in [Failure::Rejected, Failure::PartnerLeft] {
        let (mut core, proposal) = ana_was_found();
        let ticket = again(&proposal.sides[1].ticket, Priority::Wronged);
        core.at(900);
        core.hears(0, Envelope::Failed { proposal: proposal.id, failure });
        let [_, search] = core.asked([
            remember(at(900)),
            notify(ANA, failed(&proposal, failure, true)),
            core.look(&ticket, Stage::Exact),
        ]);
        // Should she reject the next one, she keeps that priority.
        let next = pair(2, &ticket, &bens_ticket(), at(900));
        core.stored(search, claimed(&next));
        core.expect([
            proposed_at(&next, 900),
            notify(ANA, Notice::MatchFound(found(&next, 0))),
            send(Envelope::Proposed(next.clone())),
        ]);
        core.asks(ANA, 2, Command::Reject(next.id));
        let [asked] = core.asked([answer(&next, "ana", Verdict::Reject)]);
        core.stored(asked, Outcome::Answered(Answered::Ended(next.clone())));
        core.expect([
            record(Event::ProposalFailed(Failure::Rejected)),
            send(Envelope::Failed { proposal: next.id, failure: Failure::Rejected }),
            remember(at(900)),
            done(ANA, 2),
            core.look(&ticket, Stage::Exact),
        ]);
    }
}

#[test]
fn who_rejects_what_both_accepted_already_is_refused() {
    let (mut core, proposal) = ana_accepted();
    core.asks(ANA, 3, Command::Reject(proposal.id));
    let [asked] = core.asked([answer(&proposal, "ana", Verdict::Reject)]);
    let agreed = accepted(&proposal, &["ana", "ben"]);
    core.stored(asked, Outcome::Answered(Answered::Agreed(agreed.clone())));
    core.expect([refused(Refusal::NoSuchProposal), ack(ANA, 3, Err(Refusal::NoSuchProposal))]);
    core.hears(0, Envelope::Agreed(agreed.clone()));
    let known = registers(&agreed, at(1_000));
    core.expect([ended(TicketEnd::Matched), remember(at(1_000)), notify(ANA, ready(&agreed, "ana")), known]);
}

#[test]
fn at_expiry_who_accepted_is_queued_again_and_who_did_not_is_not() {
    // By the store's record: of Ana's acceptance at 1,000 the core may not know.
    for (known, record_says) in [(false, &[][..]), (false, &["ben"]), (false, &["ana"]), (true, &["ana"])] {
        let (mut core, proposal) = if known { ana_accepted() } else { ana_found() };
        core.wakes(20_600);
        let [expiring] = core.asked([expire(&proposal)]);
        let over = accepted(&proposal, record_says);
        core.stored(expiring, Outcome::Expired(Expired::Ended(over)));
        let requeued = record_says.contains(&"ana");
        let ticket = again(&proposal.sides[0].ticket, Priority::Wronged);
        let over = record(Event::ProposalFailed(Failure::Expired));
        let sent = send(Envelope::Failed { proposal: proposal.id, failure: Failure::Expired });
        let told = notify(ANA, failed(&proposal, Failure::Expired, requeued));
        if requeued {
            core.expect([over, sent, remember(at(20_600)), told, core.look(&ticket, Stage::AnyLevel)]);
        } else {
            core.expect([over, sent, remember(at(20_600)), ended(TicketEnd::Expired), told]);
        }
    }
}

#[test]
fn at_expiry_by_the_others_word_it_is_the_same() {
    for accepted in [false, true] {
        let (mut core, proposal) = if accepted { ana_accepted() } else { ana_found() };
        core.wakes(20_600);
        let [expiring] = core.asked([expire(&proposal)]);
        core.hears(0, Envelope::Failed { proposal: proposal.id, failure: Failure::Expired });
        let told = notify(ANA, failed(&proposal, Failure::Expired, accepted));
        if accepted {
            core.expect([remember(at(20_600)), told]);
        } else {
            core.expect([remember(at(20_600)), ended(TicketEnd::Expired), told]);
        }
        core.stored(expiring, Outcome::Expired(Expired::Gone));
        let ticket = again(&proposal.sides[0].ticket, Priority::Wronged);
        if accepted {
            core.expect([core.look(&ticket, Stage::AnyLevel)]);
        } else {
            core.expect([]);
            core.sleeps_until(Time::NEVER);
        }
    }
}

#[test]
fn what_both_accepted_in_time_does_not_expire() {
    let (mut core, proposal) = ana_accepted();
    core.wakes(20_600);
    let [expiring] = core.asked([expire(&proposal)]);
    let agreed = accepted(&proposal, &["ana", "ben"]);
    core.stored(expiring, Outcome::Expired(Expired::Agreed(agreed.clone())));
    let [opening] = core.asked([open(&agreed)]);
    core.stored(opening, Outcome::Done);
    core.expect(room_stands(&agreed, at(20_600)));
    core.sleeps_until(Time::NEVER);
}

#[test]
fn a_store_whose_clock_is_behind_or_that_is_away_is_asked_again_each_second() {
    let (mut core, proposal) = ana_found();
    core.wakes(20_600);
    let [expiring] = core.asked([expire(&proposal)]);
    core.stored(expiring, Outcome::Expired(Expired::Early));
    core.expect([]);
    core.wakes(21_600);
    let [expiring] = core.asked([expire(&proposal)]);
    core.stored(expiring, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    core.wakes(22_600);
    core.expect([expire(&proposal)]);
}

#[test]
fn an_end_that_nobody_tells_of_is_taken_for_the_partners_leaving() {
    let (mut core, proposal) = ana_found();
    core.wakes(20_600);
    let [expiring] = core.asked([expire(&proposal)]);
    core.stored(expiring, Outcome::Expired(Expired::Gone));
    core.expect([]);
    core.wakes(21_300);
    let [expiring] = core.asked([expire(&proposal)]);
    core.stored(expiring, Outcome::Expired(Expired::Gone));
    let ticket = again(&proposal.sides[0].ticket, Priority::Wronged);
    core.expect([
        send(Envelope::Failed { proposal: proposal.id, failure: Failure::Expired }),
        // He may be in the room, if both had agreed.
        send(Envelope::Left { room: proposal.room, departure: Departure::Left, from: here(0) }),
        close(&proposal),
        remember(at(21_300)),
        notify(ANA, failed(&proposal, Failure::PartnerLeft, true)),
        core.look(&ticket, Stage::AnyLevel),
    ]);
}
