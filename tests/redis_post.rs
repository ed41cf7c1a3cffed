//! The post between nodes over real servers: in order, each once, whatever happens to the connection.

#![expect(clippy::disallowed_methods, reason = "these tests measure how long a failure lasts")]

#[path = "store/proxy.rs"]
mod proxy;
#[allow(dead_code, reason = "the suites of the stores need more of it")]
mod store;

use std::future::Future;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use qala::domain::envelope::Envelope;
use qala::domain::id::{NodeId, SessionId};
use qala::domain::talk::{Payload, SignalKind};
use qala::store::redis::{RedisPost, Settings};
use qala::store::{Inbox, Letter, NotEntered, Post};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use proxy::Proxy;
use store::redis::{CLUSTER, SINGLE, WATCHED, settings, store};
use store::room_id;
use store::servers::{Server, Servers};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime"));

fn within<T>(seconds: u64, work: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(seconds);
    RUNTIME.block_on(async { timeout(limit, work).await.expect("in time") })
}

/// A node that took part.
fn node(name: &str, settings: &Settings) -> RedisPost {
    let post = member(name, settings);
    within(10, post.enter()).expect("the name is free");
    post
}

fn member(name: &str, settings: &Settings) -> RedisPost {
    RedisPost::new(NodeId::new(name), vec![], settings, &store(settings.clone()))
}

fn letter(number: u32) -> Letter {
    let (kind, payload) = (SignalKind::Candidate, Payload(format!("candidate {number}\r\n").into()));
    let to = SessionId { shard: 1, slot: number, generation: 0 };
    Letter { to, envelope: Envelope::Signal { room: room_id(7), kind, payload } }
}

fn letters(numbers: impl IntoIterator<Item = u32>) -> Vec<Letter> {
    numbers.into_iter().map(letter).collect()
}

/// The next so many letters, and how many were lost meanwhile.
async fn take(inbox: &mut dyn Inbox, count: usize) -> (Vec<Letter>, u64) {
    let (mut letters, mut lost) = (Vec::new(), 0);
    while letters.len() < count {
        let received = inbox.receive().await;
        letters.extend(received.letters);
        lost += received.lost;
    }
    (letters, lost)
}

fn carries_letters(servers: &Servers) {
    let settings = settings(servers);
    let (ana, ben) = (node("ana", &settings), node("ben", &settings));
    let mut inbox = ben.inbox();
    within(10, async {
        // Ben has not looked yet: there is no inbox, and the letters wait for one.
        let (sent, got) = tokio::join!(ana.send(NodeId::new("ben"), 1, letters(1..4)), take(&mut *inbox, 3));
        assert_eq!((sent, got), (true, (letters(1..4), 0)));
        assert!(ana.send(NodeId::new("ben"), 4, letters(4..5)).await);
        // The same again, as after an answer that was lost.
        assert!(ana.send(NodeId::new("ben"), 1, letters(1..6)).await);
        // One between them that never came.
        assert!(ana.send(NodeId::new("ben"), 7, letters(7..8)).await);
        assert_eq!(take(&mut *inbox, 3).await, (letters([4, 5, 7]), 1));
    });
    let pulse = within(5, ana.beat()).expect("an answer");
    let mut names: Vec<_> = pulse.nodes.iter().map(|(node, _)| node.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["ana", "ben"]);
    let ben_ms = pulse.nodes.iter().find(|(node, _)| node.as_str() == "ben").expect("ben").1;
    within(5, ana.bury(NodeId::new("ben"), ben_ms - 1));
    assert_eq!(within(5, ana.beat()).expect("an answer").nodes.len(), 2, "ben lived since");
    within(5, ana.bury(NodeId::new("ben"), ben_ms));
    assert_eq!(within(5, ana.beat()).expect("an answer").nodes.len(), 1);
    within(5, ana.leave());
}

#[test]
fn letters_travel_over_one_server() {
    carries_letters(&SINGLE);
}

#[test]
fn letters_travel_over_a_watched_server() {
    carries_letters(&WATCHED);
}

#[test]
fn letters_travel_over_a_cluster() {
    carries_letters(&CLUSTER);
}

#[test]
fn letters_to_nobody_are_given_up_and_leave_nothing() {
    let settings = settings(&SINGLE);
    let ana = node("ana", &settings);
    assert!(!within(15, ana.send(NodeId::new("nobody"), 1, letters(1..2))));
    let inbox = format!("EXISTS {}{{n:nobody}}:inbox", settings.prefix);
    assert_eq!(SINGLE.servers[0].ask::<i64>(&inbox).expect("an answer"), 0);
}

