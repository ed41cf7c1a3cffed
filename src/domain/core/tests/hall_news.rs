//! What members of a hall hear of each other, what a store that forgot is told, and what is made up for.

use super::super::super::envelope::{GoingOn, Handover};
use super::super::super::hall::{
    HallNews, HallNotice, HallOperation, HallOutcome, HandedHall, Leaving, Member, Roster,
};
use super::super::super::id::{Address, EntryId, NodeId, SessionId};
use super::super::super::operation::Former;
use super::halls::{
    BENS, ana_and_ben, asks_store, ben, enters, gone, hall, heard, member, name, roster, says, signals,
    tells, view,
};
use super::*;

const CIDS: EntryId = EntryId(71);

/// Cid, on the same node as Ben.
fn cid() -> Member {
    let mut address = there();
    address.session.slot += 1;
    member(CIDS, "cid", address)
}

fn told(version: u64, members: &[Member]) -> Envelope {
    heard(HallNews::Roster(roster(version, members).into()))
}

fn joined(called: &str) -> Effect {
    tells(HallNotice::Joined { hall: hall(1), name: name(called) })
}

fn left(called: &str, leaving: Leaving) -> Effect {
    tells(HallNotice::Left { hall: hall(1), name: name(called), leaving })
}

fn offer(from: Member, to: EntryId) -> HallNews {
    HallNews::Signal { from: Box::new(from), to, kind: SignalKind::Offer, payload: Payload("{}".into()) }
}

fn offered(from: &str) -> Effect {
    let (kind, payload) = (SignalKind::Offer, Payload("{}".into()));
    tells(HallNotice::Signal { hall: hall(1), from: name(from), to: name("ana"), kind, payload })
}

fn renews(ana: &Member) -> Effect {
    asks_store(HallOperation::Renew { entries: vec![(hall(1), ana.entry)] })
}

fn renewed(version: Option<u64>) -> Outcome {
    Outcome::Hall(HallOutcome::Renewed(vec![version]))
}

fn restores(roster: Roster, ana: &Member) -> Effect {
    asks_store(HallOperation::Restore { hall: hall(1), roster, own: ana.entry })
}

#[test]
fn rosters_are_believed_in_their_order_however_they_come() {
    let (mut core, ana) = ana_and_ben();
    core.hears(0, told(8, &[ana.clone(), cid()]));
    core.expect([left("ben", Leaving::Disconnected), joined("cid")]);
    // Older than what is known, or the same.
    core.hears(0, told(7, &[ben(), ana.clone()]));
    core.hears(0, told(8, &[ben(), ana.clone()]));
    core.expect([]);
    let again = member(EntryId(99), "cid", there());
    core.hears(0, told(9, &[ana, again]));
    core.expect([left("cid", Leaving::Replaced), joined("cid")]);
}

#[test]
fn who_said_to_be_gone_is_not_brought_back_by_what_was_said_before() {
    let (mut core, ana) = ana_and_ben();
    core.hears(0, heard(HallNews::Gone { entry: BENS, leaving: Leaving::Left }));
    core.expect([left("ben", Leaving::Left)]);
    core.hears(0, told(6, &[ben(), ana.clone(), cid()]));
    core.expect([joined("cid")]);
    core.hears(0, heard(HallNews::Gone { entry: BENS, leaving: Leaving::Left }));
    core.expect([]);
    core.hears(0, heard(offer(ben(), ana.entry)));
    core.expect([]);
}

#[test]
fn who_moved_is_reached_where_it_is_now_and_no_client_is_told() {
    let (mut core, ana) = ana_and_ben();
    let moved = Member { address: cid().address, ..ben() };
    core.hears(0, told(6, &[moved.clone(), ana.clone()]));
    core.expect([]);
    core.says(ANA, signals("ben"));
    let sent = says(moved.address, offer(ana, BENS));
    core.expect([sent, record(Event::Relayed(SignalKind::Offer))]);
}

