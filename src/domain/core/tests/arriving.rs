//! A session begins whose user was elsewhere.

use super::super::super::envelope::{Ended, GoingOn, Handover};
use super::super::super::id::{Address, NodeId, SessionId, TicketId};
use super::super::super::operation::{Former, Reclaimed};
use super::*;

/// Where Ana was before.
fn before() -> Address {
    Address { node: NodeId::new("before"), session: SessionId { shard: 1, slot: 9, generation: 4 } }
}

fn anas_ticket(owner: Address) -> Arc<Ticket> {
    Arc::new(ticket(TicketId(5), "ana", owner, &wish(), at(0)))
}

/// Ana found Ben, while she was there.
fn proposal() -> Arc<Proposal> {
    pair(1, &anas_ticket(before()), &bens_ticket(), at(0))
}

fn former(talk: Option<Talk>) -> Outcome {
    let former = Some(Former { address: before(), talk: talk.map(Box::new) });
    Outcome::Attached(Attached { history: Vec::new(), former, rank: at(0) })
}

fn take_over() -> Effect {
    Effect::Send {
        to: before(),
        envelope: Envelope::TakeOver { user: user("ana"), by: here(0), rank: at(0) },
    }
}

fn handed_over(going_on: GoingOn) -> Envelope {
    Envelope::HandedOver(Some(Box::new(Handover {
        user: user("ana"),
        going_on,
        settled: Vec::new(),
        met: Vec::new(),
        halls: Vec::new(),
        ended: None,
        seeks: false,
    })))
}

fn anas_talk() -> Talk {
    talk(&proposal(), 0, there(), at(0))
}

fn talking(held: &[&str]) -> GoingOn {
    let held = held.iter().map(|text| (SignalKind::Offer, Payload((*text).into()))).collect();
    GoingOn::Talking { talk: Box::new(anas_talk()), last_sequence: 3, heard_sequence: 4, told: true, held }
}

fn resumes(resumed: Resumed) -> Effect {
    notify(ANA, Notice::Resumed(resumed))
}

fn resumes_talk(last_sequence: u64) -> Effect {
    let Talk { proposal, room, partner, initiator, .. } = anas_talk();
    resumes(Resumed::Talking { proposal, room, partner, initiator, last_sequence, told: true })
}

fn back() -> Effect {
    send(Envelope::Back { room: proposal().room, from: here(0) })
}

fn messages(after: u64) -> Effect {
    ask(Operation::Messages { room: proposal().room, after })
}

fn rejoin() -> Effect {
    ask(Operation::Rejoin { room: proposal().room, user: user("ana") })
}

fn reclaim() -> Effect {
    ask(Operation::Reclaim { pool: POOL, user: user("ana"), owner: here(0) })
}

/// Ana comes in; the store was asked where she was.
#[track_caller]
fn ana_comes() -> (Scripted, OperationId) {
    let mut core = Scripted::new();
    core.connected(ANA, "ana");
    let [attaching] =
        core.asked([record(Event::SessionOpened), notify(ANA, welcome("ana")), attach("ana", 0)]);
    (core, attaching)
}

/// She was there, in this talk if any, and what she had there is asked for.
#[track_caller]
fn ana_was_elsewhere(talk: Option<Talk>) -> Scripted {
    let (mut core, attaching) = ana_comes();
    core.stored(attaching, former(talk));
    core.expect([take_over()]);
    core
}

#[test]
fn who_did_nothing_elsewhere_is_told_so_and_what_it_asked_meanwhile_is_done() {
    let mut core = ana_was_elsewhere(None);
    core.asks(ANA, 1, wish().join());
    core.expect([]);
    core.hears(0, handed_over(GoingOn::Idle));
    let ticket = core.ticket("ana", 0, &wish());
    core.expect([resumes(Resumed::Idle), record(Event::Searching), core.look(&ticket, Stage::Exact)]);
}

