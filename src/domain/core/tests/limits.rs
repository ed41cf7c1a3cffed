//! What is too much is refused, said now and then, and never kept.

use super::*;

fn limited(limits: Limits) -> Scripted {
    let mut core = Scripted::with(Policy::new(POOL.0), limits);
    core.connect(ANA, "ana", 0);
    core
}

fn rate_limited(scope: Scope, retry_after_ms: u64) -> Refusal {
    Refusal::RateLimited { scope, retry_after_ms }
}

fn told(scope: Scope, retry_after_ms: u64) -> Effect {
    notify(ANA, Notice::RateLimited { scope, retry_after_ms })
}

fn alive(number: u64, now: Time) -> Effect {
    ack(ANA, number, Ok(Reply::Alive { timestamp_ms: now.as_ms() }))
}

/// A client asks for what nobody understands.
fn babbles(core: &mut Scripted, ack: Option<u64>) {
    let command = Err(Refusal::Invalid { field: "age" });
    core.handle(Input::Command { connection: ANA, ack: ack.map(AckId::from), command });
}

#[test]
fn a_spent_budget_is_refused_in_the_answer_with_the_time_until_there_is_more() {
    let mut core = limited(Limits { matching_events_per_minute: 2, ..Limits::default() });
    for number in [1, 2] {
        core.asks(ANA, number, Command::LeaveQueue);
        core.expect([done(ANA, number)]);
    }
    let refusal = rate_limited(Scope::Matching, 30_000);
    core.asks(ANA, 3, Command::LeaveQueue);
    core.expect([refused(refusal), ack(ANA, 3, Err(refusal))]);
    // The others are of other budgets.
    core.asks(ANA, 4, Command::Heartbeat);
    core.expect([alive(4, at(0))]);
    core.at(29_999);
    let refusal = rate_limited(Scope::Matching, 1);
    core.asks(ANA, 5, wish().join());
    core.expect([refused(refusal), ack(ANA, 5, Err(refusal))]);
    core.at(30_000);
    core.asks(ANA, 6, Command::LeaveQueue);
    core.expect([done(ANA, 6)]);
}

#[test]
fn who_asks_for_no_answer_is_told_of_each_limit_once_a_second() {
    let mut core =
        limited(Limits { chat_events_per_minute: 1, signaling_events_per_minute: 1, ..Limits::default() });
    let room = pair(1, &bens_ticket(), &bens_ticket(), at(0)).room;
    core.says(ANA, Command::Heartbeat);
    core.expect([]);
    core.says(ANA, Command::Sync { room: room.into(), after: 0 });
    core.expect([refused(Refusal::NotInRoom)]);
    core.says(ANA, Command::Heartbeat);
    core.expect([refused(rate_limited(Scope::Signaling, 60_000)), told(Scope::Signaling, 60_000)]);
    core.at(999);
    core.says(ANA, Command::Heartbeat);
    core.expect([refused(rate_limited(Scope::Signaling, 59_001))]);
    core.at(1_000);
    core.says(ANA, Command::Sync { room: room.into(), after: 0 });
    core.expect([refused(rate_limited(Scope::Chat, 59_000)), told(Scope::Chat, 59_000)]);
    core.says(ANA, Command::Heartbeat);
    core.expect([refused(rate_limited(Scope::Signaling, 59_000)), told(Scope::Signaling, 59_000)]);
    core.says(ANA, Command::Heartbeat);
    core.expect([refused(rate_limited(Scope::Signaling, 59_000))]);
}

#[test]
fn who_is_answered_by_events_is_told_of_the_limit_once_a_second() {
    let mut core = limited(Limits { signaling_events_per_minute: 1, ..Limits::default() });
    let by_event = |core: &mut Scripted, topic: u8| {
        let ack = Some(AckId { number: None, topic });
        core.handle(Input::Command { connection: ANA, ack, command: Ok(Command::Heartbeat) });
    };
    by_event(&mut core, 3);
    let alive = Ok(Reply::Alive { timestamp_ms: at(0).as_ms() });
    let ack = AckId { number: None, topic: 3 };
    core.expect([Effect::Acknowledge { connection: ANA, ack, answer: alive }]);
    by_event(&mut core, 3);
    core.expect([refused(rate_limited(Scope::Signaling, 60_000)), told(Scope::Signaling, 60_000)]);
    by_event(&mut core, 3);
    core.expect([refused(rate_limited(Scope::Signaling, 60_000))]);
}

