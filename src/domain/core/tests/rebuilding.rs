//! The store knows this node no more.

use super::super::super::envelope::{GoingOn, Handover};
use super::super::super::id::{Address, NodeId};
use super::super::super::limits::REBUILT_AT_ONCE;
use super::*;

fn reopen(proposal: &Proposal, heard: u64) -> Effect {
    reopen_after(proposal, heard, [0; 2])
}

fn reopen_after(proposal: &Proposal, heard: u64, written: [u64; 2]) -> Effect {
    let members = [0, 1].map(|side: usize| proposal.sides[side].ticket.user.clone());
    ask(Operation::OpenRoom { pool: POOL, room: proposal.room, members, heard: Some(heard), written })
}

#[test]
fn a_session_a_ticket_and_a_room_are_known_again() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.handle(Input::Forgotten);
    let [registering] = core.asked([register("ana", here(0), None)]);
    core.stored(registering, registered(here(0)));
    core.expect([]);

    let (mut core, ticket) = ana_waits();
    core.handle(Input::Forgotten);
    core.expect([register("ana", here(0), None), core.look(&ticket, Stage::Exact)]);

    let (mut core, proposal) = ana_talks();
    core.handle(Input::Forgotten);
    let [registering, _] = core.asked([registers(&proposal, at(1_000)), reopen(&proposal, 0)]);
    core.stored(registering, registered(here(0)));
    core.expect([send(Envelope::Here { room: proposal.room, from: here(0) })]);
    // Should Ben have left, he says so, and a room that came back after he closed it is closed as well.
    let (room, departure) = (proposal.room, Departure::Left);
    core.hears(0, Envelope::Left { room, departure, from: there() });
    core.expect([close(&proposal), notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure })]);
}

#[test]
fn a_proposal_that_the_store_lost_is_over_seven_tenths_of_a_second_later() {
    let (mut core, proposal) = ana_accepted();
    core.handle(Input::Forgotten);
    core.expect([register("ana", here(0), None)]);
    core.wakes(1_000);
    let [expiring] = core.asked([expire(&proposal)]);
    core.stored(expiring, Outcome::Expired(Expired::Gone));
    core.expect([]);
    core.wakes(1_700);
    let [expiring] = core.asked([expire(&proposal)]);
    core.stored(expiring, Outcome::Expired(Expired::Gone));
    let avoid = [user("ben")].into();
    let ticket = &proposal.sides[0].ticket;
    let again = Arc::new(Ticket { priority: Priority::Wronged, avoid, ..(**ticket).clone() });
    core.expect([
        send(Envelope::Failed { proposal: proposal.id, failure: Failure::PartnerLeft }),
        send(Envelope::Left { room: proposal.room, departure: Departure::Left, from: here(0) }),
        close(&proposal),
        remember(at(1_700)),
        notify(ANA, failed(&proposal, Failure::PartnerLeft, true)),
        core.look(&again, Stage::Exact),
    ]);
}

#[test]
fn what_somebody_had_who_came_back_elsewhere_meanwhile_goes_there() {
    let (mut core, proposal) = ana_talks();
    core.handle(Input::Forgotten);
    let [registering, _] = core.asked([registers(&proposal, at(1_000)), reopen(&proposal, 0)]);
    let elsewhere = Address { node: NodeId::new("third"), ..here(0) };
    core.stored(registering, registered(elsewhere.clone()));
    let (talk, held) = (Box::new(talk(&proposal, 0, there(), at(1_000))), Vec::new());
    let going_on = GoingOn::Talking { talk, last_sequence: 0, heard_sequence: 0, told: true, held };
    let met = vec![(user("ben"), at(1_000) + Duration::from_hours(24))];
    let handover = Handover {
        user: user("ana"),
        going_on,
        settled: vec![proposal.id],
        met,
        halls: Vec::new(),
        ended: None,
        seeks: false,
    };
    core.expect([
        record(Event::SessionReplaced),
        notify(ANA, Notice::Replaced),
        Effect::Close { connection: ANA },
        record(Event::SessionClosed),
        Effect::Send { to: elsewhere, envelope: Envelope::HandedOver(Some(Box::new(handover))) },
    ]);
}

