//! Chat: numbered by the store, each message once, in order.

use super::*;

/// The room's message `sequence`, which says so; every second is of each.
fn message(sequence: u64, from: &str) -> ChatMessage {
    let content = format!("message {sequence}").into();
    let own_sequence = sequence.div_ceil(2);
    ChatMessage { sequence, own_sequence, from: user(from), content, client_message_id: None, at: at(1_000) }
}

fn write(proposal: &Proposal, sequence: u64) -> Command {
    let content = message(sequence, "ana").content;
    Command::Chat { room: proposal.room.into(), content, client_message_id: Some("mine".into()) }
}

fn append(proposal: &Proposal, sequence: u64) -> Effect {
    let (room, from, content) = (proposal.room, user("ana"), message(sequence, "ana").content);
    ask(Operation::Append { room, from, content, client_message_id: Some("mine".into()) })
}

fn added(sequence: u64) -> Outcome {
    Outcome::Appended(Appended::Added(message(sequence, "ana")))
}

/// The answer to Ana's message.
fn written(proposal: &Proposal, sequence: u64) -> Reply {
    Reply::Sent { room: proposal.room, message: message(sequence, "ana") }
}

/// What follows when Ana's message was added.
fn sent(proposal: &Proposal, sequence: u64, number: u64) -> [Effect; 3] {
    [
        send(Envelope::Chat { room: proposal.room, message: message(sequence, "ana") }),
        record(Event::ChatAdded),
        ack(ANA, number, Ok(written(proposal, sequence))),
    ]
}

/// The peer's word of its message arrives.
fn hear(core: &mut Scripted, room: RoomId, sequence: u64) {
    core.hears(0, Envelope::Chat { room, message: message(sequence, "ben") });
}

/// The client is told of the peer's message.
fn told(room: RoomId, sequence: u64) -> Effect {
    notify(ANA, Notice::Chat { room, message: message(sequence, "ben") })
}

fn messages(proposal: &Proposal, after: u64) -> Effect {
    ask(Operation::Messages { room: proposal.room, after })
}

fn not_in_room(number: u64) -> [Effect; 2] {
    [refused(Refusal::NotInRoom), ack(ANA, number, Err(Refusal::NotInRoom))]
}

#[test]
fn a_message_gets_its_number_and_goes_to_the_peer() {
    let (mut core, proposal) = ana_talks();
    core.asks(ANA, 3, write(&proposal, 1));
    let [appending] = core.asked([append(&proposal, 1)]);
    core.stored(appending, added(1));
    core.expect(sent(&proposal, 1, 3));
    core.says(ANA, write(&proposal, 2));
    let [appending] = core.asked([append(&proposal, 2)]);
    core.stored(appending, added(2));
    let [carried, counted, _] = sent(&proposal, 2, 0);
    core.expect([carried, counted]);
}

#[test]
fn messages_follow_each_other_without_waiting_and_all_else_waits_for_them() {
    let (mut core, proposal) = ana_talks();
    core.asks(ANA, 3, write(&proposal, 1));
    core.asks(ANA, 4, write(&proposal, 2));
    let [first, second] = core.asked([append(&proposal, 1), append(&proposal, 2)]);
    let kind = SignalKind::Offer;
    let payload = Payload("o".into());
    core.asks(ANA, 5, Command::Signal { room: proposal.room.into(), kind, payload: payload.clone() });
    core.asks(ANA, 6, write(&proposal, 3));
    core.asks(ANA, 7, Command::Heartbeat);
    core.expect([]);
    core.stored(first, added(1));
    core.expect(sent(&proposal, 1, 3));
    core.stored(second, added(2));
    let [carried, counted, told] = sent(&proposal, 2, 4);
    let signal = send(Envelope::Signal { room: proposal.room, kind, payload });
    let relayed = record(Event::Relayed(kind));
    let [third] = core.asked([carried, counted, told, signal, relayed, done(ANA, 5), append(&proposal, 3)]);
    core.stored(third, added(3));
    let [carried, counted, told] = sent(&proposal, 3, 6);
    let timestamp_ms = at(1_000).as_ms();
    core.expect([carried, counted, told, ack(ANA, 7, Ok(Reply::Alive { timestamp_ms }))]);
}

