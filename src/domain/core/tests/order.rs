//! Several sessions of one user: the one counts to which the client came in, or came back, last.

use super::super::super::envelope::{GoingOn, Handover};
use super::super::super::id::{Address, NodeId, SessionId, TicketId};
use super::super::super::operation::{Former, Superseded};
use super::*;

/// Where Ana is as well.
fn elsewhere() -> Address {
    Address { node: NodeId::new("elsewhere"), session: SessionId { shard: 1, slot: 9, generation: 4 } }
}

fn follows_elsewhere(rank: Time) -> Outcome {
    let former = Some(Former { address: elsewhere(), talk: None });
    Outcome::Attached(Attached { history: Vec::new(), former, rank })
}

/// Ana is elsewhere since.
fn superseded(former: Option<Address>) -> Outcome {
    Outcome::Superseded(Superseded { by: elsewhere(), former })
}

/// The session elsewhere asks for what this one has.
fn asked(rank: Time) -> Envelope {
    Envelope::TakeOver { user: user("ana"), by: elsewhere(), rank }
}

fn asks(rank: Time) -> Effect {
    let envelope = Envelope::TakeOver { user: user("ana"), by: here(0), rank };
    Effect::Send { to: elsewhere(), envelope }
}

fn has(going_on: GoingOn) -> Envelope {
    has_and_met(going_on, Vec::new())
}

fn has_and_met(going_on: GoingOn, met: Vec<(UserId, Time)>) -> Envelope {
    let (user, settled, halls) = (user("ana"), Vec::new(), Vec::new());
    let handover = Handover { user, going_on, settled, met, halls, ended: None, seeks: false };
    Envelope::HandedOver(Some(Box::new(handover)))
}

