//! Pictures for tests: a service with nobody, an ordinary one, a huge one, and one whose users are hostile.

use qala::store::snapshot::{
    Cost, Detail, EventLine, Excluded, Explanation, Found, Histogram, Member, Message, NodeFigures, Person,
    PoolFigures, Proposals, Queue, QueueDetail, Room, RoomDetail, RoomKind, RoomsPage, STAGES, Side,
    Snapshot, StoreHealth, Totals, UserDetail, UserState,
};

use crate::state::{State, Terms};

/// 16:42:07 on some day.
pub(crate) const NOON_MS: u64 = 1_700_066_527_000;
/// Moves the cursor, turns the line round, takes no room, takes two columns.
const HOSTILE: &str = "\u{1b}[2J\r\u{9b}31m\u{202e}evil\u{200b}\u{2066}日本\u{7}\n\t👩\u{200d}👧e\u{301}\u{301}\u{301}\u{e0041}\u{feff}";

/// Which service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Empty,
    Normal,
    Huge,
    Hostile,
}

impl Service {
    pub(crate) const ALL: [Self; 4] = [Self::Empty, Self::Normal, Self::Huge, Self::Hostile];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Normal => "normal",
            Self::Huge => "huge",
            Self::Hostile => "hostile",
        }
    }

    fn nodes(self) -> u64 {
        match self {
            Self::Empty => 1,
            Self::Normal | Self::Hostile => 3,
            Self::Huge => 12,
        }
    }

    fn connections(self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Normal | Self::Hostile => 600,
            Self::Huge => 10_000,
        }
    }

    fn queues(self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Normal | Self::Hostile => 6,
            Self::Huge => 200,
        }
    }

    fn rooms(self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Normal | Self::Hostile => 40,
            Self::Huge => 5_000,
        }
    }

    /// A name that somebody chose.
    fn word(self, word: String) -> String {
        if self == Self::Hostile { format!("{word}{HOSTILE}") } else { word }
    }
}

/// A state that has seen that service for so many seconds.
pub(crate) fn watched(service: Service, seconds: u64) -> State {
    let mut state = new();
    for second in 0..seconds {
        state.apply(snapshot(service, second, None), second * 1_000);
    }
    state
}

/// A state before its first picture.
pub(crate) fn new() -> State {
    State::new(
        Terms {
            allow_actions: true,
            by: "ops@host".to_owned(),
            address: "redis://db:6379".to_owned(),
            records: false,
        },
        1_000,
    )
}

/// That service at that second, with what was asked for in detail.
pub(crate) fn snapshot(service: Service, second: u64, detail: Option<&Detail>) -> Snapshot {
    let taken_at_ms = NOON_MS + second * 1_000;
    let nodes: Vec<NodeFigures> =
        (0..service.nodes()).map(|number| node(service, number, second, taken_at_ms)).collect();
    let mut totals = Totals::default();
    for node in &nodes {
        totals.add(&node.totals);
    }
    let rooms: Vec<Room> =
        (0..service.rooms().min(100)).map(|number| room(service, number, taken_at_ms)).collect();
    Snapshot {
        version: 1,
        taken_at_ms,
        store: store(service),
        pools: vec![PoolFigures {
            pool: "qala".to_owned(),
            sessions: service.connections(),
            opens_after_ms: [0, 15_000, 30_000, 45_000, 60_000],
            age_widening: 5,
            ..PoolFigures::default()
        }],
        queues: (0..service.queues()).map(|number| queue(service, number, second, taken_at_ms)).collect(),
        queues_left_out: if service == Service::Huge { 17 } else { 0 },
        totals,
        nodes,
        rooms: Some(RoomsPage { total: service.rooms(), offset: 0, rooms }),
        events: events(service, second, taken_at_ms),
        found: detail.and_then(|detail| found(service, detail, taken_at_ms)),
        cost: Cost { round_trips: 3, commands: 12, took_us: 900 },
    }
}

fn store(service: Service) -> StoreHealth {
    StoreHealth {
        kind: "redis".to_owned(),
        address: "db:6379".to_owned(),
        version: "7.0.15".to_owned(),
        latency_us: 420,
        memory_bytes: 12_345_678 + service.connections() * 3_000,
        most_memory_bytes: 0,
        clients: 7,
        commands_per_second: service.connections() * 4,
        uptime_seconds: 90_000,
        masters: 1,
    }
}