#[test]
fn answers_that_overtake_each_other_are_told_in_the_order_of_the_messages() {
    let (mut core, proposal) = ana_talks();
    let appending = [1, 2, 3].map(|number| {
        core.asks(ANA, number, write(&proposal, number));
        let [appending] = core.asked([append(&proposal, number)]);
        appending
    });
    core.stored(appending[2], added(3));
    core.stored(appending[1], UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    core.stored(appending[0], added(1));
    let ([first, counted, answered], third) = (sent(&proposal, 1, 1), sent(&proposal, 3, 3));
    let [refusing, refused] = [refused(UNAVAILABLE_REFUSAL), ack(ANA, 2, Err(UNAVAILABLE_REFUSAL))];
    let [carried, counted_too, answered_too] = third;
    core.expect([first, counted, answered, refusing, refused, carried, counted_too, answered_too]);
}

#[test]
fn whatever_is_missing_before_a_message_is_fetched_first() {
    let (mut core, proposal) = ana_talks();
    let room = proposal.room;
    // The writer's store answered in another order than it was asked.
    hear(&mut core, room, 3);
    let [missed] = core.asked([messages(&proposal, 0)]);
    hear(&mut core, room, 1);
    hear(&mut core, room, 2);
    core.expect([]);
    core.stored(missed, Outcome::Messages((1..=3).map(|sequence| message(sequence, "ben")).collect()));
    core.expect([1, 2, 3].map(|sequence| told(room, sequence)));
    hear(&mut core, room, 4);
    core.expect([told(room, 4)]);
}

#[test]
fn the_clients_own_messages_are_not_missed() {
    let (mut core, proposal) = ana_talks();
    core.asks(ANA, 3, write(&proposal, 1));
    let [appending] = core.asked([append(&proposal, 1)]);
    core.stored(appending, added(1));
    core.expect(sent(&proposal, 1, 3));
    hear(&mut core, proposal.room, 2);
    core.expect([told(proposal.room, 2)]);
    // The peer's word of 3 comes after the answer that made her message 4: that one is fetched, not shown.
    core.asks(ANA, 4, write(&proposal, 4));
    let [appending] = core.asked([append(&proposal, 4)]);
    core.stored(appending, added(4));
    core.expect(sent(&proposal, 4, 4));
    hear(&mut core, proposal.room, 3);
    core.expect([told(proposal.room, 3)]);
    hear(&mut core, proposal.room, 5);
    let [missed] = core.asked([messages(&proposal, 3)]);
    core.stored(missed, Outcome::Messages(vec![message(4, "ana"), message(5, "ben")]));
    core.expect([told(proposal.room, 5)]);
}

#[test]
fn a_message_that_is_known_already_is_confirmed_and_carried_in_case_its_first_answer_was_lost() {
    let (mut core, proposal) = ana_talks();
    core.asks(ANA, 3, write(&proposal, 5));
    let [appending] = core.asked([append(&proposal, 5)]);
    // What counts is the text that was written first.
    let room = proposal.room;
    let message = message(2, "ana");
    core.stored(appending, Outcome::Appended(Appended::Duplicate(message.clone())));
    core.expect([
        send(Envelope::Chat { room, message: message.clone() }),
        ack(ANA, 3, Ok(Reply::Sent { room, message })),
    ]);
}

#[test]
fn a_message_is_refused_without_a_room_and_without_a_store() {
    let (mut core, proposal) = ana_talks();
    core.asks(ANA, 3, write(&proposal, 1));
    let [appending] = core.asked([append(&proposal, 1)]);
    core.stored(appending, Outcome::Appended(Appended::NoRoom));
    let unknown = Refusal::Unavailable { retry_after_ms: 1_000 };
    core.expect([refused(unknown), ack(ANA, 3, Err(unknown))]);
    core.asks(ANA, 4, write(&proposal, 1));
    let [appending] = core.asked([append(&proposal, 1)]);
    core.stored(appending, UNAVAILABLE);
    core.expect([
        record(Event::StoreUnavailable),
        refused(UNAVAILABLE_REFUSAL),
        ack(ANA, 4, Err(UNAVAILABLE_REFUSAL)),
    ]);
    let elsewhere = pair(9, &proposal.sides[0].ticket, &proposal.sides[1].ticket, at(0));
    core.asks(ANA, 5, write(&elsewhere, 1));
    core.expect(not_in_room(5));
    core.asks(ANA, 6, Command::Sync { room: elsewhere.room.into(), after: 0 });
    core.expect(not_in_room(6));
}

#[test]
fn a_message_that_was_taken_when_its_room_ended_goes_to_nobody() {
    let (mut core, proposal) = ana_talks();
    let (room, departure) = (proposal.room, Departure::Left);
    core.asks(ANA, 3, write(&proposal, 1));
    let [appending] = core.asked([append(&proposal, 1)]);
    core.hears(0, Envelope::Left { room, departure, from: there() });
    core.expect([notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure })]);
    core.stored(appending, added(1));
    core.expect([record(Event::ChatAdded), ack(ANA, 3, Ok(written(&proposal, 1)))]);
}

