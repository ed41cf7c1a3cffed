//! Pools with a backend: it finds, it keeps, and nobody but who asked waits for it.

use super::super::super::envelope::{GoingOn, Handover};
use super::super::super::errand::{Errand, Tidings, Token, What};
use super::super::super::id::{Address, ProposalId};
use super::super::super::notice::Partner;
use super::super::super::person::Language;
use super::super::super::policy::Matchmaker;
use super::*;

const NUMBER: u64 = 7;
const ROOM: RoomId = RoomId::numbered(NUMBER);
const PROPOSAL: ProposalId = ProposalId::numbered(NUMBER);
const BUSY: Tidings = Tidings::Unavailable { retry_after_ms: 300 };
const LATER: Refusal = Refusal::Unavailable { retry_after_ms: 300 };

fn consult(what: What) -> Effect {
    Effect::Consult { operation: ANY, errand: Errand { token: Token::new("anas"), what } }
}

fn seek() -> Command {
    wish().join()
}

fn found() -> Tidings {
    Tidings::Found { room: NUMBER, partner: user("ben") }
}

fn anas_talk() -> Talk {
    let (speaks, learns) = (Language::UNDETERMINED, Language::UNDETERMINED);
    let partner = Partner { user: user("ben"), speaks, learns, proficiency: Proficiency::Any };
    Talk { proposal: PROPOSAL, room: ROOM, peer: there(), partner, initiator: true, since: at(0) }
}

fn opens() -> Effect {
    let members = [user("ana"), user("ben")];
    ask(Operation::OpenRoom { pool: POOL, room: ROOM, members, heard: None, written: [0; 2] })
}

fn locates() -> Effect {
    ask(Operation::Locate { user: user("ben"), pool: POOL })
}

fn messages() -> Effect {
    ask(Operation::Messages { room: ROOM, after: 0 })
}

fn told_of_match() -> Notice {
    let Talk { proposal, room, partner, initiator, .. } = anas_talk();
    Notice::MatchReady { proposal, room, partner, initiator }
}

/// Ana is there: the backend is told so.
fn ana_comes() -> Scripted {
    let (ask_every, beat_every) = (Duration::from_secs(2), Duration::from_secs(30));
    let matchmaker = Matchmaker::Backend { ask_every, beat_every };
    let policy = Policy { matchmaker, keeps_endings: true, ..Policy::new(POOL.0) };
    let mut core = Scripted::with(policy, Limits::default());
    core.token = Some(Token::new("anas"));
    core.connected(ANA, "ana");
    let comes =
        [record(Event::SessionOpened), notify(ANA, welcome("ana")), attach("ana", 0), consult(What::Present)];
    let [attaching, telling] = core.asked(comes);
    core.stored(attaching, attached());
    core.consulted(telling, Tidings::Done);
    core.expect([]);
    core
}

/// She seeks, and the backend is asked.
fn ana_seeks() -> (Scripted, OperationId) {
    let mut core = ana_comes();
    core.asks(ANA, 1, seek());
    let [asking] =
        core.asked([record(Event::Searching), consult(What::Start), joined(ANA, 1, place_of_nobody())]);
    (core, asking)
}

fn place_of_nobody() -> Place {
    Place { position: 1, estimated_wait_seconds: 0 }
}

/// It found Ben, who is on another node.
fn ana_found() -> Scripted {
    let (mut core, asking) = ana_seeks();
    core.consulted(asking, found());
    enters(&mut core);
    core
}

fn enters(core: &mut Scripted) {
    let [opening] = core.asked([opens()]);
    core.stored(opening, Outcome::Done);
    let [locating] = core.asked([locates()]);
    core.stored(locating, Outcome::Located(Some(there())));
    let [_, fetching] = core.asked([
        ended(TicketEnd::Matched),
        record(Event::RoomOpened),
        notify(ANA, told_of_match()),
        register("ana", here(0), Some(anas_talk())),
        send(Envelope::Here { room: ROOM, from: here(0) }),
        messages(),
    ]);
    core.stored(fetching, Outcome::Messages(Vec::new()));
    core.expect([]);
}

fn write(content: &str, name: Option<&str>) -> Command {
    let client_message_id = name.map(Into::into);
    Command::Chat { room: RoomRef::Number(NUMBER), content: content.into(), client_message_id }
}

fn append(content: &str, name: Option<&str>) -> Effect {
    let client_message_id = name.map(Into::into);
    ask(Operation::Append { room: ROOM, from: user("ana"), content: content.into(), client_message_id })
}

