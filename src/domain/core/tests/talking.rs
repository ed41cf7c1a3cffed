//! In a room: what goes to the peer, and to nobody else.

use super::*;

fn payload(text: &str) -> Payload {
    Payload(text.into())
}

fn signal(proposal: &Proposal, kind: SignalKind, text: &str) -> Command {
    Command::Signal { room: proposal.room.into(), kind, payload: payload(text) }
}

fn carried(proposal: &Proposal, kind: SignalKind, text: &str) -> Envelope {
    Envelope::Signal { room: proposal.room, kind, payload: payload(text) }
}

fn not_in_room(number: u64) -> [Effect; 2] {
    [refused(Refusal::NotInRoom), ack(ANA, number, Err(Refusal::NotInRoom))]
}

const QUALITY: Quality = Quality { rtt_ms: 40.0, jitter_ms: None, packets_lost: None, bitrate_kbps: None };
const KINDS: [SignalKind; 5] =
    [SignalKind::Offer, SignalKind::Answer, SignalKind::Candidate, SignalKind::Ready, SignalKind::Other];

#[test]
fn signals_go_to_the_peer_unread_and_are_confirmed_to_who_asks() {
    let (mut core, proposal) = ana_talks();
    for kind in KINDS {
        core.says(ANA, signal(&proposal, kind, "\0{"));
        core.expect([send(carried(&proposal, kind, "\0{")), record(Event::Relayed(kind))]);
        core.asks(ANA, 3, signal(&proposal, kind, ""));
        core.expect([send(carried(&proposal, kind, "")), record(Event::Relayed(kind)), done(ANA, 3)]);
    }
}

#[test]
fn the_peers_signals_reach_the_client_with_the_peers_name() {
    let (mut core, proposal) = ana_talks();
    for kind in KINDS {
        core.hears(0, carried(&proposal, kind, "x"));
        let (room, from) = (proposal.room, user("ben"));
        core.expect([notify(ANA, Notice::Signal { room, kind, payload: payload("x"), from })]);
    }
}

#[test]
fn signals_between_two_of_one_core_arrive_within_the_turn() {
    let (mut core, proposal) = both_here();
    let agreed = accepted(&proposal, &["ana", "ben"]);
    for slot in [0, 1] {
        core.hears(slot, Envelope::Agreed(agreed.clone()));
    }
    core.expect([
        ended(TicketEnd::Matched),
        remembers("ana", "ben", at(600)),
        notify(ANA, ready(&agreed, "ana")),
        knows(&agreed, 0, 0, here(1), at(600)),
        ended(TicketEnd::Matched),
        remembers("ben", "ana", at(600)),
        notify(BEN, ready(&agreed, "ben")),
        knows(&agreed, 1, 1, here(0), at(600)),
    ]);
    let (room, kind, from) = (proposal.room, SignalKind::Offer, user("ben"));
    core.asks(BEN, 3, signal(&proposal, kind, "o"));
    core.expect([
        record(Event::Relayed(kind)),
        done(BEN, 3),
        notify(ANA, Notice::Signal { room, kind, payload: payload("o"), from }),
    ]);
}

#[test]
fn nothing_is_carried_for_who_is_not_in_that_room() {
    let (mut core, proposal) = ana_talks();
    let elsewhere = pair(9, &proposal.sides[0].ticket, &proposal.sides[1].ticket, at(0));
    core.asks(ANA, 3, signal(&elsewhere, SignalKind::Offer, "o"));
    core.expect(not_in_room(3));
    core.says(ANA, signal(&elsewhere, SignalKind::Offer, "o"));
    core.expect([refused(Refusal::NotInRoom)]);
    let quality = Command::Quality { room: Some(elsewhere.room), quality: QUALITY };
    core.asks(ANA, 4, quality);
    core.expect(not_in_room(4));
    core.asks(ANA, 5, Command::LeaveRoom(elsewhere.room.into()));
    core.expect(not_in_room(5));
    // What is said about a room that she is not in does not reach her.
    let (room, departure) = (elsewhere.room, Departure::Left);
    for envelope in [
        carried(&elsewhere, SignalKind::Offer, "o"),
        Envelope::Quality { room, quality: QUALITY },
        Envelope::Away { room, from: there() },
        Envelope::Left { room, departure, from: there() },
    ] {
        core.hears(0, envelope);
        core.expect([]);
    }
    // Whoever believes her to be in it learns better.
    for envelope in [Envelope::Back { room, from: there() }, Envelope::Here { room, from: there() }] {
        core.hears(0, envelope);
        core.expect([send(Envelope::Left { room, departure, from: here(0) })]);
    }
}

