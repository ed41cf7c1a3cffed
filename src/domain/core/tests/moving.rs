//! A session's client is somewhere else now.

use super::super::super::envelope::{GoingOn, Handover};
use super::super::super::id::{Address, NodeId, SessionId};
use super::*;

/// Where Ana is now.
fn after() -> Address {
    Address { node: NodeId::new("after"), session: SessionId { shard: 0, slot: 3, generation: 0 } }
}

fn take_over() -> Envelope {
    Envelope::TakeOver { user: user("ana"), by: after(), rank: at(60_000) }
}

fn to_her(envelope: Envelope) -> Effect {
    Effect::Send { to: after(), envelope }
}

/// After these proposals, each with Ben, ended for her at 1,000.
fn hands_over(going_on: GoingOn, settled: &[&Proposal]) -> Effect {
    let met = settled.iter().map(|_| (user("ben"), at(1_000) + Duration::from_hours(24))).collect();
    let settled = settled.iter().map(|proposal| proposal.id).collect();
    to_her(Envelope::HandedOver(Some(Box::new(Handover {
        user: user("ana"),
        going_on,
        settled,
        met,
        halls: Vec::new(),
        ended: None,
        seeks: false,
    }))))
}

fn forwarded(times: u8, envelope: Envelope) -> Effect {
    to_her(Envelope::Forwarded { times, envelope: Box::new(envelope) })
}

/// The connection that is here is sent away.
fn replaced() -> [Effect; 4] {
    [
        record(Event::SessionReplaced),
        notify(ANA, Notice::Replaced),
        Effect::Close { connection: ANA },
        record(Event::SessionClosed),
    ]
}

#[track_caller]
fn expect_replaced(core: &mut Scripted, handed_over: Effect) {
    let [one, two, three, four] = replaced();
    core.expect([one, two, three, four, handed_over]);
    assert_eq!(core.sessions(), 0);
}

#[test]
fn the_older_connection_is_told_and_what_it_had_goes_to_the_newer() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.hears(0, take_over());
    expect_replaced(&mut core, hands_over(GoingOn::Idle, &[]));

    let (mut core, ticket) = ana_waits();
    core.hears(0, take_over());
    expect_replaced(&mut core, hands_over(GoingOn::Waiting(ticket), &[]));
    core.wakes_in_vain(2_600);

    let (mut core, proposal) = ana_accepted();
    core.hears(0, take_over());
    let proposed = GoingOn::Proposed { proposal: proposal.clone(), peer_gone: None };
    expect_replaced(&mut core, hands_over(proposed, &[]));

    let (mut core, proposal) = ana_talks();
    core.hears(0, take_over());
    let (talk, held) = (Box::new(talk(&proposal, 0, there(), at(1_000))), Vec::new());
    let talking = GoingOn::Talking { talk, last_sequence: 0, heard_sequence: 0, told: true, held };
    expect_replaced(&mut core, hands_over(talking, &[&proposal]));
}

#[test]
fn who_is_away_takes_along_what_was_kept_for_it() {
    let (mut core, proposal) = ana_talks();
    let (room, kind, payload) = (proposal.room, SignalKind::Candidate, Payload("c".into()));
    core.disconnected(ANA);
    core.expect([send(Envelope::Away { room, from: here(0) })]);
    core.hears(0, Envelope::Signal { room, kind, payload: payload.clone() });
    core.hears(0, take_over());
    let (talk, held) = (Box::new(talk(&proposal, 0, there(), at(1_000))), vec![(kind, payload)]);
    let talking = GoingOn::Talking { talk, last_sequence: 0, heard_sequence: 0, told: true, held };
    core.expect([record(Event::SessionClosed), hands_over(talking, &[&proposal])]);
}

#[test]
fn what_was_asked_before_is_done_before() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.asks(ANA, 1, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    core.hears(0, take_over());
    core.expect([]);
    let proposal = pair(1, &ticket, &bens_ticket(), at(0));
    core.stored(search, claimed(&proposal));
    let [one, two, three, four] = replaced();
    core.expect([
        joined(ANA, 1, AT_ONCE),
        proposed_at(&proposal, 0),
        notify(ANA, Notice::MatchFound(found(&proposal, 0))),
        send(Envelope::Proposed(proposal.clone())),
        one,
        two,
        three,
        four,
        hands_over(GoingOn::Proposed { proposal, peer_gone: None }, &[]),
    ]);
}

#[test]
fn what_was_not_begun_before_is_not_done_any_more() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.asks(ANA, 1, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    core.asks(ANA, 2, Command::LeaveQueue);
    core.hears(0, take_over());
    core.expect([]);
    core.stored(search, listed(3));
    let [one, two, three, four] = replaced();
    let handed_over = hands_over(GoingOn::Waiting(ticket), &[]);
    core.expect([joined(ANA, 1, place(3)), one, two, three, four, handed_over]);
}