#[test]
fn the_peers_messages_are_told_once_and_only_those_of_the_room() {
    let (mut core, proposal) = ana_talks();
    let elsewhere = pair(9, &proposal.sides[0].ticket, &proposal.sides[1].ticket, at(0));
    let room = proposal.room;
    for sequence in [1, 2] {
        hear(&mut core, room, sequence);
        core.expect([told(room, sequence)]);
        hear(&mut core, room, sequence);
        core.expect([]);
    }
    hear(&mut core, elsewhere.room, 3);
    core.expect([]);
}

#[test]
fn what_was_written_can_be_asked_for() {
    let (mut core, proposal) = ana_talks();
    let (room, after) = (proposal.room, 7);
    let messages = || ask(Operation::Messages { room, after });
    core.asks(ANA, 3, Command::Sync { room: room.into(), after });
    let [reading] = core.asked([messages()]);
    // Unlike appends, a question is waited for.
    core.asks(ANA, 4, Command::Sync { room: room.into(), after });
    core.expect([]);
    let both = vec![message(8, "ana"), message(9, "ben")];
    core.stored(reading, Outcome::Messages(both.clone()));
    let [reading] = core.asked([ack(ANA, 3, Ok(Reply::Messages(both))), messages()]);
    core.stored(reading, UNAVAILABLE);
    core.expect([
        record(Event::StoreUnavailable),
        refused(UNAVAILABLE_REFUSAL),
        ack(ANA, 4, Err(UNAVAILABLE_REFUSAL)),
    ]);
}

/// Ana was away from 2,000 to 3,000, and what she missed after message `after` is being fetched.
fn ana_catches_up() -> (Scripted, Arc<Proposal>, OperationId) {
    let (mut core, proposal) = ana_talks();
    let room = proposal.room;
    hear(&mut core, room, 1);
    core.expect([told(room, 1)]);
    core.at(2_000);
    core.disconnected(ANA);
    core.expect([send(Envelope::Away { room, from: here(0) })]);
    core.at(3_000);
    core.connected(ANA_AGAIN, "ana");
    let resumed = Resumed::Talking {
        proposal: proposal.id,
        room,
        partner: partner(&proposal.sides[1].ticket),
        initiator: true,
        last_sequence: 1,
        told: true,
    };
    let [missed] = core.asked([
        notify(ANA_AGAIN, welcome("ana")),
        notify(ANA_AGAIN, Notice::Resumed(resumed)),
        send(Envelope::Back { room, from: here(0) }),
        messages(&proposal, 1),
    ]);
    (core, proposal, missed)
}

fn told_again(room: RoomId, sequence: u64) -> Effect {
    notify(ANA_AGAIN, Notice::Chat { room, message: message(sequence, "ben") })
}