#[test]
fn a_ticket_keeps_its_place_and_is_listed_from_here() {
    let mut core = ana_was_elsewhere(None);
    core.at(400);
    core.hears(0, handed_over(GoingOn::Waiting(anas_ticket(before()))));
    core.expect([
        resumes(Resumed::Waiting { stage: Stage::Exact }),
        core.look(&anas_ticket(here(0)), Stage::Exact),
    ]);
}

#[test]
fn whom_she_met_last_she_does_not_meet_again_here() {
    let mut core = ana_was_elsewhere(None);
    let met = vec![(user("ben"), at(9_000)), (user("cyd"), at(0))];
    let (user_id, settled) = (user("ana"), Vec::new());
    let going_on = GoingOn::Waiting(anas_ticket(before()));
    core.hears(
        0,
        Envelope::HandedOver(Some(Box::new(Handover {
            user: user_id,
            going_on,
            settled,
            met,
            halls: Vec::new(),
            ended: None,
            seeks: false,
        }))),
    );
    let ticket = Arc::new(Ticket { avoid: [user("ben")].into(), ..(*anas_ticket(here(0))).clone() });
    core.expect([resumes(Resumed::Waiting { stage: Stage::Exact }), core.look(&ticket, Stage::Exact)]);
}

#[test]
fn a_proposal_may_be_answered_here() {
    let mut core = ana_was_elsewhere(None);
    let proposal = proposal();
    core.hears(0, handed_over(GoingOn::Proposed { proposal: proposal.clone(), peer_gone: None }));
    core.expect([resumes(Resumed::Proposed(found(&proposal, 0)))]);
    core.asks(ANA, 1, Command::Accept(proposal.id));
    let [asked] = core.asked([answer(&proposal, "ana", Verdict::Accept)]);
    let agreed = accepted(&proposal, &["ana", "ben"]);
    core.stored(asked, Outcome::Answered(Answered::Agreed(agreed.clone())));
    let [opening] = core.asked([send(Envelope::Accepted(agreed.clone())), open(&agreed)]);
    core.stored(opening, Outcome::Done);
    core.expect([
        done(ANA, 1),
        send(Envelope::Agreed(agreed.clone())),
        record(Event::RoomOpened),
        ended(TicketEnd::Matched),
        remember(at(0)),
        notify(ANA, ready(&agreed, "ana")),
        registers(&agreed, at(0)),
        // Ben knows her by her ticket, which names the other node.
        send(Envelope::Here { room: agreed.room, from: here(0) }),
    ]);
}

#[test]
fn a_talk_goes_on_with_what_was_kept_and_what_was_missed() {
    let mut core = ana_was_elsewhere(Some(anas_talk()));
    core.at(5);
    core.hears(0, handed_over(talking(&["o"])));
    let (room, kind, from) = (proposal().room, SignalKind::Offer, user("ben"));
    core.expect([
        register("ana", here(0), Some(anas_talk())),
        resumes_talk(3),
        notify(ANA, Notice::Signal { room, kind, payload: Payload("o".into()), from }),
        back(),
        messages(3),
    ]);
    // Ben answers from where he is now; nothing is left to wait for.
    core.hears(0, Envelope::Here { room, from: there() });
    core.expect([]);
    core.wakes_in_vain(1_000);
    core.sleeps_until(Time::NEVER);
}

#[test]
fn a_peer_who_is_not_heard_of_in_a_talk_that_goes_on_here_has_left_when_grace_ends() {
    let mut core = ana_was_elsewhere(Some(anas_talk()));
    core.hears(0, handed_over(talking(&[])));
    let resumed = [register("ana", here(0), Some(anas_talk())), resumes_talk(3), back(), messages(3)];
    let [_, fetching] = core.asked(resumed);
    core.stored(fetching, Outcome::Messages(Vec::new()));
    core.wakes_in_vain(1_000);
    core.wakes(30_000);
    let (room, departure) = (proposal().room, Departure::Disconnected);
    core.expect([
        send(Envelope::Left { room, departure, from: here(0) }),
        ask(Operation::CloseRoom { room }),
        record(Event::RoomClosed { departure, lasted: Duration::from_secs(30) }),
        notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure }),
    ]);
}

