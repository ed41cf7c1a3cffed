//! Coming back to a room that is named, and being told of one that ended meanwhile.

use super::super::super::envelope::{Ended, GoingOn, Handover};
use super::*;

/// The room's message `sequence`; every second is of each, Ana's first.
fn message(sequence: u64) -> ChatMessage {
    let from = user(if sequence % 2 == 1 { "ana" } else { "ben" });
    let (content, own_sequence) = ("hi".into(), sequence.div_ceil(2));
    ChatMessage { sequence, own_sequence, from, content, client_message_id: None, at: at(1_000) }
}

fn messages(sequences: impl IntoIterator<Item = u64>) -> Outcome {
    Outcome::Messages(sequences.into_iter().map(message).collect())
}

fn asks_for(proposal: &Proposal, after: u64) -> Effect {
    ask(Operation::Messages { room: proposal.room, after })
}

fn missed(proposal: &Proposal, number: u64, sequences: impl IntoIterator<Item = u64>) -> Effect {
    let messages = sequences.into_iter().map(message).collect();
    ack(ANA, number, Ok(Reply::Missed { room: proposal.room, messages }))
}

fn not_in_room(connection: ConnectionId, number: u64) -> [Effect; 2] {
    [refused(Refusal::NotInRoom), ack(connection, number, Err(Refusal::NotInRoom))]
}

/// Ana talks in a pool that keeps endings, and is away.
fn ana_is_away() -> (Scripted, Arc<Proposal>) {
    let policy = Policy { keeps_endings: true, ..Policy::new(POOL.0) };
    let mut core = Scripted::with(policy, Limits::default());
    let proposal = ana_begins_to_talk(&mut core);
    core.disconnected(ANA);
    core.expect([send(Envelope::Away { room: proposal.room, from: here(0) })]);
    (core, proposal)
}

fn bens_leaving(proposal: &Proposal) -> Envelope {
    Envelope::Left { room: proposal.room, departure: Departure::Left, from: there() }
}

fn end_told(proposal: &Proposal) -> Effect {
    let (room, departure) = (proposal.room, Departure::Left);
    notify(ANA_AGAIN, Notice::PeerLeft { room, user: user("ben"), departure })
}

#[test]
fn who_comes_back_is_told_what_follows_the_number_it_knows_of_its_peers() {
    let (mut core, proposal) = ana_talks();
    for (number, room, after, told) in [
        (3, RoomRef::Number(proposal.room.number()), 0, vec![2, 4]),
        (4, RoomRef::Id(proposal.room), 1, vec![4]),
        (5, RoomRef::Current, 2, vec![]),
    ] {
        core.asks(ANA, number, Command::Rejoin { room, after });
        let [asking] = core.asked([asks_for(&proposal, after)]);
        core.stored(asking, messages(after + 1..=5));
        core.expect([missed(&proposal, number, told)]);
    }
}

#[test]
fn all_that_the_room_keeps_is_read_until_there_is_as_much_as_one_answer_holds() {
    let (mut core, proposal) = ana_talks();
    let most = MESSAGES_AT_ONCE as u64;
    core.asks(ANA, 3, Command::Rejoin { room: RoomRef::Current, after: 0 });
    let [asking] = core.asked([asks_for(&proposal, 0)]);
    core.stored(asking, messages(1..=most));
    let [asking] = core.asked([asks_for(&proposal, most)]);
    core.stored(asking, messages(most + 1..=2 * most));
    core.expect([missed(&proposal, 3, (1..=most).map(|half| 2 * half))]);
}

#[test]
fn without_the_store_nobody_is_told_what_it_missed() {
    let (mut core, proposal) = ana_talks();
    core.asks(ANA, 3, Command::Rejoin { room: RoomRef::Current, after: 0 });
    let [asking] = core.asked([asks_for(&proposal, 0)]);
    core.stored(asking, UNAVAILABLE);
    core.expect([
        record(Event::StoreUnavailable),
        refused(UNAVAILABLE_REFUSAL),
        ack(ANA, 3, Err(UNAVAILABLE_REFUSAL)),
    ]);
}

