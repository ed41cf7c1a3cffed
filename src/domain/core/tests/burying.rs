//! A node is gone: who dealt with somebody there.

use super::super::super::id::NodeId;
use super::*;

const GRACE_MS: u64 = 30_000;

fn gone(core: &mut Scripted) {
    core.handle(Input::NodeGone { node: there().node });
}

fn away(proposal: &Proposal) -> Effect {
    notify(ANA, Notice::PeerAway { room: proposal.room, user: user("ben"), grace_ms: GRACE_MS })
}

fn back(proposal: &Proposal) -> Effect {
    notify(ANA, Notice::PeerBack { room: proposal.room, user: user("ben") })
}

#[test]
fn a_peer_on_a_node_that_is_gone_is_away_and_has_left_when_grace_ends() {
    let (mut core, proposal) = ana_talks();
    core.wakes_in_vain(20_600);
    core.at(21_000);
    gone(&mut core);
    core.expect([away(&proposal)]);
    core.wakes(21_000 + GRACE_MS);
    let (room, departure) = (proposal.room, Departure::Disconnected);
    core.expect([
        send(Envelope::Left { room, departure, from: here(0) }),
        close(&proposal),
        record(Event::RoomClosed { departure, lasted: Duration::from_secs(50) }),
        notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure }),
    ]);
    core.sleeps_until(Time::NEVER);
}

#[test]
fn a_peer_that_is_heard_of_again_was_only_away() {
    let forsaken = || {
        let (mut core, proposal) = ana_talks();
        core.wakes_in_vain(20_600);
        gone(&mut core);
        core.expect([away(&proposal)]);
        (core, proposal)
    };
    let (mut core, proposal) = forsaken();
    core.handle(Input::NodeBack { node: there().node });
    core.expect([back(&proposal)]);
    core.sleeps_until(Time::NEVER);

    let (mut core, proposal) = forsaken();
    core.hears(0, Envelope::Back { room: proposal.room, from: there() });
    core.expect([back(&proposal)]);
    core.sleeps_until(Time::NEVER);

    let (mut core, proposal) = forsaken();
    let (room, kind, payload) = (proposal.room, SignalKind::Offer, Payload("o".into()));
    core.hears(0, Envelope::Signal { room, kind, payload: payload.clone() });
    let signal = Notice::Signal { room, kind, payload, from: user("ben") };
    core.expect([back(&proposal), notify(ANA, signal)]);
    core.sleeps_until(Time::NEVER);
}

#[test]
fn who_left_meanwhile_hears_nothing_more() {
    let (mut core, proposal) = ana_talks();
    core.wakes_in_vain(20_600);
    gone(&mut core);
    core.expect([away(&proposal)]);
    core.asks(ANA, 3, Command::LeaveRoom(proposal.room.into()));
    let departure = Departure::Left;
    core.expect([
        send(Envelope::Left { room: proposal.room, departure, from: here(0) }),
        close(&proposal),
        record(Event::RoomClosed { departure, lasted: Duration::from_millis(19_600) }),
        left(3, proposal.room),
    ]);
    core.wakes_in_vain(20_600 + GRACE_MS);
}

#[test]
fn a_proposal_is_answered_for_the_one_who_is_gone() {
    let (mut core, proposal) = ana_found();
    gone(&mut core);
    let [declined] = core.asked([answer(&proposal, "ben", Verdict::Leave)]);
    core.stored(declined, Outcome::Answered(Answered::Ended(proposal.clone())));
    let ticket = Arc::new(Ticket {
        priority: Priority::Wronged,
        avoid: [user("ben")].into(),
        ..(*proposal.sides[0].ticket).clone()
    });
    let searching = core.look(&ticket, Stage::Exact);
    core.expect([
        // His node may live after all: then he must not wait for her.
        send(Envelope::Failed { proposal: proposal.id, failure: Failure::PartnerLeft }),
        remember(at(600)),
        notify(ANA, failed(&proposal, Failure::PartnerLeft, true)),
        searching,
    ]);
}

#[test]
fn a_ticket_of_a_node_that_is_gone_is_declined_when_it_is_claimed() {
    let mut core = Scripted::new();
    gone(&mut core);
    core.connect(ANA, "ana", 0);
    core.asks(ANA, 1, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    let proposal = pair(1, &ticket, &bens_ticket(), at(0));
    core.stored(search, claimed(&proposal));
    core.expect([
        joined(ANA, 1, AT_ONCE),
        proposed_after(0),
        notify(ANA, Notice::MatchFound(found(&proposal, 0))),
        send(Envelope::Proposed(proposal.clone())),
        answer(&proposal, "ben", Verdict::Leave),
    ]);
}

#[test]
fn who_speaks_from_a_node_that_was_thought_dead_is_believed() {
    let (mut core, ticket) = ana_waits();
    gone(&mut core);
    let proposal = pair(1, &bens_ticket(), &ticket, at(600));
    core.hears(0, Envelope::Proposed(proposal.clone()));
    core.expect([notify(ANA, Notice::MatchFound(found(&proposal, 1)))]);
}

#[test]
fn two_who_agreed_are_both_told_when_one_of_them_was_thought_dead() {
    let (mut core, proposal) = ana_accepted();
    gone(&mut core);
    let [declining] = core.asked([answer(&proposal, "ben", Verdict::Leave)]);
    let (agreed, room, departure) = (accepted(&proposal, &["ana", "ben"]), proposal.room, Departure::Left);
    core.stored(declining, Outcome::Answered(Answered::Agreed(agreed.clone())));
    core.expect([send(Envelope::Left { room, departure, from: here(0) })]);
    core.wakes(1_000);
    core.expect([expire(&proposal)]);
}

#[test]
fn another_nodes_end_concerns_nobody() {
    let (mut core, _) = ana_talks();
    core.handle(Input::NodeGone { node: NodeId::new("elsewhere") });
    core.handle(Input::NodeBack { node: NodeId::new("elsewhere") });
    core.expect([]);
    let (mut core, _) = ana_found();
    core.handle(Input::NodeGone { node: NodeId::new("elsewhere") });
    core.expect([]);
}
