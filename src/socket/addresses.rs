//! What one network address may do. This machine has no limits, unless a proxy on it names somebody else.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use governor::clock::Clock as Ticks;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;
use governor::{Quota, RateLimiter};

use super::lock;
use crate::node::Clock;

/// Addresses with a budget of their own. When there are more at once, the rest share.
const ADDRESSES_REMEMBERED: usize = 100_000;
/// Budgets that addresses share for which there is no room: one that asks too often takes from few others.
const SHARED_BUDGETS: u64 = 1_024;
/// Addresses whose budget is remembered before full ones are forgotten for the first time.
const FORGET_FROM: u64 = 10_000;
/// While there are too many, full ones are looked for this often: each look is at all of them.
const FORGET_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Whom an address belongs to, as far as addresses tell: one of IPv4, or the /64 of IPv6, of which everybody has
/// many addresses. This machine is one, whichever of its addresses it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Network(IpAddr);

impl Network {
    pub(super) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            address if address.is_loopback() => Self(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V4(address) => Self(address.into()),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into())
            }
        }
    }
}

/// What becomes of who is over a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enforcement {
    /// It is refused.
    Refuse,
    /// It is counted, and let through (`--limits-dry-run`).
    Count,
}

/// Who is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// Within the limit.
    Within,
    /// Over it, and only counted.
    Over,
}

/// Connections of each address.
#[derive(Clone)]
pub struct AddressLimit {
    most: Option<usize>,
    enforcement: Enforcement,
    /// Guards the counts. A lock, because connections of all threads share them; held for one look-up. Holds only
    /// those with something open, so that it is no larger than what is.
    open: Arc<Mutex<HashMap<Network, usize>>>,
}

impl AddressLimit {
    /// At most `most` connections of one address; `None` is no limit.
    pub fn new(most: Option<usize>, enforcement: Enforcement) -> Self {
        Self { most, enforcement, open: Arc::default() }
    }

    /// Counts one more, and says where to count one less later; `Err` is the limit.
    pub(super) fn enter(&self, network: Option<Network>) -> Result<(Passed, Option<Network>), usize> {
        let (Some(most), Some(network)) = (self.most, network) else { return Ok((Passed::Within, None)) };
        let mut open = lock(&self.open);
        let count = open.get(&network).copied().unwrap_or_default();
        let passed = match self.enforcement {
            _ if count < most => Passed::Within,
            Enforcement::Count => Passed::Over,
            Enforcement::Refuse => return Err(most),
        };
        open.insert(network, count + 1);
        Ok((passed, Some(network)))
    }

    pub(super) fn leave(&self, network: Network) {
        let mut open = lock(&self.open);
        let Some(count) = open.get_mut(&network) else { return };
        *count -= 1;
        if *count == 0 {
            open.remove(&network);
        }
        if open.is_empty() {
            open.shrink_to_fit();
        }
    }
}

/// The node's time, as the budgets count it.
#[derive(Clone, Copy)]
pub struct NodeTicks(Clock);

impl Ticks for NodeTicks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}

/// How often each address may do something.
pub struct AddressBudgets<T: Ticks<Instant = Nanos> = NodeTicks> {
    /// `None` is no limit.
    limiter: Option<RateLimiter<Network, Table, T, NoOpMiddleware<Nanos>>>,
    ticks: T,
    enforcement: Enforcement,
    /// Full budgets are forgotten when there are this many. Twice what was left the last time, so that looking
    /// through them all stays rare however many addresses ask at once.
    forget_at: AtomicU64,
    /// Not before this moment, nanoseconds.
    forget_after_ns: AtomicU64,
}

impl AddressBudgets {
    /// At most `per_minute` times in a minute; 0 is no limit.
    pub fn new(per_minute: u32, enforcement: Enforcement, clock: Clock) -> Self {
        Self::by(per_minute, enforcement, NodeTicks(clock))
    }
}

impl<T: Ticks<Instant = Nanos> + Clone> AddressBudgets<T> {
    fn by(per_minute: u32, enforcement: Enforcement, ticks: T) -> Self {
        let limiter = NonZeroU32::new(per_minute)
            .map(|number| RateLimiter::new(Quota::per_minute(number), Table::default(), ticks.clone()));
        let (forget_at, forget_after_ns) = (AtomicU64::new(FORGET_FROM), AtomicU64::default());
        Self { limiter, ticks, enforcement, forget_at, forget_after_ns }
    }

