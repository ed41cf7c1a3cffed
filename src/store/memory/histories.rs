//! Whom each user has met lately and is not to meet again for a while.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::UserId;
use crate::domain::limits::AVOIDED;
use crate::domain::ticket::PoolId;
use crate::domain::time::Time;

/// Users whose history one operation clears away once all of it is past: more than the one it may add.
const SWEPT_AT_ONCE: usize = 4;
/// Histories kept at once. Guests are new users each time they come, so a busy day would otherwise fill the
/// memory with people who will not return; those that end first go first.
const HISTORIES: usize = 1_000_000;

/// Whose history, and where.
type Key = (UserId, PoolId);

/// Partners with the end of their time, the first to end first. At most [`AVOIDED`] of them, never none.
type History = Vec<(Time, UserId)>;

/// The histories of all users.
#[derive(Default)]
pub(super) struct Histories {
    by_user: BTreeMap<Key, History>,
    /// The same by the end of their last partner's time: the order in which they can be forgotten.
    by_end: BTreeSet<(Time, Key)>,
}

impl Histories {
    /// Whom `user` is still not to meet, the first to end first.
    pub(super) fn of(&mut self, user: UserId, pool: PoolId, now: Time) -> Vec<(UserId, Time)> {
        self.sweep(now);
        let history = self.by_user.get(&(user, pool)).map_or(&[][..], Vec::as_slice);
        let still = history.iter().filter(|(until, _)| *until > now);
        still.map(|(until, partner)| (partner.clone(), *until)).collect()
    }

    /// Adds a partner. One who is in it already stays until the later of the two ends.
    pub(super) fn remember(&mut self, key: Key, partner: UserId, until: Time, now: Time) {
        self.sweep(now);
        let mut history = self.by_user.remove(&key).unwrap_or_default();
        if let Some((end, _)) = history.last() {
            self.by_end.remove(&(*end, key.clone()));
        }
        add(&mut history, partner, until, now);
        if let Some((end, _)) = history.last() {
            self.by_end.insert((*end, key.clone()));
            self.by_user.insert(key, history);
        }
        if self.by_user.len() > HISTORIES {
            self.forget_first();
        }
    }

    fn sweep(&mut self, now: Time) {
        for _ in 0..SWEPT_AT_ONCE {
            if self.by_end.first().is_none_or(|(end, _)| *end > now) {
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

fn add(history: &mut History, partner: UserId, until: Time, now: Time) {
    let known = history.iter().position(|(_, known)| *known == partner);
    let until = known.map_or(until, |index| history.remove(index).0.max(until));
    let entry = (until, partner);
    history.insert(history.partition_point(|earlier| *earlier < entry), entry);
    let past = history.partition_point(|(until, _)| *until <= now);
    let surplus = history.len().saturating_sub(AVOIDED);
    history.drain(..past.max(surplus));
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOL: PoolId = PoolId("histories");

    fn remember(histories: &mut Histories, user: u64, partner: u64, until: u64, now: u64) {
        let user = UserId::new(user.to_string());
        let partner = UserId::new(partner.to_string());
        histories.remember((user, POOL), partner, Time::from_ms(until), Time::from_ms(now));
    }

    #[test]
    fn users_who_do_not_return_are_forgotten_once_their_history_is_past() {
        let mut histories = Histories::default();
        for user in 0..1_000 {
            remember(&mut histories, user, 1, 100 + user, user);
            remember(&mut histories, user, 2, 90 + user, user);
            assert!(histories.by_user.len() <= 101, "{user}: {}", histories.by_user.len());
            assert_eq!(histories.by_user.len(), histories.by_end.len());
        }
        for _ in 0..100 {
            histories.of(UserId::new("nobody"), POOL, Time::from_ms(10_000));
        }
        assert!(histories.by_user.is_empty() && histories.by_end.is_empty());
    }

    #[test]
    fn what_is_past_already_is_not_kept() {
        let mut histories = Histories::default();
        remember(&mut histories, 1, 2, 5, 5);
        assert!(histories.by_user.is_empty() && histories.by_end.is_empty());
    }
}
