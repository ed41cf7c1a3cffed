//! Who is put out, and until when, as operators order it. What holds is here; who is told, and how orders travel to
//! other nodes, is not.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::id::UserId;
use crate::domain::time::Time;
use crate::store::BanOrder;

/// Users that may be put out at once: about ten megabytes of them. Who is to stay out for ever belongs into the
/// service's own user records.
const MOST_BANS: usize = 100_000;

/// Users that are put out.
#[derive(Debug, Default)]
pub struct Bans {
    /// A lock, because handshakes of all threads look here; held for a look. Until when each is out.
    out: Mutex<HashMap<UserId, Time>>,
}

/// As many are put out as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

impl Bans {
    /// Whether that user is put out at `now`.
    pub fn holds(&self, user: &UserId, now: Time) -> bool {
        self.out().get(user).is_some_and(|until| *until > now)
    }

    /// Does what `order` says. Doing it twice is doing it once.
    pub fn obey(&self, order: &BanOrder, now: Time) -> Result<(), TooMany> {
        let mut out = self.out();
        match order {
            BanOrder::Lift { user } => {
                out.remove(user);
            }
            BanOrder::Ban { user, until } if *until <= now => {
                out.remove(user);
            }
            BanOrder::Ban { user, until } => {
                if out.len() >= MOST_BANS && !out.contains_key(user) {
                    out.retain(|_, until| *until > now);
                    if out.len() >= MOST_BANS {
                        return Err(TooMany);
                    }
                }
                out.insert(user.clone(), *until);
            }
        }
        Ok(())
    }

    /// Everything that holds at `now`, as orders.
    pub fn all(&self, now: Time) -> Vec<BanOrder> {
        let out = self.out();
        let holding = out.iter().filter(|(_, until)| **until > now);
        holding.map(|(user, until)| BanOrder::Ban { user: user.clone(), until: *until }).collect()
    }

    fn out(&self) -> MutexGuard<'_, HashMap<UserId, Time>> {
        // A panic elsewhere leaves nothing half done here.
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ban(user: &str, until: Time) -> BanOrder {
        BanOrder::Ban { user: UserId::new(user), until }
    }

    #[test]
    fn a_ban_holds_until_its_end_or_until_it_is_lifted() {
        let (bans, at, ana) = (Bans::default(), Time::from_ms, UserId::new("ana"));
        assert!(!bans.holds(&ana, at(1)));
        bans.obey(&ban("ana", at(10)), at(1)).expect("room");
        assert!(bans.holds(&ana, at(9)) && !bans.holds(&ana, at(10)));
        bans.obey(&ban("ana", Time::NEVER), at(1)).expect("room");
        assert!(bans.holds(&ana, at(10)));
        assert_eq!(bans.all(at(10)), [ban("ana", Time::NEVER)]);
        bans.obey(&BanOrder::Lift { user: ana.clone() }, at(11)).expect("room");
        assert!(!bans.holds(&ana, at(11)));
        // One that is over when it arrives ends one that holds.
        bans.obey(&ban("ana", Time::NEVER), at(12)).expect("room");
        bans.obey(&ban("ana", at(5)), at(13)).expect("room");
        assert!(!bans.holds(&ana, at(13)));
        assert_eq!(bans.all(at(13)), []);
    }

    #[test]
    fn there_is_room_for_so_many_that_hold() {
        let (bans, at) = (Bans::default(), Time::from_ms);
        for number in 0..MOST_BANS {
            bans.obey(&ban(&number.to_string(), at(10)), at(1)).expect("room");
        }
        assert_eq!(bans.obey(&ban("one more", at(20)), at(1)), Err(TooMany));
        assert_eq!(bans.obey(&ban("0", at(20)), at(1)), Ok(()));
        assert_eq!(bans.obey(&ban("one more", at(20)), at(10)), Ok(()));
        assert_eq!(bans.all(at(10)).len(), 2);
    }
}
