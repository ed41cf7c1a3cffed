//! Who is in, until when, and what becomes of it: newer tokens, tokens whose time is over, users that are put out.
//!
//! A connection knows nothing of time, and an order names a user, not a connection; so all that are in are written
//! down here, and one task looks after them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::connecting::Gate;
use super::lock;
use super::outlet::SocketOutlet;
use crate::dialect::{Farewell, Renewed};
use crate::domain::command::Refusal;
use crate::domain::id::UserId;
use crate::domain::time::Time;
use crate::metrics::{Counter, Counters};
use crate::node::{Clock, Outlet};

/// How often it is looked whose time is over.
const LOOKS_EVERY: Duration = Duration::from_millis(200);
/// What is said last is on its way for this long before the transport is closed.
const LAST_WORDS: Duration = Duration::from_millis(250);
/// Newer tokens that may wait to be looked at.
const RENEWALS_WAITING: usize = 1_024;
/// Newer tokens that are looked at at once.
const RENEWALS_AT_ONCE: usize = 64;
/// What a client is told to wait whose token has no place among those.
const BUSY_RETRY_MS: u64 = 1_000;

/// A newer token, and whose it should be.
pub(super) struct Renewal {
    pub(super) gate: Arc<Gate>,
    pub(super) outlet: SocketOutlet,
    /// Where the answer goes, if one is wanted.
    pub(super) ack: Option<u64>,
    pub(super) token: String,
}

/// Everybody who is in.
pub struct Admissions {
    clock: Clock,
    counters: Arc<Counters>,
    /// A lock, because connections of all threads come and go; held for a look.
    stays: Mutex<Stays>,
    next: AtomicU64,
    renewals: mpsc::Sender<Renewal>,
}

/// Newer tokens on their way to be looked at.
pub struct Renewals(mpsc::Receiver<Renewal>);

/// Which stay: a connection from its opening to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StayId(u64);

#[derive(Default)]
struct Stays {
    by_user: BTreeMap<(UserId, StayId), Stay>,
    /// Those that end, by when.
    ends: BTreeMap<(Time, StayId), UserId>,
}

struct Stay {
    gate: Weak<Gate>,
    way: Way,
    until: Time,
    /// Its client has heard that it is over.
    told: bool,
}

/// A connection that may be gone. Whoever holds the lock of the stays drops none: the last one takes that lock.
type Reached = (Option<Arc<Gate>>, Option<SocketOutlet>);

impl Stay {
    fn reached(&self) -> Reached {
        (self.gate.upgrade(), (self.way)())
    }
}

/// The way back to a client, that keeps nothing alive.
pub(super) type Way = Box<dyn Fn() -> Option<SocketOutlet> + Send>;

impl Admissions {
    /// Nobody is in yet.
    pub fn new(clock: Clock, counters: Arc<Counters>) -> (Arc<Self>, Renewals) {
        let (renewals, waiting) = mpsc::channel(RENEWALS_WAITING);
        let (stays, next) = (Mutex::default(), AtomicU64::new(1));
        (Arc::new(Self { clock, counters, stays, next, renewals }), Renewals(waiting))
    }

    /// `user` is in, until then.
    pub(super) fn enter(&self, user: &UserId, until: Time, gate: &Arc<Gate>, way: Way) -> StayId {
        let id = StayId(self.next.fetch_add(1, Ordering::Relaxed));
        let mut stays = lock(&self.stays);
        stays.ends_at(id, user, until);
        let gate = Arc::downgrade(gate);
        stays.by_user.insert((user.clone(), id), Stay { gate, way, until, told: false });
        id
    }

    /// It is over.
    pub(super) fn leave(&self, user: &UserId, id: StayId) {
        let mut stays = lock(&self.stays);
        if let Some(stay) = stays.by_user.remove(&(user.clone(), id)) {
            stays.ends.remove(&(stay.until, id));
        }
    }

    /// A client shows a newer token: it is answered when somebody has looked at it. Never waits.
    pub(super) fn renew(&self, renewal: Renewal) {
        if let Err(unsent) = self.renewals.try_send(renewal) {
            let renewal = unsent.into_inner();
            self.answer(&renewal, &Renewed::Refused(Refusal::Busy { retry_after_ms: BUSY_RETRY_MS }));
        }
    }

