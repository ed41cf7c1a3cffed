//! Somebody else, please: skipping, its cooldown, and pools that are particular about joining.

use super::super::super::envelope::{GoingOn, Handover};
use super::super::super::id::{Address, NodeId, SessionId, TicketId};
use super::super::super::operation::Former;
use super::*;

fn particular() -> Policy {
    Policy { join_again: JoinAgain::Refused, skip_cooldown: Duration::from_secs(5), ..Policy::new(POOL.0) }
}

/// What leaving the room brings about for somebody who skips at 2,000.
fn leaves(proposal: &Proposal) -> [Effect; 4] {
    let departure = Departure::Skipped;
    [
        send(Envelope::Left { room: proposal.room, departure, from: here(0) }),
        close(proposal),
        record(Event::RoomClosed { departure, lasted: Duration::from_secs(1) }),
        record(Event::Searching),
    ]
}

/// The ticket of who skipped Ben at 2,000.
fn next_ticket(core: &Scripted, enqueued_at: Time) -> Arc<Ticket> {
    let mut ticket = core.ticket("ana", 0, &wish());
    let next = Arc::make_mut(&mut ticket);
    (next.enqueued_at, next.avoid) = (enqueued_at, [user("ben")].into());
    ticket
}

/// Ana skipped Ben at 2,000, and searches from 7,000 on.
#[track_caller]
fn ana_cools_down() -> (Scripted, Arc<Ticket>) {
    let mut core = Scripted::with(particular(), Limits::default());
    let proposal = ana_begins_to_talk(&mut core);
    core.at(2_000);
    core.asks(ANA, 3, wish().skip());
    let ticket = next_ticket(&core, at(7_000));
    let [left, closed, over, searching] = leaves(&proposal);
    core.expect([left, closed, over, searching, joined(ANA, 3, AT_ONCE)]);
    core.sleeps_until(at(7_000));
    (core, ticket)
}

#[test]
fn who_skips_somebody_searches_at_once_where_nothing_cools_down() {
    let mut core = Scripted::new();
    let proposal = ana_begins_to_talk(&mut core);
    core.at(2_000);
    core.asks(ANA, 3, wish().skip());
    let ticket = next_ticket(&core, at(2_000));
    let [left, closed, over, searching] = leaves(&proposal);
    let [_, search] = core.asked([left, closed, over, searching, core.look(&ticket, Stage::Exact)]);
    core.stored(search, listed(3));
    core.expect([joined(ANA, 3, place(3))]);
}

#[test]
fn who_skips_somebody_searches_when_the_cooldown_is_over() {
    let (mut core, ticket) = ana_cools_down();
    core.wakes(7_000);
    let [search] = core.asked([core.look(&ticket, Stage::Exact)]);
    core.stored(search, listed(3));
    core.expect([notify(ANA, Notice::Position { place: place(3), stage: Stage::Exact })]);
}

#[test]
fn who_was_skipped_searches_at_once() {
    let mut core = Scripted::with(particular(), Limits::default());
    let proposal = ana_begins_to_talk(&mut core);
    core.at(2_000);
    let (room, departure) = (proposal.room, Departure::Skipped);
    core.hears(0, Envelope::Left { room, departure, from: there() });
    core.expect([notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure })]);
    for (number, again) in [(3, wish().skip()), (4, wish().join())] {
        core.asks(ANA, number, again);
        let ticket = next_ticket(&core, at(2_000));
        let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
        core.stored(search, UNAVAILABLE);
        core.expect([
            record(Event::StoreUnavailable),
            refused(UNAVAILABLE_REFUSAL),
            ack(ANA, number, Err(UNAVAILABLE_REFUSAL)),
            withdraw(&ticket),
            ended(TicketEnd::Cancelled),
        ]);
    }
}

#[test]
fn coming_back_does_not_shorten_the_cooldown() {
    let (mut core, ticket) = ana_cools_down();
    core.at(3_000);
    core.disconnected(ANA);
    let [suspending] = core.asked([withdraw(&ticket)]);
    core.stored(suspending, Outcome::Withdrawn(Withdrawn::Unknown));
    core.at(4_000);
    core.connected(ANA_AGAIN, "ana");
    core.expect(resumed(Resumed::Waiting { stage: Stage::Exact }));
    core.wakes(7_000);
    core.expect([core.look(&ticket, Stage::Exact)]);
}