#[test]
fn nothing_is_carried_before_both_have_accepted() {
    let (mut core, proposal) = ana_accepted();
    core.asks(ANA, 3, signal(&proposal, SignalKind::Offer, "o"));
    core.expect(not_in_room(3));
    core.asks(ANA, 4, Command::LeaveRoom(proposal.room.into()));
    core.expect(not_in_room(4));
    core.hears(0, carried(&proposal, SignalKind::Offer, "o"));
    core.expect([]);
}

#[test]
fn the_peer_is_told_how_the_call_goes() {
    let (mut core, proposal) = ana_talks();
    let room = proposal.room;
    for named in [Some(room), None] {
        core.asks(ANA, 3, Command::Quality { room: named, quality: QUALITY });
        core.expect([send(Envelope::Quality { room, quality: QUALITY }), done(ANA, 3)]);
    }
    core.hears(0, Envelope::Quality { room, quality: QUALITY });
    core.expect([notify(ANA, Notice::Quality { room, from: user("ben"), quality: QUALITY })]);
}

#[test]
fn quality_without_a_room_concerns_nobody() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.asks(ANA, 1, Command::Quality { room: None, quality: QUALITY });
    core.expect([done(ANA, 1)]);
}

#[test]
fn leaving_ends_the_room() {
    let (mut core, proposal) = ana_talks();
    core.at(4_000);
    core.asks(ANA, 3, Command::LeaveRoom(proposal.room.into()));
    core.expect([
        send(Envelope::Left { room: proposal.room, departure: Departure::Left, from: here(0) }),
        close(&proposal),
        record(Event::RoomClosed { departure: Departure::Left, lasted: Duration::from_secs(3) }),
        left(3, proposal.room),
    ]);
    core.asks(ANA, 4, Command::LeaveRoom(proposal.room.into()));
    core.expect(not_in_room(4));
    core.asks(ANA, 5, signal(&proposal, SignalKind::Offer, "o"));
    core.expect(not_in_room(5));
    core.hears(0, carried(&proposal, SignalKind::Offer, "o"));
    core.expect([]);
}

#[test]
fn the_peers_leaving_ends_the_room() {
    for departure in [Departure::Left, Departure::Disconnected, Departure::Skipped] {
        let (mut core, proposal) = ana_talks();
        let room = proposal.room;
        core.hears(0, Envelope::Left { room, departure, from: there() });
        core.expect([notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure })]);
        core.hears(0, Envelope::Left { room, departure, from: there() });
        core.expect([]);
        core.asks(ANA, 3, signal(&proposal, SignalKind::Offer, "o"));
        core.expect(not_in_room(3));
    }
}

#[test]
fn the_client_is_told_when_its_peer_is_away_and_back() {
    let (mut core, proposal) = ana_talks();
    let room = proposal.room;
    core.hears(0, Envelope::Away { room, from: there() });
    core.expect([notify(ANA, Notice::PeerAway { room, user: user("ben"), grace_ms: 30_000 })]);
    core.hears(0, Envelope::Back { room, from: there() });
    core.expect([notify(ANA, Notice::PeerBack { room, user: user("ben") })]);
}

#[test]
fn two_who_talked_may_meet_again_at_once_where_the_pool_says_so() {
    let policy = Policy { rematch_after: Duration::ZERO, ..Policy::new(POOL.0) };
    let mut core = Scripted::with(policy, Limits::default());
    let proposal = ana_finds(&mut core);
    let agreed = accepted(&proposal, &["ana", "ben"]);
    core.hears(0, Envelope::Agreed(agreed.clone()));
    let known = registers(&agreed, at(600));
    core.expect([ended(TicketEnd::Matched), notify(ANA, ready(&agreed, "ana")), known]);
    core.asks(ANA, 2, wish().join());
    let ticket = core.ticket("ana", 0, &wish());
    core.expect([
        send(Envelope::Left { room: agreed.room, departure: Departure::Left, from: here(0) }),
        close(&agreed),
        record(Event::RoomClosed { departure: Departure::Left, lasted: Duration::ZERO }),
        record(Event::Searching),
        // Nobody is avoided.
        core.look(&ticket, Stage::Exact),
    ]);
}

