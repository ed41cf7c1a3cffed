//! Halls as the REST edge asks for them: which there are, who is in them, and a name for a new one.

use super::Node;
use super::entropy::SystemEntropy;
use crate::domain::hall::{HallOperation, HallOutcome, Roster};
use crate::domain::id::{HallName, MemberName, RoomId};
use crate::domain::limits::{HALL_NAME_CHARACTERS, HALLS_LISTED_AT_ONCE, HALLS_RESERVED, HALLS_SHOWN};
use crate::domain::operation::{Operation, Outcome};
use crate::metrics::Counter;
use crate::store::Submitted;

/// A hall as anybody may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HallShown {
    /// What it is called.
    pub name: String,
    /// What its members are called, who came first, first.
    pub members: Vec<String>,
    /// When it came into being, milliseconds since 1970.
    pub created_at_ms: u64,
}

/// Why something about halls was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HallsDenied {
    /// There are as many as there may be.
    NoMore,
    /// The store does not answer.
    Unavailable {
        /// When to try again.
        retry_after_ms: u64,
    },
}

impl Node {
    /// Whether there can be halls.
    pub fn has_halls(&self) -> bool {
        self.halls.is_some()
    }

    /// The halls of all nodes, the newest first, at most [`HALLS_SHOWN`].
    pub async fn halls(&self) -> Result<Vec<HallShown>, HallsDenied> {
        let mut shown = Vec::new();
        for skip in (0..HALLS_SHOWN).step_by(HALLS_LISTED_AT_ONCE) {
            let HallOutcome::Listed(halls) = self.ask_halls(HallOperation::List { skip }).await? else {
                return Ok(shown);
            };
            let last = halls.len() < HALLS_LISTED_AT_ONCE;
            shown.extend(halls.into_iter().map(|(hall, roster)| HallShown::new(&hall, &roster)));
            if last {
                break;
            }
        }
        Ok(shown)
    }

    /// The hall of that name, if there is one.
    pub async fn hall(&self, name: &str) -> Result<Option<HallShown>, HallsDenied> {
        if name.chars().take(HALL_NAME_CHARACTERS + 1).count() > HALL_NAME_CHARACTERS {
            return Ok(None);
        }
        let hall = HallName::new(name);
        let HallOutcome::Roster(roster) = self.ask_halls(HallOperation::Look { hall: hall.clone() }).await?
        else {
            return Ok(None);
        };
        Ok(roster.map(|roster| HallShown::new(&hall, &roster)))
    }

    /// A hall that nobody has heard of, kept for those who are told its name.
    pub async fn reserve_hall(&self) -> Result<String, HallsDenied> {
        let name = RoomId::random(&mut SystemEntropy::new()).to_string();
        let (hall, most_halls) = (HallName::new(name.as_str()), self.most_halls);
        let reserve = HallOperation::Reserve { hall, most_reserved: HALLS_RESERVED, most_halls };
        if self.ask_halls(reserve).await? == HallOutcome::Reserved {
            return Ok(name);
        }
        self.counters.add(Counter::RefusedRoomsFull);
        Err(HallsDenied::NoMore)
    }

    async fn ask_halls(&self, request: HallOperation) -> Result<HallOutcome, HallsDenied> {
        let Some(pool) = self.halls else { return Err(HallsDenied::NoMore) };
        let outcome = match self.store.submit(Operation::Hall { pool, request }, self.clock.now()) {
            Submitted::Answered(outcome) => outcome,
            Submitted::Underway(answer) => answer.await,
        };
        let retry_after_ms = outcome.retry_after_ms().unwrap_or_default();
        if let Outcome::Hall(outcome) = outcome {
            return Ok(outcome);
        }
        self.counters.add(Counter::StoreUnavailable);
        Err(HallsDenied::Unavailable { retry_after_ms })
    }
}

impl HallShown {
    fn new(hall: &HallName, roster: &Roster) -> Self {
        let names = roster.members.iter().map(|member| &member.name);
        Self {
            name: hall.as_str().to_owned(),
            members: names.map(MemberName::as_str).map(str::to_owned).collect(),
            created_at_ms: roster.created_at.as_ms(),
        }
    }
}