#[test]
fn who_was_taken_over_is_told_and_out() {
    let (mut core, ana) = ana_and_ben();
    let newer = member(EntryId(99), "ana", cid().address);
    core.hears(0, told(6, &[ben(), newer]));
    core.expect([tells(HallNotice::Replaced { hall: hall(1), name: name("ana") })]);
    // Whoever still speaks to it learns that it is not there.
    core.hears(0, heard(offer(ben(), ana.entry)));
    core.expect([says(there(), HallNews::Gone { entry: ana.entry, leaving: Leaving::Disconnected })]);
}

#[test]
fn away_and_back_are_told_of_those_who_are_there() {
    let (mut core, _) = ana_and_ben();
    core.hears(0, heard(HallNews::Away { entry: BENS }));
    core.expect([tells(HallNotice::Away { hall: hall(1), name: name("ben"), grace_ms: 30_000 })]);
    core.hears(0, heard(HallNews::Back { entry: BENS }));
    core.expect([tells(HallNotice::Back { hall: hall(1), name: name("ben") })]);
    core.hears(0, heard(HallNews::Away { entry: CIDS }));
    core.expect([]);
}

#[test]
fn a_signal_reaches_the_stay_it_was_meant_for() {
    let (mut core, ana) = ana_and_ben();
    core.hears(0, heard(offer(ben(), ana.entry)));
    core.expect([offered("ben")]);
    core.hears(0, heard(offer(ben(), EntryId(1))));
    core.expect([says(there(), HallNews::Gone { entry: EntryId(1), leaving: Leaving::Disconnected })]);
    // Somebody else has that name by now.
    core.hears(0, heard(offer(member(EntryId(2), "ben", there()), ana.entry)));
    core.expect([]);
}

#[test]
fn what_is_said_to_a_session_that_is_over_is_answered() {
    let mut core = Scripted::new();
    core.hears(0, heard(offer(ben(), EntryId(1))));
    core.expect([says(there(), HallNews::Gone { entry: EntryId(1), leaving: Leaving::Disconnected })]);
    core.hears(0, told(6, &[ben(), member(EntryId(1), "ana", here(0))]));
    core.expect([says(there(), HallNews::Gone { entry: EntryId(1), leaving: Leaving::Left })]);
    for news in [HallNews::Away { entry: BENS }, HallNews::Gone { entry: BENS, leaving: Leaving::Left }] {
        core.hears(0, heard(news));
    }
}

#[test]
fn candidates_make_way_for_what_comes_while_a_client_is_away() {
    let mut core =
        Scripted::with(Policy::new(POOL.0), Limits { candidates_buffered: 2, ..Limits::default() });
    core.connect(ANA, "ana", 0);
    let ana = member(core.entry(), "ana", here(0));
    core.asks(ANA, 1, enters(1, "ana"));
    let entering = core.asks_all(vec![asks_store(HallOperation::Enter {
        hall: hall(1),
        member: ana.clone(),
        instead: None,
        most_members: 16,
        most_halls: 100_000,
    })]);
    let (alone, replaced) = (roster(5, std::slice::from_ref(&ana)), None);
    core.stored(entering[0], Outcome::Hall(HallOutcome::Entered { roster: alone, replaced }));
    core.expect([record(Event::HallEntered), ack(ANA, 1, Ok(Reply::Entered(view(1, "ana", &[]))))]);
    core.disconnected(ANA);
    core.expect([]);
    let signal = |kind, text: &str| HallNews::Signal {
        from: Box::new(ben()),
        to: ana.entry,
        kind,
        payload: Payload(text.into()),
    };
    core.hears(0, heard(signal(SignalKind::Offer, "1")));
    core.hears(0, heard(signal(SignalKind::Candidate, "2")));
    core.expect([]);
    core.hears(0, heard(signal(SignalKind::Candidate, "3")));
    core.expect([record(Event::HeldSignalDropped)]);
    core.connected(ANA_AGAIN, "ana");
    let tell = |notice| notify(ANA_AGAIN, Notice::Hall(notice));
    let held = |kind, text: &str| {
        let payload = Payload(text.into());
        tell(HallNotice::Signal { hall: hall(1), from: name("ben"), to: name("ana"), kind, payload })
    };
    core.expect([
        notify(ANA_AGAIN, welcome("ana")),
        notify(ANA_AGAIN, Notice::Resumed(Resumed::Idle)),
        tell(HallNotice::Resumed(vec![view(1, "ana", &[])])),
        held(SignalKind::Offer, "1"),
        held(SignalKind::Candidate, "3"),
    ]);
}

