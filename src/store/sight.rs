//! What a store sees, and the picture that becomes of it and of what nodes tell: the same for every store.

use std::collections::BTreeMap;
use std::time::Duration;

use super::snapshot::{
    Detail, Directed, Excluded, Explanation, Found, NodeFigures, Person, PoolFigures, Queue, QueueDetail,
    RoomDetail, RoomsPage, Snapshot, Survey, Totals, UserDetail, UserState, VERSION,
};
use crate::domain::criteria::{Ladder, Stage};
use crate::domain::explain::{Candidate, explain};
use crate::domain::id::Address;
use crate::domain::person::Gender;
use crate::domain::talk::Talk;
use crate::domain::ticket::Ticket;
use crate::domain::time::Time;

/// What a store sees of what a viewer asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sight {
    /// A page of rooms.
    pub rooms: Option<RoomsPage>,
    /// What was asked for in detail.
    pub detail: Seen,
}

/// What was asked for in detail, as the store has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Seen {
    /// Nothing, or nothing that is there.
    #[default]
    Nothing,
    /// A room.
    Room(RoomDetail),
    /// The two sides of a queue; the second of one language with itself is nobody.
    Lines([Line; 2]),
    /// A user.
    User(Box<Someone>),
}

/// The first of those who wait in one direction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// How many wait.
    pub total: u64,
    /// The first of them, in waiting order.
    pub first: Vec<Candidate>,
}

/// A user.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Someone {
    /// Where the session lives, if there is one.
    pub session: Option<Address>,
    /// The talk it is in.
    pub talk: Option<Talk>,
    /// Whether it is before an agreement.
    pub proposed: bool,
    /// What it waits with.
    pub ticket: Option<Candidate>,
    /// Those of the other direction.
    pub others: Line,
}

impl Snapshot {
    /// The picture of what nodes tell and of what the store sees.
    pub fn of(taken_at_ms: u64, mut nodes: Vec<NodeFigures>, survey: &Survey, sight: Sight) -> Self {
        nodes.sort_by(|one, other| one.node.cmp(&other.node));
        let mut totals = Totals::default();
        let mut pools = BTreeMap::<String, PoolFigures>::new();
        let mut queues = BTreeMap::<(String, String, String), Queue>::new();
        let mut queues_left_out = 0;
        for node in &mut nodes {
            totals.add(&node.totals);
            queues_left_out += node.queues_left_out;
            for pool in &node.pools {
                pools
                    .entry(pool.pool.clone())
                    .and_modify(|sum| sum.add(pool))
                    .or_insert_with(|| pool.clone());
            }
            for directed in std::mem::take(&mut node.queues) {
                add(&mut queues, directed);
            }
        }
        let pools: Vec<_> = pools.into_values().collect();
        let found = found(survey.detail.as_ref(), sight.detail, &nodes, &pools);
        Self {
            version: VERSION,
            taken_at_ms,
            nodes,
            queues: queues.into_values().collect(),
            queues_left_out,
            totals,
            rooms: sight.rooms,
            found,
            pools,
            ..Self::default()
        }
    }
}

impl PoolFigures {
    /// Adds another node's part.
    fn add(&mut self, other: &Self) {
        self.sessions += other.sessions;
        self.waiting += other.waiting;
        self.talking += other.talking;
    }

    fn ladder(&self) -> Ladder {
        Ladder {
            opens_after: self.opens_after_ms.map(Duration::from_millis),
            age_widening: self.age_widening,
        }
    }
}

fn add(queues: &mut BTreeMap<(String, String, String), Queue>, directed: Directed) {
    let Directed { pool, speaks, learns, side } = directed;
    let forward = speaks <= learns;
    let (one, other) = if forward { (speaks, learns) } else { (learns, speaks) };
    let key = (pool, one, other);
    let queue = queues.entry(key).or_insert_with_key(|(pool, one, other)| Queue {
        pool: pool.clone(),
        one: one.clone(),
        other: other.clone(),
        ..Queue::default()
    });
    if forward { queue.forward.add(&side) } else { queue.backward.add(&side) }
}

fn found(detail: Option<&Detail>, seen: Seen, nodes: &[NodeFigures], pools: &[PoolFigures]) -> Option<Found> {
    let ladder = |pool: &str| {
        pools.iter().find(|figures| figures.pool == pool).map(PoolFigures::ladder).unwrap_or_default()
    };
    match (detail?, seen) {
        (Detail::Node { name }, _) => {
            nodes.iter().find(|node| node.node == *name).map(|node| Found::Node(Box::new(node.clone())))
        }
        (Detail::Queue { pool, one, other }, Seen::Lines(lines)) => Some(Found::Queue(QueueDetail {
            pool: pool.clone(),
            one: one.clone(),
            other: other.clone(),
            longest: longest(pool, &lines, one == other, &ladder(pool)),
        })),
        (Detail::Room { .. } | Detail::Hall { .. }, Seen::Room(room)) => Some(Found::Room(room)),
        (Detail::User { pool, user }, Seen::User(someone)) => {
            Some(Found::User(Box::new(user_detail(pool, user, &someone, &ladder(pool)))))
        }
        (
            Detail::Queue { .. } | Detail::Room { .. } | Detail::Hall { .. } | Detail::User { .. },
            Seen::Nothing | Seen::Room(_) | Seen::Lines(_) | Seen::User(_),
        ) => None,
    }
}

