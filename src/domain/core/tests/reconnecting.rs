//! Clients go and come back: what is kept for them, how long, and what the peer hears of it.

use super::*;

fn offer(number: u64) -> Payload {
    Payload(format!("offer {number}").into())
}

#[test]
fn the_peer_hears_that_the_client_is_away_and_back() {
    let (mut core, proposal) = ana_talks();
    let room = proposal.room;
    core.at(2_000);
    core.disconnected(ANA);
    core.expect([send(Envelope::Away { room, from: here(0) })]);
    core.wakes_in_vain(20_600);
    core.at(31_999);
    core.connected(ANA_AGAIN, "ana");
    let [welcome, resumed] = resumed(in_room(&proposal));
    core.expect([welcome, resumed, send(Envelope::Back { room, from: here(0) }), missed(&proposal)]);
    assert_eq!(core.sessions(), 1);
}

#[test]
fn who_is_back_before_the_peer_heard_of_it_was_never_away() {
    let (mut core, proposal) = ana_talks();
    let room = proposal.room;
    core.asks(ANA, 3, Command::Sync { room: room.into(), after: 0 });
    let [reading] = core.asked([missed(&proposal)]);
    core.disconnected(ANA);
    core.expect([]);
    core.connected(ANA_AGAIN, "ana");
    let [welcome, resumed] = resumed(in_room(&proposal));
    core.expect([welcome]);
    core.stored(reading, Outcome::Messages(Vec::new()));
    let answered = ack(ANA, 3, Ok(Reply::Messages(Vec::new())));
    core.expect([answered, resumed, send(Envelope::Back { room, from: here(0) }), missed(&proposal)]);
}

#[test]
fn signals_are_kept_for_the_client_and_delivered_in_order() {
    let (mut core, proposal) = ana_talks();
    let room = proposal.room;
    core.disconnected(ANA);
    core.expect([send(Envelope::Away { room, from: here(0) })]);
    let kinds = [SignalKind::Candidate, SignalKind::Offer, SignalKind::Candidate, SignalKind::Ready];
    for (number, kind) in (0..).zip(kinds) {
        core.hears(0, Envelope::Signal { room, kind, payload: offer(number) });
    }
    core.expect([]);
    core.connected(ANA_AGAIN, "ana");
    let [welcome, resumed] = resumed(in_room(&proposal));
    let told = |number| {
        let kind = kinds[usize::try_from(number).expect("small")];
        notify(ANA_AGAIN, Notice::Signal { room, kind, payload: offer(number), from: user("ben") })
    };
    let back = send(Envelope::Back { room, from: here(0) });
    core.expect([welcome, resumed, told(0), told(1), told(2), told(3), back, missed(&proposal)]);
}

#[test]
fn of_too_many_signals_the_oldest_candidate_makes_way_and_then_the_oldest() {
    let (mut core, proposal) = ana_talks();
    let room = proposal.room;
    core.disconnected(ANA);
    core.expect([send(Envelope::Away { room, from: here(0) })]);
    let keep = |core: &mut Scripted, number, kind| {
        core.hears(0, Envelope::Signal { room, kind, payload: offer(number) });
    };
    let dropped = || [record(Event::HeldSignalDropped)];
    // An offer, 63 candidates, an answer; then offers alone.
    keep(&mut core, 0, SignalKind::Offer);
    (1..64).for_each(|number| keep(&mut core, number, SignalKind::Candidate));
    core.expect([]);
    keep(&mut core, 64, SignalKind::Answer);
    core.expect(dropped());
    for number in 65..65 + 62 + 2 {
        keep(&mut core, number, SignalKind::Offer);
        core.expect(dropped());
    }
    core.connected(ANA_AGAIN, "ana");
    let [welcome, resumed] = resumed(in_room(&proposal));
    // Of all these went the 63 candidates and then the two oldest others: the first offer and the answer.
    let told =
        |number| Notice::Signal { room, kind: SignalKind::Offer, payload: offer(number), from: user("ben") };
    let kept: [Effect; 64] =
        std::array::from_fn(|index| notify(ANA_AGAIN, told(65 + u64::try_from(index).expect("small"))));
    let effects: Vec<Effect> = [welcome, resumed]
        .into_iter()
        .chain(kept)
        .chain([send(Envelope::Back { room, from: here(0) }), missed(&proposal)])
        .collect();
    core.expect(<[Effect; 68]>::try_from(effects).expect("64 and four more"));
}