#[test]
fn what_is_said_to_somebody_coming_in_waits_until_it_is_in() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    let ana = member(core.entry(), "ana", here(0));
    core.asks(ANA, 1, enters(1, "ana"));
    let (hall, member) = (hall(1), ana.clone());
    let enter = HallOperation::Enter { hall, member, instead: None, most_members: 16, most_halls: 100_000 };
    let [entering] = core.asked([asks_store(enter)]);
    core.hears(0, told(6, &[ana.clone(), ben()]));
    core.hears(0, heard(offer(ben(), ana.entry)));
    core.expect([]);
    let roster = roster(5, std::slice::from_ref(&ana));
    core.stored(entering, Outcome::Hall(HallOutcome::Entered { roster, replaced: None }));
    let entered = ack(ANA, 1, Ok(Reply::Entered(view(1, "ana", &[]))));
    core.expect([record(Event::HallEntered), entered, joined("ben"), offered("ben")]);
}

#[test]
fn a_change_that_was_not_heard_of_is_found_by_the_next_renewal() {
    let (mut core, ana) = ana_and_ben();
    core.wakes(10_000);
    let [renewal] = core.asked([renews(&ana)]);
    core.stored(renewal, renewed(Some(5)));
    core.expect([]);
    core.wakes(20_000);
    let [renewal] = core.asked([renews(&ana)]);
    core.stored(renewal, renewed(Some(9)));
    let [look] = core.asked([asks_store(HallOperation::Look { hall: hall(1) })]);
    let roster = roster(9, &[ana, cid()]);
    core.stored(look, Outcome::Hall(HallOutcome::Roster(Some(roster))));
    core.expect([left("ben", Leaving::Disconnected), joined("cid")]);
}

#[test]
fn a_store_that_forgot_is_told_everything_at_once() {
    let (mut core, ana) = ana_and_ben();
    let known = roster(5, &[ben(), ana.clone()]);
    core.handle(Input::Forgotten);
    let [_, renewal] = core.asked([register("ana", here(0), None), renews(&ana)]);
    core.stored(renewal, renewed(None));
    let [restoring] = core.asked([restores(known.clone(), &ana)]);
    let restored = Roster { version: 6, ..known };
    let (roster, changed) = (restored.clone(), true);
    core.stored(restoring, Outcome::Hall(HallOutcome::Restored { roster, changed }));
    core.expect([says(there(), HallNews::Roster(restored.into()))]);
}

#[test]
fn who_is_missing_from_a_roster_is_in_again_unless_its_name_is_taken() {
    let (mut core, ana) = ana_and_ben();
    let known = roster(5, &[ben(), ana.clone()]);
    core.hears(0, told(6, &[ben()]));
    let [restoring] = core.asked([restores(known, &ana)]);
    let taken = roster(7, &[ben(), member(EntryId(99), "ana", there())]);
    core.stored(restoring, Outcome::Hall(HallOutcome::Restored { roster: taken, changed: false }));
    core.expect([tells(HallNotice::Replaced { hall: hall(1), name: name("ana") })]);
}