fn message(content: &str) -> ChatMessage {
    ChatMessage {
        sequence: 1,
        own_sequence: 1,
        from: user("ana"),
        content: content.into(),
        client_message_id: None,
        at: at(0),
    }
}

#[test]
fn the_backend_is_asked_at_once_and_again_until_it_finds_somebody() {
    let (mut core, asking) = ana_seeks();
    core.consulted(asking, Tidings::Nobody);
    core.expect([]);
    core.wakes(2_000);
    let [asking] = core.asked([consult(What::Start)]);
    core.consulted(asking, BUSY);
    core.expect([record(Event::BackendUnavailable)]);
    core.wakes(4_000);
    let [asking] = core.asked([consult(What::Start)]);
    // While it is slow it is not asked a second time.
    core.wakes(30_000);
    core.expect([consult(What::Present)]);
    core.consulted(asking, found());
    core.expect([opens()]);
}

#[test]
fn whom_it_found_is_met_once_where_the_store_says() {
    let mut core = ana_found();
    // What he wrote before he knew where she is, only the store can tell.
    core.hears(0, Envelope::Here { room: ROOM, from: there() });
    core.expect([messages()]);
}

#[test]
fn who_does_not_count_as_present_says_so_and_asks_again() {
    let (mut core, asking) = ana_seeks();
    core.consulted(asking, Tidings::NotPresent);
    core.expect([]);
    core.wakes(0);
    core.expect([consult(What::Present)]);
    core.wakes(2_000);
    core.expect([consult(What::Start)]);
}

#[test]
fn the_other_ones_word_is_a_reason_to_ask_at_once() {
    let (mut core, asking) = ana_seeks();
    core.consulted(asking, Tidings::Nobody);
    core.at(500);
    core.hears(0, Envelope::Here { room: ROOM, from: there() });
    core.expect([consult(What::Start)]);
}

#[test]
fn who_seeks_nobody_is_in_no_room() {
    let mut core = ana_comes();
    core.hears(0, Envelope::Here { room: ROOM, from: there() });
    core.expect([send(Envelope::Left { room: ROOM, departure: Departure::Left, from: here(0) })]);
}

#[test]
fn a_partner_that_is_nowhere_is_waited_for_and_then_given_up() {
    let (mut core, asking) = ana_seeks();
    let mut asking = asking;
    for ms in (0..=30_000).step_by(2_000) {
        core.consulted(asking, found());
        let [opening] = core.asked([opens()]);
        core.stored(opening, Outcome::Done);
        let [locating] = core.asked([locates()]);
        core.stored(locating, Outcome::Located(None));
        if ms == 30_000 {
            break;
        }
        core.expect([]);
        core.wakes(ms + 2_000);
        asking = if ms + 2_000 == 30_000 {
            let [_, asking] = core.asked([consult(What::Present), consult(What::Start)]);
            asking
        } else {
            let [asking] = core.asked([consult(What::Start)]);
            asking
        };
    }
    core.expect([consult(What::End { room: NUMBER })]);
    core.wakes(32_000);
    let [asking] = core.asked([consult(What::Start)]);
    core.consulted(asking, found());
    core.expect([consult(What::End { room: NUMBER })]);
}

#[test]
fn who_was_found_while_away_is_told_on_return() {
    let (mut core, asking) = ana_seeks();
    core.disconnected(ANA);
    core.expect([]);
    core.consulted(asking, found());
    let [opening] = core.asked([opens()]);
    core.stored(opening, Outcome::Done);
    let [locating] = core.asked([locates()]);
    core.stored(locating, Outcome::Located(Some(there())));
    core.expect([
        ended(TicketEnd::Matched),
        record(Event::RoomOpened),
        register("ana", here(0), Some(anas_talk())),
        send(Envelope::Here { room: ROOM, from: here(0) }),
        send(Envelope::Away { room: ROOM, from: here(0) }),
    ]);
    core.connected(ANA_AGAIN, "ana");
    let Talk { proposal, room, partner, initiator, .. } = anas_talk();
    let untold = Resumed::Talking { proposal, room, partner, initiator, last_sequence: 0, told: false };
    let [welcomed, resumed] = resumed(untold);
    core.expect([
        welcomed,
        consult(What::Present),
        resumed,
        send(Envelope::Back { room: ROOM, from: here(0) }),
        messages(),
    ]);
}