#[test]
fn the_peer_is_told_who_is_writing() {
    let (mut core, proposal) = ana_talks();
    let room = proposal.room;
    for on in [true, false] {
        core.asks(ANA, 3, Command::Typing { room: room.into(), on });
        core.expect([send(Envelope::Typing { room, on }), done(ANA, 3)]);
        core.hears(0, Envelope::Typing { room, on });
        core.expect([notify(ANA, Notice::Typing { room, user: user("ben"), on })]);
    }
    // It is of now only: nobody hears later that somebody was writing.
    core.disconnected(ANA);
    core.expect([send(Envelope::Away { room, from: here(0) })]);
    core.hears(0, Envelope::Typing { room, on: true });
    core.expect([]);
    core.connected(ANA_AGAIN, "ana");
    let [welcomed, told] = resumed(in_room(&proposal));
    core.expect([welcomed, told, send(Envelope::Back { room, from: here(0) }), missed(&proposal)]);
}

#[test]
fn a_room_is_meant_by_its_id_by_its_number_or_as_the_one_there_is() {
    let (mut core, proposal) = ana_talks();
    let room = proposal.room;
    let elsewhere = pair(9, &proposal.sides[0].ticket, &proposal.sides[1].ticket, at(0)).room;
    let all = |room| {
        let (kind, payload) = (SignalKind::Offer, payload("o"));
        let (content, client_message_id) = ("hello".into(), None);
        [
            Command::Typing { room, on: true },
            Command::Signal { room, kind, payload },
            Command::Sync { room, after: 0 },
            Command::Chat { room, content, client_message_id },
            Command::LeaveRoom(room),
        ]
    };
    for other in [RoomRef::Id(elsewhere), RoomRef::Number(elsewhere.number()), RoomRef::Number(0)] {
        for command in all(other) {
            core.asks(ANA, 3, command);
            core.expect(not_in_room(3));
        }
    }
    for meant in [RoomRef::Id(room), RoomRef::Number(room.number()), RoomRef::Current] {
        let (mut core, proposal) = ana_talks();
        let [typing, signal, sync, chat, leave] = all(meant);
        core.asks(ANA, 3, typing);
        core.expect([send(Envelope::Typing { room, on: true }), done(ANA, 3)]);
        core.asks(ANA, 4, signal);
        let kind = SignalKind::Offer;
        core.expect([send(carried(&proposal, kind, "o")), record(Event::Relayed(kind)), done(ANA, 4)]);
        core.asks(ANA, 5, sync);
        let [reading] = core.asked([missed(&proposal)]);
        core.stored(reading, Outcome::Messages(Vec::new()));
        core.expect([ack(ANA, 5, Ok(Reply::Messages(Vec::new())))]);
        core.asks(ANA, 6, chat);
        let (from, content) = (user("ana"), "hello".into());
        let [appending] =
            core.asked([ask(Operation::Append { room, from, content, client_message_id: None })]);
        core.stored(appending, UNAVAILABLE);
        core.expect([
            record(Event::StoreUnavailable),
            refused(UNAVAILABLE_REFUSAL),
            ack(ANA, 6, Err(UNAVAILABLE_REFUSAL)),
        ]);
        core.asks(ANA, 7, leave);
        core.expect([
            send(Envelope::Left { room, departure: Departure::Left, from: here(0) }),
            close(&proposal),
            record(Event::RoomClosed { departure: Departure::Left, lasted: Duration::ZERO }),
            left(7, room),
        ]);
    }
}

#[test]
fn who_is_in_no_room_means_none() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.asks(ANA, 3, Command::Typing { room: RoomRef::Current, on: true });
    core.expect(not_in_room(3));
    core.asks(ANA, 4, Command::LeaveRoom(RoomRef::Current));
    core.expect(not_in_room(4));
}