#[test]
fn who_left_while_the_store_was_told_is_taken_out_again() {
    let (mut core, ana) = ana_and_ben();
    core.hears(0, told(6, &[ben()]));
    let [restoring] = core.asked([restores(roster(5, &[ben(), ana.clone()]), &ana)]);
    core.handle(Input::Disconnected { connection: ANA, left: true });
    let away = says(there(), HallNews::Gone { entry: ana.entry, leaving: Leaving::Disconnected });
    core.expect([detach("ana", 0), away, gone(ana.entry), record(Event::SessionClosed)]);
    let roster = roster(7, &[ben(), ana.clone()]);
    core.stored(restoring, Outcome::Hall(HallOutcome::Restored { roster, changed: true }));
    core.expect([
        says(there(), HallNews::Gone { entry: ana.entry, leaving: Leaving::Left }),
        gone(ana.entry),
    ]);
}

#[test]
fn of_a_dead_node_everybody_is_gone_and_the_first_who_lives_tells_the_store() {
    let (mut core, ana) = ana_and_ben();
    core.hears(0, told(6, &[ben(), ana.clone(), cid()]));
    core.expect([joined("cid")]);
    core.handle(Input::NodeGone { node: NodeId::new("there") });
    let entries = vec![BENS, CIDS];
    core.expect([
        asks_store(HallOperation::Leave { hall: hall(1), entries }),
        left("ben", Leaving::Disconnected),
        left("cid", Leaving::Disconnected),
    ]);
    // Who only stood still says so.
    core.hears(0, told(9, &[ana.clone(), ben()]));
    core.expect([joined("ben")]);

    let (mut core, ana) = ana_and_ben();
    let first = member(EntryId(3), "first", here(5));
    core.hears(0, told(6, &[first, ben(), ana]));
    core.expect([joined("first")]);
    core.handle(Input::NodeGone { node: NodeId::new("there") });
    core.expect([left("ben", Leaving::Disconnected)]);
}

/// Another session of Ana's.
fn elsewhere() -> Address {
    Address { node: NodeId::new("elsewhere"), session: SessionId { shard: 0, slot: 3, generation: 0 } }
}

fn handed_over(halls: Vec<HandedHall>) -> Envelope {
    let (going_on, settled, met) = (GoingOn::Idle, Vec::new(), Vec::new());
    Envelope::HandedOver(Some(Box::new(Handover {
        user: user("ana"),
        going_on,
        settled,
        met,
        halls,
        ended: None,
        seeks: false,
    })))
}

fn handed(ana: &Member) -> HandedHall {
    let roster = roster(5, &[ben(), ana.clone()]);
    HandedHall { hall: hall(1), own: ana.entry, roster, held: [].into() }
}

/// Ana comes in here, having been elsewhere.
fn ana_comes_back() -> Scripted {
    let mut core = Scripted::new();
    core.connected(ANA, "ana");
    let begins = [record(Event::SessionOpened), notify(ANA, welcome("ana")), attach("ana", 0)];
    let [attach] = core.asked(begins);
    let former = Some(Former { address: elsewhere(), talk: None });
    core.stored(attach, Outcome::Attached(Attached { history: Vec::new(), former, rank: at(0) }));
    let take_over = Envelope::TakeOver { user: user("ana"), by: here(0), rank: at(0) };
    core.expect([Effect::Send { to: elsewhere(), envelope: take_over }]);
    core
}

#[test]
fn whoever_goes_on_elsewhere_takes_its_halls_along() {
    let (mut core, ana) = ana_and_ben();
    core.hears(0, Envelope::TakeOver { user: user("ana"), by: elsewhere(), rank: at(60_000) });
    core.expect([
        record(Event::SessionReplaced),
        notify(ANA, Notice::Replaced),
        Effect::Close { connection: ANA },
        record(Event::SessionClosed),
        Effect::Send { to: elsewhere(), envelope: handed_over(vec![handed(&ana)]) },
    ]);
    // What still comes for it is sent after it.
    let envelope = Box::new(heard(offer(ben(), ana.entry)));
    core.hears(0, (*envelope).clone());
    core.expect([Effect::Send { to: elsewhere(), envelope: Envelope::Forwarded { times: 1, envelope } }]);
}