#[test]
fn who_is_away_when_the_cooldown_ends_searches_on_return() {
    let (mut core, ticket) = ana_cools_down();
    core.disconnected(ANA);
    let [suspending] = core.asked([withdraw(&ticket)]);
    core.stored(suspending, Outcome::Withdrawn(Withdrawn::Unknown));
    core.wakes_in_vain(7_000);
    core.at(8_000);
    core.connected(ANA_AGAIN, "ana");
    let [welcomed, told] = resumed(Resumed::Waiting { stage: Stage::Exact });
    core.expect([welcomed, told, core.look(&ticket, Stage::Exact)]);
}

#[test]
fn the_cooldown_goes_along_to_another_session() {
    let mut core = Scripted::with(particular(), Limits::default());
    core.connected(ANA, "ana");
    let [attaching] =
        core.asked([record(Event::SessionOpened), notify(ANA, welcome("ana")), attach("ana", 0)]);
    let session = SessionId { shard: 1, slot: 9, generation: 4 };
    let before = Address { node: NodeId::new("before"), session };
    let former = Some(Former { address: before.clone(), talk: None });
    core.stored(attaching, Outcome::Attached(Attached { history: Vec::new(), former, rank: at(0) }));
    core.expect([Effect::Send {
        to: before,
        envelope: Envelope::TakeOver { user: user("ana"), by: here(0), rank: at(0) },
    }]);
    let ticket = Arc::new(ticket(TicketId(5), "ana", here(0), &wish(), at(3_000)));
    let going_on = GoingOn::Waiting(ticket.clone());
    let handover = Handover {
        user: user("ana"),
        going_on,
        settled: Vec::new(),
        met: Vec::new(),
        halls: Vec::new(),
        ended: None,
        seeks: false,
    };
    core.at(400);
    core.hears(0, Envelope::HandedOver(Some(Box::new(handover))));
    core.expect([notify(ANA, Notice::Resumed(Resumed::Waiting { stage: Stage::Exact }))]);
    core.wakes_in_vain(1_000);
    core.wakes(3_000);
    core.expect([core.look(&ticket, Stage::Exact)]);
}

#[test]
fn who_gave_up_the_search_is_refused_until_the_cooldown_is_over() {
    let (mut core, ticket) = ana_cools_down();
    core.at(3_000);
    core.asks(ANA, 4, Command::LeaveQueue);
    let [leaving] = core.asked([withdraw(&ticket)]);
    core.stored(leaving, Outcome::Withdrawn(Withdrawn::Unknown));
    core.expect([ended(TicketEnd::Cancelled), done(ANA, 4)]);
    let cooling = |retry_after_ms| Refusal::CoolingDown { retry_after_ms };
    core.asks(ANA, 5, wish().join());
    core.expect([refused(cooling(4_000)), ack(ANA, 5, Err(cooling(4_000)))]);
    // Nobody gets around it by going and coming back.
    core.disconnected(ANA);
    core.connected(ANA_AGAIN, "ana");
    core.expect(resumed(Resumed::Idle));
    core.at(6_999);
    core.asks(ANA_AGAIN, 1, wish().skip());
    core.expect([refused(cooling(1)), ack(ANA_AGAIN, 1, Err(cooling(1)))]);
    core.wakes_in_vain(7_000);
    core.asks(ANA_AGAIN, 2, wish().join());
    let next = next_ticket(&core, at(7_000));
    core.expect([record(Event::Searching), core.look(&next, Stage::Exact)]);
}

#[test]
fn who_searches_within_the_cooldown_hears_how_long_it_lasts_and_searches_then_all_the_same() {
    let (mut core, ticket) = ana_cools_down();
    for (ms, again) in [(3_000, wish().join()), (6_999, wish().skip())] {
        core.at(ms);
        core.asks(ANA, 4, again);
        let cooling = Refusal::CoolingDown { retry_after_ms: 7_000 - ms };
        core.expect([refused(cooling), ack(ANA, 4, Err(cooling))]);
    }
    core.wakes(7_000);
    let [search] = core.asked([core.look(&ticket, Stage::Exact)]);
    core.stored(search, listed(3));
    core.expect([notify(ANA, Notice::Position { place: place(3), stage: Stage::Exact })]);
    core.asks(ANA, 5, wish().join());
    core.expect([refused(Refusal::Searching), ack(ANA, 5, Err(Refusal::Searching))]);
}