#[test]
fn a_room_that_may_have_been_opened_elsewhere_after_the_peer_had_closed_it_is_closed_when_the_peer_is_gone() {
    let mut core = ana_was_elsewhere(Some(anas_talk()));
    core.hears(0, handed_over(talking(&[])));
    let resumed = [register("ana", here(0), Some(anas_talk())), resumes_talk(3), back(), messages(3)];
    let [_, fetching] = core.asked(resumed);
    core.stored(fetching, Outcome::Messages(Vec::new()));
    let (room, departure) = (proposal().room, Departure::Left);
    core.hears(0, Envelope::Left { room, departure, from: there() });
    core.expect([
        ask(Operation::CloseRoom { room }),
        notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure }),
    ]);
}

#[test]
fn what_a_silent_node_had_is_brought_back_from_the_store() {
    let mut core = ana_was_elsewhere(Some(anas_talk()));
    core.wakes(1_000);
    let [rejoining] = core.asked([rejoin()]);
    core.stored(rejoining, Outcome::Rejoined(Some(7)));
    let locate = ask(Operation::Locate { user: user("ben"), pool: POOL });
    let [locating] = core.asked([locate]);
    // Ben's client came back elsewhere as well.
    let bens = Address { node: NodeId::new("third"), ..there() };
    core.stored(locating, Outcome::Located(Some(bens.clone())));
    let known = Talk { peer: bens.clone(), ..anas_talk() };
    let [_, reading] = core.asked([
        register("ana", here(0), Some(known)),
        resumes_talk(7),
        Effect::Send { to: bens, envelope: Envelope::Back { room: proposal().room, from: here(0) } },
        messages(7),
    ]);
    core.stored(reading, Outcome::Messages(Vec::new()));
    // What Ben wrote to where she was before, just then, is looked for once more.
    core.expect([]);
    core.wakes(2_000);
    core.expect([messages(7)]);
}

#[test]
fn a_node_that_is_known_as_gone_is_not_waited_for() {
    let (mut core, attaching) = ana_comes();
    core.handle(Input::NodeGone { node: before().node });
    core.stored(attaching, former(None));
    core.expect([reclaim()]);
    // Nor one that is found to be gone meanwhile.
    let mut core = ana_was_elsewhere(None);
    core.handle(Input::NodeGone { node: before().node });
    core.expect([reclaim()]);
}

#[test]
fn what_was_over_elsewhere_does_not_begin_again() {
    let mut core = ana_was_elsewhere(Some(anas_talk()));
    core.asks(ANA, 1, Command::Heartbeat);
    core.expect([]);
    core.hears(0, Envelope::HandedOver(None));
    core.expect([ack(ANA, 1, Ok(Reply::Alive { timestamp_ms: at(0).as_ms() }))]);
    core.wakes_in_vain(1_000);
    core.sleeps_until(Time::NEVER);
}

#[test]
fn of_a_dead_node_a_ticket_a_proposal_or_nothing_is_found() {
    let finds = |found: Reclaimed| {
        let mut core = ana_was_elsewhere(Some(anas_talk()));
        core.handle(Input::NodeGone { node: before().node });
        let [rejoining] = core.asked([rejoin()]);
        core.stored(rejoining, Outcome::Rejoined(None));
        let [reclaiming] = core.asked([reclaim()]);
        core.stored(reclaiming, Outcome::Reclaimed(found));
        core
    };
    let mut core = finds(Reclaimed::Waiting(anas_ticket(here(0))));
    core.expect([
        resumes(Resumed::Waiting { stage: Stage::Exact }),
        core.look(&anas_ticket(here(0)), Stage::Exact),
    ]);
    let proposal = accepted(&proposal(), &["ana"]);
    let mut core = finds(Reclaimed::Taken(proposal.clone()));
    core.expect([resumes(Resumed::Proposed(found(&proposal, 0)))]);
    // Her acceptance is known: giving it again asks nobody.
    core.asks(ANA, 1, Command::Accept(proposal.id));
    core.expect([done(ANA, 1)]);
    let mut core = finds(Reclaimed::Nothing);
    core.expect([resumes(Resumed::Idle)]);
    // The proposal that became the talk which is over: it does not begin again.
    let mut core = finds(Reclaimed::Taken(accepted(&proposal, &["ana", "ben"])));
    core.expect([resumes(Resumed::Idle)]);
}