#[test]
fn who_went_on_here_says_where_it_is() {
    let mut core = ana_comes_back();
    let ana = member(EntryId(5), "ana", elsewhere());
    core.hears(0, handed_over(vec![handed(&ana)]));
    let moved = Member { address: here(0), ..ana };
    let known = roster(5, &[ben(), moved.clone()]);
    let [restoring] = core.asked([
        restores(known.clone(), &moved),
        notify(ANA, Notice::Resumed(Resumed::Idle)),
        tells(HallNotice::Resumed(vec![view(1, "ana", &["ben"])])),
        says(there(), HallNews::Back { entry: moved.entry }),
    ]);
    let restored = Roster { version: 6, ..known };
    let (roster, changed) = (restored.clone(), true);
    core.stored(restoring, Outcome::Hall(HallOutcome::Restored { roster, changed }));
    core.expect([says(there(), HallNews::Roster(restored.into()))]);
}

#[test]
fn halls_that_are_handed_over_late_are_left() {
    let mut core = ana_comes_back();
    core.hears(0, Envelope::HandedOver(None));
    core.expect([]);
    let ana = member(EntryId(5), "ana", elsewhere());
    core.hears(0, handed_over(vec![handed(&ana)]));
    core.expect([
        says(there(), HallNews::Gone { entry: ana.entry, leaving: Leaving::Disconnected }),
        gone(ana.entry),
    ]);
}

#[test]
fn halls_of_a_session_that_is_over_are_left() {
    let mut core = Scripted::new();
    let ana = member(EntryId(5), "ana", elsewhere());
    core.hears(0, handed_over(vec![handed(&ana)]));
    core.expect([says(there(), HallNews::Gone { entry: ana.entry, leaving: Leaving::Disconnected })]);
}

#[test]
fn a_stay_that_ended_is_not_brought_back_by_a_late_answer() {
    let (mut core, ana) = ana_and_ben();
    core.hears(0, told(6, &[ben()]));
    let [restoring] = core.asked([restores(roster(5, &[ben(), ana.clone()]), &ana)]);
    // She comes in by another name meanwhile.
    let other = member(core.entry(), "other", here(0));
    core.asks(ANA, 2, enters(1, "other"));
    let enter = HallOperation::Enter {
        hall: hall(1),
        member: other.clone(),
        instead: Some(ana.entry),
        most_members: 16,
        most_halls: 100_000,
    };
    let [entering] = core.asked([asks_store(enter)]);
    let late = roster(8, &[ben(), other.clone(), ana.clone()]);
    core.stored(restoring, Outcome::Hall(HallOutcome::Restored { roster: late, changed: true }));
    core.expect([gone(ana.entry)]);
    let entered = roster(7, &[ben(), other]);
    core.stored(entering, Outcome::Hall(HallOutcome::Entered { roster: entered.clone(), replaced: None }));
    core.expect([
        record(Event::HallEntered),
        says(there(), HallNews::Gone { entry: ana.entry, leaving: Leaving::Left }),
        says(there(), HallNews::Roster(entered.into())),
        ack(ANA, 2, Ok(Reply::Entered(view(1, "other", &["ben"])))),
    ]);
}

#[test]
fn of_more_news_than_are_held_the_rest_is_asked_for() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    let ana = member(core.entry(), "ana", here(0));
    core.asks(ANA, 1, enters(1, "ana"));
    let (hall_1, member) = (hall(1), ana.clone());
    let enter =
        HallOperation::Enter { hall: hall_1, member, instead: None, most_members: 16, most_halls: 100_000 };
    let [entering] = core.asked([asks_store(enter)]);
    for version in 6..71 {
        core.hears(0, told(version, std::slice::from_ref(&ana)));
    }
    core.expect([]);
    let roster = roster(5, std::slice::from_ref(&ana));
    core.stored(entering, Outcome::Hall(HallOutcome::Entered { roster, replaced: None }));
    let entered = ack(ANA, 1, Ok(Reply::Entered(view(1, "ana", &[]))));
    let look = asks_store(HallOperation::Look { hall: hall(1) });
    core.expect([record(Event::HallEntered), entered, look]);
}
