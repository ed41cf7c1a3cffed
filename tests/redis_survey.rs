//! Pictures of everybody who shares a Redis: what they show, and what they cost it.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "these tests measure how long a picture takes, and say so"
)]

mod contract {
    #[allow(dead_code, reason = "the contract needs more of it")]
    pub(crate) mod asked;
}
mod store;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use qala::domain::criteria::{AgeRange, Stage};
use qala::domain::id::{NodeId, UserId};
use qala::domain::notice::Partner;
use qala::domain::operation::Operation;
use qala::domain::talk::Talk;
use qala::domain::ticket::PoolId;
use qala::store::Post;
use qala::store::memory::MemoryStore;
use qala::store::redis::{RedisPost, Settings, Surveyor};
use qala::store::snapshot::{
    Detail, Directed, Found, Member, NodeFigures, Order, Ordered, Outcome, Page, PoolFigures, RoomKind,
    RoomsPage, Side, Snapshot, Survey, UserState,
};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use contract::asked::{Asked, POOL, at, first_search, here, search_at, speaking, there, user};
use store::redis::{CLUSTER, SINGLE, WATCHED, settings, store};
use store::servers::{Servers, wait_until};
use store::{address, room_id};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime"));

fn within<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(async { timeout(Duration::from_secs(20), future).await.expect("in time") })
}

fn picture(surveyor: &Surveyor, survey: &Survey) -> Snapshot {
    within(surveyor.snapshot(survey)).expect("Redis answers")
}

fn looking_at(detail: Detail) -> Survey {
    Survey { detail: Some(detail), ..Survey::default() }
}

fn page(offset: u64, limit: u32) -> Survey {
    Survey { rooms: Some(Page { offset, limit }), ..Survey::default() }
}

fn queue() -> Detail {
    Detail::Queue { pool: POOL.0.to_owned(), one: "en".to_owned(), other: "es".to_owned() }
}

fn waiting_user(number: u64) -> Detail {
    Detail::User { pool: POOL.0.to_owned(), user: user(number).as_str().to_owned() }
}

/// Three who speak English and four who speak Spanish, none of whom may meet; a room with two messages.
fn furnish(store: &Asked) {
    for number in 1..=3 {
        let mut ticket = here(number);
        ticket.criteria.age = AgeRange { min: 18, max: 20 };
        ticket.enqueued_at = at(number * 100);
        store.search(search_at(ticket, Stage::AnyLevel), at(1_000));
    }
    for number in 4..=6 {
        let mut ticket = there(number);
        ticket.enqueued_at = at(number * 10);
        ticket.avoid = if number == 4 { [user(1)].into() } else { [].into() };
        store.search(first_search(ticket), at(1_000));
    }
    store.search(first_search(speaking("fr", "de", 7)), at(1_000));
    let register =
        Operation::Register { user: user(1), pool: POOL, address: address(3), rank: at(1), talk: None };
    qala_answer(store, register);
    for number in [8, 9] {
        let partner = user(17 - number);
        let talk = talk(partner.as_str());
        let (user, address) = (user(number), address(u32::try_from(number).expect("small")));
        qala_answer(
            store,
            Operation::Register { user, pool: POOL, address, rank: at(1), talk: Some(Box::new(talk)) },
        );
    }
    store.open(room_id(1), [8, 9]);
    store.append(room_id(1), 8, None, "hello");
    store.append(room_id(1), 9, None, "good morning");
    store.open(room_id(2), [10, 11]);
    store.open(room_id(3), [12, 13]);
    store.done(Operation::CloseRoom { room: room_id(3) }, at(7));
}

fn qala_answer(store: &Asked, operation: Operation) {
    store::answer(&*store.0, operation, at(2));
}

fn talk(partner: &str) -> Talk {
    let attributes = here(1).attributes;
    Talk {
        proposal: store::proposal_id(1),
        room: room_id(1),
        peer: address(9),
        partner: Partner {
            user: UserId::new(partner),
            speaks: attributes.speaks,
            learns: attributes.learns,
            proficiency: attributes.proficiency,
        },
        initiator: true,
        since: at(0),
    }
}

