//! Where each user's session lives, and the talk it is in: what the next session of the same user goes on with.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::id::{Address, UserId};
use crate::domain::operation::Former;
use crate::domain::talk::Talk;
use crate::domain::ticket::PoolId;
use crate::domain::time::Time;

/// How long a session is known after it was last heard of.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// Sessions that one operation clears away once they are past: more than the one it may add.
const SWEPT_AT_ONCE: usize = 4;
/// Sessions known at once; those heard of longest ago go first.
const SESSIONS: usize = 1_000_000;

/// Whose session, and where.
type Key = (UserId, PoolId);

/// A session that is known.
struct Known {
    address: Address,
    talk: Option<Box<Talk>>,
    /// The session before, until this one is registered: whoever asks again is told again. Seldom there, and
    /// elsewhere, because every connection that is idle keeps one of these.
    former: Option<Box<Former>>,
    until: Time,
}

/// The sessions of all users.
#[derive(Default)]
pub(super) struct Sessions {
    by_user: BTreeMap<Key, Known>,
    /// The same in the order in which they are forgotten.
    by_end: BTreeSet<(Time, Key)>,
}

impl Sessions {
    /// A session begins; tells which one it follows.
    pub(super) fn attach(&mut self, key: Key, address: Address, now: Time) -> Option<Former> {
        self.sweep(now);
        let known = self.take(&key, now);
        let former = match known {
            Some(known) if known.address == address => {
                let former = known.former.as_deref().cloned();
                self.put(key, known);
                return former;
            }
            Some(Known { address, talk, .. }) => Some(Former { address, talk }),
            None => None,
        };
        self.put(key, Known { address, talk: None, former: former.clone().map(Box::new), until: now + KEPT });
        former
    }

    /// A session says what it is in, unless another one is known; tells where the one that is known lives.
    pub(super) fn register(
        &mut self,
        key: Key,
        address: Address,
        talk: Option<Box<Talk>>,
        now: Time,
    ) -> Address {
        self.sweep(now);
        match self.take(&key, now) {
            Some(other) if other.address != address => {
                let lives_at = other.address.clone();
                self.put(key, other);
                lives_at
            }
            Some(_) | None => {
                self.put(key, Known { address: address.clone(), talk, former: None, until: now + KEPT });
                address
            }
        }
    }

    /// Where the session of a user lives.
    pub(super) fn locate(&self, key: &Key, now: Time) -> Option<Address> {
        self.by_user.get(key).filter(|known| known.until > now).map(|known| known.address.clone())
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
        sessions.attach(key(1), address(1), Time::from_ms(5));
        assert_eq!(sessions.register(key(1), address(1), None, Time::from_ms(1_000)), address(1));
        assert_eq!(sessions.locate(&key(1), Time::from_ms(999) + KEPT), Some(address(1)));
        let past = Time::from_ms(1_000) + KEPT;
        assert_eq!(sessions.locate(&key(1), past), None);
        assert_eq!(sessions.attach(key(1), address(2), past), None);
    }

    #[test]
    fn users_who_do_not_return_are_forgotten_once_their_session_is_past() {
        let mut sessions = Sessions::default();
        for number in 0..1_000 {
            let now = Time::from_ms(number);
            sessions.attach(key(number), address(1), now);
            sessions.register(key(number), address(1), None, now);
            sessions.register(key(number), address(2), None, now);
            sessions.attach(key(number), address(2), now);
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