#[test]
fn who_seeks_and_comes_back_seeks_on_and_who_does_not_is_gone() {
    let (mut core, asking) = ana_seeks();
    core.consulted(asking, Tidings::Nobody);
    core.disconnected(ANA);
    core.wakes(2_000);
    core.expect([]);
    core.connected(ANA_AGAIN, "ana");
    let [welcomed, resumed] = resumed(Resumed::Waiting { stage: Stage::Exact });
    core.expect([welcomed, consult(What::Present), consult(What::Start), resumed]);
    core.handle(Input::Disconnected { connection: ANA_AGAIN, left: true });
    core.expect([
        ended(TicketEnd::Gone),
        consult(What::Gone),
        ask(Operation::Detach { user: user("ana"), pool: POOL, address: here(0) }),
        record(Event::SessionClosed),
    ]);
}

#[test]
fn a_search_goes_to_where_the_client_comes_back() {
    let (mut core, _) = ana_seeks();
    core.hears(0, Envelope::TakeOver { user: user("ana"), by: there(), rank: at(60_000) });
    let (settled, met) = (Vec::new(), Vec::new());
    let going_on = GoingOn::Idle;
    let handover =
        Handover { user: user("ana"), going_on, settled, met, halls: Vec::new(), ended: None, seeks: true };
    let handed = || Envelope::HandedOver(Some(Box::new(handover.clone())));
    core.expect([
        record(Event::SessionReplaced),
        notify(ANA, Notice::Replaced),
        Effect::Close { connection: ANA },
        record(Event::SessionClosed),
        Effect::Send { to: there(), envelope: handed() },
    ]);
}

#[test]
fn leaving_the_search_ends_the_questions() {
    let (mut core, asking) = ana_seeks();
    core.asks(ANA, 2, Command::LeaveQueue);
    core.expect([ended(TicketEnd::Cancelled), done(ANA, 2)]);
    // It found somebody meanwhile, which it will say again if anybody asks.
    core.consulted(asking, found());
    core.expect([]);
    core.wakes(30_000);
    core.expect([consult(What::Present)]);
}

#[test]
fn a_message_is_in_the_room_and_answered_when_it_is_kept() {
    let mut core = ana_found();
    core.asks(ANA, 3, write("hi", Some("m")));
    core.asks(ANA, 4, Command::Heartbeat);
    let content = "hi".into();
    let [keeping] = core.asked([consult(What::Write { room: NUMBER, content })]);
    core.consulted(keeping, Tidings::Written("kept".into()));
    let [appending] = core.asked([append("kept", Some("m"))]);
    core.stored(appending, Outcome::Appended(Appended::Added(message("kept"))));
    core.expect([
        send(Envelope::Chat { room: ROOM, message: message("kept") }),
        record(Event::ChatAdded),
        ack(ANA, 3, Ok(Reply::Sent { room: ROOM, message: message("kept") })),
        ack(ANA, 4, Ok(Reply::Alive { timestamp_ms: at(0).as_ms() })),
    ]);
    // The same once more is not kept twice.
    core.asks(ANA, 5, write("hi", Some("m")));
    core.expect([append("hi", Some("m"))]);
}

#[test]
fn a_message_that_is_not_kept_is_refused_and_nowhere() {
    let mut core = ana_found();
    for (number, tidings, refusal) in [(3, BUSY, LATER), (4, Tidings::Refused, Refusal::NotInRoom)] {
        core.asks(ANA, number, write("hi", None));
        let content = "hi".into();
        let [keeping] = core.asked([consult(What::Write { room: NUMBER, content })]);
        let unavailable = matches!(tidings, Tidings::Unavailable { .. });
        core.consulted(keeping, tidings);
        if unavailable {
            core.expect([
                record(Event::BackendUnavailable),
                refused(refusal),
                ack(ANA, number, Err(refusal)),
            ]);
        } else {
            core.expect([refused(refusal), ack(ANA, number, Err(refusal))]);
        }
    }
    // Kept, but of a room that ended meanwhile.
    core.asks(ANA, 5, write("hi", None));
    let [keeping] = core.asked([consult(What::Write { room: NUMBER, content: "hi".into() })]);
    let departure = Departure::Left;
    core.hears(0, Envelope::Left { room: ROOM, departure, from: there() });
    core.expect([notify(ANA, Notice::PeerLeft { room: ROOM, user: user("ben"), departure })]);
    core.consulted(keeping, Tidings::Written("kept".into()));
    core.expect([refused(Refusal::NotInRoom), ack(ANA, 5, Err(Refusal::NotInRoom))]);
}