#[test]
fn a_session_that_has_not_begun_does_not_give_way_to_the_one_before_it() {
    let mut core = Scripted::new();
    core.connected(ANA, "ana");
    let [attaching] =
        core.asked([record(Event::SessionOpened), notify(ANA, welcome("ana")), attach("ana", 0)]);
    core.stored(attaching, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    core.handle(Input::Forgotten);
    core.expect([]);
    core.wakes(1_000);
    core.expect([attach("ana", 0)]);
}

#[test]
fn sessions_are_made_known_some_at_a_time_and_again_where_the_store_does_not_answer() {
    let mut core = Scripted::new();
    let many = u32::try_from(REBUILT_AT_ONCE).expect("small") + 1;
    for slot in 0..many {
        core.connect(ConnectionId(u64::from(slot)), &format!("user {slot}"), slot);
    }
    core.handle(Input::Forgotten);
    let registers = |slot: u32| register(&format!("user {slot}"), here(slot), None);
    let first: Vec<OperationId> = core.asks_all((0..many - 1).map(registers).collect());
    core.stored(first[0], UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    // The one that was not reached waits as well.
    core.stored(first[1], registered(here(1)));
    core.expect([]);
    core.wakes(1_000);
    core.expect([registers(many - 1), registers(0)]);
}

#[test]
fn a_single_room_that_the_store_does_not_know_is_opened_again() {
    let (mut core, proposal) = ana_talks();
    let append = || {
        let (room, from, content) = (proposal.room, user("ana"), "hello".into());
        ask(Operation::Append { room, from, content, client_message_id: None })
    };
    let write =
        Command::Chat { room: proposal.room.into(), content: "hello".into(), client_message_id: None };
    let unknown = Refusal::Unavailable { retry_after_ms: 1_000 };
    core.asks(ANA, 3, write.clone());
    let [appending] = core.asked([append()]);
    core.stored(appending, Outcome::Appended(Appended::NoRoom));
    core.expect([refused(unknown), ack(ANA, 3, Err(unknown))]);
    core.wakes(2_000);
    let [opening] = core.asked([reopen(&proposal, 0)]);
    core.stored(opening, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    core.wakes(3_000);
    let [opening] = core.asked([reopen(&proposal, 0)]);
    core.stored(opening, Outcome::Done);
    core.asks(ANA, 4, write);
    core.expect([append()]);
}

#[test]
fn a_room_that_is_opened_again_goes_on_with_what_each_has_written() {
    let (mut core, proposal) = ana_talks();
    let room = proposal.room;
    let message = |sequence, own_sequence, from: &str| {
        let (from, content, at) = (user(from), "hello".into(), at(1_000));
        ChatMessage { sequence, own_sequence, from, content, client_message_id: None, at }
    };
    core.hears(0, Envelope::Chat { room, message: message(1, 1, "ben") });
    core.expect([notify(ANA, Notice::Chat { room, message: message(1, 1, "ben") })]);
    let (content, client_message_id) = ("hello".into(), None);
    core.asks(ANA, 3, Command::Chat { room: room.into(), content, client_message_id });
    let (from, content, client_message_id) = (user("ana"), "hello".into(), None);
    let [appending] = core.asked([ask(Operation::Append { room, from, content, client_message_id })]);
    let own = message(2, 1, "ana");
    core.stored(appending, Outcome::Appended(Appended::Added(own.clone())));
    core.expect([
        send(Envelope::Chat { room, message: own.clone() }),
        record(Event::ChatAdded),
        ack(ANA, 3, Ok(Reply::Sent { room, message: own })),
    ]);
    // Of what is missing before it the store is asked, and tells.
    core.hears(0, Envelope::Chat { room, message: message(5, 4, "ben") });
    let [missing] = core.asked([ask(Operation::Messages { room, after: 2 })]);
    let told = [3, 4, 5].map(|sequence| message(sequence, sequence - 1, "ben"));
    core.stored(missing, Outcome::Messages(told.to_vec()));
    core.expect(told.map(|message| notify(ANA, Notice::Chat { room, message })));
    core.handle(Input::Forgotten);
    core.expect([registers(&proposal, at(1_000)), reopen_after(&proposal, 5, [1, 4])]);
}

#[test]
fn a_room_that_is_opened_again_after_its_talk_was_over_is_closed() {
    let (mut core, proposal) = ana_talks();
    core.handle(Input::Forgotten);
    let [_, opening] = core.asked([registers(&proposal, at(1_000)), reopen(&proposal, 0)]);
    let (room, departure) = (proposal.room, Departure::Left);
    core.hears(0, Envelope::Left { room, departure, from: there() });
    core.expect([close(&proposal), notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure })]);
    // It was closed before it was opened: on their way to the store the two may overtake each other.
    core.stored(opening, Outcome::Done);
    core.expect([close(&proposal)]);
}
