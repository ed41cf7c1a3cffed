//! All open streams, and how long each may stay as it is.
//!
//! One look at all of them every second, instead of a timer for each: a deadline is two numbers, and memory
//! is what thousands of idle connections are made of.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Waker};
use std::time::Duration;

use super::lock;
use crate::domain::time::Time;
use crate::metrics::{Counter, Counters};
use crate::node::Clock;

/// How often deadlines are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A write that does not wait.
const GOING: u64 = 0;

/// All open streams.
pub struct Streams {
    pub(super) clock: Clock,
    pub(super) counters: Arc<Counters>,
    /// How long a stream may stay without saying what it is for: to become a session, or to send the rest of
    /// a request.
    silence: Duration,
    /// How long a write may wait for a client that does not read.
    stall: Duration,
    /// Guards the list. A lock, because streams open on all threads; held for one entry, or one look at all.
    open: Mutex<Vec<Weak<Handle>>>,
}

/// One stream, as others hold it.
pub(super) struct Handle {
    cut: AtomicBool,
    /// When it is closed, unless something happens before: milliseconds since 1970.
    deadline_ms: AtomicU64,
    /// Since when a write waits, or [`GOING`].
    waits_since_ms: AtomicU64,
    /// It carries a session: requests on it no longer set its deadline.
    kept: AtomicBool,
    /// Who waits to read, and who to write. A lock, because the one who cuts is another task; held while a
    /// waker is put down or taken.
    wakers: Mutex<[Option<Waker>; 2]>,
}

/// What somebody waits for on a stream.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Reading,
    Writing,
}

impl Streams {
    /// None yet.
    pub fn new(clock: Clock, counters: Arc<Counters>, silence: Duration, stall: Duration) -> Self {
        Self { clock, counters, silence, stall, open: Mutex::default() }
    }

    /// One more.
    pub(super) fn opened(&self) -> Arc<Handle> {
        let handle = Arc::new(Handle::until(self.clock.now() + self.silence));
        lock(&self.open).push(Arc::downgrade(&handle));
        handle
    }

    /// The moment by which a stream that is silent now must have said something.
    pub(super) fn silent_until(&self) -> Time {
        self.clock.now() + self.silence
    }

    /// Closes streams whose time is over, until dropped.
    pub async fn watch(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            self.look(self.clock.now());
        }
    }

    fn look(&self, now: Time) {
        let mut open = lock(&self.open);
        open.retain(|stream| {
            let Some(handle) = stream.upgrade() else { return false };
            if handle.has_stalled(now, self.stall) {
                self.counters.add(Counter::SlowConsumers);
                handle.cut();
            } else if handle.is_over(now) {
                self.counters.add(Counter::SilentStreams);
                handle.cut();
            }
            true
        });
        if open.capacity() > 4 * open.len() {
            open.shrink_to_fit();
        }
    }
}

impl Handle {
    pub(super) fn until(deadline: Time) -> Self {
        Self {
            cut: AtomicBool::new(false),
            deadline_ms: AtomicU64::new(deadline.as_ms()),
            waits_since_ms: AtomicU64::new(GOING),
            kept: AtomicBool::new(false),
            wakers: Mutex::default(),
        }
    }

    /// Closes the stream at once.
    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        let mut wakers = lock(&self.wakers);
        for waker in wakers.iter_mut().filter_map(Option::take) {
            waker.wake();
        }
    }

    /// Whether it is closed; if not, `context` is woken when it will be.
    pub(super) fn is_cut(&self, side: Side, context: &Context<'_>) -> bool {
        if !self.cut.load(Ordering::Acquire) {
            let mut wakers = lock(&self.wakers);
            let place = &mut wakers[side as usize];
            if !place.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
                *place = Some(context.waker().clone());
            }
        }
        // Looked at again: it may have been cut before the waker was put down.
        self.cut.load(Ordering::Acquire)
    }

    /// A request on it has until then; [`Time::NEVER`] while the server itself holds the answer.
    pub(super) fn request_until(&self, deadline: Time) {
        if !self.kept.load(Ordering::Acquire) {
            self.deadline_ms.store(deadline.as_ms(), Ordering::Release);
        }
    }

    /// It carries a session now, and stays.
    pub(super) fn keep(&self) {
        self.kept.store(true, Ordering::Release);
        self.deadline_ms.store(Time::NEVER.as_ms(), Ordering::Release);
    }

    /// It carries a session no longer.
    pub(super) fn release(&self, deadline: Time) {
        self.deadline_ms.store(deadline.as_ms(), Ordering::Release);
    }

    pub(super) fn write_waits(&self, now: Time) {
        let since = &self.waits_since_ms;
        // Only the first of several attempts counts.
        let _ = since.compare_exchange(GOING, now.as_ms(), Ordering::AcqRel, Ordering::Relaxed);
    }

    pub(super) fn write_went(&self) {
        self.waits_since_ms.store(GOING, Ordering::Release);
    }

    fn has_stalled(&self, now: Time, stall: Duration) -> bool {
        let since = self.waits_since_ms.load(Ordering::Acquire);
        since != GOING && Time::from_ms(since) + stall <= now
    }

    fn is_over(&self, now: Time) -> bool {
        self.deadline_ms.load(Ordering::Acquire) <= now.as_ms()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Time {
        Time::from_ms(ms)
    }

    #[test]
    fn a_stream_that_stays_silent_is_over_at_its_deadline() {
        let handle = Handle::until(at(10));
        assert!(!handle.is_over(at(9)));
        assert!(handle.is_over(at(10)));
        handle.request_until(Time::NEVER);
        assert!(!handle.is_over(at(1_000_000)));
        handle.request_until(at(20));
        assert!(handle.is_over(at(20)));
    }

    #[test]
    fn a_stream_with_a_session_stays_until_that_is_over() {
        let handle = Handle::until(at(10));
        handle.keep();
        handle.request_until(at(20));
        assert!(!handle.is_over(at(1_000_000)));
        handle.release(at(30));
        assert!(handle.is_over(at(30)));
    }

    #[test]
    fn a_write_stalls_from_its_first_wait_until_it_goes() {
        let handle = Handle::until(at(10));
        let stall = Duration::from_millis(5);
        assert!(!handle.has_stalled(at(1_000), stall));
        handle.write_waits(at(1_000));
        handle.write_waits(at(1_004));
        assert!(!handle.has_stalled(at(1_004), stall));
        assert!(handle.has_stalled(at(1_005), stall));
        handle.write_went();
        assert!(!handle.has_stalled(at(2_000), stall));
    }
}