#[test]
fn who_names_a_room_that_it_is_not_in_is_told_that_it_is_over() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    for room in [RoomRef::Number(5), RoomRef::Current] {
        core.asks(ANA, 3, Command::Rejoin { room, after: 7 });
        core.expect([ack(ANA, 3, Ok(Reply::Over(room)))]);
    }
}

#[test]
fn an_end_that_the_client_made_is_not_told_again() {
    let (mut core, proposal) = ana_talks();
    let room = RoomRef::Number(proposal.room.number());
    core.asks(ANA, 3, Command::LeaveRoom(room));
    let (departure, lasted) = (Departure::Left, Duration::from_secs(0));
    let left = Reply::Left { room: proposal.room, user: user("ana") };
    core.expect([
        send(Envelope::Left { room: proposal.room, departure, from: here(0) }),
        close(&proposal),
        record(Event::RoomClosed { departure, lasted }),
        ack(ANA, 3, Ok(left)),
    ]);
    core.asks(ANA, 4, Command::Rejoin { room, after: 0 });
    core.expect(not_in_room(ANA, 4));
}

#[test]
fn an_end_that_the_client_was_told_is_not_told_again() {
    let (mut core, proposal) = ana_talks();
    let room = proposal.room;
    core.hears(0, bens_leaving(&proposal));
    core.expect([notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure: Departure::Left })]);
    core.asks(ANA, 3, Command::Rejoin { room: RoomRef::Number(room.number()), after: 0 });
    core.expect(not_in_room(ANA, 3));
    // Whether it reached the client, nobody knows once that is gone.
    core.connected(ANA_AGAIN, "ana");
    core.expect([
        record(Event::SessionReplaced),
        notify(ANA, Notice::Replaced),
        Effect::Close { connection: ANA },
        notify(ANA_AGAIN, welcome("ana")),
        notify(ANA_AGAIN, Notice::Resumed(Resumed::Idle)),
    ]);
    core.asks(ANA_AGAIN, 4, Command::Rejoin { room: RoomRef::Number(room.number()), after: 0 });
    core.expect([ack(ANA_AGAIN, 4, Ok(Reply::Over(RoomRef::Number(room.number()))))]);
}

#[test]
fn an_end_is_kept_for_who_is_away_where_the_pool_has_it_so() {
    let (mut core, proposal) = ana_is_away();
    core.hears(0, bens_leaving(&proposal));
    core.expect([]);
    core.connected(ANA_AGAIN, "ana");
    let [welcomed, resumed] = resumed(Resumed::Idle);
    core.expect([welcomed, resumed, end_told(&proposal)]);
    core.asks(ANA_AGAIN, 3, Command::Rejoin { room: RoomRef::Number(proposal.room.number()), after: 0 });
    core.expect(not_in_room(ANA_AGAIN, 3));
    let (mut core, proposal) = ana_talks();
    core.disconnected(ANA);
    core.expect([send(Envelope::Away { room: proposal.room, from: here(0) })]);
    core.hears(0, bens_leaving(&proposal));
    core.connected(ANA_AGAIN, "ana");
    core.expect(self::resumed(Resumed::Idle));
}

#[test]
fn an_end_that_was_kept_goes_to_where_the_client_comes_back() {
    let (mut core, proposal) = ana_is_away();
    core.hears(0, bens_leaving(&proposal));
    core.hears(0, Envelope::TakeOver { user: user("ana"), by: there(), rank: at(60_000) });
    let (room, departure) = (proposal.room, Departure::Left);
    let handover = Handover {
        user: user("ana"),
        going_on: GoingOn::Idle,
        settled: vec![proposal.id],
        met: vec![(user("ben"), at(1_000) + Policy::new(POOL.0).rematch_after)],
        halls: Vec::new(),
        ended: Some(Ended { room, user: user("ben"), departure }),
        seeks: false,
    };
    core.expect([record(Event::SessionClosed), send(Envelope::HandedOver(Some(Box::new(handover))))]);
}
