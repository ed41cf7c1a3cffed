//! What happened, on its way to those who want to know.
//!
//! Each of them has a buffer of its own. One that is full loses what is new, counted: nothing here waits. While
//! somebody looks at the node itself, the newest are kept for that as well.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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
#[derive(Debug)]
pub struct Ear {
    /// To whom.
    pub sink: Sink,
    /// Into which buffer.
    pub buffer: mpsc::Sender<Arc<News>>,
    /// What it is told.
    pub hears: Hears,
}

/// What somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hears {
    /// All that happens.
    Everything,
    /// What those who run the service did: that is told also where nothing else is.
    Interventions,
}

/// All who want to know.
pub type Ears = Vec<Ear>;

/// Who looked at the news counts as somebody who wants to know for so long.
const WATCHED_FOR: Duration = Duration::from_secs(10);
/// News kept for those who look.
const KEPT: usize = 500;

/// Tells everybody.
pub(super) struct Herald {
    ears: Ears,
    /// Until when somebody looks, ms.
    watched_until: AtomicU64,
    /// The newest, while somebody looks. A lock, because shards tell and edges look; held for a look.
    kept: Mutex<VecDeque<Arc<News>>>,
    number: AtomicU64,
    counters: Arc<Counters>,
}

impl Herald {
    pub(super) fn new(ears: Ears, counters: Arc<Counters>) -> Self {
        let (watched_until, kept) = (AtomicU64::new(0), Mutex::default());
        Self { ears, watched_until, kept, number: AtomicU64::new(1), counters }
    }

    /// Whether anybody wants to know.
    pub(super) fn is_heard(&self, now: Time) -> bool {
        self.ears.iter().any(|ear| ear.hears == Hears::Everything) || self.is_watched(now)
    }

    fn is_watched(&self, now: Time) -> bool {
        now.as_ms() < self.watched_until.load(Ordering::Relaxed)
    }

    /// The newest of what was told while somebody looked, oldest first; from now on somebody does.
    pub(super) fn newest(&self, most: usize, now: Time) -> Vec<Arc<News>> {
        self.watched_until.store((now + WATCHED_FOR).as_ms(), Ordering::Relaxed);
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().skip(kept.len().saturating_sub(most)).cloned().collect()
    }

    pub(super) fn tell(&self, happening: Happening, at: Time) {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let news = Arc::new(News { number, at, happening });
        if self.is_watched(at) {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() == KEPT {
                kept.pop_front();
            }
            kept.push_back(news.clone());
        }
        let intervention = news.happening.what.is_intervention();
        for Ear { sink, buffer, hears } in &self.ears {
            if *hears == Hears::Interventions && !intervention {
                continue;
            }
            let figures = self.counters.sink(*sink);
            if buffer.try_send(news.clone()).is_ok() {
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
    fn news_are_kept_while_somebody_looks() {
        let herald = Herald::new(Vec::new(), Arc::default());
        let happening = Happening { user: UserId::new("ana"), pool: PoolId("p"), what: What::Searching };
        let at = Time::from_ms;
        herald.tell(happening.clone(), at(1));
        assert_eq!((herald.is_heard(at(1)), herald.newest(9, at(1)).len()), (false, 0));
        for ms in 2..=KEPT as u64 + 3 {
            herald.tell(happening.clone(), at(ms));
        }
        let numbers = |most| herald.newest(most, at(1)).iter().map(|news| news.number).collect::<Vec<_>>();
        assert_eq!((numbers(KEPT + 9).len(), numbers(2)), (KEPT, vec![KEPT as u64 + 2, KEPT as u64 + 3]));
        assert_eq!([10_000, 10_001].map(|ms| herald.is_heard(at(ms))), [true, false]);
    }

    #[test]
    fn an_intervention_is_told_also_to_who_hears_nothing_else() {
        let (buffer, mut news) = mpsc::channel(3);
        let ear = Ear { sink: Sink::Redis, buffer, hears: Hears::Interventions };
        let herald = Herald::new(vec![ear], Arc::default());
        for what in [What::Searching, What::Drained, What::CallFailed] {
            let happening = Happening { user: UserId::new("ops@host"), pool: PoolId("p"), what };
            herald.tell(happening, Time::from_ms(1));
        }
        let told = news.try_recv().expect("one was told").happening.what.clone();
        assert_eq!(
            (told, news.try_recv().is_err(), herald.is_heard(Time::from_ms(1))),
            (What::Drained, true, false)
        );
    }

    #[test]
    fn a_full_buffer_loses_what_is_new_and_nobody_elses() {
        let ((slow, mut slow_news), (quick, mut quick_news)) = (mpsc::channel(1), mpsc::channel(3));
        let counters = Arc::new(Counters::default());
        let ear = |sink, buffer| Ear { sink, buffer, hears: Hears::Everything };
        let herald = Herald::new(vec![ear(Sink::Kafka, slow), ear(Sink::Log, quick)], counters.clone());
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
