//! Coming into halls, signals there, leaving, and telling the store that one lives.

use super::super::super::hall::{
    HallCommand, HallNews, HallNotice, HallOperation, HallOutcome, HallRefusal, HallView, Leaving, Member,
    Roster,
};
use super::super::super::id::{Address, EntryId, HallName, MemberName};
use super::super::super::limits::HALLS_OF_A_SESSION;
use super::*;

pub(super) fn hall(number: usize) -> HallName {
    HallName::new(format!("hall-{number}"))
}

pub(super) fn name(name: &str) -> MemberName {
    MemberName::new(name)
}

pub(super) fn member(entry: EntryId, called: &str, address: Address) -> Member {
    Member { entry, name: name(called), address }
}

/// Ben's entry, wherever he is there.
pub(super) const BENS: EntryId = EntryId(70);

/// Ben, on the other node.
pub(super) fn ben() -> Member {
    member(BENS, "ben", there())
}

pub(super) fn roster(version: u64, members: &[Member]) -> Roster {
    Roster { created_at: at(0), version, members: members.to_vec() }
}

pub(super) fn asks_store(request: HallOperation) -> Effect {
    ask(Operation::Hall { pool: POOL, request })
}

pub(super) fn says(to: Address, news: HallNews) -> Effect {
    Effect::Send { to, envelope: Envelope::Hall { hall: hall(1), news } }
}

pub(super) fn heard(news: HallNews) -> Envelope {
    Envelope::Hall { hall: hall(1), news }
}

pub(super) fn tells(notice: HallNotice) -> Effect {
    notify(ANA, Notice::Hall(notice))
}

pub(super) fn enters(number: usize, called: &str) -> Command {
    Command::Hall(HallCommand::Enter { hall: hall(number), name: name(called) })
}

pub(super) fn leaves(number: usize) -> Command {
    Command::Hall(HallCommand::Leave { hall: hall(number) })
}

pub(super) fn signals(to: &str) -> Command {
    let (kind, payload) = (SignalKind::Offer, Payload("{}".into()));
    Command::Hall(HallCommand::Signal { hall: hall(1), to: name(to), kind, payload })
}

fn enter(number: usize, member: Member, instead: Option<EntryId>) -> Effect {
    let (most_members, most_halls) = (16, 100_000);
    asks_store(HallOperation::Enter { hall: hall(number), member, instead, most_members, most_halls })
}

pub(super) fn view(number: usize, called: &str, others: &[&str]) -> HallView {
    HallView {
        hall: hall(number),
        name: name(called),
        others: others.iter().map(|other| name(other)).collect(),
    }
}

pub(super) fn gone(entry: EntryId) -> Effect {
    asks_store(HallOperation::Leave { hall: hall(1), entries: vec![entry] })
}

fn not(refusal: HallRefusal) -> [Effect; 2] {
    [super::words::refused(Refusal::Hall(refusal)), ack(ANA, 9, Err(Refusal::Hall(refusal)))]
}

/// Ana is in the first hall, Ben was there before her.
pub(super) fn ana_and_ben() -> (Scripted, Member) {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    let ana = member(core.entry(), "ana", here(0));
    core.asks(ANA, 1, enters(1, "ana"));
    let [entering] = core.asked([enter(1, ana.clone(), None)]);
    let told = roster(5, &[ben(), ana.clone()]);
    core.stored(entering, Outcome::Hall(HallOutcome::Entered { roster: told.clone(), replaced: None }));
    core.expect([
        record(Event::HallEntered),
        says(there(), HallNews::Roster(told.into())),
        ack(ANA, 1, Ok(Reply::Entered(view(1, "ana", &["ben"])))),
    ]);
    (core, ana)
}

#[test]
fn who_comes_in_is_told_who_is_there_and_the_others_who_came() {
    drop(ana_and_ben());
}

#[test]
fn who_comes_in_twice_over_one_connection_is_told_the_same_and_nobody_else_is() {
    let (mut core, _) = ana_and_ben();
    core.asks(ANA, 2, enters(1, "ana"));
    core.expect([ack(ANA, 2, Ok(Reply::Entered(view(1, "ana", &["ben"]))))]);
}