    /// Pays for one, or says how many milliseconds until `network` can.
    pub(super) fn spend(&self, network: Option<Network>) -> Result<Passed, u64> {
        let (Some(limiter), Some(network)) = (&self.limiter, network) else { return Ok(Passed::Within) };
        self.forget_if_due(limiter);
        let Err(until) = limiter.check_key(&network) else { return Ok(Passed::Within) };
        match self.enforcement {
            Enforcement::Count => Ok(Passed::Over),
            Enforcement::Refuse => {
                let wait = until.wait_time_from(self.ticks.now());
                Err(u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX).max(1))
            }
        }
    }

    fn forget_if_due(&self, limiter: &RateLimiter<Network, Table, T, NoOpMiddleware<Nanos>>) {
        let remembered = |limiter: &RateLimiter<_, Table, _, _>| limiter.len() as u64;
        let now = self.ticks.now();
        let due = remembered(limiter) >= self.forget_at.load(Ordering::Relaxed)
            && now.as_u64() >= self.forget_after_ns.load(Ordering::Relaxed);
        if due {
            self.forget_after_ns.store((now + FORGET_AGAIN_AFTER).as_u64(), Ordering::Relaxed);
            limiter.retain_recent();
            let most = (remembered(limiter) * 2).clamp(FORGET_FROM, ADDRESSES_REMEMBERED as u64);
            self.forget_at.store(most, Ordering::Relaxed);
        }
    }
}

/// The budgets of all addresses.
#[derive(Default)]
struct Table {
    /// Guards the budgets. A lock, because requests of all threads share them; held for one look-up, or one look at
    /// all of them.
    budgets: Mutex<Budgets>,
    /// Chooses whom an address shares with. Nobody outside knows how.
    hasher: RandomState,
}

#[derive(Default)]
struct Budgets {
    own: HashMap<Network, Nanos>,
    shared: HashMap<u64, Nanos>,
}

impl StateStore for Table {
    type Key = Network;

    fn measure_and_replace<T, F, E>(&self, network: &Network, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut budgets = lock(&self.budgets);
        let Budgets { own, shared } = &mut *budgets;
        if own.len() < ADDRESSES_REMEMBERED || own.contains_key(network) {
            let (outcome, spent) = measure(own.get(network).copied())?;
            own.insert(*network, spent);
            return Ok(outcome);
        }
        let number = self.hasher.hash_one(network) % SHARED_BUDGETS;
        let (outcome, spent) = measure(shared.get(&number).copied())?;
        shared.insert(number, spent);
        Ok(outcome)
    }
}

impl ShrinkableKeyedStateStore<Network> for Table {
    fn retain_recent(&self, drop_below: Nanos) {
        let mut budgets = lock(&self.budgets);
        budgets.own.retain(|_, spent| *spent > drop_below);
        budgets.own.shrink_to_fit();
        budgets.shared.retain(|_, spent| *spent > drop_below);
    }