/// This session is over, and its client is told why.
fn gives_way(connection: ConnectionId, going_on: GoingOn) -> [Effect; 5] {
    [
        record(Event::SessionReplaced),
        notify(connection, Notice::Replaced),
        Effect::Close { connection },
        record(Event::SessionClosed),
        Effect::Send { to: elsewhere(), envelope: has(going_on) },
    ]
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

/// Her connection is lost, and half a second after she came in she is back over that one.
#[track_caller]
fn ana_comes_back(core: &mut Scripted) -> ConnectionId {
    let again = ConnectionId(77);
    core.at(500);
    core.connected(again, "ana");
    core.expect([
        record(Event::SessionReplaced),
        notify(ANA, Notice::Replaced),
        Effect::Close { connection: ANA },
        notify(again, welcome("ana")),
        notify(again, Notice::Resumed(Resumed::Idle)),
    ]);
    again
}

#[test]
fn a_session_whose_client_went_on_elsewhere_ends_as_soon_as_the_store_says_so() {
    let (mut core, attaching) = ana_comes();
    core.stored(attaching, superseded(None));
    core.expect(gives_way(ANA, GoingOn::Idle));
    // The same of one that was asked before it heard of that: it hands over once.
    let (mut core, attaching) = ana_comes();
    core.stored(attaching, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    core.hears(0, asked(at(3)));
    let [attaching] = core.asked([attach("ana", 0)]);
    core.stored(attaching, superseded(None));
    core.expect(gives_way(ANA, GoingOn::Idle));
}

#[test]
fn what_a_session_was_to_follow_before_it_was_followed_goes_the_same_way() {
    let (mut core, attaching) = ana_comes();
    core.stored(attaching, superseded(Some(there())));
    core.expect([Effect::Send {
        to: there(),
        envelope: Envelope::TakeOver { user: user("ana"), by: here(0), rank: at(0) },
    }]);
    let ticket = Arc::new(ticket(TicketId(5), "ana", there(), &wish(), at(0)));
    core.hears(0, has(GoingOn::Waiting(ticket.clone())));
    let moved = Arc::new(Ticket { owner: here(0), ..(*ticket).clone() });
    let resumed = notify(ANA, Notice::Resumed(Resumed::Waiting { stage: Stage::Exact }));
    let [one, two, three, four, five] = gives_way(ANA, GoingOn::Waiting(moved));
    core.expect([resumed, one, two, three, four, five]);
}

#[test]
fn who_comes_back_before_the_store_answers_asks_it_once_more() {
    let (mut core, attaching) = ana_comes();
    let again = ConnectionId(77);
    core.at(500);
    core.connected(again, "ana");
    core.expect([
        record(Event::SessionReplaced),
        notify(ANA, Notice::Replaced),
        Effect::Close { connection: ANA },
        notify(again, welcome("ana")),
    ]);
    core.stored(attaching, superseded(None));
    let [attaching] = core.asked([attach_since("ana", 0, at(500))]);
    core.stored(attaching, follows_elsewhere(at(510)));
    core.expect([asks(at(510))]);
}

#[test]
fn of_two_that_follow_each_other_the_later_one_stays() {
    let (mut core, attaching) = ana_comes();
    core.stored(attaching, follows_elsewhere(at(5)));
    core.expect([asks(at(5))]);
    core.at(900);
    core.hears(0, asked(at(4)));
    let [counting] = core.asked([register_since("ana", here(0), at(5), None)]);
    let counts = Registered { lives_at: here(0), rank: at(5), former: Some(elsewhere()) };
    core.stored(counting, Outcome::Registered(counts));
    core.expect([asks(at(5))]);
    // It lives, and is waited for as if it had been asked now.
    core.wakes_in_vain(1_000);
    core.sleeps_until(at(1_900));
    core.hears(0, has(GoingOn::Idle));
    core.expect([notify(ANA, Notice::Resumed(Resumed::Idle))]);
}

#[test]
fn of_two_that_follow_each_other_the_earlier_one_gives_way() {
    let (mut core, attaching) = ana_comes();
    core.stored(attaching, follows_elsewhere(at(5)));
    core.expect([asks(at(5))]);
    core.hears(0, asked(at(6)));
    core.expect(gives_way(ANA, GoingOn::Idle));
    // It was asked before it knew that it follows the one that asks.
    let (mut core, attaching) = ana_comes();
    core.hears(0, asked(at(4)));
    core.stored(attaching, follows_elsewhere(at(5)));
    core.expect([asks(at(5))]);
    core.hears(0, has(GoingOn::Idle));
    core.expect([notify(ANA, Notice::Resumed(Resumed::Idle))]);
}

#[test]
fn a_session_to_which_the_client_came_back_is_not_handed_over_to_an_earlier_one() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    let again = ana_comes_back(&mut core);
    // Ana was there for a moment meanwhile, which this session hears only now.
    core.hears(0, asked(at(400)));
    let [counting] = core.asked([register_since("ana", here(0), at(500), None)]);
    let counts = Registered { lives_at: here(0), rank: at(500), former: Some(elsewhere()) };
    core.stored(counting, Outcome::Registered(counts));
    core.expect([asks(at(500))]);
    let ticket = Arc::new(ticket(TicketId(5), "ana", elsewhere(), &wish(), at(0)));
    core.hears(0, has(GoingOn::Waiting(ticket.clone())));
    core.expect([withdraw(&ticket), ended(TicketEnd::Gone)]);
    // Where she went after that gets what is here.
    core.hears(0, asked(at(501)));
    core.expect(gives_way(again, GoingOn::Idle));
}

#[test]
fn a_session_that_ended_before_the_store_said_that_it_counts_is_not_left_known() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    let again = ana_comes_back(&mut core);
    core.hears(0, asked(at(400)));
    let [counting] = core.asked([register_since("ana", here(0), at(500), None)]);
    core.handle(Input::Disconnected { connection: again, left: true });
    core.expect([detach("ana", 0), record(Event::SessionClosed)]);
    let counts = Registered { lives_at: here(0), rank: at(500), former: Some(elsewhere()) };
    core.stored(counting, Outcome::Registered(counts));
    // What she had elsewhere ends as well.
    core.expect([asks(at(500)), detach("ana", 0)]);
}

#[test]
fn who_counts_the_store_decides() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    let again = ana_comes_back(&mut core);
    core.hears(0, asked(at(400)));
    let [counting] = core.asked([register_since("ana", here(0), at(500), None)]);
    let counts = Registered { lives_at: elsewhere(), rank: at(600), former: None };
    core.stored(counting, Outcome::Registered(counts));
    core.expect(gives_way(again, GoingOn::Idle));
}

