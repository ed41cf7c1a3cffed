//! What happened, on its way to those who want to know.
//!
//! Each of them has a buffer of its own. One that is full loses what is new, counted: nothing here waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use crate::domain::happening::Happening;
use crate::domain::time::Time;
use crate::metrics::{Counters, Sink};

/// What happened, as whoever wants to know takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    /// Counted from 1 since the node's start.
    pub number: u64,
    /// When.
    pub at: Time,
    /// What.
    pub happening: Happening,
}

/// Where news goes: to whom, and into which buffer.
pub type Ears = Vec<(Sink, mpsc::Sender<Arc<News>>)>;

/// Tells everybody.
pub(super) struct Herald {
    ears: Ears,
    number: AtomicU64,
    counters: Arc<Counters>,
}

impl Herald {
    pub(super) fn new(ears: Ears, counters: Arc<Counters>) -> Self {
        Self { ears, number: AtomicU64::new(1), counters }
    }

    /// Whether anybody wants to know.
    pub(super) fn is_heard(&self) -> bool {
        !self.ears.is_empty()
    }

    pub(super) fn tell(&self, happening: Happening, at: Time) {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let news = Arc::new(News { number, at, happening });
        for (sink, ear) in &self.ears {
            let figures = self.counters.sink(*sink);
            if ear.try_send(news.clone()).is_ok() {
                figures.taken();
            } else {
                figures.dropped(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::happening::What;
    use crate::domain::id::UserId;
    use crate::domain::ticket::PoolId;

    #[test]
    fn a_full_buffer_loses_what_is_new_and_nobody_elses() {
        let ((slow, mut slow_news), (quick, mut quick_news)) = (mpsc::channel(1), mpsc::channel(3));
        let counters = Arc::new(Counters::default());
        let herald = Herald::new(vec![(Sink::Kafka, slow), (Sink::Log, quick)], counters.clone());
        let happening = Happening { user: UserId::new("ana"), pool: PoolId("p"), what: What::Searching };
        for ms in 1..=3 {
            herald.tell(happening.clone(), Time::from_ms(ms));
        }
        let numbers = |news: &mut mpsc::Receiver<Arc<News>>| {
            std::iter::from_fn(|| news.try_recv().ok()).map(|news| (news.number, news.at.as_ms())).collect()
        };
        let (slow, quick): (Vec<_>, Vec<_>) = (numbers(&mut slow_news), numbers(&mut quick_news));
        assert_eq!((slow, quick), (vec![(1, 1)], vec![(1, 1), (2, 2), (3, 3)]));
        let figures = [Sink::Kafka, Sink::Log].map(|sink| counters.sink(sink).read());
        assert_eq!(figures.map(|figures| (figures.waiting, figures.dropped)), [(1, 2), (3, 0)]);
    }
}