/// Of a room: its id, members, messages, and when the last of them was written.
type Shown = (String, Vec<Member>, u64, Option<u64>);

/// What does not depend on which store it is.
fn pages(picture: Snapshot) -> (u64, Vec<Shown>) {
    let RoomsPage { total, rooms, .. } = picture.rooms.expect("it was asked for");
    let mut rooms: Vec<_> = rooms
        .into_iter()
        .map(|room| (room.id, room.members, room.messages, room.last_message_at_ms))
        .collect();
    rooms.sort_by(|one, other| one.0.cmp(&other.0));
    (total, rooms)
}

#[test]
fn both_stores_show_the_same() {
    let memory = Asked(Box::new(MemoryStore::new()));
    furnish(&memory);
    let seen = |survey: &Survey| {
        let sight = memory.0.sight(survey, at(1_000)).expect("it sees");
        Snapshot::of(0, Vec::new(), survey, sight)
    };
    for servers in [&SINGLE, &WATCHED, &CLUSTER] {
        let settings = settings(servers);
        let redis = Asked(Box::new(store(settings.clone())));
        furnish(&redis);
        let surveyor = Surveyor::new(settings, RUNTIME.handle());
        wait_until("rooms are listed", || {
            picture(&surveyor, &page(0, 10)).rooms.is_some_and(|page| page.total == 2)
        });
        for detail in [queue(), waiting_user(1), waiting_user(5), waiting_user(8), waiting_user(99)] {
            let survey = looking_at(detail);
            assert_eq!(picture(&surveyor, &survey).found, seen(&survey).found, "{survey:?}");
        }
        assert_eq!(pages(picture(&surveyor, &page(0, 10))), pages(seen(&page(0, 10))));
        assert_eq!(pages(picture(&surveyor, &page(1, 10))).1.len(), 1);
        let room = looking_at(Detail::Room { id: room_id(1).to_string() });
        let [redis, memory] = [picture(&surveyor, &room), seen(&room)].map(|picture| {
            let Some(Found::Room(detail)) = picture.found else { panic!("it stands: {picture:?}") };
            (detail.room.members, detail.room.pool, detail.messages)
        });
        assert_eq!(redis, memory);
        assert_eq!(redis.2.iter().map(|message| message.length_bytes).collect::<Vec<_>>(), [5, 12]);
        let gone = looking_at(Detail::Room { id: room_id(3).to_string() });
        assert_eq!((picture(&surveyor, &gone).found, seen(&gone).found), (None, None));
    }
}

#[test]
fn why_somebody_still_waits_is_told_with_numbers() {
    let memory = Asked(Box::new(MemoryStore::new()));
    furnish(&memory);
    let survey = looking_at(queue());
    let sight = memory.0.sight(&survey, at(1_000)).expect("it sees");
    let picture = Snapshot::of(0, Vec::new(), &survey, sight);
    let Some(Found::Queue(queue)) = picture.found else { panic!("there is one: {picture:?}") };
    let order: Vec<&str> = queue.longest.iter().map(|user| user.user.as_str()).collect();
    let expected = [4, 5, 6, 1, 2, 3].map(user);
    assert_eq!(order, expected.each_ref().map(UserId::as_str));
    let first = &queue.longest[3];
    let why = first.explanation.as_ref().expect("it waits");
    assert_eq!((first.state, first.stage, first.node.as_str()), (UserState::Waiting, 1, "node-1"));
    assert_eq!(
        (why.candidates, why.excluded.avoided, why.excluded.own_age, why.excluded.total()),
        (3, 1, 2, 3)
    );
    assert_eq!(why.next_stage_at_ms, Some(at(100).as_ms() + 30_000));
}

/// Counts how often the two ends take turns: what one sends together counts once.
struct Turns {
    port: u16,
    turns: Arc<AtomicU32>,
}

