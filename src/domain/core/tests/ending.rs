//! How a session ends: by a good-bye, when its client stays away, and not when it comes back in time.

use super::*;

fn good_bye(core: &mut Scripted) {
    core.handle(Input::Disconnected { connection: ANA, left: true });
}

/// What is left behind by a session that is over.
fn closed() -> [Effect; 2] {
    [detach("ana", 0), record(Event::SessionClosed)]
}

#[test]
fn the_room_is_over_when_the_client_stays_away() {
    let (mut core, proposal) = ana_talks();
    let (room, departure) = (proposal.room, Departure::Disconnected);
    core.at(2_000);
    core.disconnected(ANA);
    core.expect([send(Envelope::Away { room, from: here(0) })]);
    core.wakes_in_vain(20_600);
    core.wakes(32_000);
    let [detached, gone] = closed();
    core.expect([
        send(Envelope::Left { room, departure, from: here(0) }),
        close(&proposal),
        record(Event::RoomClosed { departure, lasted: Duration::from_secs(31) }),
        detached,
        gone,
    ]);
    assert_eq!(core.sessions(), 0);
    core.sleeps_until(Time::NEVER);
}

#[test]
fn a_wait_ends_when_the_client_stays_away() {
    let (mut core, ticket) = ana_waits();
    core.at(700);
    core.disconnected(ANA);
    let [withdrawal] = core.asked([withdraw(&ticket)]);
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Removed));
    core.expect([]);
    for vain in [2_600, 15_500] {
        core.wakes_in_vain(vain);
    }
    core.wakes(30_700);
    let [withdrawal] = core.asked([withdraw(&ticket)]);
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Unknown));
    let [detached, gone] = closed();
    core.expect([ended(TicketEnd::Gone), detached, gone]);
    core.sleeps_until(Time::NEVER);
}

#[test]
fn who_is_back_while_its_wait_is_being_ended_goes_on_waiting() {
    let (mut core, ticket) = ana_waits();
    good_bye(&mut core);
    let [withdrawal] = core.asked([withdraw(&ticket)]);
    core.connected(ANA_AGAIN, "ana");
    let [welcome, resumed] = resumed(Resumed::Waiting { stage: Stage::Exact });
    core.expect([welcome]);
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Removed));
    core.expect([resumed, core.look(&ticket, Stage::Exact)]);
}

#[test]
fn a_good_bye_ends_everything_at_once() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    good_bye(&mut core);
    core.expect(closed());

    let (mut core, ticket) = ana_waits();
    good_bye(&mut core);
    let [withdrawal] = core.asked([withdraw(&ticket)]);
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Removed));
    let [detached, gone] = closed();
    core.expect([ended(TicketEnd::Gone), detached, gone]);

    let (mut core, proposal) = ana_found();
    good_bye(&mut core);
    let [leaving] = core.asked([answer(&proposal, "ana", Verdict::Leave)]);
    core.stored(leaving, Outcome::Answered(Answered::Ended(proposal.clone())));
    let [detached, gone] = closed();
    core.expect([
        record(Event::ProposalFailed(Failure::PartnerLeft)),
        send(Envelope::Failed { proposal: proposal.id, failure: Failure::PartnerLeft }),
        remember(at(600)),
        ended(TicketEnd::Gone),
        detached,
        gone,
    ]);

    let (mut core, proposal) = ana_talks();
    let (room, departure) = (proposal.room, Departure::Left);
    good_bye(&mut core);
    let [detached, gone] = closed();
    let over = record(Event::RoomClosed { departure, lasted: Duration::ZERO });
    core.expect([
        send(Envelope::Left { room, departure, from: here(0) }),
        close(&proposal),
        over,
        detached,
        gone,
    ]);
}

#[test]
fn who_is_back_while_its_proposal_is_being_left_is_queued_again() {
    let (mut core, proposal) = ana_found();
    good_bye(&mut core);
    let [leaving] = core.asked([answer(&proposal, "ana", Verdict::Leave)]);
    core.connected(ANA_AGAIN, "ana");
    let [welcome, resumed] = resumed(Resumed::Waiting { stage: Stage::Exact });
    core.expect([welcome]);
    core.stored(leaving, Outcome::Answered(Answered::Ended(proposal.clone())));
    let mut ticket = proposal.sides[0].ticket.clone();
    Arc::make_mut(&mut ticket).avoid = [user("ben")].into();
    core.expect([
        record(Event::ProposalFailed(Failure::PartnerLeft)),
        send(Envelope::Failed { proposal: proposal.id, failure: Failure::PartnerLeft }),
        remember(at(600)),
        resumed,
        core.look(&ticket, Stage::Exact),
    ]);
}

#[test]
fn who_is_back_while_its_proposal_is_being_left_enters_the_room_that_both_accepted() {
    let (mut core, proposal) = ana_accepted();
    good_bye(&mut core);
    let [leaving] = core.asked([answer(&proposal, "ana", Verdict::Leave)]);
    core.connected(ANA_AGAIN, "ana");
    let [welcome, resumed] = resumed(in_room_untold(&proposal));
    core.expect([welcome]);
    let agreed = accepted(&proposal, &["ana", "ben"]);
    core.stored(leaving, Outcome::Answered(Answered::Agreed(agreed.clone())));
    let [opening] = core.asked([open(&agreed)]);
    core.stored(opening, Outcome::Done);
    core.expect([
        send(Envelope::Agreed(agreed.clone())),
        record(Event::RoomOpened),
        ended(TicketEnd::Matched),
        remember(at(1_000)),
        registers_since(&agreed, at(1_000), at(1_000)),
        resumed,
        send(Envelope::Back { room: proposal.room, from: here(0) }),
        missed(&proposal),
    ]);
}

#[test]
fn who_did_nothing_and_owes_nothing_is_forgotten_at_once_and_who_does_after_the_grace() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.disconnected(ANA);
    core.expect(closed());
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.says(ANA, Command::Heartbeat);
    core.disconnected(ANA);
    core.expect([]);
    core.at(1_000);
    core.connected(ANA_AGAIN, "ana");
    core.expect(resumed(Resumed::Idle));
    core.handle(Input::Disconnected { connection: ANA_AGAIN, left: false });
    core.expect(closed());
}
