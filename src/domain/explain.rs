//! Why somebody still waits: what stands between a ticket and those it might meet, by the rules of matching.

use super::criteria::{Ladder, Stage, Wishes};
use super::person::Attributes;
use super::ticket::Ticket;
use super::time::Time;

/// Somebody of the other direction who waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The ticket.
    pub ticket: Ticket,
    /// The stage it is listed at.
    pub stage: Stage,
    /// Whether its owner counts as alive.
    pub lives: bool,
}

/// Why two are not matched. The first that holds counts, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// The same user.
    Oneself,
    /// The other one's lease ran out.
    Gone,
    /// They met a while ago, or one blocks the other.
    Avoided,
    /// The ticket's own wish for the same level.
    OwnProficiency,
    /// Its wish for an age.
    OwnAge,
    /// Its wish for a gender.
    OwnGender,
    /// The other's wish for the same level.
    TheirProficiency,
    /// The other's wish for an age.
    TheirAge,
    /// The other's wish for a gender.
    TheirGender,
}

impl Obstacle {
    /// Every obstacle, in the order in which they are looked for.
    pub const ALL: [Self; 9] = [
        Self::Oneself,
        Self::Gone,
        Self::Avoided,
        Self::OwnProficiency,
        Self::OwnAge,
        Self::OwnGender,
        Self::TheirProficiency,
        Self::TheirAge,
        Self::TheirGender,
    ];
}

/// What stands between a ticket and its candidates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// How many candidates were looked at.
    pub candidates: u64,
    /// How many of them each obstacle excludes, as [`Obstacle::ALL`] has them.
    pub excluded: [u64; Obstacle::ALL.len()],
    /// How many fit at this moment.
    pub acceptable: u64,
    /// When the next stage opens; [`Time::NEVER`] on the last.
    pub next_stage_at: Time,
    /// How many would fit at each stage of the ticket, the others as they are.
    pub fit_at_stage: [u64; Stage::ALL.len()],
}

impl Explanation {
    /// How many more would fit at the stage after `stage`.
    pub fn next_stage_opens(&self, stage: Stage) -> u64 {
        let next = self.fit_at_stage.get(usize::from(stage.number()) + 1);
        next.map_or(0, |fit| fit.saturating_sub(self.acceptable))
    }
}

/// Explains why `ticket`, listed at `stage`, has met none of `candidates`, who are of the other direction.
pub fn explain<'a>(
    ticket: &Ticket,
    stage: Stage,
    candidates: impl IntoIterator<Item = &'a Candidate>,
    ladder: &Ladder,
) -> Explanation {
    let since = ticket.enqueued_at;
    let mut explanation =
        Explanation { next_stage_at: ladder.next_stage_at(since, stage), ..Explanation::default() };
    for candidate in candidates {
        explanation.candidates += 1;
        match obstacle(ticket, stage, candidate, ladder) {
            Some(obstacle) => explanation.excluded[obstacle as usize] += 1,
            None => explanation.acceptable += 1,
        }
        for (fit, stage) in explanation.fit_at_stage.iter_mut().zip(Stage::ALL) {
            *fit += u64::from(obstacle(ticket, stage, candidate, ladder).is_none());
        }
    }
    explanation
}

/// What keeps the two apart when `ticket` stands at `stage`. `None` exactly where they may meet and the other lives.
pub fn obstacle(ticket: &Ticket, stage: Stage, candidate: &Candidate, ladder: &Ladder) -> Option<Obstacle> {
    let Candidate { ticket: other, stage: other_stage, lives } = candidate;
    if ticket.user == other.user {
        return Some(Obstacle::Oneself);
    }
    if !lives {
        return Some(Obstacle::Gone);
    }
    if ticket.avoids(&other.user) || other.avoids(&ticket.user) {
        return Some(Obstacle::Avoided);
    }
    let mine = ladder.wishes(&ticket.criteria, stage);
    let theirs = ladder.wishes(&other.criteria, *other_stage);
    let own = [Obstacle::OwnProficiency, Obstacle::OwnAge, Obstacle::OwnGender];
    let their = [Obstacle::TheirProficiency, Obstacle::TheirAge, Obstacle::TheirGender];
    let (me, them) = (&ticket.attributes, &other.attributes);
    first_refused(mine, me, them, own).or_else(|| first_refused(theirs, them, me, their))
}

