//! What becomes of operations while Redis, or the way to it, fails.

#![expect(clippy::disallowed_methods, reason = "these tests measure how long a failure lasts")]

mod contract {
    #[allow(dead_code, reason = "the contract needs more of it")]
    pub(crate) mod asked;
}
#[path = "store/proxy.rs"]
mod proxy;
mod store;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use qala::domain::id::TicketId;
use qala::domain::limits::SEQUENCE_GAP;
use qala::domain::notice::Partner;
use qala::domain::operation::{
    Answered, Appended, Expired, Operation, Outcome, Reclaimed, Registered, Searched, Standing,
};
use qala::domain::proposal::Verdict;
use qala::domain::talk::Talk;
use qala::domain::ticket::Ticket;
use qala::domain::time::Time;
use qala::store::redis::{Clock, Settings, Timeouts};
use qala::store::{Store, Submitted};

use contract::asked::{Asked, POOL, at, claimed, first_search, found, here, listed, place, there, user};
use proxy::Proxy;
use store::redis::{CLUSTER, SINGLE, settings, store};
use store::servers::{self, Server, wait_until};
use store::{address, answer, room_id};

fn settings_of(url: &str) -> Settings {
    Settings { url: url.parse().expect("a URL of Redis"), ..settings(&SINGLE) }
}

fn at_port(port: u16) -> Settings {
    settings_of(&format!("redis://127.0.0.1:{port}"))
}

fn attach(number: u64) -> Operation {
    Operation::Attach { user: user(number), pool: POOL, address: address(1), since: at(0) }
}

fn is_there(asked: &Asked) -> bool {
    matches!(answer(&*asked.0, attach(1), at(0)), Outcome::Attached(_))
}

#[test]
fn what_was_done_before_the_answer_was_lost_is_not_done_again() {
    let proxy = Proxy::before(SINGLE.servers[0].port);
    let store = Asked(Box::new(store(at_port(proxy.port))));
    store.list([there(1), there(3)]);
    let asked_twice = || {
        assert!(proxy.has_swallowed(), "the answer before was not lost");
        proxy.swallow(1);
    };
    asked_twice();
    let proposal = claimed(store.search(first_search(here(2)), at(0)));
    assert_eq!(proposal.sides[1].ticket.id, TicketId(1));
    assert_eq!(store.standing(3, at(0)), Standing::Waiting(place(1)), "nobody else was claimed");
    asked_twice();
    assert!(matches!(store.accept(proposal.id, 1, at(1)), Answered::Pending(_)));
    asked_twice();
    let ended = store.answer(proposal.id, user(2), Verdict::Reject, at(2));
    assert!(matches!(ended, Answered::Ended(_)), "{ended:?}");
    let mut again = first_search(here(2));
    again.proposal = store::proposal_id(5);
    let proposal = claimed(store.search(again, at(3)));
    asked_twice();
    let expired = store.expire(proposal.id, at(20_003));
    assert!(matches!(expired, Expired::Ended(_)), "{expired:?}");
    asked_twice();
    store.open(room_id(1), [1, 2]);
    for (sequence, name) in [(1, None), (2, Some("m")), (3, None)] {
        asked_twice();
        let appended = store.append(room_id(1), 1, name, "once");
        assert!(matches!(&appended, Appended::Added(added) if added.sequence == sequence), "{appended:?}");
    }
    assert!(proxy.has_swallowed(), "the last answer was not lost");
    assert_eq!(
        store.append(room_id(1), 1, Some("m"), "once"),
        Appended::Duplicate(store.messages(room_id(1), 1)[0].clone())
    );
    assert_eq!(store.messages(room_id(1), 0).len(), 3);
}