#[test]
fn a_room_that_both_agreed_on_and_a_dead_node_never_entered_is_entered() {
    let mut core = ana_was_elsewhere(None);
    core.handle(Input::NodeGone { node: before().node });
    let [reclaiming] = core.asked([reclaim()]);
    // The store knows her as being here from now on, and so does the proposal that it tells.
    let proposal = pair(1, &anas_ticket(here(0)), &bens_ticket(), at(0));
    let agreed = accepted(&proposal, &["ana", "ben"]);
    core.stored(reclaiming, Outcome::Reclaimed(Reclaimed::Taken(agreed.clone())));
    core.expect([resumes(Resumed::Proposed(found(&agreed, 0)))]);
    core.wakes(0);
    let [settling] = core.asked([expire(&agreed)]);
    core.stored(settling, Outcome::Expired(Expired::Agreed(agreed.clone())));
    let [opening] = core.asked([open(&agreed)]);
    core.stored(opening, Outcome::Done);
    core.expect([
        send(Envelope::Agreed(agreed.clone())),
        record(Event::RoomOpened),
        ended(TicketEnd::Matched),
        remember(at(0)),
        notify(ANA, ready(&agreed, "ana")),
        registers(&agreed, at(0)),
        send(Envelope::Here { room: agreed.room, from: here(0) }),
    ]);
}

