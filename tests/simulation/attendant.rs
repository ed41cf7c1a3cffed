//! Model clients in halls: they come and go by names that others may have as well, and send each other signals.

use std::sync::Arc;

use qala::domain::command::Command;
use qala::domain::hall::HallCommand;
use qala::domain::id::{HallName, MemberName, UserId};
use qala::domain::talk::{Payload, SignalKind};

use super::client::Action;
use super::halls::Stay;
use super::ledger::Ledger;
use super::random::Random;

/// What a client has in mind.
#[derive(Clone, Copy)]
enum Mind {
    Nothing,
    Connect,
    Close { left: bool },
    Vanish,
    Enter,
    Leave,
    Signals,
    Foreign,
}

const AWAY: [(u64, Mind); 2] = [(70, Mind::Connect), (30, Mind::Nothing)];
const OUTSIDE: [(u64, Mind); 5] =
    [(70, Mind::Enter), (5, Mind::Leave), (5, Mind::Foreign), (5, Mind::Vanish), (15, Mind::Nothing)];
const INSIDE: [(u64, Mind); 9] = [
    (40, Mind::Signals),
    (15, Mind::Enter),
    (10, Mind::Leave),
    (4, Mind::Foreign),
    (6, Mind::Vanish),
    (6, Mind::Close { left: false }),
    (3, Mind::Close { left: true }),
    (6, Mind::Connect),
    (10, Mind::Nothing),
];

/// What `user` does next. `numbers` counts what is sent, so that it can be recognised.
pub(crate) fn next(random: &mut Random, ledger: &Ledger, user: &UserId, numbers: &mut u64) -> Vec<Action> {
    let connection = ledger.people.get(user).and_then(|person| person.connection);
    let stays = connection.and_then(|connection| ledger.halls.stays.get(&connection));
    let mind = match (connection, stays) {
        (None, _) => random.weighted(&AWAY),
        (Some(_), Some(stays)) if !stays.is_empty() => random.weighted(&INSIDE),
        (Some(_), _) => random.weighted(&OUTSIDE),
    };
    let inside: Vec<HallName> = stays.into_iter().flat_map(|stays| stays.keys().cloned()).collect();
    let hall = random.pick(&inside).filter(|_| random.percent(95)).unwrap_or_else(|| hall(random));
    match mind {
        Mind::Nothing => Vec::new(),
        // Nobody takes over from a connection of somebody else.
        Mind::Connect if !ledger.scene.returns && connection.is_some() => Vec::new(),
        Mind::Connect => vec![Action::Connect],
        Mind::Close { left } => vec![Action::Close { left }],
        Mind::Vanish => {
            vec![Action::Vanish { unnoticed_ms: random.pick(&[0, 1, 50, 3_000]).unwrap_or(0) }]
        }
        Mind::Enter => {
            let (hall, name) = (self::hall(random), name(random, user));
            vec![asked(HallCommand::Enter { hall, name })]
        }
        Mind::Leave => vec![asked(HallCommand::Leave { hall })],
        Mind::Foreign => {
            let hall = self::hall(random);
            vec![signal(random, hall, MemberName::new("nobody"), numbers)]
        }
        Mind::Signals => {
            let stay = stays.and_then(|stays| stays.get(&hall));
            let others = others_of(stay);
            let Some(to) = random.pick(&others) else { return Vec::new() };
            let many = random.between(1, 5);
            (0..many).map(|_| signal(random, hall.clone(), to.clone(), numbers)).collect()
        }
    }
}

fn others_of(stay: Option<&Stay>) -> Vec<MemberName> {
    stay.into_iter().flat_map(|stay| stay.others.iter().cloned()).collect()
}

/// Few, so that people meet.
fn hall(random: &mut Random) -> HallName {
    HallName::new(format!("h{}", random.below(3)))
}

/// Mostly the own; sometimes one that others take as well.
fn name(random: &mut Random, user: &UserId) -> MemberName {
    if random.percent(80) { MemberName::new(user.as_str()) } else { MemberName::new("anybody") }
}

fn signal(random: &mut Random, hall: HallName, to: MemberName, numbers: &mut u64) -> Action {
    *numbers += 1;
    let kinds = [SignalKind::Offer, SignalKind::Answer, SignalKind::Candidate];
    let kind = random.pick(&kinds).unwrap_or(SignalKind::Offer);
    let payload = Payload(Arc::from(numbers.to_string()));
    asked(HallCommand::Signal { hall, to, kind, payload })
}

/// Always with a callback: who is in a hall is told by the answer.
fn asked(command: HallCommand) -> Action {
    Action::Ask { waits: true, command: Ok(Command::Hall(command)) }
}