#[test]
fn what_somebody_had_elsewhere_ends_with_a_session_that_is_left_before_the_store_answers() {
    let (mut core, attaching) = ana_comes();
    core.stored(attaching, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    core.handle(Input::Disconnected { connection: ANA, left: true });
    core.expect([]);
    core.wakes(1_000);
    let [attaching] = core.asked([attach("ana", 0)]);
    core.stored(attaching, follows_elsewhere(at(0)));
    core.expect([asks(at(0))]);
    let ticket = Arc::new(ticket(TicketId(5), "ana", elsewhere(), &wish(), at(0)));
    core.hears(0, has(GoingOn::Waiting(ticket.clone())));
    let [suspending] = core.asked([withdraw(&ticket)]);
    core.stored(suspending, Outcome::Withdrawn(Withdrawn::Removed));
    let (user, address) = (user("ana"), here(0));
    let over = ask(Operation::Detach { user, pool: POOL, address });
    core.expect([ended(TicketEnd::Gone), over, record(Event::SessionClosed)]);
}

#[test]
fn a_session_that_is_left_and_never_answered_ends_when_its_grace_does() {
    let (mut core, mut attaching) = ana_comes();
    core.handle(Input::Disconnected { connection: ANA, left: true });
    for second in 1..30 {
        core.stored(attaching, UNAVAILABLE);
        core.expect([record(Event::StoreUnavailable)]);
        core.wakes(second * 1_000);
        [attaching] = core.asked([attach("ana", 0)]);
    }
    core.at(30_000);
    core.stored(attaching, UNAVAILABLE);
    let (user, address) = (user("ana"), here(0));
    let over = ask(Operation::Detach { user, pool: POOL, address });
    core.expect([record(Event::StoreUnavailable), over, record(Event::SessionClosed)]);
}

#[test]
fn what_came_for_a_session_that_gives_way_goes_with_it() {
    let (mut core, attaching) = ana_comes();
    core.stored(attaching, follows_elsewhere(at(5)));
    core.expect([asks(at(5))]);
    core.wakes(1_000);
    let reclaim = ask(Operation::Reclaim { pool: POOL, user: user("ana"), owner: here(0) });
    let [reclaiming] = core.asked([reclaim]);
    core.stored(reclaiming, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    core.wakes(2_000);
    let [attaching] = core.asked([attach("ana", 0)]);
    // It comes while the store is asked.
    let ticket = Arc::new(ticket(TicketId(5), "ana", elsewhere(), &wish(), at(0)));
    core.hears(0, has(GoingOn::Waiting(ticket.clone())));
    core.expect([]);
    core.stored(attaching, superseded(None));
    let [one, two, three, four, five] = gives_way(ANA, GoingOn::Idle);
    let six = Effect::Send { to: elsewhere(), envelope: has(GoingOn::Waiting(ticket)) };
    core.expect([one, two, three, four, five, six]);
}

#[test]
fn what_comes_before_it_is_asked_for_is_gone_on_with_before_anything_else() {
    let joined = |core: &mut Scripted| {
        let ticket = core.ticket("ana", 0, &wish());
        [
            notify(ANA, Notice::Resumed(Resumed::Idle)),
            record(Event::Searching),
            core.look(&ticket, Stage::Exact),
        ]
    };
    let (mut core, attaching) = ana_comes();
    core.says(ANA, wish().join());
    core.hears(0, has(GoingOn::Idle));
    core.stored(attaching, follows_elsewhere(at(5)));
    core.expect([asks(at(5))]);
    core.hears(0, Envelope::HandedOver(None));
    let expected = joined(&mut core);
    core.expect(expected);
    // The same where the store knows of nobody else.
    let (mut core, attaching) = ana_comes();
    core.says(ANA, wish().join());
    core.hears(0, has(GoingOn::Idle));
    core.stored(attaching, attached());
    let expected = joined(&mut core);
    core.expect(expected);
}

#[test]
fn who_says_good_bye_wishes_for_nobody_any_more() {
    let (mut core, attaching) = ana_comes();
    core.stored(attaching, follows_elsewhere(at(5)));
    core.expect([asks(at(5))]);
    core.says(ANA, wish().join());
    core.handle(Input::Disconnected { connection: ANA, left: true });
    core.connected(ConnectionId(77), "ana");
    core.expect([notify(ConnectionId(77), welcome("ana"))]);
    core.hears(0, has(GoingOn::Idle));
    core.expect([notify(ConnectionId(77), Notice::Resumed(Resumed::Idle))]);
}

#[test]
fn whom_she_is_not_to_meet_is_known_once_however_often_the_store_tells() {
    let (mut core, attaching) = ana_comes();
    let told = |end| {
        let history = vec![(user("ben"), end), (user("cyd"), at(90_000))];
        let former = Some(Former { address: elsewhere(), talk: None });
        Outcome::Attached(Attached { history, former, rank: at(5) })
    };
    core.stored(attaching, told(at(80_000)));
    core.expect([asks(at(5))]);
    core.wakes(1_000);
    let reclaim = ask(Operation::Reclaim { pool: POOL, user: user("ana"), owner: here(0) });
    let [reclaiming] = core.asked([reclaim]);
    core.stored(reclaiming, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    core.wakes(2_000);
    let [attaching] = core.asked([attach("ana", 0)]);
    core.stored(attaching, told(at(80_000)));
    core.expect([asks(at(5))]);
    core.hears(0, has(GoingOn::Idle));
    core.expect([notify(ANA, Notice::Resumed(Resumed::Idle))]);
    // All of it is handed on.
    core.hears(0, asked(at(6)));
    let met = vec![(user("ben"), at(80_000)), (user("cyd"), at(90_000))];
    let [one, two, three, four, _] = gives_way(ANA, GoingOn::Idle);
    let envelope = has_and_met(GoingOn::Idle, met);
    core.expect([one, two, three, four, Effect::Send { to: elsewhere(), envelope }]);
}