#[test]
fn what_still_comes_goes_after_it_for_half_a_minute() {
    let (mut core, proposal) = ana_talks();
    core.hears(0, take_over());
    let (talk, held) = (Box::new(talk(&proposal, 0, there(), at(1_000))), Vec::new());
    let talking = GoingOn::Talking { talk, last_sequence: 0, heard_sequence: 0, told: true, held };
    expect_replaced(&mut core, hands_over(talking, &[&proposal]));
    let (room, kind, payload) = (proposal.room, SignalKind::Offer, Payload("o".into()));
    let offer = Envelope::Signal { room, kind, payload };
    // Who says where it is learns where she is.
    let back = Envelope::Back { room, from: there() };
    core.hears(0, back.clone());
    core.expect([send(Envelope::Here { room, from: after() }), forwarded(1, back)]);
    core.wakes_in_vain(20_600);
    core.at(30_999);
    core.hears(0, offer.clone());
    core.expect([forwarded(1, offer.clone())]);
    // Not round and round, should two sessions have been told to follow each other.
    for times in [3, 4] {
        core.hears(0, Envelope::Forwarded { times, envelope: Box::new(offer.clone()) });
    }
    core.expect([forwarded(4, offer.clone())]);
    core.at(31_000);
    core.hears(0, offer);
    core.expect([]);
    // From then on, whoever believes her to be here learns that she is not.
    core.hears(0, Envelope::Back { room, from: there() });
    core.expect([send(Envelope::Left { room, departure: Departure::Left, from: here(0) })]);
}

#[test]
fn a_session_that_is_not_there_or_is_another_users_hands_nothing_over() {
    let mut core = Scripted::new();
    core.hears(0, take_over());
    core.expect([to_her(Envelope::HandedOver(None))]);
    core.connect(BEN, "ben", 0);
    core.hears(0, take_over());
    core.expect([to_her(Envelope::HandedOver(None))]);
    // One that ends before its turn to hand over.
    let (mut core, proposal) = ana_accepted();
    core.asks(ANA, 3, Command::LeaveQueue);
    core.expect([answer(&proposal, "ana", Verdict::Leave)]);
    core.hears(0, take_over());
    core.abandon(ANA);
    core.expect([
        Effect::Close { connection: ANA },
        ended(TicketEnd::Gone),
        to_her(Envelope::HandedOver(None)),
        record(Event::SessionClosed),
    ]);
}

#[test]
fn a_peer_that_moved_is_spoken_to_where_it_is() {
    let (mut core, proposal) = ana_talks();
    let (room, third) = (proposal.room, Address { node: NodeId::new("third"), ..there() });
    let known = || register("ana", here(0), Some(talk(&proposal, 0, third.clone(), at(1_000))));
    let to_third = |envelope| Effect::Send { to: third.clone(), envelope };
    core.hears(0, Envelope::Back { room, from: third.clone() });
    core.expect([
        known(),
        to_third(Envelope::Here { room, from: here(0) }),
        notify(ANA, Notice::PeerBack { room, user: user("ben") }),
    ]);
    // What he wrote before he knew where she is went elsewhere.
    core.hears(0, Envelope::Here { room, from: third.clone() });
    let [fetching] = core.asked([missed(&proposal)]);
    core.stored(fetching, Outcome::Messages(Vec::new()));
    core.expect([]);
    // What the session that he left says of the room is no longer true.
    for departure in [Departure::Left, Departure::Disconnected] {
        core.hears(0, Envelope::Left { room, departure, from: there() });
        core.hears(0, Envelope::Away { room, from: there() });
        core.expect([]);
    }
    let (kind, payload) = (SignalKind::Offer, Payload("o".into()));
    core.says(ANA, Command::Signal { room: room.into(), kind, payload: payload.clone() });
    core.expect([to_third(Envelope::Signal { room, kind, payload }), record(Event::Relayed(kind))]);
    core.hears(0, Envelope::Left { room, departure: Departure::Left, from: third.clone() });
    core.expect([notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure: Departure::Left })]);
}

#[test]
fn a_peer_that_says_good_bye_from_where_it_was_not_heard_of_is_gone() {
    let (mut core, proposal) = ana_talks();
    let (room, third) = (proposal.room, Address { node: NodeId::new("third"), ..there() });
    core.hears(0, Envelope::Left { room, departure: Departure::Left, from: third });
    core.expect([notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure: Departure::Left })]);
}

#[test]
fn a_peer_that_moves_while_this_one_is_away_learns_that_it_is() {
    let (mut core, proposal) = ana_talks();
    let (room, third) = (proposal.room, Address { node: NodeId::new("third"), ..there() });
    core.disconnected(ANA);
    core.expect([send(Envelope::Away { room, from: here(0) })]);
    core.hears(0, Envelope::Here { room, from: third.clone() });
    let to_third = |envelope| Effect::Send { to: third.clone(), envelope };
    core.expect([
        register("ana", here(0), Some(talk(&proposal, 0, third.clone(), at(1_000)))),
        to_third(Envelope::Here { room, from: here(0) }),
        to_third(Envelope::Away { room, from: here(0) }),
    ]);
}

