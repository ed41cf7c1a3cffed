//! Pools where to search is to accept: both hear of the room, and of nothing before.

use super::*;

fn policy() -> Policy {
    Policy { acceptance: Acceptance::AtOnce, ..Policy::new(POOL.0) }
}

/// A pair that was agreed as it was made, at 600 or later: its time is over two seconds after `now`.
fn agreed(claimer: &Arc<Ticket>, claimed: &Arc<Ticket>, now: Time) -> Arc<Proposal> {
    let mut proposal = accepted(&pair(1, claimer, claimed, now), &["ana", "ben"]);
    Arc::make_mut(&mut proposal).expires_at = now + Duration::from_secs(2);
    proposal
}

/// Ana's search of 500 claimed Ben at 600: the room is being opened.
#[track_caller]
fn ana_claims() -> (Scripted, Arc<Proposal>, OperationId) {
    let mut core = Scripted::with(policy(), Limits::default());
    core.connect(ANA, "ana", 0);
    core.at(500);
    core.asks(ANA, 1, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    core.at(600);
    let proposal = agreed(&ticket, &bens_ticket(), at(600));
    core.stored(search, claimed(&proposal));
    let [opening] = core.asked([
        joined(ANA, 1, AT_ONCE),
        proposed_at(&proposal, 600),
        send(Envelope::Proposed(proposal.clone())),
        open(&proposal),
    ]);
    (core, proposal, opening)
}

/// Ana, who waits, was claimed by Ben at 700 and told so by his node.
#[track_caller]
fn ana_is_claimed() -> (Scripted, Arc<Proposal>) {
    let mut core = Scripted::with(policy(), Limits::default());
    let ticket = ana_joins(&mut core);
    core.at(700);
    let proposal = agreed(&bens_ticket(), &ticket, at(700));
    core.hears(0, Envelope::Proposed(proposal.clone()));
    core.expect([]);
    (core, proposal)
}

/// The room stands, and Ana is in it.
fn enters(proposal: &Proposal, now: Time) -> [Effect; 4] {
    [ended(TicketEnd::Matched), remember(now), notify(ANA, ready(proposal, "ana")), registers(proposal, now)]
}

/// Ana is in it as the first of the two.
fn opens(proposal: &Arc<Proposal>, now: Time) -> [Effect; 6] {
    let [matched, met, told, known] = enters(proposal, now);
    [send(Envelope::Agreed(proposal.clone())), record(Event::RoomOpened), matched, met, told, known]
}

#[test]
fn who_claims_opens_the_room_and_enters_it() {
    let (mut core, proposal, opening) = ana_claims();
    core.at(650);
    core.stored(opening, Outcome::Done);
    core.expect(opens(&proposal, at(650)));
}

#[test]
fn who_is_claimed_enters_when_the_room_stands() {
    let (mut core, proposal) = ana_is_claimed();
    core.hears(0, Envelope::Agreed(proposal.clone()));
    core.expect(enters(&proposal, at(700)));
    core.hears(0, Envelope::Agreed(proposal));
    core.expect([]);
}

#[test]
fn two_of_one_core_enter_one_after_the_other() {
    let mut core = Scripted::with(policy(), Limits::default());
    core.connect(ANA, "ana", 0);
    core.connect(BEN, "ben", 1);
    core.asks(ANA, 1, wish().join());
    let anas = core.ticket("ana", 0, &wish());
    let [search] = core.asked([record(Event::Searching), core.look(&anas, Stage::Exact)]);
    core.stored(search, listed(1));
    core.expect([joined(ANA, 1, place(1))]);
    core.at(600);
    core.asks(BEN, 1, bens_wish().join());
    let bens = core.ticket("ben", 1, &bens_wish());
    let [search] = core.asked([record(Event::Searching), core.look(&bens, Stage::Exact)]);
    let proposal = agreed(&bens, &anas, at(600));
    core.stored(search, claimed(&proposal));
    let [opening] = core.asked([joined(BEN, 1, AT_ONCE), proposed_at(&proposal, 600), open(&proposal)]);
    core.stored(opening, Outcome::Done);
    core.expect([
        record(Event::RoomOpened),
        ended(TicketEnd::Matched),
        remembers("ben", "ana", at(600)),
        notify(BEN, ready(&proposal, "ben")),
        knows(&proposal, 0, 1, here(0), at(600)),
        ended(TicketEnd::Matched),
        remembers("ana", "ben", at(600)),
        notify(ANA, ready(&proposal, "ana")),
        knows(&proposal, 1, 0, here(1), at(600)),
    ]);
}

#[test]
fn whoever_hears_no_more_of_the_claimer_enters_after_two_seconds() {
    let (mut core, proposal) = ana_is_claimed();
    // The lease that is renewed no more.
    core.wakes_in_vain(2_600);
    core.wakes(2_700);
    let [asked] = core.asked([expire(&proposal)]);
    core.stored(asked, Outcome::Expired(Expired::Agreed(proposal.clone())));
    let [opening] = core.asked([open(&proposal)]);
    core.stored(opening, Outcome::Done);
    core.expect(opens(&proposal, at(2_700)));
}

#[test]
fn whoever_heard_nothing_of_the_claimer_learns_it_when_its_lease_is_renewed() {
    let mut core = Scripted::with(policy(), Limits::default());
    let ticket = ana_joins(&mut core);
    let proposal = agreed(&bens_ticket(), &ticket, at(600));
    core.wakes(2_600);
    let [renewal] = core.asked([renew(&[&ticket], at(2_600))]);
    core.stored(renewal, Outcome::Renewed(vec![(ticket.id, Standing::Taken(proposal.clone()))]));
    core.expect([]);
    core.wakes(2_600);
    let [asked] = core.asked([expire(&proposal)]);
    core.stored(asked, Outcome::Expired(Expired::Agreed(proposal.clone())));
    let [opening] = core.asked([open(&proposal)]);
    core.stored(opening, Outcome::Done);
    core.expect(opens(&proposal, at(2_600)));
}

#[test]
fn a_room_that_could_not_be_opened_is_opened_a_second_later() {
    let (mut core, proposal, opening) = ana_claims();
    core.stored(opening, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    core.wakes(1_600);
    let [asked] = core.asked([expire(&proposal)]);
    core.stored(asked, Outcome::Expired(Expired::Agreed(proposal.clone())));
    let [opening] = core.asked([open(&proposal)]);
    core.stored(opening, Outcome::Done);
    core.expect(opens(&proposal, at(1_600)));
}

#[test]
fn who_leaves_the_queue_too_late_never_enters() {
    let mut core = Scripted::with(policy(), Limits::default());
    let ticket = ana_joins(&mut core);
    core.at(700);
    core.asks(ANA, 2, Command::LeaveQueue);
    let [withdrawal] = core.asked([withdraw(&ticket)]);
    let proposal = agreed(&bens_ticket(), &ticket, at(700));
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Taken(proposal.clone())));
    let [leaving] = core.asked([answer(&proposal, "ana", Verdict::Leave)]);
    core.stored(leaving, Outcome::Answered(Answered::Agreed(proposal.clone())));
    let (room, departure) = (proposal.room, Departure::Left);
    core.expect([
        send(Envelope::Left { room, departure, from: here(0) }),
        close(&proposal),
        remember(at(700)),
        ended(TicketEnd::Cancelled),
        done(ANA, 2),
    ]);
    // His node has opened the room meanwhile.
    core.hears(0, Envelope::Agreed(proposal.clone()));
    core.expect([send(Envelope::Left { room, departure, from: here(0) }), close(&proposal)]);
}