impl Turns {
    fn before(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let turns = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&turns);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let (to_client, to_server) = (client.try_clone(), server.try_clone());
                let counted = Arc::clone(&counted);
                thread::spawn(move || gather(client, to_server.expect("a socket"), &counted));
                thread::spawn(move || pass_on(server, to_client.expect("a socket")));
            }
        });
        Self { port, turns }
    }

    fn count(&self) -> u32 {
        self.turns.load(Ordering::SeqCst)
    }
}

/// Passes on what comes together, once nothing more does.
fn gather(mut from: TcpStream, mut to: TcpStream, turns: &AtomicU32) {
    const QUIET: Duration = Duration::from_millis(10);
    let mut buffer = vec![0; 1 << 20];
    loop {
        from.set_read_timeout(None).expect("a socket");
        let Ok(mut length @ 1..) = from.read(&mut buffer) else { break };
        from.set_read_timeout(Some(QUIET)).expect("a socket");
        while let Ok(more @ 1..) = from.read(&mut buffer[length..]) {
            length += more;
        }
        turns.fetch_add(1, Ordering::SeqCst);
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    drop(to.shutdown(Shutdown::Both));
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    drop(std::io::copy(&mut from, &mut to));
    drop(to.shutdown(Shutdown::Both));
}

const CLIENTS: u64 = 10_000;
const ROOMS: u64 = 5_000;
const QUEUES: u64 = 200;

/// A service of that size, written as its nodes write it, by name of its keys.
fn populate(servers: &Servers, settings: &Settings) {
    let (prefix, now_ms) = (&settings.prefix, now_ms(servers));
    let mut commands = Vec::new();
    for number in 0..ROOMS {
        let room = room_id(number).to_string();
        let [one, other] = [number * 2, number * 2 + 1].map(|number| user(number).as_str().to_owned());
        let mut record = redis::cmd("HSET");
        record
            .arg(format!("{prefix}{{r:{room}}}"))
            .arg(&["a", &one, "b", &other, "pool", POOL.0, "last", "3"]);
        commands.push(record);
        let mut listed = redis::cmd("ZADD");
        listed.arg(format!("{prefix}rooms")).arg(now_ms - ROOMS + number).arg(&room);
        commands.push(listed);
    }
    for number in 0..CLIENTS {
        let mut session = redis::cmd("HSET");
        let user = user(number);
        session.arg(format!("{prefix}{{u:{user}}}:session:{}", POOL.0)).arg("address").arg("node-1 0 7 0");
        commands.push(session);
    }
    let queues = (0..QUEUES).map(|number| {
        let letter = |number: u64| char::from(b'a' + u8::try_from(number).expect("a letter"));
        let speaks = format!("{}{}", letter(number / 26), letter(number % 26));
        let side = Side { waiting: [1, 2, 3, 4, 5], arrivals: number, ..Side::default() };
        Directed { pool: POOL.0.to_owned(), speaks, learns: "zz".to_owned(), side }
    });
    let pools = vec![PoolFigures { pool: POOL.0.to_owned(), sessions: CLIENTS, ..PoolFigures::default() }];
    let figures =
        NodeFigures { node: "node-1".to_owned(), queues: queues.collect(), pools, ..NodeFigures::default() };
    let mut stats = redis::cmd("SET");
    stats.arg(format!("{prefix}{{n:node-1}}:stats")).arg(serde_json::to_string(&figures).expect("JSON"));
    let mut beat = redis::cmd("ZADD");
    beat.arg(format!("{prefix}nodes")).arg(now_ms + 60_000).arg("node-1");
    commands.extend([stats, beat]);
    send(servers, &commands);
}

fn send(servers: &Servers, commands: &[redis::Cmd]) {
    if servers.url.contains("cluster") {
        let hosts = servers.servers.iter().map(|server| format!("redis://127.0.0.1:{}", server.port));
        let client = redis::cluster::ClusterClient::new(hosts.collect::<Vec<String>>()).expect("addresses");
        RUNTIME.block_on(async {
            let connection = client.get_async_connection().await.expect("a Cluster");
            for some in commands.chunks(500) {
                let mut sending = tokio::task::JoinSet::new();
                for command in some {
                    let command = command.clone();
                    let mut connection = connection.clone();
                    sending.spawn(async move { command.exec_async(&mut connection).await.expect("written") });
                }
                sending.join_all().await;
            }
        });
        return;
    }
    let mut pipeline = redis::pipe();
    for command in commands {
        pipeline.add_command(command.clone());
    }
    pipeline.exec(&mut servers.servers[0].connection().expect("a connection")).expect("written");
}

fn now_ms(servers: &Servers) -> u64 {
    let (seconds, micros): (u64, u64) = servers.servers[0].ask("TIME").expect("an answer");
    seconds * 1_000 + micros / 1_000
}

/// Every screen, with everything on it.
fn screens() -> Vec<Survey> {
    let details = [
        queue(),
        waiting_user(1),
        Detail::Room { id: room_id(7).to_string() },
        Detail::Node { name: "node-1".to_owned() },
        Detail::Hall { pool: POOL.0.to_owned(), name: "hall".to_owned() },
    ];
    let with = |detail| Survey { rooms: Some(Page { offset: 2_000, limit: 100 }), events: 500, detail };
    details.map(Some).into_iter().chain([None]).map(with).collect()
}

#[test]
fn a_picture_takes_at_most_five_round_trips_however_many_people_there_are() {
    let direct = settings(&SINGLE);
    populate(&SINGLE, &direct);
    let turns = Turns::before(SINGLE.servers[0].port);
    let url = format!("redis://127.0.0.1:{}", turns.port).parse().expect("a URL of Redis");
    let surveyor = Surveyor::new(Settings { url, ..direct }, RUNTIME.handle());
    picture(&surveyor, &Survey::default());
    for survey in screens() {
        let before = turns.count();
        let picture = picture(&surveyor, &survey);
        let took = turns.count() - before;
        assert!(took <= 5, "{took} round trips: {survey:?}");
        assert_eq!(picture.cost.round_trips, took, "what the picture says it cost: {survey:?}");
        assert_eq!(picture.queues.len() as u64, QUEUES);
        let page = picture.rooms.expect("it was asked for");
        assert_eq!((page.total, page.rooms.len()), (ROOMS, 100));
        let newest_first = room_id(ROOMS - 1 - 2_000).to_string();
        assert_eq!(
            (page.rooms[0].id.as_str(), page.rooms[0].members[1].node.as_str()),
            (&*newest_first, "node-1")
        );
    }
}

#[test]
fn a_cluster_and_a_watched_server_are_asked_as_seldom() {
    for servers in [&CLUSTER, &WATCHED] {
        let settings = settings(servers);
        populate(servers, &settings);
        let surveyor = Surveyor::new(settings, RUNTIME.handle());
        let mut took_us = Vec::new();
        for survey in screens() {
            let picture = picture(&surveyor, &survey);
            assert!(picture.cost.round_trips <= 5, "{:?}", picture.cost);
            assert_eq!(picture.rooms.map(|page| page.rooms.len()), Some(100));
            took_us.push(picture.cost.took_us);
            assert!(
                !picture.store.version.is_empty() && picture.store.memory_bytes > 0,
                "{:?}",
                picture.store
            );
        }
        println!("{}: pictures of {CLIENTS} clients took {took_us:?} us", servers.url);
    }
}

#[test]
fn a_node_that_gives_no_sign_of_life_is_not_shown() {
    let settings = settings(&SINGLE);
    let now_ms = now_ms(&SINGLE);
    let beats = [("lives", now_ms), ("dead", now_ms - 6_000)].map(|(node, at_ms)| {
        let mut beat = redis::cmd("ZADD");
        beat.arg(format!("{}nodes", settings.prefix)).arg(at_ms).arg(node);
        beat
    });
    send(&SINGLE, &beats);
    let surveyor = Surveyor::new(settings, RUNTIME.handle());
    let picture = picture(&surveyor, &Survey::default());
    assert_eq!(picture.nodes.iter().map(|node| node.node.as_str()).collect::<Vec<_>>(), ["lives"]);
}

#[test]
fn halls_follow_the_rooms() {
    use qala::domain::hall::{HallOperation, Member as HallMember};
    use qala::domain::id::{EntryId, HallName, MemberName};
    let settings = settings(&SINGLE);
    let redis = Asked(Box::new(store(settings.clone())));
    redis.open(room_id(1), [1, 2]);
    let member = HallMember { entry: EntryId(7), name: MemberName::new("two words"), address: address(1) };
    let hall = HallName::new("kitchen");
    let enter = HallOperation::Enter { hall, member, instead: None, most_members: 16, most_halls: 10 };
    qala_answer(&redis, Operation::Hall { pool: PoolId("signaling"), request: enter });
    let pools = vec![PoolFigures { pool: "signaling".to_owned(), ..PoolFigures::default() }];
    let figures = NodeFigures { node: "n".to_owned(), pools, ..NodeFigures::default() };
    let post = RedisPost::new(NodeId::new("n"), Vec::new(), &settings, &store(settings.clone()));
    within(post.enter()).expect("nobody has the name");
    within(post.publish(serde_json::to_string(&figures).expect("JSON")));
    let surveyor = Surveyor::new(settings, RUNTIME.handle());
    let mut rooms = Vec::new();
    wait_until("the room is listed", || {
        rooms = picture(&surveyor, &page(0, 10)).rooms.map(|page| page.rooms).unwrap_or_default();
        rooms.len() == 2
    });
    let hall = &rooms[1];
    assert_eq!((hall.kind, hall.id.as_str(), hall.pool.as_str()), (RoomKind::Hall, "kitchen", "signaling"));
    assert_eq!(hall.members, [Member { user: "two words".to_owned(), node: "node-1".to_owned() }]);
    let second = picture(&surveyor, &page(1, 10)).rooms.expect("it was asked for");
    assert_eq!((second.total, &second.rooms[..]), (2, &rooms[1..]));
    let detail = Detail::Hall { pool: "signaling".to_owned(), name: "kitchen".to_owned() };
    let Some(Found::Room(found)) = picture(&surveyor, &looking_at(detail)).found else { panic!("it stands") };
    assert_eq!(found.room, rooms[1]);
}

#[test]
fn an_order_comes_to_the_node_that_it_concerns_and_to_nobody_else() {
    let settings = settings(&SINGLE);
    let post = RedisPost::new(NodeId::new("ana"), Vec::new(), &settings, &store(settings.clone()));
    within(post.enter()).expect("nobody has the name");
    let mut inbox = post.inbox();
    let surveyor = Surveyor::new(settings, RUNTIME.handle());
    let member = |node: &str| Member { user: "u".to_owned(), node: node.to_owned() };
    let close = Order::CloseRoom {
        pool: POOL.0.to_owned(),
        room: room_id(1).to_string(),
        members: vec![member("gone"), member(""), member("ana")],
    };
    let ordered = Ordered { order: close, by: "ops@host".to_owned(), id: "1".to_owned() };
    let came = RUNTIME.spawn(async move { inbox.receive().await.orders });
    let mut outcome = Outcome::NotFound;
    // Its inbox is there once it reads.
    wait_until("the order is given", || {
        outcome = within(surveyor.order(&ordered)).expect("Redis answers");
        outcome == Outcome::Given
    });
    assert_eq!(within(came).expect("it came"), std::slice::from_ref(&ordered));
    let drain = Ordered { order: Order::Drain { node: "nobody".to_owned() }, ..ordered };
    assert_eq!(within(surveyor.order(&drain)), Ok(Outcome::NotFound));
}

#[test]
fn a_redis_that_is_away_is_said_to_be_at_once() {
    let url = "redis://127.0.0.1:1".parse().expect("a URL of Redis");
    let settings = Settings { url, timeouts: Surveyor::timeouts(), ..settings(&SINGLE) };
    let surveyor = Surveyor::new(settings, RUNTIME.handle());
    let began = Instant::now();
    let error = within(surveyor.snapshot(&Survey::default())).expect_err("nobody is there");
    assert_eq!(error.to_string(), "redis cannot be reached");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}