#[test]
fn the_end_of_a_room_is_reported_and_the_backend_not_believed_that_says_otherwise() {
    let mut core = ana_found();
    core.asks(ANA, 3, Command::LeaveRoom(RoomRef::Number(NUMBER)));
    core.expect([
        send(Envelope::Left { room: ROOM, departure: Departure::Left, from: here(0) }),
        ask(Operation::CloseRoom { room: ROOM }),
        consult(What::End { room: NUMBER }),
        record(Event::RoomClosed { departure: Departure::Left, lasted: Duration::ZERO }),
        left(3, ROOM),
    ]);
    core.asks(ANA, 4, seek());
    let [asking] =
        core.asked([record(Event::Searching), consult(What::Start), joined(ANA, 4, place_of_nobody())]);
    core.consulted(asking, found());
    core.expect([consult(What::End { room: NUMBER })]);
    // Nor the other one, who has not heard of the end.
    core.hears(0, Envelope::Back { room: ROOM, from: there() });
    core.expect([send(Envelope::Left { room: ROOM, departure: Departure::Left, from: here(0) })]);
}

/// Ana asks what follows Ben's first message, and the backend answers so.
fn ana_rejoins(core: &mut Scripted, tidings: Tidings) -> OperationId {
    core.asks(ANA, 3, Command::Rejoin { room: RoomRef::Number(NUMBER), after: 1 });
    let [asking] = core.asked([consult(What::Said { room: NUMBER })]);
    let unavailable = matches!(tidings, Tidings::Unavailable { .. });
    core.consulted(asking, tidings);
    let reads = ask(Operation::Messages { room: ROOM, after: 1 });
    let reading = if unavailable {
        core.asks_all(vec![record(Event::BackendUnavailable), reads])
    } else {
        core.asks_all(vec![reads])
    };
    reading[0]
}

fn bens(number: u64) -> ChatMessage {
    let (from, at) = (user("ben"), Time::default());
    ChatMessage { sequence: number, own_sequence: number, from, at, ..message("ben") }
}

fn said() -> Tidings {
    Tidings::Said(["ben", "ana", "ben", "ben"].map(|name| (user(name), name.into())).into())
}

fn missed(messages: Vec<ChatMessage>) -> Effect {
    ack(ANA, 3, Ok(Reply::Missed { room: ROOM, messages }))
}

#[test]
fn who_comes_back_is_told_what_the_room_keeps() {
    let mut core = ana_found();
    for tidings in [said(), BUSY] {
        let reading = ana_rejoins(&mut core, tidings);
        core.stored(reading, Outcome::Messages(vec![bens(2)]));
        core.expect([missed(vec![bens(2)])]);
    }
    // What the backend has and the room never had is no news: its number would be given twice.
    let reading = ana_rejoins(&mut core, said());
    core.stored(reading, Outcome::Messages(Vec::new()));
    core.expect([missed(Vec::new())]);
}

#[test]
fn what_the_room_forgot_or_cannot_say_the_backend_knows() {
    let mut core = ana_found();
    core.hears(0, Envelope::Chat { room: ROOM, message: bens(1) });
    core.hears(0, Envelope::Chat { room: ROOM, message: bens(2) });
    core.expect([1, 2].map(|number| notify(ANA, Notice::Chat { room: ROOM, message: bens(number) })));
    let reading = ana_rejoins(&mut core, said());
    core.stored(reading, Outcome::Messages(Vec::new()));
    core.expect([missed(vec![bens(2), bens(3)])]);
    let reading = ana_rejoins(&mut core, said());
    core.stored(reading, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable), missed(vec![bens(2), bens(3)])]);
}

#[test]
fn what_is_kept_for_a_writer_that_went_elsewhere_is_in_the_room() {
    let mut core = ana_found();
    core.asks(ANA, 3, write("hi", None));
    let [keeping] = core.asked([consult(What::Write { room: NUMBER, content: "hi".into() })]);
    core.abandon(ANA);
    core.expect([
        Effect::Close { connection: ANA },
        send(Envelope::Left { room: ROOM, departure: Departure::Disconnected, from: here(0) }),
        record(Event::SessionClosed),
    ]);
    core.consulted(keeping, Tidings::Written("kept".into()));
    core.expect([append("kept", None)]);
}

#[test]
fn the_end_of_who_did_not_come_back_is_reported_by_the_survivor_too() {
    let mut core = ana_found();
    let departure = Departure::Disconnected;
    core.hears(0, Envelope::Left { room: ROOM, departure, from: there() });
    let from: Address = there();
    assert_ne!(from, here(0));
    core.expect([
        consult(What::End { room: NUMBER }),
        notify(ANA, Notice::PeerLeft { room: ROOM, user: user("ben"), departure }),
    ]);
}