fn node(service: Service, number: u64, second: u64, taken_at_ms: u64) -> NodeFigures {
    let share = service.connections() / service.nodes();
    let busy = u64::from(service != Service::Empty);
    let draining = number == 2;
    NodeFigures {
        node: service.word(format!("n-{number:03}")),
        version: "0.1.0".to_owned(),
        started_at_ms: taken_at_ms - 3_600_000 * (number + 1),
        at_ms: taken_at_ms - 300,
        draining,
        connections: share + number,
        sessions: share + number,
        waiting: share / 20,
        talking: share * 17 / 20,
        away: share / 100,
        in_halls: 3 * busy,
        cpu_ms: second * 140,
        cpu_permille: u32::try_from(140 + number * 70).unwrap_or(0),
        resident_bytes: 21_000_000 + number * 1_000_000,
        event_lag_ms: number,
        inbox_entries: number,
        inbox_lag_p99_us: 800,
        shard_mailboxes: vec![0, 3],
        store_available: true,
        totals: node_totals(share, second, busy),
        pools: Vec::new(),
        queues: Vec::new(),
        queues_left_out: 0,
    }
}

fn node_totals(share: u64, second: u64, busy: u64) -> Totals {
    // Some seconds more happens than in others.
    let wave = second * 10 + second % 4;
    Totals {
        connections_opened: share + second * busy,
        tickets: (1_000 + wave) * busy,
        proposals: Proposals {
            made: (500 + wave) * busy,
            agreed: (450 + wave * 9 / 10) * busy,
            rejected: (20 + second / 2) * busy,
            expired: 30 * busy,
            left: 0,
        },
        rooms_opened: (450 + wave) * busy,
        rooms_closed: (450 + wave) * busy - share * 17 / 40 * busy,
        halls_entered: 3 * busy,
        relays: wave * 90 * busy,
        relay_us: Histogram {
            counts: vec![0, wave * 3 * busy, wave * 80 * busy, wave * 6 * busy, wave * busy],
        },
        letters_sent: wave * 30 * busy,
        chat_messages: wave * 4 * busy,
        refusals: second * busy,
        refused: vec![("rate_limited".to_owned(), second * busy)],
        errors: 0,
        failed: Vec::new(),
        slow_consumers: busy,
        events_dropped: 0,
    }
}

fn queue(service: Service, number: u64, second: u64, taken_at_ms: u64) -> Queue {
    const LANGUAGES: [&str; 8] = ["ar", "de", "en", "es", "fr", "ja", "pt", "zh"];
    let language = |place: u64| LANGUAGES[usize::try_from(place).unwrap_or(0) % LANGUAGES.len()].to_owned();
    let waits = |scale: u64| -> [Histogram; STAGES] {
        std::array::from_fn(|stage| {
            let many = (second + 20) * scale / (stage as u64 + 1);
            Histogram {
                counts: vec![0, 0, many * 4, many * 9, many * 7, many * 3, many, 0, many / 3, many / 9],
            }
        })
    };
    let side = |scale: u64| Side {
        waiting: [scale * 9, scale * 4, scale * 2, scale, scale / 2],
        oldest_at_ms: (scale > 0).then(|| taken_at_ms - 11_000 * (number % 9 + 1)),
        arrivals: (200 + second * 3) * scale,
        matched: (180 + second * 2) * scale,
        waits: waits(scale),
    };
    let pools = ["qala", "webrtc-chat", "animochat"];
    Queue {
        pool: pools[usize::try_from(number / 60).unwrap_or(0) % pools.len()].to_owned(),
        one: service.word(language(number)),
        other: service.word(language(number / 8 + number + 1)),
        forward: side(number % 4 + 1),
        backward: side(number % 3),
    }
}

fn room(service: Service, number: u64, taken_at_ms: u64) -> Room {
    let is_hall = number % 10 == 9;
    let member = |side: u64| Member {
        user: service.word(format!("u-{:04}", number * 2 + side)),
        node: service.word(format!("n-{:03}", (number + side) % 3)),
    };
    Room {
        id: service.word(format!("r-{number:04}")),
        kind: if is_hall { RoomKind::Hall } else { RoomKind::Pair },
        pool: if is_hall { "signaling" } else { "qala" }.to_owned(),
        members: (0..if is_hall { 7 } else { 2 }).map(member).collect(),
        opened_at_ms: taken_at_ms - number * 17_000,
        messages: number * 3 % 40,
        last_message_at_ms: (!is_hall).then(|| taken_at_ms - number * 900),
    }
}

