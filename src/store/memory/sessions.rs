//! Where each user's session lives, and the talk it is in: what the next session of the same user goes on with.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::id::{Address, UserId};
use crate::domain::operation::{Former, Registered, Superseded};
use crate::domain::talk::Talk;
use crate::domain::ticket::PoolId;
use crate::domain::time::Time;

/// How long a session is known after it was last heard of.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// Sessions that one operation clears away once they are past: more than the one it may add.
const SWEPT_AT_ONCE: usize = 4;
/// Sessions known at once; those heard of longest ago go first.
const SESSIONS: usize = 1_000_000;

/// Sessions before the one that is known, of which those that follow them may not have heard; the latest.
const BEFORE: usize = 8;

/// Whose session, and where.
type Key = (UserId, PoolId);

/// A session that is known.
struct Known {
    address: Address,
    /// When its client came in.
    rank: Time,
    talk: Option<Box<Talk>>,
    /// The session before, until this one is registered: whoever asks again is told again. Seldom there, and
    /// elsewhere, because every connection that is idle keeps one of these.
    former: Option<Box<Before>>,
    until: Time,
}

/// The session before one that is not registered, and those before it, the latest first.
struct Before {
    former: Former,
    earlier: Vec<Address>,
}

impl Before {
    /// The one that this session followed.
    fn followed_by(&self, address: &Address) -> Option<Address> {
        let mut chain = std::iter::once(&self.former.address).chain(&self.earlier);
        chain.find(|known| *known == address)?;
        chain.next().cloned()
    }
}

/// The sessions of all users.
#[derive(Default)]
pub(super) struct Sessions {
    by_user: BTreeMap<Key, Known>,
    /// The same in the order in which they are forgotten.
    by_end: BTreeSet<(Time, Key)>,
}

impl Sessions {
    /// A session begins whose client came in at that moment; tells which one it follows and its rank, or where the
    /// client is since.
    pub(super) fn attach(
        &mut self,
        key: Key,
        address: Address,
        since: Time,
        now: Time,
    ) -> Result<(Option<Former>, Time), Superseded> {
        self.sweep(now);
        let (former, rank) = match self.take(&key, now) {
            Some(mut known) if known.address == address => {
                known.rank = known.rank.max(since);
                let told = (known.former.as_deref().map(|before| before.former.clone()), known.rank);
                self.put(key, known);
                return Ok(told);
            }
            Some(known) if known.rank > since => {
                let former = known.former.as_deref().and_then(|before| before.followed_by(&address));
                let told = Superseded { by: known.address.clone(), former };
                self.put(key, known);
                return Err(told);
            }
            Some(Known { address, talk, rank, former, .. }) => {
                let mut earlier = Vec::new();
                if let Some(before) = former {
                    earlier.push(before.former.address);
                    earlier.extend(before.earlier);
                    earlier.truncate(BEFORE);
                }
                let before = Before { former: Former { address, talk }, earlier };
                (Some(Box::new(before)), since.max(rank + Duration::from_millis(1)))
            }
            None => (None, since),
        };
        let told = former.as_deref().map(|before| before.former.clone());
        self.put(key, Known { address, rank, talk: None, former, until: now + KEPT });
        Ok((told, rank))
    }

    /// A session says what it is in, unless another one counts.
    pub(super) fn register(
        &mut self,
        key: Key,
        address: Address,
        rank: Time,
        talk: Option<Box<Talk>>,
        now: Time,
    ) -> Registered {
        self.sweep(now);
        let (former, rank) = match self.take(&key, now) {
            Some(other) if other.address != address && other.rank >= rank => {
                let told = Registered { lives_at: other.address.clone(), rank: other.rank, former: None };
                self.put(key, other);
                return told;
            }
            Some(other) if other.address != address => (Some(other.address), rank),
            Some(own) => (None, own.rank.max(rank)),
            None => (None, rank),
        };
        self.put(key, Known { address: address.clone(), rank, talk, former: None, until: now + KEPT });
        Registered { lives_at: address, rank, former }
    }

    /// Where the session of a user lives.
    pub(super) fn locate(&self, key: &Key, now: Time) -> Option<Address> {
        self.by_user.get(key).filter(|known| known.until > now).map(|known| known.address.clone())
    }

