//! The people of the benchmarks: made of their numbers, so that every run is the same.

use std::sync::Arc;
use std::time::Duration;

use qala::domain::criteria::{AgeRange, Criteria, Ladder, Stage, Strict};
use qala::domain::id::{Address, Entropy, NodeId, ProposalId, RoomId, SessionId, TicketId, UserId};
use qala::domain::operation::{Operation, Search};
use qala::domain::person::{Attributes, Gender, Proficiency};
use qala::domain::search::SearchPlan;
use qala::domain::ticket::{PoolId, Priority, Ticket};
use qala::domain::time::Time;

pub(crate) const POOL: PoolId = PoolId("bench");
pub(crate) const NOW: Time = Time::from_ms(1_000_000_000);
/// How many wait.
pub(crate) const SIZES: [u64; 4] = [0, 1_000, 10_000, 100_000];
/// Operations timed together.
pub(crate) const BATCH: u64 = 64;
/// Ids in the order of their numbers, so that a bench is the same each time.
struct Number(u64);

impl Entropy for Number {
    fn next_u64(&mut self) -> u64 {
        self.0
    }
}

/// Numbers that look random and are the same each time (splitmix64).
pub(crate) fn scattered(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Which way somebody faces: nobody of one side is acceptable to the same side.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Here,
    There,
}

/// Person number `number`; wishes and facts differ from person to person, so that every bucket is in use.
pub(crate) fn person(number: u64, side: Side, age: u8, wanted: AgeRange) -> Ticket {
    let bits = scattered(number);
    let pick = |shift: u32, of: usize| usize::try_from(bits >> shift & 0xFFFF).expect("16 bits") % of;
    let (speaks, learns) = if side == Side::Here { ("en", "es") } else { ("es", "en") };
    let language = |tag: &str| tag.parse().expect("a language");
    Ticket {
        id: TicketId(number),
        user: UserId::new(format!("user-{number}")),
        owner: Address { node: NodeId::new("node"), session: SessionId { shard: 0, slot: 0, generation: 0 } },
        pool: POOL,
        attributes: Attributes {
            speaks: language(speaks),
            learns: language(learns),
            proficiency: Proficiency::ALL[pick(0, 4)],
            age,
            gender: [None, Some(Gender::Male), Some(Gender::Female)][pick(16, 3)],
        },
        criteria: Criteria {
            same_proficiency: pick(32, 2) == 0,
            age: wanted,
            gender: [None, Some(Gender::Male), Some(Gender::Female)][pick(48, 3)],
            strict: Strict { age: true, ..Strict::default() },
        },
        enqueued_at: Time::from_ms(NOW.as_ms() + number),
        priority: Priority::Usual,
        avoid: Arc::default(),
    }
}

pub(crate) fn search(ticket: Ticket, stage: Stage) -> Operation {
    let id = &mut Number(ticket.id.0);
    Operation::Search(Box::new(Search {
        proposal: ProposalId::random(id),
        room: RoomId::random(id),
        plan: SearchPlan::new(Arc::new(ticket), stage, &Ladder::default()),
        accept_within: Duration::from_secs(20),
        agreed: false,
        lease_until: Time::NEVER,
        most_waiting: 1_000_000,
    }))
}

/// Numbers of newcomers, behind all who wait. A number is used once: what it claimed stays known.
pub(crate) fn newcomers(round: u64) -> impl Iterator<Item = u64> {
    let first = 10_000_000 + round * BATCH;
    first..first + BATCH
}

/// Rounds of newcomers that a row of this stage leaves to others.
pub(crate) fn rounds_before(stage: Stage) -> u64 {
    u64::from(stage.number()) * 100_000
}

/// People anywhere in the line.
pub(crate) fn anywhere(size: u64, round: u64) -> impl Iterator<Item = u64> {
    let mut chosen: Vec<u64> = Vec::new();
    let mut number = round * 1_000_003;
    while u64::try_from(chosen.len()).expect("small") < BATCH {
        number += 1;
        let one = scattered(number) % size;
        if !chosen.contains(&one) {
            chosen.push(one);
        }
    }
    chosen.into_iter()
}
