//! A ticket and its stage, compiled into what a store has to do: no rule is left for the store to know.

use std::sync::Arc;

use super::criteria::{AgeRange, Ladder, Stage};
use super::id::TicketId;
use super::limits::SEARCH_CANDIDATES;
use super::person::{Direction, Gender, Proficiency};
use super::ticket::{Order, Ticket};

/// The discrete facts that can exclude: all tickets of one bucket are alike in them, so that one look at
/// the first of each bucket answers most searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket {
    /// The language pair, this side of it.
    pub direction: Direction,
    /// The level of those in it.
    pub proficiency: Proficiency,
    /// Whether they ask for the same level.
    pub asks_proficiency: bool,
    /// Their gender.
    pub gender: Option<Gender>,
    /// The gender they ask for.
    pub asks_gender: Option<Gender>,
}

/// What a search does. The store carries it out and decides nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPlan {
    /// Whom it is for.
    pub ticket: Arc<Ticket>,
    /// The stage it stands at.
    pub stage: Stage,
    /// The bucket it is listed in.
    pub listed_in: Bucket,
    /// Its place there.
    pub order: Order,
    /// The ages it accepts.
    pub accepts_age: AgeRange,
    /// The buckets to look through; what is in them differs from what is sought by age and avoidance alone.
    pub look_in: Vec<Bucket>,
    /// Candidates at or before this place were looked at by an earlier operation of the same search.
    pub after: Option<Order>,
    /// How many candidates one operation looks at.
    pub candidates: usize,
    /// An earlier ticket of the same person, which this one replaces.
    pub replaces: Option<TicketId>,
}

impl SearchPlan {
    /// The plan of `ticket` at `stage`.
    pub fn new(ticket: Arc<Ticket>, stage: Stage, ladder: &Ladder) -> Self {
        let wishes = ladder.wishes(&ticket.criteria, stage);
        let own = &ticket.attributes;
        let listed_in = Bucket {
            direction: own.direction(),
            proficiency: own.proficiency,
            asks_proficiency: wishes.same_proficiency,
            gender: own.gender,
            asks_gender: wishes.gender,
        };
        Self {
            look_in: compatible(listed_in),
            listed_in,
            stage,
            order: ticket.order(),
            accepts_age: wishes.age,
            after: None,
            candidates: SEARCH_CANDIDATES,
            replaces: None,
            ticket,
        }
    }

    /// A plan that keeps the place of `ticket` where its user's next session finds it, and nobody else: who is away
    /// looks for nobody and accepts no age.
    pub fn parked(ticket: Arc<Ticket>, stage: Stage, ladder: &Ladder) -> Self {
        Self { look_in: Vec::new(), accepts_age: AgeRange::NONE, ..Self::new(ticket, stage, ladder) }
    }
}

/// Every bucket whose people `own` accepts and who accept `own`, as far as buckets tell.
fn compatible(own: Bucket) -> Vec<Bucket> {
    let levels = Proficiency::ALL.into_iter().flat_map(|level| [(level, false), (level, true)]);
    let levels = levels.filter(|(level, asks)| {
        let same = *level == own.proficiency;
        same || !(own.asks_proficiency || *asks)
    });
    let genders = [None].into_iter().chain(Gender::ALL.map(Some));
    let genders = genders.filter(|gender| own.asks_gender.is_none() || *gender == own.asks_gender);
    let genders = genders.flat_map(|gender| {
        let asked = own.gender.map(|mine| (gender, Some(mine)));
        [Some((gender, None)), asked].into_iter().flatten()
    });
    let genders: Vec<_> = genders.collect();
    levels
        .flat_map(|(proficiency, asks_proficiency)| {
            genders.iter().map(move |&(gender, asks_gender)| Bucket {
                direction: own.direction.reverse(),
                proficiency,
                asks_proficiency,
                gender,
                asks_gender,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(asks_proficiency: bool, gender: Option<Gender>, asks_gender: Option<Gender>) -> Bucket {
        let language = |tag: &str| tag.parse().expect("a language");
        let direction = Direction { speaks: language("en"), learns: language("es") };
        Bucket { direction, proficiency: Proficiency::Beginner, asks_proficiency, gender, asks_gender }
    }

    #[test]
    fn who_asks_for_everything_looks_in_four_buckets() {
        let look_in = compatible(own(true, Some(Gender::Male), Some(Gender::Female)));
        let facts: Vec<_> = look_in.iter().map(|b| (b.asks_proficiency, b.asks_gender)).collect();
        let male = Some(Gender::Male);
        assert_eq!(facts, [(false, None), (false, male), (true, None), (true, male)]);
        assert!(look_in.iter().all(|b| b.proficiency == Proficiency::Beginner));
        assert!(look_in.iter().all(|b| b.gender == Some(Gender::Female)));
    }

    #[test]
    fn who_asks_for_nothing_looks_in_forty_at_most() {
        assert_eq!(compatible(own(false, Some(Gender::Male), None)).len(), 40);
        assert_eq!(compatible(own(false, None, None)).len(), 20);
    }
}