#[test]
fn a_name_is_taken_while_somebody_lives_under_it_and_free_six_seconds_after() {
    let settings = settings(&SINGLE);
    let (ana, twin) = (node("ana", &settings), member("ana", &settings));
    let (refused, ()) = within(10, async {
        tokio::join!(twin.enter(), async {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_millis(500)).await;
                ana.beat().await.expect("an answer");
            }
        })
    });
    assert_eq!(refused, Err(NotEntered::NameTaken(NodeId::new("ana"))));
    let began = Instant::now();
    within(10, twin.enter()).expect("ana is silent");
    assert!(began.elapsed() > Duration::from_secs(4), "{:?}", began.elapsed());
    // An orderly end frees it at once.
    within(1, twin.leave());
    within(1, ana.enter()).expect("nobody is there");
}

#[test]
fn nothing_is_lost_or_doubled_while_the_connections_are_cut_all_the_time() {
    const LETTERS: u32 = 4_000;
    const TOGETHER: u32 = 8;
    let server = Server::start(&[]);
    let servers = Servers { url: format!("redis://127.0.0.1:{}", server.port), servers: vec![] };
    let settings = settings(&servers);
    let (ana, ben) = (node("ana", &settings), node("ben", &settings));
    let mut inbox = ben.inbox();
    let cuts = std::thread::spawn(move || {
        for _ in 0..40 {
            std::thread::sleep(Duration::from_millis(50));
            server.ask::<i64>("CLIENT KILL TYPE normal SKIPME yes").expect("an answer");
        }
        server
    });
    let sending = async {
        for first in (1..=LETTERS).step_by(TOGETHER as usize) {
            assert!(ana.send(NodeId::new("ben"), first.into(), letters(first..first + TOGETHER)).await);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let ((), (came, lost)) = within(60, async { tokio::join!(sending, take(&mut *inbox, LETTERS as usize)) });
    assert_eq!((came.len(), lost), (LETTERS as usize, 0));
    assert_eq!(came, letters(1..=LETTERS));
    drop(cuts.join().expect("the cutter ends"));
}

#[test]
fn a_server_that_comes_back_empty_is_used_on() {
    let server = Server::start(&[]);
    let port = server.port;
    let servers = Servers { url: format!("redis://127.0.0.1:{port}"), servers: vec![] };
    let settings = settings(&servers);
    let (ana, ben) = (node("ana", &settings), node("ben", &settings));
    let mut inbox = ben.inbox();
    within(10, async {
        let (sent, got) = tokio::join!(ana.send(NodeId::new("ben"), 1, letters(1..2)), take(&mut *inbox, 1));
        assert_eq!((sent, got), (true, (letters(1..2), 0)));
    });
    server.kill();
    let sending = RUNTIME.spawn(ana.send(NodeId::new("ben"), 2, letters(2..4)));
    std::thread::sleep(Duration::from_millis(500));
    let server = Server::start_at(port, &[]);
    let began = Instant::now();
    assert_eq!(within(10, take(&mut *inbox, 2)), (letters(2..4), 0));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert!(within(5, sending).expect("it was sent"));
    drop(server);
}

fn is_known(post: &RedisPost) -> bool {
    within(5, post.beat()).expect("an answer").known
}

#[test]
fn a_node_learns_that_it_was_buried() {
    let settings = settings(&SINGLE);
    let (ana, ben) = (node("ana", &settings), node("ben", &settings));
    assert!(is_known(&ana) && is_known(&ana), "from its entry on");
    within(5, ben.bury(NodeId::new("ana"), u64::MAX));
    assert_eq!([(); 3].map(|()| is_known(&ana)), [false, true, true]);
    assert!(is_known(&ben));
}

#[test]
fn a_node_is_told_rather_twice_than_never_that_it_was_forgotten() {
    let port = SINGLE.servers[0].port;
    let proxy = Proxy::before(port);
    let of_port = |port: u16| format!("redis://127.0.0.1:{port}").parse().expect("a URL of Redis");
    let direct = settings(&SINGLE);
    let ana = node("ana", &Settings { url: of_port(proxy.port), ..direct.clone() });
    let ben = node("ben", &direct);
    assert!(is_known(&ana));
    within(5, ben.bury(NodeId::new("ana"), u64::MAX));
    // The sign of life arrives twice: the second time it is in the list, by the first.
    proxy.swallow(1);
    assert!(!is_known(&ana));
    assert!(proxy.has_swallowed(), "the answer was not lost");
    assert!(is_known(&ana));
}

#[test]
fn a_node_learns_at_once_that_the_server_came_back_empty() {
    let server = Server::start(&[]);
    let port = server.port;
    let servers = Servers { url: format!("redis://127.0.0.1:{port}"), servers: vec![] };
    let settings = settings(&servers);
    let ana = node("ana", &settings);
    within(1, ana.connected());
    assert!(is_known(&ana));
    let again = |limit| RUNTIME.block_on(async { timeout(limit, ana.connected()).await.is_ok() });
    assert!(!again(Duration::from_millis(200)), "it is the same connection");
    server.kill();
    // Whoever asks learns that it is gone.
    assert!(within(5, ana.beat()).is_none());
    let server = Server::start_at(port, &[]);
    let began = Instant::now();
    assert!(again(Duration::from_secs(10)));
    assert!(!is_known(&ana));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert!(is_known(&ana));
    drop(server);
}