#[test]
fn a_pool_may_have_budgets_of_its_own() {
    let own = PerMinute { matching: 1, chat: 2, signaling: 0 };
    let policy = Policy { events_per_minute: Some(own), ..Policy::new(POOL.0) };
    let mut core = Scripted::with(policy, Limits { signaling_events_per_minute: 1, ..Limits::default() });
    core.connect(ANA, "ana", 0);
    core.asks(ANA, 1, Command::LeaveQueue);
    core.expect([done(ANA, 1)]);
    let refusal = rate_limited(Scope::Matching, 60_000);
    core.asks(ANA, 2, Command::LeaveQueue);
    core.expect([refused(refusal), ack(ANA, 2, Err(refusal))]);
    for number in 3..6 {
        core.asks(ANA, number, Command::Heartbeat);
        core.expect([alive(number, at(0))]);
    }
}

#[test]
fn what_nobody_understands_is_paid_for_and_refused() {
    let mut core = limited(Limits { signaling_events_per_minute: 2, ..Limits::default() });
    let invalid = Refusal::Invalid { field: "age" };
    babbles(&mut core, Some(1));
    core.expect([refused(invalid), ack(ANA, 1, Err(invalid))]);
    babbles(&mut core, None);
    core.expect([refused(invalid)]);
    let refusal = rate_limited(Scope::Signaling, 30_000);
    babbles(&mut core, Some(3));
    core.expect([refused(refusal), ack(ANA, 3, Err(refusal))]);
}

#[test]
fn a_budget_is_not_filled_by_coming_back() {
    let mut core = limited(Limits { matching_events_per_minute: 1, ..Limits::default() });
    core.asks(ANA, 1, Command::LeaveQueue);
    core.expect([done(ANA, 1)]);
    core.disconnected(ANA);
    core.expect([]);
    core.connected(ANA_AGAIN, "ana");
    core.expect([notify(ANA_AGAIN, welcome("ana")), notify(ANA_AGAIN, Notice::Resumed(Resumed::Idle))]);
    let refusal = rate_limited(Scope::Matching, 60_000);
    core.asks(ANA_AGAIN, 2, Command::LeaveQueue);
    core.expect([refused(refusal), ack(ANA_AGAIN, 2, Err(refusal))]);
}

#[test]
fn commands_wait_for_one_operation_in_order_and_beyond_the_limit_are_refused_as_busy() {
    let limits = Limits { commands_waiting: 3, ..Limits::default() };
    let mut core = Scripted::with(Policy::new(POOL.0), limits);
    let ticket = ana_joins(&mut core);
    core.asks(ANA, 2, wish().join());
    let [search] = core.asked([core.look(&ticket, Stage::Exact)]);
    core.asks(ANA, 3, Command::Heartbeat);
    core.asks(ANA, 4, Command::LeaveQueue);
    core.asks(ANA, 5, Command::Heartbeat);
    core.expect([]);
    let busy = Refusal::Busy { retry_after_ms: 250 };
    core.asks(ANA, 6, Command::Heartbeat);
    core.expect([refused(busy), ack(ANA, 6, Err(busy))]);
    core.says(ANA, Command::Heartbeat);
    core.expect([refused(busy), told(Scope::Signaling, 250)]);
    core.says(ANA, Command::Heartbeat);
    core.expect([refused(busy)]);
    core.stored(search, listed(2));
    let [withdrawal] = core.asked([joined(ANA, 2, place(2)), alive(3, at(600)), withdraw(&ticket)]);
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Removed));
    core.expect([ended(TicketEnd::Cancelled), done(ANA, 4), alive(5, at(600))]);
}

#[test]
fn messages_that_follow_each_other_into_a_slow_store_count_as_waiting() {
    let limits = Limits { commands_waiting: 2, ..Limits::default() };
    let mut core = Scripted::with(Policy::new(POOL.0), limits);
    let room = ana_begins_to_talk(&mut core).room;
    let (content, client_message_id) = ("hello".into(), None);
    let write = Command::Chat { room: room.into(), content, client_message_id };
    let (from, content, client_message_id) = (user("ana"), "hello".into(), None);
    let append = ask(Operation::Append { room, from, content, client_message_id });
    core.asks(ANA, 3, write.clone());
    core.asks(ANA, 4, write.clone());
    let [first, second] = core.asked([append.clone(), append.clone()]);
    let busy = Refusal::Busy { retry_after_ms: 250 };
    core.asks(ANA, 5, write.clone());
    core.expect([refused(busy), ack(ANA, 5, Err(busy))]);
    for (number, appending) in [(3, first), (4, second)] {
        core.stored(appending, Outcome::Appended(Appended::NoRoom));
        let unknown = Refusal::Unavailable { retry_after_ms: 1_000 };
        core.expect([refused(unknown), ack(ANA, number, Err(unknown))]);
    }
    core.asks(ANA, 6, write);
    core.expect([append]);
}