#[test]
fn a_session_that_follows_another_is_told_so_although_the_answer_was_lost() {
    let proxy = Proxy::before(SINGLE.servers[0].port);
    let store = Asked(Box::new(store(at_port(proxy.port))));
    let since = |slot| at(u64::from(slot));
    let at_slot =
        |slot| Operation::Attach { user: user(1), pool: POOL, address: address(slot), since: since(slot) };
    let former = |slot| {
        let Outcome::Attached(attached) = answer(&*store.0, at_slot(slot), at(0)) else {
            panic!("a session is attached");
        };
        attached.former.map(|former| (former.address, former.talk.is_some()))
    };
    let asked_twice = || {
        assert!(proxy.has_swallowed(), "the answer before was not lost");
        proxy.swallow(1);
    };
    assert_eq!(former(1), None);
    let register = |slot, talk| Operation::Register {
        user: user(1),
        pool: POOL,
        address: address(slot),
        rank: since(slot),
        talk,
    };
    for _ in 0..2 {
        asked_twice();
        let registered = answer(&*store.0, register(1, Some(Box::new(talk()))), at(0));
        let known = Registered { lives_at: address(1), rank: since(1), former: None };
        assert_eq!(registered, Outcome::Registered(known));
    }
    asked_twice();
    assert_eq!(former(2), Some((address(1), true)));
    asked_twice();
    assert_eq!(former(3), Some((address(2), false)));
    store.list([there(1)]);
    asked_twice();
    let reclaimed = store.reclaim(1, 3, at(1));
    let Reclaimed::Waiting(ticket) = reclaimed else { panic!("it waits: {reclaimed:?}") };
    assert_eq!(ticket.owner, address(3));
    for heard in [7, 1_000] {
        asked_twice();
        store.open_after(room_id(1), [1, 2], heard);
        assert_eq!(store.rejoin(room_id(1), 1), Some(heard + SEQUENCE_GAP));
    }
    asked_twice();
    store.done(Operation::Detach { user: user(1), pool: POOL, address: address(3) }, at(1));
    assert!(proxy.has_swallowed(), "the last answer was not lost");
    assert_eq!(former(4), None);
}

fn talk() -> Talk {
    let attributes = here(2).attributes;
    let partner = Partner {
        user: user(2),
        speaks: attributes.speaks,
        learns: attributes.learns,
        proficiency: attributes.proficiency,
    };
    let (proposal, room) = (store::proposal_id(1), room_id(1));
    Talk { proposal, room, peer: address(9), partner, initiator: true, since: at(0) }
}

/// Every third message has none.
fn name_of(number: u64) -> Option<Arc<str>> {
    (!number.is_multiple_of(3)).then(|| format!("m{number}").into())
}

/// Submits appends together, as a session does, and has them carried out in no particular order.
fn append_together(
    store: &dyn Store,
    numbers: std::ops::Range<u64>,
    mut in_between: impl FnMut(),
) -> Vec<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let submitted = numbers.map(|number| {
        let operation = Operation::Append {
            room: room_id(1),
            from: user(1),
            content: number.to_string().into(),
            client_message_id: name_of(number),
        };
        match store.submit(operation, at(5)) {
            Submitted::Underway(answer) => answer,
            Submitted::Answered(outcome) => panic!("answered at once: {outcome:?}"),
        }
    });
    let submitted: Vec<_> = submitted.collect();
    runtime.block_on(async {
        let mut answers = tokio::task::JoinSet::new();
        for (index, answer) in submitted.into_iter().enumerate().rev() {
            answers.spawn(async move { (index, answer.await) });
        }
        let mut outcomes = Vec::new();
        while let Some(answer) = answers.join_next().await {
            outcomes.push(answer.expect("no answer panics"));
            if outcomes.len() % 20 == 0 {
                in_between();
            }
        }
        outcomes.sort_by_key(|(index, _)| *index);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    })
}

#[test]
fn appends_keep_their_order_across_lost_connections() {
    // Servers of its own: whoever else asked them would be cut off as well.
    for servers in [servers::single(), servers::cluster()] {
        let store = store(settings(&servers));
        let open = Operation::OpenRoom {
            pool: POOL,
            room: room_id(1),
            members: [user(1), user(2)],
            heard: None,
            written: [0; 2],
        };
        assert_eq!(answer(&store, open, at(0)), Outcome::Done);
        let mut cuts = 0;
        let outcomes = append_together(&store, 1..1_001, || {
            for server in &servers.servers {
                cuts +=
                    server.ask::<u32>("CLIENT KILL TYPE normal SKIPME yes").expect("a server that answers");
            }
        });
        for (sequence, outcome) in (1..).zip(outcomes) {
            let Outcome::Appended(Appended::Added(message)) = outcome else {
                panic!("{sequence}: {outcome:?}")
            };
            assert_eq!((message.sequence, &*message.content), (sequence, &*sequence.to_string()));
        }
        assert!(cuts > 5, "{cuts} connections were cut");
    }
}