fn events(service: Service, second: u64, taken_at_ms: u64) -> Vec<EventLine> {
    if service == Service::Empty {
        return Vec::new();
    }
    let kinds = ["connect", "added_to_queue", "proposed", "match_found", "match_ended", "error"];
    let first = second * 3;
    let event = |number: u64| {
        let kind = kinds[usize::try_from(number).unwrap_or(0) % kinds.len()];
        let in_room = kind.starts_with("match");
        EventLine {
            id: format!("{NOON_MS}-{number}"),
            at_ms: taken_at_ms - (first + 20 - number) * 40,
            kind: kind.to_owned(),
            node: service.word(format!("n-{:03}", number % 3)),
            dialect: "qala".to_owned(),
            user: service.word(format!("u-{:04}", number % 90)),
            peer: if in_room { service.word(format!("u-{:04}", number % 90 + 1)) } else { String::new() },
            room: if in_room { service.word(format!("r-{:04}", number % 40)) } else { String::new() },
            reason: if kind == "match_ended" { service.word("left".to_owned()) } else { String::new() },
            json: "{}".to_owned(),
        }
    };
    (first..first + 20).map(event).collect()
}

fn found(service: Service, detail: &Detail, taken_at_ms: u64) -> Option<Found> {
    if service == Service::Empty {
        return None;
    }
    Some(match detail {
        Detail::Queue { pool, one, other } => Found::Queue(QueueDetail {
            pool: pool.clone(),
            one: one.clone(),
            other: other.clone(),
            longest: (0..10)
                .map(|number| user(service, format!("u-{number:04}"), number, taken_at_ms))
                .collect(),
        }),
        Detail::Room { id } | Detail::Hall { name: id, .. } => {
            let room =
                (0..100).map(|number| room(service, number, taken_at_ms)).find(|room| room.id == *id)?;
            let from = room.members.first()?.user.clone();
            let message = |sequence: u64| Message {
                sequence,
                from: from.clone(),
                at_ms: taken_at_ms - 10_000 * (4 - sequence),
                length_bytes: 20 + sequence,
            };
            Found::Room(RoomDetail { room, messages: (1..4).map(message).collect() })
        }
        Detail::Node { name } => {
            let all = (0..service.nodes()).map(|number| node(service, number, 60, taken_at_ms));
            Found::Node(Box::new({ all }.find(|node| node.node == *name)?))
        }
        Detail::User { user: name, .. } => {
            let mut found = user(service, String::new(), 3, taken_at_ms);
            found.user.clone_from(name);
            Found::User(Box::new(found))
        }
    })
}

fn user(service: Service, name: String, number: u64, taken_at_ms: u64) -> UserDetail {
    let since_ms = taken_at_ms - 41_000 + number * 2_000;
    UserDetail {
        user: service.word(name),
        pool: "qala".to_owned(),
        node: service.word("n-001".to_owned()),
        state: UserState::Waiting,
        room: String::new(),
        waiting_since_ms: Some(since_ms),
        stage: 2,
        priority: u8::try_from(number % 3).unwrap_or(0),
        person: Person {
            speaks: service.word("en".to_owned()),
            learns: service.word("es".to_owned()),
            proficiency: "beginner".to_owned(),
            age: 27,
            gender: "female".to_owned(),
            asks_same_proficiency: true,
            asks_age_min: 20,
            asks_age_max: 30,
            asks_gender: "female".to_owned(),
            strict: vec!["gender".to_owned()],
        },
        explanation: (number != 4).then(|| Explanation {
            candidates: if number == 5 { 0 } else { 88 },
            not_looked_at: number * 100 % 300,
            excluded: Excluded {
                own_age: 41,
                their_age: 20,
                own_gender: 20,
                avoided: 7,
                ..Excluded::default()
            },
            acceptable: 0,
            next_stage_at_ms: (number != 6).then_some(since_ms + 45_000),
            next_stage_opens: 34,
            fit_at_stage: [0, 0, 0, 34, 61],
        }),
    }
}