#[test]
fn a_store_that_is_away_is_asked_again_while_the_client_may_ask_as_well() {
    let (mut core, attaching) = ana_comes();
    core.stored(attaching, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    core.asks(ANA, 1, Command::Heartbeat);
    core.expect([ack(ANA, 1, Ok(Reply::Alive { timestamp_ms: at(0).as_ms() }))]);
    // But for a match: she may be in one already.
    core.asks(ANA, 2, wish().join());
    let unknown = Refusal::Unavailable { retry_after_ms: 1_000 };
    core.expect([refused(unknown), ack(ANA, 2, Err(unknown))]);
    core.wakes(1_000);
    let [attaching] = core.asked([attach("ana", 0)]);
    core.stored(attaching, former(Some(anas_talk())));
    core.expect([take_over()]);
    core.hears(0, handed_over(talking(&[])));
    core.expect([register("ana", here(0), Some(anas_talk())), resumes_talk(3), back(), messages(3)]);
}

#[test]
fn who_is_gone_again_before_it_is_there_keeps_its_place_for_the_grace_period() {
    let mut core = ana_was_elsewhere(Some(anas_talk()));
    core.disconnected(ANA);
    core.expect([]);
    core.hears(0, handed_over(talking(&["o"])));
    let room = proposal().room;
    core.expect([
        register("ana", here(0), Some(anas_talk())),
        send(Envelope::Here { room, from: here(0) }),
        send(Envelope::Away { room, from: here(0) }),
    ]);
    let mut core = ana_was_elsewhere(None);
    core.disconnected(ANA);
    core.hears(0, handed_over(GoingOn::Waiting(anas_ticket(before()))));
    core.expect([withdraw(&anas_ticket(before()))]);
}

#[test]
fn what_comes_late_is_gone_on_with_only_where_nothing_else_was_begun_or_ended() {
    let restored = || {
        let mut core = ana_was_elsewhere(None);
        core.wakes(1_000);
        let [reclaiming] = core.asked([reclaim()]);
        core.stored(reclaiming, Outcome::Reclaimed(Reclaimed::Nothing));
        core.expect([resumes(Resumed::Idle)]);
        core
    };
    let mut core = restored();
    core.hears(0, handed_over(talking(&[])));
    core.expect([register("ana", here(0), Some(anas_talk())), resumes_talk(3), back(), messages(3)]);
    // A ticket is not: its owner may have left the queue since.
    let mut core = restored();
    core.hears(0, handed_over(GoingOn::Waiting(anas_ticket(before()))));
    core.expect([withdraw(&anas_ticket(before())), ended(TicketEnd::Gone)]);

    let busy = || {
        let mut core = restored();
        core.asks(ANA, 1, wish().join());
        let ticket = core.ticket("ana", 0, &wish());
        let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
        core.stored(search, listed(1));
        core.expect([joined(ANA, 1, place(1))]);
        core
    };
    let (mut core, room) = (busy(), proposal().room);
    core.hears(0, handed_over(talking(&[])));
    core.expect([
        send(Envelope::Here { room, from: here(0) }),
        send(Envelope::Left { room, departure: Departure::Left, from: here(0) }),
        ask(Operation::CloseRoom { room }),
    ]);
    let (mut core, proposal) = (busy(), proposal());
    core.hears(0, handed_over(GoingOn::Proposed { proposal: proposal.clone(), peer_gone: None }));
    core.expect([ended(TicketEnd::Gone), answer(&proposal, "ana", Verdict::Leave)]);
}

#[test]
fn a_proposal_that_comes_late_is_declined_because_the_wish_may_be_another_by_now() {
    let mut core = ana_was_elsewhere(None);
    core.wakes(1_000);
    let [reclaiming] = core.asked([reclaim()]);
    core.stored(reclaiming, Outcome::Reclaimed(Reclaimed::Nothing));
    core.expect([resumes(Resumed::Idle)]);
    core.hears(0, handed_over(GoingOn::Proposed { proposal: proposal(), peer_gone: None }));
    core.expect([ended(TicketEnd::Gone), answer(&proposal(), "ana", Verdict::Leave)]);
}

#[test]
fn a_ticket_that_was_brought_back_and_claimed_is_no_other_when_it_comes_late() {
    let mut core = ana_was_elsewhere(None);
    core.wakes(1_000);
    let [reclaiming] = core.asked([reclaim()]);
    core.stored(reclaiming, Outcome::Reclaimed(Reclaimed::Waiting(anas_ticket(here(0)))));
    let [search] = core.asked([
        resumes(Resumed::Waiting { stage: Stage::Exact }),
        core.look(&anas_ticket(here(0)), Stage::Exact),
    ]);
    let proposal = pair(1, &anas_ticket(here(0)), &bens_ticket(), at(1_000));
    core.stored(search, claimed(&proposal));
    core.expect([
        proposed_at(&proposal, 1_000),
        notify(ANA, Notice::MatchFound(found(&proposal, 0))),
        send(Envelope::Proposed(proposal.clone())),
    ]);
    core.hears(0, handed_over(GoingOn::Waiting(anas_ticket(before()))));
    core.expect([]);
    // Once it is over here, it is taken off any list, and was told of already.
    core.asks(ANA, 1, Command::LeaveQueue);
    let [leaving] = core.asked([answer(&proposal, "ana", Verdict::Leave)]);
    core.stored(leaving, Outcome::Answered(Answered::Ended(proposal.clone())));
    core.expect([
        record(Event::ProposalFailed(Failure::PartnerLeft)),
        send(Envelope::Failed { proposal: proposal.id, failure: Failure::PartnerLeft }),
        remember(at(1_000)),
        ended(TicketEnd::Cancelled),
        done(ANA, 1),
    ]);
    core.hears(0, handed_over(GoingOn::Waiting(anas_ticket(before()))));
    core.expect([withdraw(&anas_ticket(before()))]);
}

#[test]
fn a_talk_that_was_brought_back_and_left_does_not_begin_again() {
    let mut core = ana_was_elsewhere(Some(anas_talk()));
    core.wakes(1_000);
    let [rejoining] = core.asked([rejoin()]);
    core.stored(rejoining, Outcome::Rejoined(Some(0)));
    let [locating] = core.asked([ask(Operation::Locate { user: user("ben"), pool: POOL })]);
    core.stored(locating, Outcome::Located(None));
    let resumed = [register("ana", here(0), Some(anas_talk())), resumes_talk(0), back(), messages(0)];
    let [_, fetching] = core.asked(resumed);
    core.stored(fetching, Outcome::Messages(Vec::new()));
    // Late, while she is in it: the signals that were kept are for her.
    core.hears(0, handed_over(talking(&["o"])));
    let (room, kind, departure) = (proposal().room, SignalKind::Offer, Departure::Left);
    let signal = Notice::Signal { room, kind, payload: Payload("o".into()), from: user("ben") };
    let says_where = send(Envelope::Here { room, from: here(0) });
    let [fetching] = core.asked([notify(ANA, signal), says_where, messages(0)]);
    core.stored(fetching, Outcome::Messages(Vec::new()));
    core.asks(ANA, 1, Command::LeaveRoom(room.into()));
    core.expect([
        send(Envelope::Left { room, departure, from: here(0) }),
        ask(Operation::CloseRoom { room }),
        record(Event::RoomClosed { departure, lasted: Duration::from_secs(1) }),
        left(1, room),
    ]);
    // Where it comes from, the room may have been opened again.
    core.hears(0, handed_over(talking(&["o"])));
    core.expect([ask(Operation::CloseRoom { room })]);
}

#[test]
fn signals_that_come_late_do_not_follow_newer_ones() {
    let mut core = ana_was_elsewhere(Some(anas_talk()));
    core.wakes(1_000);
    let [rejoining] = core.asked([rejoin()]);
    core.stored(rejoining, Outcome::Rejoined(Some(4)));
    let [locating] = core.asked([ask(Operation::Locate { user: user("ben"), pool: POOL })]);
    core.stored(locating, Outcome::Located(None));
    let resumed = [register("ana", here(0), Some(anas_talk())), resumes_talk(4), back(), messages(4)];
    let [_, fetching] = core.asked(resumed);
    core.stored(fetching, Outcome::Messages(Vec::new()));
    let (room, kind, from) = (proposal().room, SignalKind::Answer, user("ben"));
    let payload = Payload("newer".into());
    core.hears(0, Envelope::Signal { room, kind, payload: payload.clone() });
    core.expect([notify(ANA, Notice::Signal { room, kind, payload, from })]);
    core.hears(0, handed_over(talking(&["older", "old"])));
    let says_where = send(Envelope::Here { room, from: here(0) });
    core.expect([record(Event::HeldSignalDropped), record(Event::HeldSignalDropped), says_where]);
}

#[test]
fn a_peer_knows_where_somebody_is_who_leaves_before_being_told_what_goes_on() {
    let mut core = ana_was_elsewhere(Some(anas_talk()));
    let again = ConnectionId(77);
    core.asks(ANA, 1, Command::LeaveRoom(proposal().room.into()));
    core.connected(again, "ana");
    core.expect([
        record(Event::SessionReplaced),
        notify(ANA, Notice::Replaced),
        Effect::Close { connection: ANA },
        notify(again, welcome("ana")),
    ]);
    core.hears(0, handed_over(talking(&[])));
    let (room, departure) = (proposal().room, Departure::Left);
    core.expect([
        register("ana", here(0), Some(anas_talk())),
        send(Envelope::Here { room, from: here(0) }),
        send(Envelope::Left { room, departure, from: here(0) }),
        ask(Operation::CloseRoom { room }),
        record(Event::RoomClosed { departure, lasted: Duration::ZERO }),
        left(1, room),
        notify(again, Notice::Resumed(Resumed::Idle)),
    ]);
}

#[test]
fn a_room_that_ended_while_the_client_was_on_its_way_is_told_after_what_goes_on() {
    let (room, departure) = (proposal().room, Departure::Left);
    let ended = || {
        let Envelope::HandedOver(Some(mut handed)) = handed_over(GoingOn::Idle) else {
            unreachable!("a handover")
        };
        handed.ended = Some(Ended { room, user: user("ben"), departure });
        Envelope::HandedOver(Some(handed))
    };
    let told = || notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure });
    let mut core = ana_was_elsewhere(None);
    core.hears(0, ended());
    core.expect([resumes(Resumed::Idle), told()]);
    // Late, when the client was told already that nothing goes on.
    core.hears(0, ended());
    core.expect([told()]);
}