#[test]
fn joining_again_is_refused_where_the_pool_says_so_and_changes_nothing() {
    let refuses = |core: &mut Scripted, refusal, commands: &[Command]| {
        for command in commands {
            core.asks(ANA, 9, command.clone());
            core.expect([refused(refusal), ack(ANA, 9, Err(refusal))]);
        }
    };
    let both = [wish().join(), wish().skip(), bens_wish().join()];
    let mut core = Scripted::with(particular(), Limits::default());
    let ticket = ana_joins(&mut core);
    refuses(&mut core, Refusal::Searching, &both);
    renewals(&mut core, &ticket, [2_600]);

    let mut core = Scripted::with(particular(), Limits::default());
    let proposal = ana_finds(&mut core);
    refuses(&mut core, Refusal::Searching, &both);
    core.asks(ANA, 2, Command::Accept(proposal.id));
    core.expect([answer(&proposal, "ana", Verdict::Accept)]);

    let mut core = Scripted::with(particular(), Limits::default());
    let proposal = ana_begins_to_talk(&mut core);
    refuses(&mut core, Refusal::InRoom, &[wish().join(), bens_wish().join()]);
    core.asks(ANA, 3, Command::Sync { room: proposal.room.into(), after: 0 });
    core.expect([missed(&proposal)]);
}

#[test]
fn a_search_has_an_end_where_the_pool_says_so() {
    let policy = Policy { search_within: Some(Duration::from_secs(10)), ..Policy::new(POOL.0) };
    let mut core = Scripted::with(policy, Limits::default());
    let ticket = ana_joins(&mut core);
    renewals(&mut core, &ticket, [2_600, 4_600, 6_600, 8_600]);
    core.wakes(10_500);
    let [ending] = core.asked([withdraw(&ticket)]);
    core.stored(ending, Outcome::Withdrawn(Withdrawn::Removed));
    core.expect([ended(TicketEnd::Expired), notify(ANA, Notice::WaitingExpired)]);
    // What came just before is a match all the same.
    core.asks(ANA, 2, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    core.stored(search, listed(3));
    core.expect([joined(ANA, 2, place(3))]);
    core.waits_until(20_500);
    core.wakes(20_500);
    let [ending] = core.asked([withdraw(&ticket)]);
    let proposal = pair(1, &bens_ticket(), &ticket, at(20_400));
    core.stored(ending, Outcome::Withdrawn(Withdrawn::Taken(proposal.clone())));
    core.expect([notify(ANA, Notice::MatchFound(found(&proposal, 1)))]);
}

#[test]
fn a_search_that_never_reached_the_store_has_the_same_end() {
    let policy = Policy { search_within: Some(Duration::from_millis(2_500)), ..Policy::new(POOL.0) };
    let mut core = Scripted::with(policy, Limits::default());
    core.connect(ANA, "ana", 0);
    core.says(ANA, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let mut looked = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    for ms in [1_000, 2_000] {
        let [search] = looked;
        core.stored(search, UNAVAILABLE);
        core.expect([record(Event::StoreUnavailable)]);
        core.wakes(ms);
        looked = core.asked([core.look(&ticket, Stage::Exact)]);
    }
    let [search] = looked;
    core.stored(search, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    core.wakes(2_500);
    let [ending] = core.asked([withdraw(&ticket)]);
    core.stored(ending, UNAVAILABLE);
    core.expect([
        record(Event::StoreUnavailable),
        ended(TicketEnd::Expired),
        notify(ANA, Notice::WaitingExpired),
    ]);
}

#[test]
fn only_the_newest_partners_are_avoided_where_the_pool_says_so() {
    let policy = Policy { partners_remembered: 2, ..Policy::new(POOL.0) };
    let mut core = Scripted::with(policy, Limits::default());
    core.connected(ANA, "ana");
    let [attaching] =
        core.asked([record(Event::SessionOpened), notify(ANA, welcome("ana")), attach("ana", 0)]);
    let history = ["zoe", "eve", "cyd", "dan"].into_iter().zip([5_000, 6_000, 7_000, 7_001]);
    let history = history.map(|(name, ms)| (user(name), at(ms))).collect();
    core.stored(attaching, Outcome::Attached(Attached { history, former: None, rank: at(0) }));
    core.asks(ANA, 1, wish().join());
    let mut ticket = core.ticket("ana", 0, &wish());
    Arc::make_mut(&mut ticket).avoid = [user("cyd"), user("dan")].into();
    core.expect([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
}
