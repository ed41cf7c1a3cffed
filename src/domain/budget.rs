//! How often one user may ask for something: a token bucket that fills evenly over a minute.

use std::time::Duration;

use super::command::Scope;
use super::limits::PerMinute;
use super::time::Time;

/// Milliseconds over which a spent budget fills again.
const MINUTE_MS: u64 = 60_000;

/// What is left of one budget. Kept as the moment at which it was or will be full: full budgets need no
/// upkeep, and one number holds both how much is left and since when.
#[derive(Clone, Copy, Debug, Default)]
pub struct Budget {
    full_at: Time,
}

impl Budget {
    /// Takes one of `per_minute` (0 is no limit), or says how many milliseconds until there is one again.
    pub fn spend(&mut self, per_minute: u32, now: Time) -> Result<(), u64> {
        if per_minute == 0 {
            return Ok(());
        }
        let cost_ms = (MINUTE_MS / u64::from(per_minute)).max(1);
        let full_at = self.full_at.max(now) + Duration::from_millis(cost_ms);
        let debt_ms = full_at.ms_until_from(now);
        let most_ms = cost_ms * u64::from(per_minute);
        if debt_ms > most_ms {
            return Err(debt_ms - most_ms);
        }
        self.full_at = full_at;
        Ok(())
    }

    /// Whether nothing is owed: forgetting a full budget forgives nothing.
    pub fn is_full(&self, now: Time) -> bool {
        self.full_at <= now
    }
}

/// A client that asks for no acknowledgement is told at most this often that a budget is spent.
const TELL_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Until when a client counts as told that a budget is spent.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    matching: Time,
    chat: Time,
    signaling: Time,
}

/// The budgets of one user.
#[derive(Clone, Copy, Debug, Default)]
pub struct Budgets {
    matching: Budget,
    chat: Budget,
    signaling: Budget,
    /// What was refused for a spent budget.
    refused: Budget,
    told_until: Told,
}

impl Budgets {
    /// Pays for one command, or says how many milliseconds until it can be paid.
    pub fn spend(&mut self, scope: Scope, most: PerMinute, now: Time) -> Result<(), u64> {
        match scope {
            Scope::Matching => self.matching.spend(most.matching, now),
            Scope::Chat => self.chat.spend(most.chat, now),
            Scope::Signaling => self.signaling.spend(most.signaling, now),
        }
    }

    /// Something was refused. `Err` once that happened more than `most` times within a minute: whoever goes on
    /// regardless does not listen.
    pub fn refuse(&mut self, most: u32, now: Time) -> Result<(), u64> {
        self.refused.spend(most, now)
    }

    /// Whether a client that asks for no acknowledgement is to be told that this budget is spent: now and then.
    pub fn tells(&mut self, scope: Scope, now: Time) -> bool {
        let again_at = match scope {
            Scope::Matching => &mut self.told_until.matching,
            Scope::Chat => &mut self.told_until.chat,
            Scope::Signaling => &mut self.told_until.signaling,
        };
        let due = *again_at <= now;
        if due {
            *again_at = now + TELL_AGAIN_AFTER;
        }
        due
    }

    /// Whether all are full.
    pub fn are_full(&self, now: Time) -> bool {
        [self.matching, self.chat, self.signaling, self.refused].iter().all(|budget| budget.is_full(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_lasts_for_its_number_and_fills_evenly() {
        let mut budget = Budget::default();
        let start = Time::from_ms(1_000_000);
        for _ in 0..100 {
            assert_eq!(budget.spend(100, start), Ok(()));
        }
        assert_eq!(budget.spend(100, start), Err(600));
        assert_eq!(budget.spend(100, start + Duration::from_millis(599)), Err(1));
        assert_eq!(budget.spend(100, start + Duration::from_millis(600)), Ok(()));
        assert_eq!(budget.spend(100, start + Duration::from_millis(600)), Err(600));
        let minute_later = start + Duration::from_millis(60_600);
        assert_eq!((0..101).filter(|_| budget.spend(100, minute_later).is_ok()).count(), 100);
    }

    #[test]
    fn each_budget_is_told_of_once_a_second() {
        let mut budgets = Budgets::default();
        let start = Time::from_ms(5);
        let second_later = start + Duration::from_secs(1);
        for (scope, now, told) in [
            (Scope::Matching, start, true),
            (Scope::Matching, start, false),
            (Scope::Signaling, start, true),
            (Scope::Chat, start, true),
            (Scope::Matching, start + Duration::from_millis(999), false),
            (Scope::Matching, second_later, true),
            (Scope::Chat, second_later, true),
        ] {
            assert_eq!(budgets.tells(scope, now), told, "{scope:?} {now:?}");
        }
    }

    #[test]
    fn zero_is_no_limit() {
        let mut budget = Budget::default();
        assert!((0..10_000).all(|_| budget.spend(0, Time::from_ms(5)).is_ok()));
    }
}