#[test]
fn a_newer_connection_takes_the_session_over() {
    let (mut core, proposal) = ana_talks();
    let room = proposal.room;
    core.connected(ANA_AGAIN, "ana");
    let [welcome, resumed] = resumed(in_room(&proposal));
    core.expect([
        record(Event::SessionReplaced),
        notify(ANA, Notice::Replaced),
        Effect::Close { connection: ANA },
        welcome,
        resumed,
        send(Envelope::Back { room, from: here(0) }),
        missed(&proposal),
    ]);
    // What still comes over the older one is nobody's, its end included.
    core.asks(ANA, 3, Command::LeaveRoom(room.into()));
    core.disconnected(ANA);
    core.expect([]);
    core.hears(0, Envelope::Away { room, from: there() });
    core.expect([notify(ANA_AGAIN, Notice::PeerAway { room, user: user("ben"), grace_ms: 30_000 })]);
    core.wakes_in_vain(20_600);
    core.sleeps_until(Time::NEVER);
}

#[test]
fn a_client_that_is_away_is_not_found_and_keeps_its_place() {
    let (mut core, ticket) = ana_waits();
    core.at(2_000);
    core.disconnected(ANA);
    let [withdrawal] = core.asked([withdraw(&ticket)]);
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Removed));
    core.expect([]);
    // Its lease and its stage are of no interest now.
    core.wakes_in_vain(2_600);
    core.wakes_in_vain(15_500);
    core.at(16_000);
    core.connected(ANA_AGAIN, "ana");
    let [welcome, resumed] = resumed(Resumed::Waiting { stage: Stage::Exact });
    let [search] = core.asked([welcome, resumed, core.look(&ticket, Stage::AnyLevel)]);
    core.stored(search, listed(2));
    core.expect([notify(ANA_AGAIN, Notice::Position { place: place(2), stage: Stage::AnyLevel })]);
    core.sleeps_until(at(18_000));
}

#[test]
fn who_is_back_before_the_withdrawal_is_listed_again_after_it() {
    let (mut core, ticket) = ana_waits();
    core.disconnected(ANA);
    let [withdrawal] = core.asked([withdraw(&ticket)]);
    core.connected(ANA_AGAIN, "ana");
    let [welcome, resumed] = resumed(Resumed::Waiting { stage: Stage::Exact });
    core.expect([welcome]);
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Removed));
    core.expect([resumed, core.look(&ticket, Stage::Exact)]);
}

#[test]
fn who_is_back_is_told_where_it_stands_once_all_that_it_asked_for_before_is_done() {
    let (mut core, ticket) = ana_waits();
    core.asks(ANA, 2, wish().join());
    core.asks(ANA, 3, Command::LeaveQueue);
    let [search] = core.asked([core.look(&ticket, Stage::Exact)]);
    core.connected(ANA_AGAIN, "ana");
    core.expect([
        record(Event::SessionReplaced),
        notify(ANA, Notice::Replaced),
        Effect::Close { connection: ANA },
        notify(ANA_AGAIN, welcome("ana")),
    ]);
    // What it asks for now comes after.
    core.asks(ANA_AGAIN, 4, Command::Heartbeat);
    core.stored(search, listed(1));
    let [withdrawal] = core.asked([joined(ANA, 2, place(1)), withdraw(&ticket)]);
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Removed));
    core.expect([
        ended(TicketEnd::Cancelled),
        done(ANA, 3),
        notify(ANA_AGAIN, Notice::Resumed(Resumed::Idle)),
        ack(ANA_AGAIN, 4, Ok(Reply::Alive { timestamp_ms: at(600).as_ms() })),
    ]);
}

