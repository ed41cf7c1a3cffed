//! How many people a pool has, and who is told.

use super::super::super::limits::ANNOUNCED_AT_ONCE;
use super::super::super::presence::Presence;
use super::*;

/// A core whose pool shows how many people it has. Its first round is due at once, and finds nobody.
#[track_caller]
fn shown() -> Scripted {
    let policy = Policy { shows_presence: true, ..Policy::new(POOL.0) };
    let mut core = Scripted::with(policy, Limits::default());
    core.handle_timeout();
    core.expect([count(0, 0, 0)]);
    core
}

fn count(online: u64, waiting: u64, talking: u64) -> Effect {
    Effect::Count { pool: POOL, presence: Presence { online, waiting, talking } }
}

fn told(connection: ConnectionId, people: u64) -> Effect {
    notify(connection, Notice::Online { people })
}

#[track_caller]
fn online(core: &mut Scripted, people: u64) {
    core.handle(Input::Online { pool: POOL, people });
    core.expect([]);
}

#[test]
fn a_round_a_second_counts_and_tells_only_those_for_whom_it_is_new() {
    let mut core = shown();
    core.connect(ANA, "ana", 0);
    core.wakes(1_000);
    core.expect([count(1, 0, 0)]);
    online(&mut core, 41);
    core.wakes(2_000);
    core.expect([told(ANA, 41), count(1, 0, 0)]);
    online(&mut core, 41);
    core.connect(BEN, "ben", 1);
    core.wakes(3_000);
    core.expect([told(BEN, 41), count(2, 0, 0)]);
    // Only the last of several numbers within a second is told.
    online(&mut core, 42);
    online(&mut core, 43);
    core.wakes(4_000);
    core.expect([told(ANA, 43), told(BEN, 43), count(2, 0, 0)]);
    core.wakes(5_000);
    core.expect([count(2, 0, 0)]);
}

#[test]
fn who_comes_back_is_told_again_and_who_is_away_is_neither_told_nor_counted() {
    let mut core = shown();
    online(&mut core, 7);
    core.connect(ANA, "ana", 0);
    core.says(ANA, Command::Heartbeat);
    core.expect([]);
    core.wakes(1_000);
    core.expect([told(ANA, 7), count(1, 0, 0)]);
    core.says(ANA, Command::Heartbeat);
    core.disconnected(ANA);
    core.expect([]);
    core.wakes(2_000);
    core.expect([count(0, 0, 0)]);
    core.connected(ANA_AGAIN, "ana");
    core.expect(resumed(Resumed::Idle));
    core.wakes(3_000);
    core.expect([told(ANA_AGAIN, 7), count(1, 0, 0)]);
}

#[test]
fn who_searches_is_waiting_until_it_is_away_and_who_is_in_a_room_is_talking_until_it_leaves() {
    let mut core = shown();
    let ticket = ana_joins(&mut core);
    core.wakes(1_000);
    core.expect([count(1, 1, 0)]);
    core.disconnected(ANA);
    core.expect([withdraw(&ticket)]);
    core.wakes(2_000);
    core.expect([count(0, 0, 0)]);

    let mut core = shown();
    let proposal = ana_begins_to_talk(&mut core);
    core.handle_timeout();
    core.expect([count(1, 0, 1)]);
    core.says(ANA, Command::LeaveRoom(proposal.room.into()));
    core.expect([
        send(Envelope::Left { room: proposal.room, departure: Departure::Left, from: here(0) }),
        close(&proposal),
        record(Event::RoomClosed { departure: Departure::Left, lasted: Duration::ZERO }),
    ]);
    core.wakes(2_000);
    core.expect([count(1, 0, 0)]);
}

#[test]
fn a_crowd_is_told_a_part_at_a_time_within_one_round() {
    let mut core = shown();
    let crowd = u64::try_from(ANNOUNCED_AT_ONCE).expect("a few hundred") + 1;
    for number in 0..crowd {
        let slot = u32::try_from(number).expect("a few hundred");
        core.connect(ConnectionId(100 + number), &format!("user-{number}"), slot);
    }
    online(&mut core, crowd);
    core.wakes(1_000);
    let all: Vec<Effect> = (0..crowd).map(|number| told(ConnectionId(100 + number), crowd)).collect();
    let (last, first) = all.split_last().expect("a crowd");
    assert_eq!(core.asks_all(first.to_vec()), []);
    // The rest of the round is due at once.
    core.wakes(1_000);
    core.expect([last.clone(), count(crowd, 0, 0)]);
    core.sleeps_until(at(2_000));
}

#[test]
fn nobody_is_counted_where_nobody_is_told() {
    let mut core = Scripted::new();
    core.connect(ANA, "ana", 0);
    core.sleeps_until(Time::NEVER);
    core.handle(Input::Online { pool: POOL, people: 5 });
    core.handle(Input::Online { pool: PoolId("other"), people: 5 });
    core.handle_timeout();
    core.expect([]);
}