    /// Where the session of a user lives, and the talk it is in.
    pub(super) fn known(&self, key: &Key, now: Time) -> Option<(&Address, Option<&Talk>)> {
        let known = self.by_user.get(key).filter(|known| known.until > now)?;
        Some((&known.address, known.talk.as_deref()))
    }

    /// The same, of the pool of that name.
    pub(super) fn known_in(&self, user: &UserId, pool: &str, now: Time) -> Option<(&Address, Option<&Talk>)> {
        let first = (user.clone(), PoolId(""));
        let of_user = self.by_user.range(first..).take_while(|((known, _), _)| known == user);
        let ((_, id), _) = of_user.into_iter().find(|((_, id), _)| id.0 == pool)?;
        self.known(&(user.clone(), *id), now)
    }

    /// A session is over, unless another one is known.
    pub(super) fn detach(&mut self, key: Key, address: &Address, now: Time) {
        self.sweep(now);
        if let Some(other) = self.take(&key, now).filter(|known| known.address != *address) {
            self.put(key, other);
        }
    }

    /// The session of that name, taken out; none that is past.
    fn take(&mut self, key: &Key, now: Time) -> Option<Known> {
        let known = self.by_user.remove(key)?;
        self.by_end.remove(&(known.until, key.clone()));
        Some(known).filter(|known| known.until > now)
    }

    fn put(&mut self, key: Key, known: Known) {
        self.by_end.insert((known.until, key.clone()));
        self.by_user.insert(key, known);
        if self.by_user.len() > SESSIONS {
            self.forget_first();
        }
    }

    fn sweep(&mut self, now: Time) {
        for _ in 0..SWEPT_AT_ONCE {
            if self.by_end.first().is_none_or(|(until, _)| *until > now) {
                return;
            }
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some((_, key)) = self.by_end.pop_first() {
            self.by_user.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{NodeId, SessionId};

    fn key(number: u64) -> Key {
        (UserId::new(number.to_string()), PoolId("sessions"))
    }

    fn address(slot: u32) -> Address {
        Address { node: NodeId::new("node"), session: SessionId { shard: 0, slot, generation: 0 } }
    }

    #[test]
    fn a_session_is_known_for_a_week_after_it_was_last_heard_of() {
        let mut sessions = Sessions::default();
        let [began, heard_of] = [5, 1_000].map(Time::from_ms);
        assert_eq!(sessions.attach(key(1), address(1), began, began), Ok((None, began)));
        let known = Registered { lives_at: address(1), rank: began, former: None };
        assert_eq!(sessions.register(key(1), address(1), began, None, heard_of), known);
        assert_eq!(sessions.locate(&key(1), Time::from_ms(999) + KEPT), Some(address(1)));
        let past = Time::from_ms(1_000) + KEPT;
        assert_eq!(sessions.locate(&key(1), past), None);
        assert_eq!(sessions.attach(key(1), address(2), past, past), Ok((None, past)));
    }

    #[test]
    fn users_who_do_not_return_are_forgotten_once_their_session_is_past() {
        let mut sessions = Sessions::default();
        for number in 0..1_000 {
            let now = Time::from_ms(number);
            drop(sessions.attach(key(number), address(1), now, now));
            sessions.register(key(number), address(1), now, None, now);
            sessions.register(key(number), address(2), now, None, now);
            drop(sessions.attach(key(number), address(2), now, now));
            assert_eq!(sessions.by_user.len(), sessions.by_end.len());
        }
        for number in 0..500 {
            sessions.detach(key(number), &address(1), Time::from_ms(1_000));
            assert_eq!(sessions.by_user.len(), 1_000, "another one lives");
        }
        for number in 0..500 {
            sessions.detach(key(number), &address(2), Time::from_ms(1_000));
        }
        assert_eq!((sessions.by_user.len(), sessions.by_end.len()), (500, 500));
        for _ in 0..125 {
            sessions.detach(key(5_000), &address(1), Time::from_ms(1_000) + KEPT);
        }
        assert!(sessions.by_user.is_empty() && sessions.by_end.is_empty());
    }
}