#[test]
fn appends_that_come_together_are_a_few_requests() {
    let server = Server::start(&[]);
    let store = Asked(Box::new(store(at_port(server.port))));
    store.open(room_id(1), [1, 2]);
    let asked = || {
        let info: String = server.ask("INFO commandstats").expect("a server that answers");
        let calls = info.split("cmdstat_evalsha:calls=").nth(1).and_then(|rest| rest.split(',').next());
        calls.map_or(0, |calls| calls.parse::<u32>().expect("a number"))
    };
    let before = asked();
    let outcomes = append_together(&*store.0, 1..201, || ());
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Appended(Appended::Added(_)))));
    let requests = asked() - before;
    // The first may be on its way before there are others.
    assert!((4..=5).contains(&requests), "{requests} requests for 200 messages, 64 of them at once");
}

#[test]
fn what_gathers_behind_a_lost_answer_is_written_once_and_after_it() {
    let proxy = Proxy::before(SINGLE.servers[0].port);
    let store = Asked(Box::new(store(at_port(proxy.port))));
    store.open(room_id(1), [1, 2]);
    let mut lost = 0;
    proxy.swallow(2);
    let outcomes = append_together(&*store.0, 1..501, || {
        if proxy.has_swallowed() {
            lost += 1;
            proxy.swallow(1);
        }
    });
    for (sequence, outcome) in (1..).zip(outcomes) {
        let Outcome::Appended(Appended::Added(message)) = outcome else { panic!("{sequence}: {outcome:?}") };
        assert_eq!((message.sequence, &*message.content), (sequence, &*sequence.to_string()));
    }
    assert!(lost > 3, "{lost} times everything on its way was lost");
    proxy.swallow(0);
    let mut written = Vec::new();
    while let messages = store.messages(room_id(1), written.last().copied().unwrap_or(0))
        && !messages.is_empty()
    {
        for message in messages {
            assert_eq!(*message.content, message.sequence.to_string());
            written.push(message.sequence);
        }
    }
    assert_eq!(written, (1..501).collect::<Vec<_>>());
    assert_eq!(
        store.append(room_id(1), 1, Some("m499"), "499"),
        Appended::Duplicate(store.messages(room_id(1), 498)[0].clone())
    );
}

#[test]
fn a_script_that_the_server_forgot_is_sent_in_full() {
    let server = Server::start(&[]);
    let store = Asked(Box::new(store(at_port(server.port))));
    store.list([there(1)]);
    server.ask::<()>("SCRIPT FLUSH").expect("a server that answers");
    assert_eq!(found(store.search(first_search(here(2)), at(0))), TicketId(1));
    // The stores of the Cluster are told the same by whichever node has the slot.
    let store = Asked(Box::new(self::store(settings(&CLUSTER))));
    store.list([there(1)]);
    for server in &CLUSTER.servers {
        server.ask::<()>("SCRIPT FLUSH").expect("a server that answers");
    }
    assert_eq!(found(store.search(first_search(here(2)), at(0))), TicketId(1));
}

