//! Clients that say nothing, and what else a client may say outside of matching.

use super::super::super::id::NodeId;
use super::*;

/// A pool whose silent clients are closed after five minutes.
fn particular() -> Scripted {
    Scripted::with(Policy { silence: Some(Duration::from_mins(5)), ..Policy::new(POOL.0) }, Limits::default())
}

/// Ana is told, closed, and nothing of her is kept.
#[track_caller]
fn ana_is_closed(core: &mut Scripted) {
    core.expect([
        record(Event::SessionInactive),
        notify(ANA, Notice::Inactive),
        Effect::Close { connection: ANA },
        detach("ana", 0),
        record(Event::SessionClosed),
    ]);
    assert_eq!(core.sessions(), 0);
    core.disconnected(ANA);
    core.expect([]);
}

#[test]
fn who_says_nothing_is_told_and_closed() {
    let mut core = particular();
    core.connect(ANA, "ana", 0);
    core.wakes(300_000);
    ana_is_closed(&mut core);
}

#[test]
fn any_word_begins_the_silence_anew() {
    let mut core = particular();
    core.connect(ANA, "ana", 0);
    core.at(100_000);
    core.says(ANA, Command::CallFailed);
    core.expect([record(Event::CallFailed)]);
    core.wakes_in_vain(300_000);
    core.wakes(400_000);
    ana_is_closed(&mut core);
}

#[test]
fn who_talks_is_not_silent_until_the_talk_is_over() {
    let mut core = particular();
    let proposal = ana_begins_to_talk(&mut core);
    // When the proposal would have been over, and when the silence before it.
    core.wakes_in_vain(20_600);
    core.wakes_in_vain(300_000);
    core.sleeps_until(Time::NEVER);
    core.at(1_000_000);
    let (room, departure) = (proposal.room, Departure::Left);
    core.hears(0, Envelope::Left { room, departure, from: there() });
    core.expect([notify(ANA, Notice::PeerLeft { room, user: user("ben"), departure })]);
    core.wakes(1_300_000);
    ana_is_closed(&mut core);
}

#[test]
fn who_is_away_is_not_closed_but_given_up() {
    let mut core = particular();
    core.connect(ANA, "ana", 0);
    core.says(ANA, Command::LeaveQueue);
    core.expect([]);
    core.disconnected(ANA);
    core.expect([]);
    core.wakes(30_000);
    core.expect([detach("ana", 0), record(Event::SessionClosed)]);
}

#[test]
fn elsewhere_silence_has_no_end() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.sleeps_until(Time::NEVER);
}

#[test]
fn a_search_that_finds_nobody_is_over_after_its_time_and_the_silence_counts_from_the_last_word() {
    let policy = Policy {
        silence: Some(Duration::from_mins(5)),
        search_within: Some(Duration::from_secs(30)),
        ..Policy::new(POOL.0)
    };
    let mut core = Scripted::with(policy, Limits::default());
    let ticket = ana_joins(&mut core);
    core.waits_until(30_500);
    core.handle_timeout();
    let [withdrawal] = core.asked([withdraw(&ticket)]);
    core.stored(withdrawal, Outcome::Withdrawn(Withdrawn::Removed));
    core.expect([ended(TicketEnd::Expired), notify(ANA, Notice::WaitingExpired)]);
    // No lease is renewed any more.
    core.wakes_in_vain(30_600);
    core.wakes_in_vain(300_000);
    core.wakes(300_500);
    ana_is_closed(&mut core);
}

#[test]
fn who_asks_who_it_is_learns_its_id_and_its_node() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.asks(ANA, 1, Command::WhoAmI);
    core.expect([ack(ANA, 1, Ok(Reply::You { user: user("ana"), node: NodeId::new("here") }))]);
}

#[test]
fn a_call_that_came_to_nothing_is_recorded() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.asks(ANA, 1, Command::CallFailed);
    core.expect([record(Event::CallFailed), done(ANA, 1)]);
}