#[test]
fn a_peer_that_moved_before_the_room_opened_here_is_found_there() {
    let (mut core, proposal) = ana_accepted();
    let (room, third) = (proposal.room, Address { node: NodeId::new("third"), ..there() });
    core.hears(0, Envelope::Here { room, from: third.clone() });
    core.expect([]);
    let agreed = accepted(&proposal, &["ana", "ben"]);
    core.hears(0, Envelope::Agreed(agreed.clone()));
    let known = register("ana", here(0), Some(talk(&agreed, 0, third, at(1_000))));
    core.expect([ended(TicketEnd::Matched), remember(at(1_000)), notify(ANA, ready(&agreed, "ana")), known]);
}

#[test]
fn a_handover_to_a_session_that_is_over_is_wound_up() {
    let mut core = Scripted::new();
    let (_, proposal) = ana_found();
    let handed = |going_on| {
        Envelope::HandedOver(Some(Box::new(Handover {
            user: user("ana"),
            going_on,
            settled: Vec::new(),
            met: Vec::new(),
            halls: Vec::new(),
            ended: None,
            seeks: false,
        })))
    };
    core.hears(0, handed(GoingOn::Idle));
    core.expect([]);
    core.hears(0, handed(GoingOn::Waiting(proposal.sides[0].ticket.clone())));
    core.expect([withdraw(&proposal.sides[0].ticket), ended(TicketEnd::Gone)]);
    core.hears(0, handed(GoingOn::Proposed { proposal: proposal.clone(), peer_gone: None }));
    core.expect([ended(TicketEnd::Gone), answer(&proposal, "ana", Verdict::Leave)]);
    let (talk, held, room) = (Box::new(talk(&proposal, 0, there(), at(0))), Vec::new(), proposal.room);
    core.hears(0, handed(GoingOn::Talking { talk, last_sequence: 0, heard_sequence: 0, told: true, held }));
    core.expect([
        send(Envelope::Here { room, from: here(0) }),
        send(Envelope::Left { room, departure: Departure::Left, from: here(0) }),
        close(&proposal),
    ]);
}

#[test]
fn a_session_that_was_left_behind_gives_no_sign_of_life_for_the_newer_one() {
    let (mut core, proposal) = ana_talks();
    let (room, third) = (proposal.room, Address { node: NodeId::new("third"), ..there() });
    core.hears(0, Envelope::Back { room, from: third.clone() });
    core.expect([
        register("ana", here(0), Some(talk(&proposal, 0, third.clone(), at(1_000)))),
        Effect::Send { to: third.clone(), envelope: Envelope::Here { room, from: here(0) } },
        notify(ANA, Notice::PeerBack { room, user: user("ben") }),
    ]);
    core.wakes_in_vain(20_600);
    core.handle(Input::NodeGone { node: third.node.clone() });
    core.expect([notify(ANA, Notice::PeerAway { room, user: user("ben"), grace_ms: 30_000 })]);
    let departure = Departure::Disconnected;
    core.hears(0, Envelope::Left { room, departure, from: there() });
    core.expect([]);
    core.wakes(50_600);
    core.expect([
        Effect::Send { to: third, envelope: Envelope::Left { room, departure, from: here(0) } },
        close(&proposal),
        record(Event::RoomClosed { departure, lasted: Duration::from_millis(49_600) }),
        notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure }),
    ]);
}

#[test]
fn what_made_a_session_known_after_it_had_gone_elsewhere_is_taken_back() {
    let (mut core, proposal) = ana_accepted();
    let agreed = accepted(&proposal, &["ana", "ben"]);
    core.hears(0, Envelope::Agreed(agreed.clone()));
    let told = notify(ANA, ready(&agreed, "ana"));
    let [_, knowing] =
        core.asked([ended(TicketEnd::Matched), remember(at(1_000)), told, registers(&agreed, at(1_000))]);
    core.hears(0, take_over());
    let going_on = GoingOn::Talking {
        talk: Box::new(talk(&agreed, 0, there(), at(1_000))),
        last_sequence: 0,
        heard_sequence: 0,
        told: true,
        held: Vec::new(),
    };
    expect_replaced(&mut core, hands_over(going_on, &[&agreed]));
    core.stored(knowing, registered(here(0)));
    core.expect([detach("ana", 0)]);
}

#[test]
fn a_signal_that_was_sent_after_this_session_is_not_told_after_a_newer_one() {
    let (mut core, proposal) = ana_talks();
    let room = proposal.room;
    let said = |text: &str| (SignalKind::Candidate, Payload(text.into()));
    let signal = |text| {
        let (kind, payload) = said(text);
        Envelope::Signal { room, kind, payload }
    };
    let sent_after = |text| Envelope::Forwarded { times: 1, envelope: Box::new(signal(text)) };
    let told = |text| {
        let (kind, payload) = said(text);
        notify(ANA, Notice::Signal { room, kind, payload, from: user("ben") })
    };
    for text in ["1", "2"] {
        core.hears(0, sent_after(text));
        core.expect([told(text)]);
    }
    core.hears(0, signal("4"));
    core.expect([told("4")]);
    core.hears(0, sent_after("3"));
    core.expect([record(Event::HeldSignalDropped)]);
    core.hears(0, signal("5"));
    core.expect([told("5")]);
}