#[test]
fn another_name_in_the_same_hall_is_leaving_and_coming_in() {
    let (mut core, ana) = ana_and_ben();
    let other = member(core.entry(), "other", here(0));
    core.asks(ANA, 2, enters(1, "other"));
    let [entering] = core.asked([enter(1, other.clone(), Some(ana.entry))]);
    let told = roster(7, &[ben(), other]);
    core.stored(entering, Outcome::Hall(HallOutcome::Entered { roster: told.clone(), replaced: None }));
    core.expect([
        record(Event::HallEntered),
        says(there(), HallNews::Gone { entry: ana.entry, leaving: Leaving::Left }),
        says(there(), HallNews::Roster(told.into())),
        ack(ANA, 2, Ok(Reply::Entered(view(1, "other", &["ben"])))),
    ]);
}

#[test]
fn who_took_over_tells_the_one_who_was_there() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    let ana = member(core.entry(), "ben", here(0));
    core.asks(ANA, 1, enters(1, "ben"));
    let [entering] = core.asked([enter(1, ana.clone(), None)]);
    let told = roster(5, &[ana]);
    let replaced = Some(ben());
    core.stored(entering, Outcome::Hall(HallOutcome::Entered { roster: told.clone(), replaced }));
    core.expect([
        record(Event::HallEntered),
        says(there(), HallNews::Roster(told.into())),
        ack(ANA, 1, Ok(Reply::Entered(view(1, "ben", &[])))),
    ]);
}

#[test]
fn who_is_not_let_in_is_told_why() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    for (outcome, refusal) in
        [(HallOutcome::Full, HallRefusal::Full), (HallOutcome::NoMoreHalls, HallRefusal::NoMoreHalls)]
    {
        let ana = member(core.entry(), "ana", here(0));
        core.asks(ANA, 9, enters(1, "ana"));
        let [entering] = core.asked([enter(1, ana, None)]);
        core.stored(entering, Outcome::Hall(outcome));
        core.expect(not(refusal));
    }
}

#[test]
fn a_store_that_did_not_answer_may_have_let_somebody_in() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    let ana = member(core.entry(), "ana", here(0));
    core.asks(ANA, 1, enters(1, "ana"));
    let [entering] = core.asked([enter(1, ana.clone(), None)]);
    core.stored(entering, UNAVAILABLE);
    let refusal = Refusal::Unavailable { retry_after_ms: UNAVAILABLE.retry_after_ms().expect("it says") };
    core.expect([record(Event::StoreUnavailable), refused(refusal), ack(ANA, 1, Err(refusal))]);
    core.wakes(1_000);
    let [leaving] = core.asked([gone(ana.entry)]);
    core.stored(leaving, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    core.wakes(2_000);
    core.expect([gone(ana.entry)]);
}

#[test]
fn a_session_is_in_so_many_halls() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    for number in 0..HALLS_OF_A_SESSION {
        let ana = member(core.entry(), "ana", here(0));
        core.asks(ANA, 1, enters(number, "ana"));
        let [entering] = core.asked([enter(number, ana.clone(), None)]);
        let roster = roster(5, &[ana]);
        core.stored(entering, Outcome::Hall(HallOutcome::Entered { roster, replaced: None }));
        let entered = Ok(Reply::Entered(view(number, "ana", &[])));
        core.expect([record(Event::HallEntered), ack(ANA, 1, entered)]);
    }
    core.asks(ANA, 9, enters(99, "ana"));
    core.expect(not(HallRefusal::InTooMany));
}

#[test]
fn a_signal_goes_straight_to_whom_it_is_for() {
    let (mut core, ana) = ana_and_ben();
    core.asks(ANA, 2, signals("ben"));
    let (kind, payload) = (SignalKind::Offer, Payload("{}".into()));
    core.expect([
        says(there(), HallNews::Signal { from: Box::new(ana), to: BENS, kind, payload }),
        record(Event::Relayed(kind)),
        done(ANA, 2),
    ]);
    for nobody in ["cid", "ana", ""] {
        core.asks(ANA, 9, signals(nobody));
        core.expect(not(HallRefusal::NoSuchMember));
    }
}