#[test]
fn who_is_back_gets_what_was_missed_and_nothing_twice() {
    let (mut core, proposal, missed) = ana_catches_up();
    let room = proposal.room;
    // Her own messages are not told to her.
    let answer = vec![message(2, "ana"), message(3, "ben"), message(4, "ben")];
    hear(&mut core, room, 4);
    core.expect([]);
    core.stored(missed, Outcome::Messages(answer));
    core.expect([told_again(room, 3), told_again(room, 4)]);
    hear(&mut core, room, 3);
    core.expect([]);
    hear(&mut core, room, 5);
    core.expect([told_again(room, 5)]);
}

#[test]
fn a_message_that_comes_while_catching_up_is_fetched_after_what_was_missed() {
    // The store answered before it was written: with something, or with nothing.
    for (answer, after) in [(vec![message(2, "ben")], 2), (Vec::new(), 1)] {
        let (mut core, proposal, missed) = ana_catches_up();
        let room = proposal.room;
        let comes = after + 1;
        hear(&mut core, room, comes);
        core.expect([]);
        let something = !answer.is_empty();
        core.stored(missed, Outcome::Messages(answer));
        let [more] = if something {
            core.asked([told_again(room, 2), messages(&proposal, after)])
        } else {
            core.asked([messages(&proposal, after)])
        };
        core.stored(more, Outcome::Messages(vec![message(comes, "ben")]));
        core.expect([told_again(room, comes)]);
        hear(&mut core, room, comes + 1);
        core.expect([told_again(room, comes + 1)]);
    }
}

#[test]
fn a_store_that_lost_what_was_heard_of_is_not_asked_for_it_for_ever() {
    let (mut core, proposal, missed) = ana_catches_up();
    hear(&mut core, proposal.room, 7);
    core.stored(missed, Outcome::Messages(Vec::new()));
    let [missed] = core.asked([messages(&proposal, 1)]);
    core.stored(missed, Outcome::Messages(Vec::new()));
    core.expect([]);
}

#[test]
fn more_than_one_answer_holds_is_fetched_in_several() {
    let (mut core, proposal, missed) = ana_catches_up();
    let full = u64::try_from(MESSAGES_AT_ONCE).expect("small");
    let answer = (2..2 + full).map(|sequence| message(sequence, "ana")).collect();
    core.stored(missed, Outcome::Messages(answer));
    let [more] = core.asked([messages(&proposal, 1 + full)]);
    core.stored(more, Outcome::Messages(vec![message(2 + full, "ben")]));
    core.expect([told_again(proposal.room, 2 + full)]);
}

#[test]
fn what_was_missed_is_fetched_as_soon_as_the_store_is_there() {
    let (mut core, proposal, missed) = ana_catches_up();
    let room = proposal.room;
    core.stored(missed, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    hear(&mut core, room, 3);
    core.expect([]);
    core.wakes(4_000);
    let [missed] = core.asked([messages(&proposal, 1)]);
    core.stored(missed, Outcome::Messages(vec![message(2, "ben"), message(3, "ben")]));
    core.expect([told_again(room, 2), told_again(room, 3)]);
}

#[test]
fn who_asks_again_on_return_does_not_ask_once_more_later() {
    let (mut core, proposal, missed) = ana_catches_up();
    let room = proposal.room;
    core.stored(missed, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    core.at(3_500);
    core.disconnected(ANA_AGAIN);
    core.connected(ANA, "ana");
    let resumed = Resumed::Talking {
        proposal: proposal.id,
        room,
        partner: partner(&proposal.sides[1].ticket),
        initiator: true,
        last_sequence: 1,
        told: true,
    };
    let [first] = core.asked([
        send(Envelope::Away { room, from: here(0) }),
        notify(ANA, welcome("ana")),
        notify(ANA, Notice::Resumed(resumed)),
        send(Envelope::Back { room, from: here(0) }),
        messages(&proposal, 1),
    ]);
    core.wakes_in_vain(4_000);
    core.stored(first, Outcome::Messages(Vec::new()));
    core.expect([]);
    hear(&mut core, room, 2);
    core.expect([notify(ANA, Notice::Chat { room, message: message(2, "ben") })]);
}