    fn len(&self) -> usize {
        lock(&self.budgets).own.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "what limits are asked about")]
    fn network(number: u32) -> Option<Network> {
        Some(Network::of(Ipv4Addr::from(0xC000_0000 + number).into()))
    }

    fn budgets(per_minute: u32) -> (AddressBudgets<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (AddressBudgets::by(per_minute, Enforcement::Refuse, clock.clone()), clock)
    }

    fn remembered(budgets: &AddressBudgets<FakeRelativeClock>) -> usize {
        budgets.limiter.as_ref().expect("a limit").len()
    }

    #[test]
    fn an_address_of_ipv6_counts_by_its_64_first_bits() {
        let of = |text: &str| Network::of(text.parse().expect("an address"));
        for (one, other, same) in [
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("::1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", true),
            ("::1", "::2", false),
        ] {
            assert_eq!(of(one) == of(other), same, "{one} {other}");
        }
    }

    #[test]
    fn an_address_has_its_number_of_connections_and_gets_one_back_when_one_closes() {
        let limit = AddressLimit::new(Some(2), Enforcement::Refuse);
        let within = |number| Ok((Passed::Within, network(number)));
        assert_eq!(limit.enter(network(1)), within(1));
        assert_eq!(limit.enter(network(1)), within(1));
        assert_eq!(limit.enter(network(1)), Err(2));
        assert_eq!(limit.enter(network(2)), within(2));
        limit.leave(network(1).expect("an address"));
        assert_eq!(limit.enter(network(1)), within(1));
        for number in [1, 1, 2] {
            limit.leave(network(number).expect("an address"));
        }
        assert!(lock(&limit.open).is_empty());
    }

    #[test]
    fn who_only_counts_lets_everybody_through_and_counts_them_down_again() {
        let limit = AddressLimit::new(Some(1), Enforcement::Count);
        assert_eq!(limit.enter(network(1)), Ok((Passed::Within, network(1))));
        assert_eq!(limit.enter(network(1)), Ok((Passed::Over, network(1))));
        for _ in 0..2 {
            limit.leave(network(1).expect("an address"));
        }
        assert_eq!(limit.enter(network(1)), Ok((Passed::Within, network(1))));
        let clock = FakeRelativeClock::default();
        let budgets = AddressBudgets::by(2, Enforcement::Count, clock);
        let passed: Vec<_> = (0..3).map(|_| budgets.spend(network(1)).expect("all do")).collect();
        assert_eq!(passed, [Passed::Within, Passed::Within, Passed::Over]);
    }

    #[test]
    fn this_machine_and_no_limit_are_not_counted() {
        let refuse = Enforcement::Refuse;
        assert_eq!(AddressLimit::new(Some(0), refuse).enter(None), Ok((Passed::Within, None)));
        assert_eq!(AddressLimit::new(None, refuse).enter(network(1)), Ok((Passed::Within, None)));
        let (limited, unlimited) = (budgets(1).0, budgets(0).0);
        assert!((0..1_000).all(|_| limited.spend(None) == Ok(Passed::Within)));
        assert!((0..1_000).all(|_| unlimited.spend(network(1)) == Ok(Passed::Within)));
    }

    #[test]
    fn an_address_has_its_number_in_a_minute() {
        let (budgets, clock) = budgets(100);
        clock.advance(Duration::from_secs(1_000));
        assert_eq!((0..150).filter(|_| budgets.spend(network(1)).is_ok()).count(), 100);
        assert_eq!(budgets.spend(network(1)), Err(600));
        assert_eq!(budgets.spend(network(2)), Ok(Passed::Within));
        clock.advance(Duration::from_millis(599));
        assert_eq!(budgets.spend(network(1)), Err(1));
        clock.advance(Duration::from_millis(1));
        assert_eq!(budgets.spend(network(1)), Ok(Passed::Within));
        assert_eq!(budgets.spend(network(1)), Err(600));
    }

    #[test]
    fn full_budgets_are_forgotten_when_there_are_many() {
        let (budgets, clock) = budgets(100);
        clock.advance(Duration::from_secs(1_000));
        for number in 0..u32::try_from(FORGET_FROM).expect("ten thousand") {
            assert_eq!(budgets.spend(network(number)), Ok(Passed::Within));
        }
        clock.advance(Duration::from_secs(1_000));
        assert_eq!(budgets.spend(network(1)), Ok(Passed::Within));
        assert_eq!(remembered(&budgets), 1);
    }

    #[test]
    fn however_many_addresses_ask_at_once_no_more_are_remembered_and_the_rest_share() {
        let (budgets, clock) = budgets(1);
        clock.advance(Duration::from_secs(1_000));
        let most = u32::try_from(ADDRESSES_REMEMBERED).expect("a hundred thousand");
        for number in 0..most {
            assert_eq!(budgets.spend(network(number)), Ok(Passed::Within));
        }
        // Four times as many as there are shared budgets: three of four find theirs spent.
        let shares = u32::try_from(SHARED_BUDGETS).expect("a thousand");
        let let_in =
            (most..most + 4 * shares).filter(|number| budgets.spend(network(*number)).is_ok()).count();
        assert!((900..=1_024).contains(&let_in), "{let_in}");
        assert_eq!(remembered(&budgets), ADDRESSES_REMEMBERED);
        // Who has one of its own keeps it.
        assert!(budgets.spend(network(0)).is_err());
        clock.advance(Duration::from_secs(200));
        assert_eq!(budgets.spend(network(most)), Ok(Passed::Within));
        assert_eq!(remembered(&budgets), 1);
    }
}