#[test]
fn who_speaks_of_a_hall_it_is_not_in_learns_whether_there_is_one() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    let none = Refusal::Hall(HallRefusal::NoSuchHall);
    for (roster, refusal) in [(Some(roster(5, &[ben()])), Refusal::NotInRoom), (None, none)] {
        for command in [leaves(1), signals("ben")] {
            core.asks(ANA, 2, command);
            let [look] = core.asked([asks_store(HallOperation::Look { hall: hall(1) })]);
            core.stored(look, Outcome::Hall(HallOutcome::Roster(roster.clone())));
            core.expect([refused(refusal), ack(ANA, 2, Err(refusal))]);
        }
    }
}

#[test]
fn who_leaves_is_out_at_once_whatever_the_store_says() {
    let (mut core, ana) = ana_and_ben();
    core.asks(ANA, 2, leaves(1));
    let told = says(there(), HallNews::Gone { entry: ana.entry, leaving: Leaving::Left });
    let [leaving] = core.asked([told, gone(ana.entry), done(ANA, 2)]);
    core.stored(leaving, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    core.wakes(1_000);
    core.expect([gone(ana.entry)]);
}

#[test]
fn who_says_good_bye_or_stays_away_has_left() {
    let (mut core, ana) = ana_and_ben();
    core.handle(Input::Disconnected { connection: ANA, left: true });
    let told = says(there(), HallNews::Gone { entry: ana.entry, leaving: Leaving::Disconnected });
    core.expect([detach("ana", 0), told, gone(ana.entry), record(Event::SessionClosed)]);

    let (mut core, ana) = ana_and_ben();
    core.disconnected(ANA);
    core.expect([says(there(), HallNews::Away { entry: ana.entry })]);
    core.wakes(10_000);
    let renewed = HallOperation::Renew { entries: vec![(hall(1), ana.entry)] };
    core.expect([asks_store(renewed.clone())]);
    core.wakes(20_000);
    core.expect([asks_store(renewed.clone())]);
    core.at(30_000);
    core.handle_timeout();
    let told = says(there(), HallNews::Gone { entry: ana.entry, leaving: Leaving::Disconnected });
    core.expect([detach("ana", 0), told, gone(ana.entry), record(Event::SessionClosed)]);
}

#[test]
fn who_comes_back_is_told_where_it_is_and_what_came() {
    let (mut core, ana) = ana_and_ben();
    core.disconnected(ANA);
    core.expect([says(there(), HallNews::Away { entry: ana.entry })]);
    let (kind, payload) = (SignalKind::Answer, Payload("{}".into()));
    let signal = HallNews::Signal { from: Box::new(ben()), to: ana.entry, kind, payload: payload.clone() };
    core.hears(0, heard(signal));
    core.expect([]);
    core.connected(ANA_AGAIN, "ana");
    let tell = |notice| notify(ANA_AGAIN, Notice::Hall(notice));
    core.expect([
        notify(ANA_AGAIN, welcome("ana")),
        notify(ANA_AGAIN, Notice::Resumed(Resumed::Idle)),
        tell(HallNotice::Resumed(vec![view(1, "ana", &["ben"])])),
        tell(HallNotice::Signal { hall: hall(1), from: name("ben"), to: name("ana"), kind, payload }),
        says(there(), HallNews::Back { entry: ana.entry }),
    ]);
    // A page that was loaded anew has no calls: it comes in again, and the others are told.
    let again = member(core.entry(), "ana", here(0));
    core.asks(ANA_AGAIN, 2, enters(1, "ana"));
    let [entering] = core.asked([enter(1, again.clone(), Some(ana.entry))]);
    let told = roster(9, &[ben(), again]);
    let replaced = Some(ana);
    core.stored(entering, Outcome::Hall(HallOutcome::Entered { roster: told.clone(), replaced }));
    core.expect([
        record(Event::HallEntered),
        says(there(), HallNews::Roster(told.into())),
        ack(ANA_AGAIN, 2, Ok(Reply::Entered(view(1, "ana", &["ben"])))),
    ]);
}

#[test]
fn of_a_session_that_is_given_up_the_others_are_told() {
    let (mut core, ana) = ana_and_ben();
    core.abandon(ANA);
    let told = says(there(), HallNews::Gone { entry: ana.entry, leaving: Leaving::Disconnected });
    core.expect([Effect::Close { connection: ANA }, told, gone(ana.entry), record(Event::SessionClosed)]);
}