#[test]
fn while_redis_is_away_the_answer_is_a_quick_refusal_and_all_goes_on_when_it_returns() {
    let server = Server::start(&[]);
    let port = server.port;
    let redis = store(at_port(port));
    assert!(matches!(answer(&redis, attach(1), at(0)), Outcome::Attached(_)) && redis.is_connected());
    let asked = Asked(Box::new(redis));
    server.kill();
    let began = Instant::now();
    assert_eq!(answer(&*asked.0, attach(1), at(0)), Outcome::Unavailable { retry_after_ms: 1_000 });
    assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
    let began = Instant::now();
    for number in 0..1_000 {
        assert!(matches!(answer(&*asked.0, attach(number), at(0)), Outcome::Unavailable { .. }));
    }
    assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
    let _server = Server::start_at(port, &[]);
    let began = Instant::now();
    wait_until("the store answers again", || is_there(&asked));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn a_redis_that_hangs_is_given_up_in_time() {
    let server = Server::start(&[]);
    let timeouts = Timeouts {
        connect: Duration::from_millis(200),
        dial: Duration::from_millis(300),
        response: Duration::from_millis(200),
        operation: Duration::from_millis(400),
    };
    let asked = Asked(Box::new(store(Settings { timeouts, ..at_port(server.port) })));
    assert!(is_there(&asked));
    // Asleep for a while, and deaf to everybody.
    let mut other = server.connection().expect("a server that answers");
    redis::cmd("CLIENT").arg("PAUSE").arg(1_500).arg("ALL").exec(&mut other).expect("it pauses");
    let began = Instant::now();
    assert!(!is_there(&asked));
    assert!(began.elapsed() < Duration::from_millis(600), "{:?}", began.elapsed());
    wait_until("the store answers again", || is_there(&asked));
}

#[test]
fn operations_beyond_the_limit_are_refused() {
    let store = store(settings(&SINGLE));
    assert!(matches!(answer(&store, attach(1), at(0)), Outcome::Attached(_)));
    let mut under_way = Vec::new();
    let refused = (0..20_000).find(|number| match store.submit(attach(*number), at(0)) {
        Submitted::Underway(answer) => {
            under_way.push(answer);
            false
        }
        Submitted::Answered(outcome) => matches!(outcome, Outcome::Unavailable { .. }),
    });
    assert_eq!(refused, Some(16_384));
    under_way.clear();
    assert!(matches!(answer(&store, attach(1), at(0)), Outcome::Attached(_)), "once there is room again");
}

#[test]
fn the_new_master_is_found_after_a_failover() {
    let mut watched = servers::watched();
    let asked = Asked(Box::new(store(settings_of(&watched.url))));
    asked.list([there(1)]);
    // First a switch: the old master lives on and refuses writes.
    wait_until("the Sentinel begins", || watched.servers[2].ask::<String>("SENTINEL FAILOVER main").is_ok());
    let is_master = |server: &Server| {
        server.ask::<String>("INFO replication").is_ok_and(|info| info.contains("role:master"))
    };
    wait_until("the replica is the master", || {
        is_master(&watched.servers[1]) && !is_master(&watched.servers[0])
    });
    wait_until("a ticket is listed", || {
        matches!(asked.0.submit(attach(1), at(0)), Submitted::Underway(_))
            && matches!(
                answer(&*asked.0, Operation::Search(Box::new(first_search(here(2)))), at(0)),
                Outcome::Searched(Searched::Claimed(_))
            )
    });
    wait_until("the old master follows", || {
        watched.servers[0]
            .ask::<String>("INFO replication")
            .is_ok_and(|info| info.contains("master_link_status:up"))
    });
    // Then a death.
    watched.servers.remove(1).kill();
    let began = Instant::now();
    wait_until("somebody is listed again", || {
        let search = Operation::Search(Box::new(first_search(there(4))));
        matches!(answer(&*asked.0, search, at(0)), Outcome::Searched(Searched::Listed(_)))
    });
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn a_password_and_a_user_are_given() {
    let server = Server::start(&["--requirepass", "p@ss", "--user", "app", "on", ">s3", "~*", "+@all"]);
    let port = server.port;
    let there = |credentials: &str| {
        is_there(&Asked(Box::new(store(settings_of(&format!("redis://{credentials}127.0.0.1:{port}"))))))
    };
    assert!(there(":p%40ss@") && there("app:s3@"));
    assert!(!there("") && !there("app:wrong@"));
}

/// A certificate authority, and what a server of 127.0.0.1 needs to be trusted by who trusts it.
fn certificates(directory: &Path) {
    let made = |arguments: &str| {
        let openssl = Command::new("openssl").args(arguments.split(' ')).current_dir(directory).output();
        let output = openssl.expect("openssl is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    std::fs::write(directory.join("names"), "subjectAltName=IP:127.0.0.1\n").expect("a new directory");
    made("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=ca -days 2");
    made("req -newkey rsa:2048 -nodes -keyout key.pem -out server.csr -subj /CN=server");
    made(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 -extfile names",
    );
}

/// Which authorities are trusted is read from the environment, which only a process of its own can have.
#[test]
fn a_server_is_trusted_by_its_certificate_or_not_at_all() {
    let directory = std::env::temp_dir().join(format!("qala-tls-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory for temporary files");
    certificates(&directory);
    let file = |name: &str| directory.join(name).display().to_string();
    let plain = servers::free_port();
    let tls = servers::free_port().to_string();
    let [key, cert, ca] = ["key.pem", "cert.pem", "ca.pem"].map(file);
    let options = ["--tls-port", &tls, "--tls-cert-file", &cert, "--tls-key-file", &key];
    let ca_option = ["--tls-ca-cert-file", &ca, "--tls-auth-clients", "no"];
    let _server = Server::start_at(plain, &[options.as_slice(), &ca_option].concat());
    let answers = |trusted: &str| {
        let itself = std::env::current_exe().expect("a test binary");
        let mut inner = Command::new(itself);
        inner.args(["--exact", "over_tls", "--ignored"]).env("SSL_CERT_FILE", trusted).env("TLS_PORT", &tls);
        inner.output().expect("it runs").status.success()
    };
    let other = file("names");
    let (trusted, untrusted) = (answers(&ca), answers(&other));
    drop(std::fs::remove_dir_all(&directory));
    assert!(trusted && !untrusted);
}

/// Run by the test above.
#[test]
#[ignore = "needs the server of another test"]
fn over_tls() {
    let port = std::env::var("TLS_PORT").expect("the other test says where");
    assert!(is_there(&Asked(Box::new(store(settings_of(&format!("rediss://127.0.0.1:{port}")))))));
}

#[test]
fn nodes_whose_clocks_differ_agree_by_the_servers() {
    let shared = settings(&SINGLE);
    let node = || Asked(Box::new(store(Settings { clock: Clock::Server, ..shared.clone() })));
    let (ahead, behind) = (node(), node());
    let now = Time::from_ms(1_000_000_000_000);
    let hour = Duration::from_hours(1);
    let of = |ticket: Ticket, now: Time| Ticket { enqueued_at: now, ..ticket };
    // An hour ahead, then at the right place behind it, and an hour behind: who came first stands first.
    let search = |ticket, now: Time| {
        let mut search = first_search(of(ticket, now));
        search.lease_until = now + Duration::from_secs(6);
        search
    };
    assert_eq!(ahead.search(search(there(1), now + hour), now + hour), listed(1));
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(behind.search(search(there(2), now), now), listed(2));
    // Listed anew it stays where it was.
    assert_eq!(ahead.search(search(there(1), now + hour), now + hour + Duration::from_millis(50)), listed(1));
    let proposal = claimed(behind.search(search(here(3), now), now));
    assert_eq!(proposal.sides[1].ticket.id, TicketId(1));
    let stands = proposal.expires_at.since(now);
    assert!(stands.abs_diff(Duration::from_secs(20)) < Duration::from_secs(1), "{stands:?} by its own clock");
    let seen = ahead.renew([1], now + hour + Duration::from_secs(6), now + hour);
    let [Standing::Taken(seen)] = seen else { panic!("{seen:?}") };
    let stands = seen.expires_at.since(now + hour);
    assert!(stands.abs_diff(Duration::from_secs(20)) < Duration::from_secs(1), "{stands:?} by the other's");
    assert_eq!(ahead.expire(proposal.id, now + hour), Expired::Early);
    ahead.remember(1, POOL, 2, now + hour + Duration::from_mins(1), now + hour);
    let history = behind.attach(1, POOL, now);
    let [(partner, until)] = &history[..] else { panic!("{history:?}") };
    let left = until.since(now);
    assert!(
        *partner == user(2) && left.abs_diff(Duration::from_mins(1)) < Duration::from_secs(1),
        "{left:?}"
    );
}

#[test]
fn a_ticket_keeps_its_age_and_its_place_when_it_moves_to_a_node_of_another_time() {
    let shared = settings(&SINGLE);
    let node = || Asked(Box::new(store(Settings { clock: Clock::Server, ..shared.clone() })));
    let (ahead, behind) = (node(), node());
    let now = Time::from_ms(1_000_000_000_000);
    let hour = Duration::from_hours(1);
    let search = |ticket, now: Time| {
        let mut search = first_search(Ticket { enqueued_at: now, ..ticket });
        search.lease_until = now + Duration::from_secs(6);
        search
    };
    assert_eq!(ahead.search(search(there(1), now + hour), now + hour), listed(1));
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(behind.search(search(there(2), now), now), listed(2));
    let reclaimed = || {
        let Reclaimed::Waiting(ticket) = behind.reclaim(1, 30, now) else { panic!("it waits") };
        ticket
    };
    let ticket = reclaimed();
    let moved = ticket.enqueued_at.since(now) + now.since(ticket.enqueued_at);
    assert!(moved < Duration::from_secs(1), "enqueued {moved:?} from now by the new owner's clock");
    assert_eq!(reclaimed(), ticket, "and so for good");
    // Listed by its new owner, it stands where it stood.
    let mut again = first_search(Ticket::clone(&ticket));
    again.lease_until = now + Duration::from_secs(6);
    assert_eq!(behind.search(again, now), listed(1));
    let proposal = claimed(ahead.search(search(here(3), now + hour), now + hour));
    assert_eq!(proposal.sides[1].ticket, ticket);
    // The same of a ticket that was claimed already.
    let taken = behind.reclaim(3, 31, now);
    let Reclaimed::Taken(taken) = taken else { panic!("it is claimed: {taken:?}") };
    let ticket = &taken.sides[0].ticket;
    let moved = ticket.enqueued_at.since(now) + now.since(ticket.enqueued_at);
    assert!(ticket.owner == address(31) && moved < Duration::from_secs(1), "{moved:?}");
}