/// The first wish of `mine` that `other` does not meet, named by `obstacles`: level, age, gender.
fn first_refused(
    wishes: Wishes,
    mine: &Attributes,
    other: &Attributes,
    obstacles: [Obstacle; 3],
) -> Option<Obstacle> {
    let [proficiency, age, gender] = obstacles;
    if wishes.same_proficiency && mine.proficiency != other.proficiency {
        Some(proficiency)
    } else if !wishes.age.contains(other.age) {
        Some(age)
    } else if wishes.gender.is_some_and(|gender| other.gender != Some(gender)) {
        Some(gender)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::criteria::{AgeRange, Criteria, Strict};
    use super::super::id::{Address, NodeId, SessionId, TicketId, UserId};
    use super::super::person::{Gender, Proficiency};
    use super::super::ticket::{PoolId, Priority};
    use super::*;

    fn ticket(user: &str, (speaks, learns): (&str, &str)) -> Ticket {
        Ticket {
            id: TicketId(1),
            user: UserId::new(user),
            owner: Address {
                node: NodeId::new("n"),
                session: SessionId { shard: 0, slot: 0, generation: 0 },
            },
            pool: PoolId("qala"),
            attributes: Attributes {
                speaks: speaks.parse().expect("a language"),
                learns: learns.parse().expect("a language"),
                proficiency: Proficiency::Beginner,
                age: 30,
                gender: Some(Gender::Female),
            },
            criteria: Criteria {
                same_proficiency: false,
                age: AgeRange::ALL,
                gender: None,
                strict: Strict::default(),
            },
            enqueued_at: Time::from_ms(1_000),
            priority: Priority::Usual,
            avoid: Arc::default(),
        }
    }

    fn candidate(user: &str, change: impl FnOnce(&mut Ticket)) -> Candidate {
        let mut ticket = ticket(user, ("es", "en"));
        change(&mut ticket);
        Candidate { ticket, stage: Stage::Exact, lives: true }
    }

    #[test]
    fn each_is_counted_once_by_the_first_obstacle_and_the_next_stage_says_whom_it_opens() {
        let mut own = ticket("ana", ("en", "es"));
        own.criteria.same_proficiency = true;
        own.criteria.age = AgeRange { min: 25, max: 35 };
        own.criteria.gender = Some(Gender::Female);
        let mut dead = candidate("dead", |_| {});
        dead.lives = false;
        let others = [
            candidate("ana", |_| {}),
            dead,
            candidate("met", |other| other.avoid = [UserId::new("ana")].into()),
            candidate("advanced", |other| other.attributes.proficiency = Proficiency::Advanced),
            candidate("old and advanced", |other| {
                other.attributes.proficiency = Proficiency::Advanced;
                other.attributes.age = 38;
            }),
            candidate("old", |other| other.attributes.age = 90),
            candidate("man", |other| other.attributes.gender = Some(Gender::Male)),
            candidate("asks for a man", |other| other.criteria.gender = Some(Gender::Male)),
            candidate("asks for the young", |other| other.criteria.age = AgeRange { min: 18, max: 20 }),
            candidate("asks for advanced", |other| {
                other.attributes.proficiency = Proficiency::Advanced;
                other.criteria.same_proficiency = true;
            }),
            candidate("fits", |_| {}),
        ];
        let ladder = Ladder::default();
        let explanation = explain(&own, Stage::Exact, &others, &ladder);
        assert_eq!((explanation.candidates, explanation.acceptable), (11, 1));
        assert_eq!(explanation.excluded, [1, 1, 1, 3, 1, 1, 0, 1, 1]);
        assert_eq!(explanation.next_stage_at, Time::from_ms(16_000));
        // Level: "advanced". Age: "old and advanced". Gender: "man". At last: "old".
        assert_eq!(explanation.fit_at_stage, [1, 2, 3, 4, 5]);
        assert_eq!(
            Stage::ALL.map(|stage| explain(&own, stage, &others, &ladder).next_stage_opens(stage)),
            [1, 1, 1, 1, 0]
        );
        let last = explain(&own, Stage::PairOnly, &others, &ladder);
        assert_eq!((last.excluded, last.acceptable), ([1, 1, 1, 0, 0, 0, 1, 1, 1], 5));
        assert_eq!(last.next_stage_at, Time::NEVER);
    }

    #[test]
    fn nothing_stands_between_two_exactly_where_they_may_meet() {
        let ladder = Ladder::default();
        let levels = [Proficiency::Beginner, Proficiency::Any];
        let genders = [None, Some(Gender::Female), Some(Gender::Male)];
        let (mut looked_at, mut met) = (0, 0);
        for number in 0..levels.len() * 9 * 2 * 2 * 2 * 2 {
            let mut rest = number;
            let mut pick = |of: usize| {
                let digit = rest % of;
                rest /= of;
                digit
            };
            let mut own = ticket("ana", ("en", "es"));
            let mut other = ticket("ben", ("es", "en"));
            other.attributes.proficiency = levels[pick(2)];
            own.criteria.gender = genders[pick(3)];
            other.criteria.gender = genders[pick(3)];
            own.criteria.same_proficiency = pick(2) == 1;
            other.criteria.same_proficiency = pick(2) == 1;
            own.attributes.age = [30, 50][pick(2)];
            other.criteria.age = AgeRange { min: 28, max: [46, 60][pick(2)] };
            for (stage, other_stage) in
                Stage::ALL.into_iter().flat_map(|one| Stage::ALL.map(|other| (one, other)))
            {
                let candidate = Candidate { ticket: other.clone(), stage: other_stage, lives: true };
                let may_meet = own.may_meet(stage, &other, other_stage, &ladder);
                assert_eq!(obstacle(&own, stage, &candidate, &ladder).is_none(), may_meet, "{candidate:?}");
                looked_at += 1;
                met += u32::from(may_meet);
            }
        }
        assert!(met > 0 && met < looked_at, "{met} of {looked_at}");
    }
}
