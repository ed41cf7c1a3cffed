//! Where most tests begin. Each scene asserts every effect on the way to it.

use super::*;

/// Ana waits: joined at 500, listed as third at 600, so that her leases are renewed at 2,600, 4,600, ... and
/// her stages open at 15,500, 30,500, ...
#[track_caller]
pub(super) fn ana_waits() -> (Scripted, Arc<Ticket>) {
    let mut core = Scripted::new();
    let ticket = ana_joins(&mut core);
    (core, ticket)
}

/// That, in a core of the test's own.
#[track_caller]
pub(super) fn ana_joins(core: &mut Scripted) -> Arc<Ticket> {
    core.connect(ANA, "ana", 0);
    core.at(500);
    core.asks(ANA, 1, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    core.at(600);
    core.stored(search, listed(3));
    core.expect([joined(ANA, 1, place(3))]);
    ticket
}

/// Ana, who joined at 500, found Ben of the other node at 600.
#[track_caller]
pub(super) fn ana_found() -> (Scripted, Arc<Proposal>) {
    let mut core = Scripted::new();
    let proposal = ana_finds(&mut core);
    (core, proposal)
}

/// That, in a core of the test's own.
#[track_caller]
pub(super) fn ana_finds(core: &mut Scripted) -> Arc<Proposal> {
    core.connect(ANA, "ana", 0);
    core.at(500);
    core.asks(ANA, 1, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    core.at(600);
    let proposal = pair(1, &ticket, &bens_ticket(), at(600));
    core.stored(search, claimed(&proposal));
    core.expect([
        joined(ANA, 1, AT_ONCE),
        proposed_at(&proposal, 600),
        notify(ANA, Notice::MatchFound(found(&proposal, 0))),
        send(Envelope::Proposed(proposal.clone())),
    ]);
    proposal
}

/// Ana, who waits, was found by Ben of the other node at 700.
#[track_caller]
pub(super) fn ana_was_found() -> (Scripted, Arc<Proposal>) {
    let (mut core, ticket) = ana_waits();
    core.at(700);
    let proposal = pair(1, &bens_ticket(), &ticket, at(700));
    core.hears(0, Envelope::Proposed(proposal.clone()));
    core.expect([notify(ANA, Notice::MatchFound(found(&proposal, 1)))]);
    (core, proposal)
}

/// Ana accepted at 1,000 as the first of the two.
#[track_caller]
pub(super) fn ana_accepted() -> (Scripted, Arc<Proposal>) {
    let (mut core, proposal) = ana_found();
    core.at(1_000);
    core.asks(ANA, 2, Command::Accept(proposal.id));
    let [asked] = core.asked([answer(&proposal, "ana", Verdict::Accept)]);
    let accepted = accepted(&proposal, &["ana"]);
    core.stored(asked, Outcome::Answered(Answered::Pending(accepted.clone())));
    core.expect([done(ANA, 2), send(Envelope::Accepted(accepted.clone()))]);
    (core, accepted)
}

/// Ana and Ben of the other node are in a room since 1,000: both accepted, Ana as the second.
#[track_caller]
pub(super) fn ana_talks() -> (Scripted, Arc<Proposal>) {
    let mut core = Scripted::new();
    let proposal = ana_begins_to_talk(&mut core);
    (core, proposal)
}

/// That, in a core of the test's own, for which pairs may meet again only after 24 hours.
#[track_caller]
pub(super) fn ana_begins_to_talk(core: &mut Scripted) -> Arc<Proposal> {
    let proposal = ana_finds(core);
    core.at(1_000);
    core.asks(ANA, 2, Command::Accept(proposal.id));
    let [asked] = core.asked([answer(&proposal, "ana", Verdict::Accept)]);
    let agreed = accepted(&proposal, &["ana", "ben"]);
    core.stored(asked, Outcome::Answered(Answered::Agreed(agreed.clone())));
    let [opening] = core.asked([send(Envelope::Accepted(agreed.clone())), open(&agreed)]);
    core.stored(opening, Outcome::Done);
    core.expect([
        done(ANA, 2),
        send(Envelope::Agreed(agreed.clone())),
        record(Event::RoomOpened),
        ended(TicketEnd::Matched),
        remember(at(1_000)),
        notify(ANA, ready(&agreed, "ana")),
        registers(&agreed, at(1_000)),
    ]);
    agreed
}

/// Ana and Ben are clients of one core, in places 0 and 1; Ana, who searched last, found Ben at 600.
#[track_caller]
pub(super) fn both_here() -> (Scripted, Arc<Proposal>) {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.connect(BEN, "ben", 1);
    core.asks(BEN, 1, bens_wish().join());
    let bens = core.ticket("ben", 1, &bens_wish());
    let [search] = core.asked([record(Event::Searching), core.look(&bens, Stage::Exact)]);
    core.stored(search, listed(1));
    core.expect([joined(BEN, 1, place(1))]);
    core.at(600);
    core.asks(ANA, 1, wish().join());
    let anas = core.ticket("ana", 0, &wish());
    let [search] = core.asked([record(Event::Searching), core.look(&anas, Stage::Exact)]);
    let proposal = pair(1, &anas, &bens, at(600));
    core.stored(search, claimed(&proposal));
    core.expect([
        joined(ANA, 1, AT_ONCE),
        proposed_at(&proposal, 600),
        notify(ANA, Notice::MatchFound(found(&proposal, 0))),
        notify(BEN, Notice::MatchFound(found(&proposal, 1))),
    ]);
    (core, proposal)
}

/// The lease of one waiting ticket is renewed at each of these moments, and nothing else happens.
#[track_caller]
pub(super) fn renewals(core: &mut Scripted, ticket: &Ticket, moments: impl IntoIterator<Item = u64>) {
    for ms in moments {
        core.wakes(ms);
        let [renewal] = core.asked([renew(&[ticket], at(ms))]);
        core.stored(renewal, Outcome::Renewed(vec![(ticket.id, Standing::Waiting(place(3)))]));
        core.expect([]);
    }
}