    /// Everybody of that name has to go, for good.
    pub fn expel(&self, user: &UserId) {
        let everybody: Vec<_> = {
            let stays = lock(&self.stays);
            let of_user = (user.clone(), StayId(0))..=(user.clone(), StayId(u64::MAX));
            stays.by_user.range(of_user).map(|(_, stay)| stay.reached()).collect()
        };
        for reached in everybody {
            let (Some(gate), Some(outlet)) = reached else { continue };
            self.counters.add(Counter::ConnectionsSuspended);
            gate.banish();
            say_farewell(&gate, &outlet, Farewell::Suspended);
            outlet.dismiss();
        }
    }

    /// Looks after everybody, until it is dropped.
    pub async fn look_after(self: Arc<Self>, mut renewals: Renewals) {
        let mut looks = interval(LOOKS_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut under_way = JoinSet::new();
        loop {
            tokio::select! {
                _ = looks.tick() => self.end_those_whose_time_is_over(self.clock.now()),
                Some(_) = under_way.join_next() => {}
                Some(renewal) = renewals.0.recv(), if under_way.len() < RENEWALS_AT_ONCE => {
                    let here = self.clone();
                    under_way.spawn(async move { here.look_at(renewal).await });
                }
            }
        }
    }

    async fn look_at(&self, renewal: Renewal) {
        let (gate, now) = (&renewal.gate, self.clock.now());
        let Some((user, id)) = gate.stay() else {
            // It does not stand yet, or no longer.
            return self.answer(&renewal, &Renewed::Refused(Refusal::Busy { retry_after_ms: BUSY_RETRY_MS }));
        };
        let renewed = match gate.authenticator().renew(&user, &renewal.token, now).await {
            Ok(until) => {
                lock(&self.stays).renew(&user, id, until);
                Renewed::Until(until)
            }
            Err(denied) => Renewed::Denied(gate.authenticator().refusal(denied)),
        };
        self.answer(&renewal, &renewed);
    }

    fn answer(&self, renewal: &Renewal, renewed: &Renewed) {
        self.counters.add(match renewed {
            Renewed::Until(_) => Counter::TokensRenewed,
            Renewed::Denied(_) | Renewed::Refused(_) => Counter::RenewalsRefused,
        });
        renewal.gate.renewed();
        if let Some(ack) = renewal.ack {
            // A client whose outgoing messages are full is closed by its shard.
            let _ = renewal.outlet.acknowledge(ack, &renewal.gate.dialect().renewed(renewed));
        }
    }

    /// Tells those whose time is over, and a moment later closes their transports: a client that shows a newer token
    /// when it comes back finds its session as it was.
    fn end_those_whose_time_is_over(&self, now: Time) {
        let over = lock(&self.stays).over(now);
        for (reached, told) in over {
            let (Some(gate), Some(outlet)) = reached else { continue };
            if told {
                self.counters.add(Counter::ConnectionsExpired);
                outlet.cut();
            } else {
                say_farewell(&gate, &outlet, Farewell::Expired);
            }
        }
    }
}

fn say_farewell(gate: &Gate, outlet: &SocketOutlet, farewell: Farewell) {
    if let Some(said) = gate.dialect().farewell(farewell) {
        // What has no room is not needed to understand that the connection is closed.
        let _ = outlet.emit(said.event, &said.argument);
    }
}

impl Stays {
    fn ends_at(&mut self, id: StayId, user: &UserId, until: Time) {
        if until != Time::NEVER {
            self.ends.insert((until, id), user.clone());
        }
    }

    fn renew(&mut self, user: &UserId, id: StayId, until: Time) {
        let Some(stay) = self.by_user.get_mut(&(user.clone(), id)) else { return };
        let before = std::mem::replace(&mut stay.until, until);
        stay.told = false;
        self.ends.remove(&(before, id));
        self.ends_at(id, user, until);
    }

    /// Whose time is over at `now`, and whether they were told so before. Who was not is looked at once more, after
    /// the last words.
    fn over(&mut self, now: Time) -> Vec<(Reached, bool)> {
        let mut over = Vec::new();
        while let Some(first) = self.ends.first_entry().filter(|first| first.key().0 <= now) {
            let ((_, id), user) = first.remove_entry();
            let Some(stay) = self.by_user.get_mut(&(user.clone(), id)) else { continue };
            over.push((stay.reached(), stay.told));
            if !stay.told {
                stay.told = true;
                stay.until = now + LAST_WORDS;
                self.ends.insert((stay.until, id), user);
            }
        }
        over
    }
}