#[test]
fn of_those_not_to_be_met_the_newest_are_kept() {
    let mut core = Scripted::new();
    core.connected(ANA, "ana");
    let [attaching] =
        core.asked([record(Event::SessionOpened), notify(ANA, welcome("ana")), attach("ana", 0)]);
    let name = |number| user(&format!("met {number:03}"));
    let history = (0..AVOIDED).map(|number| (name(number), at(1_000_000))).collect();
    core.stored(attaching, Outcome::Attached(Attached { history, former: None, rank: at(0) }));
    core.asks(ANA, 1, wish().join());
    let mut ticket = core.ticket("ana", 0, &wish());
    Arc::make_mut(&mut ticket).avoid = (0..AVOIDED).map(name).collect();
    let [search] = core.asked([record(Event::Searching), core.look(&ticket, Stage::Exact)]);
    let proposal = pair(1, &bens_ticket(), &ticket, at(0));
    core.stored(search, taken(&proposal));
    core.expect([joined(ANA, 1, AT_ONCE), notify(ANA, Notice::MatchFound(found(&proposal, 1)))]);
    core.hears(0, Envelope::Failed { proposal: proposal.id, failure: Failure::Rejected });
    let avoid = [user("ben")].into_iter().chain((1..AVOIDED).map(name)).collect();
    let ticket = Arc::new(Ticket { avoid, priority: Priority::Wronged, ..(*ticket).clone() });
    let told = notify(ANA, failed(&proposal, Failure::Rejected, true));
    core.expect([remember(at(0)), told, core.look(&ticket, Stage::Exact)]);
}

#[test]
fn a_dry_run_refuses_nothing_and_records_what_it_would() {
    let limits = Limits { matching_events_per_minute: 1, dry_run: true, ..Limits::default() };
    let mut core = limited(limits);
    core.asks(ANA, 1, Command::LeaveQueue);
    core.expect([done(ANA, 1)]);
    for number in 2..5 {
        core.asks(ANA, number, Command::LeaveQueue);
        core.expect([record(Event::OverBudget(Scope::Matching)), done(ANA, number)]);
    }
    core.asks(ANA, 5, Command::Heartbeat);
    core.expect([alive(5, at(0))]);
}

#[test]
fn who_goes_on_and_on_regardless_is_closed_and_its_session_kept() {
    let mut core =
        limited(Limits { signaling_events_per_minute: 1, refusals_per_minute: 2, ..Limits::default() });
    core.asks(ANA, 1, Command::Heartbeat);
    core.expect([alive(1, at(0))]);
    let refusal = rate_limited(Scope::Signaling, 60_000);
    for number in [2, 3] {
        core.asks(ANA, number, Command::Heartbeat);
        core.expect([refused(refusal), ack(ANA, number, Err(refusal))]);
    }
    core.asks(ANA, 4, Command::Heartbeat);
    core.expect([
        refused(refusal),
        ack(ANA, 4, Err(refusal)),
        record(Event::FlooderClosed),
        Effect::Cut { connection: ANA },
    ]);
    // Nothing more is read of that connection, and its end is no news.
    core.asks(ANA, 5, Command::Heartbeat);
    core.disconnected(ANA);
    core.expect([]);
    core.at(1_000);
    core.connected(ANA_AGAIN, "ana");
    core.expect([notify(ANA_AGAIN, welcome("ana")), notify(ANA_AGAIN, Notice::Resumed(Resumed::Idle))]);
    let refusal = rate_limited(Scope::Signaling, 59_000);
    core.asks(ANA_AGAIN, 1, Command::Heartbeat);
    core.expect([
        refused(refusal),
        ack(ANA_AGAIN, 1, Err(refusal)),
        record(Event::FlooderClosed),
        Effect::Cut { connection: ANA_AGAIN },
    ]);
}