#[test]
fn what_the_peer_sends_before_that_is_told_after_it() {
    let (mut core, proposal) = ana_talks();
    let (room, kind) = (proposal.room, SignalKind::Offer);
    core.asks(ANA, 3, Command::Sync { room: room.into(), after: 0 });
    let [reading] = core.asked([missed(&proposal)]);
    core.disconnected(ANA);
    core.connected(ANA_AGAIN, "ana");
    core.hears(0, Envelope::Signal { room, kind, payload: offer(1) });
    let [welcome, resumed] = resumed(in_room(&proposal));
    core.expect([welcome]);
    core.stored(reading, Outcome::Messages(Vec::new()));
    core.expect([
        ack(ANA, 3, Ok(Reply::Messages(Vec::new()))),
        resumed,
        notify(ANA_AGAIN, Notice::Signal { room, kind, payload: offer(1), from: user("ben") }),
        send(Envelope::Back { room, from: here(0) }),
        missed(&proposal),
    ]);
}

#[test]
fn who_is_gone_again_before_that_is_told_when_it_is_back_for_good() {
    let (mut core, ticket) = ana_waits();
    core.disconnected(ANA);
    let [withdrawal] = core.asked([withdraw(&ticket)]);
    core.connected(ANA_AGAIN, "ana");
    core.disconnected(ANA_AGAIN);
    core.expect([notify(ANA_AGAIN, welcome("ana"))]);
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Removed));
    let [withdrawal] = core.asked([withdraw(&ticket)]);
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Unknown));
    core.expect([]);
    core.connected(ANA, "ana");
    let told = notify(ANA, Notice::Resumed(Resumed::Waiting { stage: Stage::Exact }));
    core.expect([notify(ANA, welcome("ana")), told, core.look(&ticket, Stage::Exact)]);
}

#[test]
fn coming_back_is_a_sign_of_life() {
    let (mut core, ticket) = ana_waits();
    core.waits_until(200_000);
    core.connected(ANA_AGAIN, "ana");
    let [welcome, resumed] = resumed(Resumed::Waiting { stage: Stage::PairOnly });
    let (replaced, close) = (notify(ANA, Notice::Replaced), Effect::Close { connection: ANA });
    // Listed as before: there is nothing to search again.
    core.expect([record(Event::SessionReplaced), replaced, close, welcome, resumed]);
    core.waits_until(500_000);
    core.wakes(500_000);
    core.expect([withdraw(&ticket)]);
}

#[test]
fn who_comes_back_twice_is_searched_for_once() {
    let mut core = Scripted::new();
    let proposal = ana_finds(&mut core);
    core.asks(ANA, 2, Command::Accept(proposal.id));
    let [asked] = core.asked([answer(&proposal, "ana", Verdict::Accept)]);
    core.disconnected(ANA);
    core.hears(0, Envelope::Failed { proposal: proposal.id, failure: Failure::Rejected });
    core.expect([remember(at(600))]);
    for connection in [ANA_AGAIN, ANA] {
        core.connected(connection, "ana");
    }
    let again = Resumed::Waiting { stage: Stage::Exact };
    core.expect([
        notify(ANA_AGAIN, welcome("ana")),
        record(Event::SessionReplaced),
        notify(ANA_AGAIN, Notice::Replaced),
        Effect::Close { connection: ANA_AGAIN },
        notify(ANA, welcome("ana")),
    ]);
    core.stored(asked, UNAVAILABLE);
    let avoid = [user("ben")].into();
    let ticket = &*proposal.sides[0].ticket;
    let ticket = Arc::new(Ticket { avoid, priority: Priority::Wronged, ..ticket.clone() });
    let [search] = core.asked([
        record(Event::StoreUnavailable),
        refused(UNAVAILABLE_REFUSAL),
        ack(ANA, 2, Err(UNAVAILABLE_REFUSAL)),
        notify(ANA, Notice::Resumed(again)),
        core.look(&ticket, Stage::Exact),
    ]);
    core.stored(search, listed(1));
    core.expect([]);
}

