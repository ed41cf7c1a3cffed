//! Pictures while Redis goes and comes back: real servers, killed and started again.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "these tests measure how long it takes until somebody knows, and say so"
)]

#[path = "../../tests/store/servers.rs"]
#[allow(dead_code, reason = "the suites of the stores need more of them")]
mod servers;

use std::thread::sleep;
use std::time::{Duration, Instant};

use qala::store::snapshot::{Order, Ordered, Outcome, Survey};
use qala_tui::{Reading, Source};
use servers::{Server, watched};

/// A picture that is older is stale.
const STALE_WITHIN: Duration = Duration::from_secs(2);
/// What comes back is seen within.
const LIVE_WITHIN: Duration = Duration::from_secs(1);
/// Nothing takes longer on the slowest machine: what is measured is printed, and judged by hand.
const AT_MOST: Duration = Duration::from_secs(20);

/// Waits for a reading of that kind, and says how long that took.
fn until(source: &Source, wanted: impl Fn(&Reading) -> bool) -> (Reading, Duration) {
    let began = Instant::now();
    while began.elapsed() < AT_MOST {
        if let Some(reading) = source.news()
            && wanted(&reading)
        {
            return (reading, began.elapsed());
        }
        sleep(Duration::from_millis(2));
    }
    panic!("nothing of that kind in {AT_MOST:?}");
}

fn picture(source: &Source) -> Duration {
    until(source, |reading| matches!(reading, Reading::Picture(_))).1
}

fn silence(source: &Source) -> Duration {
    until(source, |reading| matches!(reading, Reading::Silence(_))).1
}

fn say(what: &str, took: Duration, within: Duration) {
    println!("{what} after {} ms (at most {} ms)", took.as_millis(), within.as_millis());
}

#[test]
fn a_redis_that_is_killed_is_missed_and_seen_again_when_it_is_back() {
    for pace_ms in [1_000, 10_000] {
        let server = Server::start(&[]);
        let port = server.port;
        let source = Source::redis(&format!("redis://127.0.0.1:{port}"), None).expect("a URL");
        source.ask(&Survey::default(), pace_ms);
        say("the first picture", picture(&source), LIVE_WITHIN);
        server.kill();
        say("killed: silence", silence(&source), STALE_WITHIN);
        sleep(Duration::from_millis(700));
        let server = Server::start_at(port, &[]);
        say("started again: a picture", picture(&source), LIVE_WITHIN);
        drop(server);
    }
}

#[test]
fn a_redis_that_stands_still_is_missed() {
    let server = Server::start(&["--enable-debug-command", "yes"]);
    let source = Source::redis(&format!("redis://127.0.0.1:{}", server.port), None).expect("a URL");
    source.ask(&Survey::default(), 1_000);
    picture(&source);
    // Redis answers nobody while it sleeps.
    let mut connection = server.connection().expect("a connection");
    let sleeping = std::thread::spawn(move || {
        redis::cmd("DEBUG").arg("SLEEP").arg(4).exec(&mut connection).expect("it sleeps");
    });
    say("stands still: silence", silence(&source), STALE_WITHIN);
    sleeping.join().expect("it wakes");
    say("goes on: a picture", picture(&source), LIVE_WITHIN);
}

#[test]
fn the_replica_that_sentinels_promote_is_asked_from_then_on() {
    let mut servers = watched();
    let source = Source::redis(&servers.url, None).expect("a URL");
    source.ask(&Survey::default(), 1_000);
    picture(&source);
    servers.servers.remove(0).kill();
    say("the master was killed: silence", silence(&source), STALE_WITHIN);
    let replica = &servers.servers[0];
    servers::wait_until("the replica is promoted", || {
        replica.ask::<String>("INFO replication").is_ok_and(|info| info.contains("role:master"))
    });
    say("the replica is promoted: a picture", picture(&source), LIVE_WITHIN);
}

#[test]
fn what_is_wanted_comes_at_once_and_orders_have_an_outcome() {
    let server = Server::start(&[]);
    let mut source = Source::redis(&format!("redis://127.0.0.1:{}", server.port), None).expect("a URL");
    source.ask(&Survey::default(), 60_000);
    picture(&source);
    source.ask(&Survey { events: 5, ..Survey::default() }, 60_000);
    say("something else is wanted: a picture", picture(&source), LIVE_WITHIN);
    let order = Order::Drain { node: "nobody".to_owned() };
    source.give(Ordered { order: order.clone(), by: "ops@host".to_owned(), id: String::new() });
    let (reading, _) = until(&source, |reading| matches!(reading, Reading::Done(..)));
    let Reading::Done(ordered, outcome) = reading else { unreachable!("it was waited for") };
    assert_eq!((ordered.order, outcome), (order, Outcome::NotFound));
    assert!(!ordered.id.is_empty());
}