/// The longest waiting of both directions. Where all are of one, they are each other's candidates.
fn longest(pool: &str, [forward, backward]: &[Line; 2], alike: bool, ladder: &Ladder) -> Vec<UserDetail> {
    let backward_to = if alike { forward } else { backward };
    let sides = forward.first.iter().map(|own| (own, backward_to));
    let mut all: Vec<_> = sides.chain(backward.first.iter().map(|own| (own, forward))).collect();
    all.sort_by_key(|(own, _)| (own.ticket.enqueued_at, own.ticket.id));
    let first = all.into_iter().take(Survey::LONGEST);
    first.map(|(own, others)| waiting(pool, own, others, ladder)).collect()
}

fn user_detail(pool: &str, user: &str, someone: &Someone, ladder: &Ladder) -> UserDetail {
    let mut detail = match &someone.ticket {
        Some(own) => waiting(pool, own, &someone.others, ladder),
        None => UserDetail { pool: pool.to_owned(), user: user.to_owned(), ..UserDetail::default() },
    };
    if let Some(session) = &someone.session {
        session.node.as_str().clone_into(&mut detail.node);
    }
    // A session keeps the talk that it had last; who waits is in none.
    if let (Some(talk), None) = (&someone.talk, &someone.ticket) {
        detail.state = UserState::Talking;
        detail.room = talk.room.to_string();
    } else if someone.proposed {
        detail.state = UserState::Proposed;
    }
    detail
}

fn waiting(pool: &str, own: &Candidate, others: &Line, ladder: &Ladder) -> UserDetail {
    let Candidate { ticket, stage, lives: _ } = own;
    UserDetail {
        user: ticket.user.as_str().to_owned(),
        pool: pool.to_owned(),
        node: ticket.owner.node.as_str().to_owned(),
        state: UserState::Waiting,
        room: String::new(),
        waiting_since_ms: Some(ticket.enqueued_at.as_ms()),
        stage: stage.number(),
        priority: ticket.priority as u8,
        person: person(ticket),
        explanation: Some(explanation(ticket, *stage, others, ladder)),
    }
}

fn person(ticket: &Ticket) -> Person {
    let (own, asked) = (&ticket.attributes, &ticket.criteria);
    let gender = |gender: Option<Gender>| gender.map(Gender::as_str).unwrap_or_default().to_owned();
    let strict = [
        (asked.strict.age, "age"),
        (asked.strict.gender, "gender"),
        (asked.strict.proficiency, "proficiency"),
    ];
    Person {
        speaks: own.speaks.as_str().to_owned(),
        learns: own.learns.as_str().to_owned(),
        proficiency: own.proficiency.as_str().to_owned(),
        age: own.age,
        gender: gender(own.gender),
        asks_same_proficiency: asked.same_proficiency,
        asks_age_min: asked.age.min,
        asks_age_max: asked.age.max,
        asks_gender: gender(asked.gender),
        strict: strict.into_iter().filter(|(is, _)| *is).map(|(_, word)| word.to_owned()).collect(),
    }
}

fn explanation(ticket: &Ticket, stage: Stage, others: &Line, ladder: &Ladder) -> Explanation {
    // Somebody who is in the line of candidates stands in nobody's way there.
    let others_alone = others.first.iter().filter(|other| other.ticket.id != ticket.id);
    let explained = explain(ticket, stage, others_alone, ladder);
    let looked_at = others.first.len() as u64;
    let [
        oneself,
        gone,
        avoided,
        own_proficiency,
        own_age,
        own_gender,
        their_proficiency,
        their_age,
        their_gender,
    ] = explained.excluded;
    Explanation {
        candidates: explained.candidates,
        not_looked_at: others.total.saturating_sub(looked_at),
        excluded: Excluded {
            oneself,
            gone,
            avoided,
            own_proficiency,
            own_age,
            own_gender,
            their_proficiency,
            their_age,
            their_gender,
        },
        acceptable: explained.acceptable,
        next_stage_at_ms: Some(explained.next_stage_at).filter(|at| *at != Time::NEVER).map(Time::as_ms),
        next_stage_opens: explained.next_stage_opens(stage),
        fit_at_stage: explained.fit_at_stage,
    }
}
