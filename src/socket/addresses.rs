//! What one network address may do. Loopback has no limits: everybody is there behind a proxy.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use super::lock;
use crate::domain::budget::Budget;
use crate::domain::time::Time;

/// Addresses whose budget is remembered before full ones are forgotten for the first time.
const ADDRESSES_REMEMBERED: usize = 10_000;

/// Connections of each address.
#[derive(Clone)]
pub struct AddressLimit {
    most: Option<usize>,
    /// Guards the counts. A lock, because connections of all threads share them; held for one look-up.
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl AddressLimit {
    /// At most `most` connections of one address; `None` is no limit.
    pub fn new(most: Option<usize>) -> Self {
        Self { most, open: Arc::default() }
    }

    /// Counts one more, and says which address to count one less for later; `Err` is the limit.
    pub(super) fn enter(&self, address: Option<IpAddr>) -> Result<Option<IpAddr>, usize> {
        let (Some(most), Some(address)) = (self.most, address.filter(|address| !address.is_loopback()))
        else {
            return Ok(None);
        };
        let mut open = lock(&self.open);
        let count = open.entry(address).or_default();
        if *count >= most {
            return Err(most);
        }
        *count += 1;
        Ok(Some(address))
    }

    pub(super) fn leave(&self, address: IpAddr) {
        let mut open = lock(&self.open);
        let Some(count) = open.get_mut(&address) else { return };
        *count -= 1;
        if *count == 0 {
            open.remove(&address);
        }
    }
}

/// Requests of each address.
pub struct AddressBudgets {
    /// 0 is no limit.
    per_minute: u32,
    /// Guards the budgets. A lock, because requests of all threads share them; held for one look-up.
    budgets: Mutex<Budgets>,
}

#[derive(Default)]
struct Budgets {
    of: HashMap<IpAddr, Budget>,
    /// Full ones are forgotten when there are this many. Twice what was left the last time, so that looking
    /// through them all stays rare however many addresses ask at once.
    forget_at: usize,
}

impl AddressBudgets {
    /// At most `per_minute` requests of one address; 0 is no limit.
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute, budgets: Mutex::default() }
    }

    /// Pays for one request, or says how many milliseconds until `address` can.
    pub(super) fn spend(&self, address: IpAddr, now: Time) -> Result<(), u64> {
        if self.per_minute == 0 || address.is_loopback() {
            return Ok(());
        }
        let mut budgets = lock(&self.budgets);
        if budgets.of.len() >= budgets.forget_at.max(ADDRESSES_REMEMBERED) {
            budgets.of.retain(|_, budget| !budget.is_full(now));
            budgets.forget_at = budgets.of.len() * 2;
        }
        budgets.of.entry(address).or_default().spend(self.per_minute, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn an_address_has_its_number_of_connections_and_gets_one_back_when_one_closes() {
        let limit = AddressLimit::new(Some(2));
        assert_eq!(limit.enter(Some(address(1))), Ok(Some(address(1))));
        assert_eq!(limit.enter(Some(address(1))), Ok(Some(address(1))));
        assert_eq!(limit.enter(Some(address(1))), Err(2));
        assert_eq!(limit.enter(Some(address(2))), Ok(Some(address(2))));
        limit.leave(address(1));
        assert_eq!(limit.enter(Some(address(1))), Ok(Some(address(1))));
        for last in [1, 1, 2] {
            limit.leave(address(last));
        }
        assert!(lock(&limit.open).is_empty());
    }

    #[test]
    fn loopback_and_no_limit_are_not_counted() {
        let loopback = IpAddr::from([127, 0, 0, 1]);
        assert_eq!(AddressLimit::new(Some(0)).enter(Some(loopback)), Ok(None));
        assert_eq!(AddressLimit::new(None).enter(Some(address(1))), Ok(None));
        assert!((0..1_000).all(|_| AddressBudgets::new(1).spend(loopback, Time::from_ms(1)).is_ok()));
        assert!((0..1_000).all(|_| AddressBudgets::new(0).spend(address(1), Time::from_ms(1)).is_ok()));
    }

    #[test]
    fn an_address_has_its_number_of_requests_in_a_minute() {
        let budgets = AddressBudgets::new(100);
        let now = Time::from_ms(1_000_000);
        assert_eq!((0..150).filter(|_| budgets.spend(address(1), now).is_ok()).count(), 100);
        assert_eq!(budgets.spend(address(1), now), Err(600));
        assert_eq!(budgets.spend(address(2), now), Ok(()));
        assert_eq!(budgets.spend(address(1), Time::from_ms(1_000_600)), Ok(()));
    }

    #[test]
    fn full_budgets_are_forgotten_when_there_are_many() {
        let budgets = AddressBudgets::new(100);
        for number in 0..ADDRESSES_REMEMBERED {
            let [_, _, high, low] = u32::try_from(number).expect("ten thousand").to_be_bytes();
            assert_eq!(budgets.spend(IpAddr::from([10, 0, high, low]), Time::from_ms(1_000_000)), Ok(()));
        }
        assert_eq!(budgets.spend(address(1), Time::from_ms(2_000_000)), Ok(()));
        assert_eq!(lock(&budgets.budgets).of.len(), 1);
    }
}