#[test]
fn a_claimer_that_left_before_the_room_stood_leaves_nobody_in_it() {
    let (mut core, proposal) = ana_is_claimed();
    let (room, departure) = (proposal.room, Departure::Left);
    core.hears(0, Envelope::Left { room, departure, from: there() });
    core.expect([]);
    core.wakes(700);
    let [asked] = core.asked([expire(&proposal)]);
    core.stored(asked, Outcome::Expired(Expired::Agreed(proposal.clone())));
    let [opening] = core.asked([open(&proposal)]);
    core.stored(opening, Outcome::Done);
    let [agreed, opened, matched, met, told, known] = opens(&proposal, at(700));
    let left = notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure });
    core.expect([agreed, opened, matched, met, told, known, close(&proposal), left]);
}

#[test]
fn a_match_that_the_store_lost_is_not_spoken_of() {
    let (mut core, proposal) = ana_is_claimed();
    core.wakes_in_vain(2_600);
    for ms in [2_700, 3_400] {
        core.wakes(ms);
        let [asked] = core.asked([expire(&proposal)]);
        core.stored(asked, Outcome::Expired(Expired::Gone));
        if ms == 2_700 {
            core.expect([]);
        }
    }
    let own = &proposal.sides[1].ticket;
    let avoid = [user("ben")].into();
    let again = Arc::new(Ticket { priority: Priority::Wronged, avoid, ..(**own).clone() });
    let failure = Failure::Expired;
    core.expect([
        send(Envelope::Failed { proposal: proposal.id, failure }),
        send(Envelope::Left { room: proposal.room, departure: Departure::Left, from: here(0) }),
        close(&proposal),
        remember(at(3_400)),
        core.look(&again, Stage::Exact),
    ]);
}

#[test]
fn who_is_back_before_the_room_stands_is_told_that_it_waits() {
    let (mut core, proposal) = ana_is_claimed();
    core.disconnected(ANA);
    core.connected(ANA_AGAIN, "ana");
    core.expect(resumed(Resumed::Waiting { stage: Stage::Exact }));
    core.hears(0, Envelope::Agreed(proposal.clone()));
    let [matched, met, _, _] = enters(&proposal, at(700));
    let known = registers_since(&proposal, at(700), at(700));
    core.expect([matched, met, notify(ANA_AGAIN, ready(&proposal, "ana")), known]);
}

#[test]
fn who_cancels_when_the_room_stands_is_told_to_be_in_it() {
    let (mut core, proposal, opening) = ana_claims();
    core.stored(opening, Outcome::Done);
    core.expect(opens(&proposal, at(600)));
    core.asks(ANA, 2, Command::LeaveQueue);
    core.expect([refused(Refusal::InRoom), ack(ANA, 2, Err(Refusal::InRoom))]);
    core.asks(ANA, 3, Command::Sync { room: proposal.room.into(), after: 0 });
    core.expect([missed(&proposal)]);
}