#[test]
fn a_search_that_outlives_its_proposal_lists_nobody_who_is_away() {
    let (mut core, ticket) = ana_waits();
    core.asks(ANA, 2, wish().join());
    let [search] = core.asked([core.look(&ticket, Stage::Exact)]);
    let proposal = pair(1, &bens_ticket(), &ticket, at(600));
    core.hears(0, Envelope::Proposed(proposal.clone()));
    core.expect([joined(ANA, 2, AT_ONCE), notify(ANA, Notice::MatchFound(found(&proposal, 1)))]);
    core.disconnected(ANA);
    core.hears(0, Envelope::Failed { proposal: proposal.id, failure: Failure::Rejected });
    core.expect([remember(at(600))]);
    // It was carried out before all this, and answered late.
    core.stored(search, listed(1));
    let [withdrawal] = core.asked([withdraw(&ticket)]);
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Unknown));
    core.expect([]);
    // Nobody is searched for when the next stage opens: it would never come to an end.
    for vain in [2_600, 15_500] {
        core.wakes_in_vain(vain);
    }
    core.sleeps_until(at(30_600));
}

#[test]
fn who_was_claimed_while_away_finds_the_proposal_on_return() {
    let (mut core, ticket) = ana_waits();
    core.disconnected(ANA);
    let [withdrawal] = core.asked([withdraw(&ticket)]);
    let proposal = pair(1, &bens_ticket(), &ticket, at(600));
    core.hears(0, Envelope::Proposed(proposal.clone()));
    core.expect([]);
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Taken(proposal.clone())));
    core.expect([]);
    core.connected(ANA_AGAIN, "ana");
    core.expect(resumed(Resumed::Proposed(found(&proposal, 1))));
    core.asks(ANA_AGAIN, 2, Command::Accept(proposal.id));
    core.expect([answer(&proposal, "ana", Verdict::Accept)]);
}

#[test]
fn who_was_away_when_the_room_opened_finds_it_on_return() {
    let (mut core, proposal) = ana_accepted();
    let (room, agreed) = (proposal.room, accepted(&proposal, &["ana", "ben"]));
    core.disconnected(ANA);
    core.expect([]);
    core.hears(0, Envelope::Agreed(agreed.clone()));
    let away = send(Envelope::Away { room, from: here(0) });
    core.expect([ended(TicketEnd::Matched), remember(at(1_000)), registers(&agreed, at(1_000)), away]);
    core.connected(ANA_AGAIN, "ana");
    let [welcome, resumed] = resumed(in_room_untold(&proposal));
    core.expect([welcome, resumed, send(Envelope::Back { room, from: here(0) }), missed(&proposal)]);
}

#[test]
fn a_proposal_that_fails_for_who_is_away_is_followed_by_a_search_on_return() {
    let (mut core, proposal) = ana_found();
    core.disconnected(ANA);
    core.hears(0, Envelope::Failed { proposal: proposal.id, failure: Failure::Rejected });
    core.expect([remember(at(600))]);
    core.connected(ANA_AGAIN, "ana");
    let mut ticket = proposal.sides[0].ticket.clone();
    Arc::make_mut(&mut ticket).priority = Priority::Wronged;
    Arc::make_mut(&mut ticket).avoid = [user("ben")].into();
    let [welcome, resumed] = resumed(Resumed::Waiting { stage: Stage::Exact });
    core.expect([welcome, resumed, core.look(&ticket, Stage::Exact)]);
}
