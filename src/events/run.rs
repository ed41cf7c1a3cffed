//! From a buffer to a sink: in batches, each until it is taken over.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout_at};

use super::{Source, Write};
use crate::metrics::{Counters, Reach, Sink};
use crate::node::News;

/// The first pause after a failure; each further one is twice as long.
const AGAIN_AFTER: Duration = Duration::from_millis(100);
/// The longest.
const AGAIN_AFTER_AT_MOST: Duration = Duration::from_secs(2);

/// How many go together.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    pub(super) batch_size: usize,
    /// How long the first waits for others.
    pub(super) batch_time: Duration,
}

/// Writes until the buffer is empty and nobody can fill it any more.
pub(super) async fn run(
    sink: Sink,
    mut writer: Box<dyn Write>,
    pace: Pace,
    mut news: mpsc::Receiver<Arc<News>>,
    source: Source,
    counters: Arc<Counters>,
) {
    let figures = counters.sink(sink);
    // The first is empty: whether the sink can be reached is known before something happens.
    let mut batch = Vec::with_capacity(pace.batch_size);
    loop {
        let mut pause = AGAIN_AFTER;
        while let Err(why) = writer.write(&batch, &source).await {
            if figures.read().reach == Reach::Connected {
                tracing::warn!(sink = sink.name(), %why, "events are not taken, trying on");
            }
            figures.is(Reach::Disconnected);
            sleep(pause).await;
            pause = (pause * 2).min(AGAIN_AFTER_AT_MOST);
        }
        if figures.read().reach == Reach::Disconnected {
            tracing::info!(sink = sink.name(), "events are taken again");
        }
        figures.is(Reach::Connected);
        figures.written(batch.len() as u64);
        batch.clear();
        if !collect(&mut news, pace, &mut batch).await {
            return;
        }
    }
}

/// Takes what goes together; `false` when there will be nothing more.
async fn collect(news: &mut mpsc::Receiver<Arc<News>>, pace: Pace, batch: &mut Vec<Arc<News>>) -> bool {
    if news.recv_many(batch, pace.batch_size).await == 0 {
        return false;
    }
    let deadline = Instant::now() + pace.batch_time;
    while batch.len() < pace.batch_size {
        match timeout_at(deadline, news.recv_many(batch, pace.batch_size - batch.len())).await {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::runtime::Builder;

    use super::super::Writing;
    use super::*;
    use crate::domain::happening::{Happening, What};
    use crate::domain::id::{NodeId, UserId};
    use crate::domain::ticket::PoolId;
    use crate::domain::time::Time;

    type Batches = Arc<Mutex<Vec<Vec<u64>>>>;

    /// Takes nothing the first so many times.
    struct Moody {
        failures: usize,
        came: Batches,
    }

    impl Write for Moody {
        fn write<'a>(&'a mut self, batch: &'a [Arc<News>], _: &'a Source) -> Writing<'a> {
            self.came
                .lock()
                .expect("no test panics here")
                .push(batch.iter().map(|news| news.number).collect());
            let fails = self.failures > 0 && !batch.is_empty();
            self.failures -= usize::from(fails);
            Box::pin(async move { if fails { Err("not now".to_owned()) } else { Ok(()) } })
        }
    }

    fn news(number: u64) -> Arc<News> {
        let happening = Happening { user: UserId::new("ana"), pool: PoolId("p"), what: What::Searching };
        Arc::new(News { number, at: Time::default(), happening })
    }

    #[test]
    fn a_batch_comes_again_until_it_is_taken_and_what_follows_after_it() {
        let (came, counters) = (Batches::default(), Arc::new(Counters::default()));
        let writer = Box::new(Moody { failures: 2, came: came.clone() });
        let (ear, heard) = mpsc::channel(10);
        let figures = counters.sink(Sink::Redis);
        figures.is(Reach::Connected);
        for number in 1..=5 {
            ear.try_send(news(number)).expect("room");
            figures.taken();
        }
        drop(ear);
        let pace = Pace { batch_size: 2, batch_time: Duration::from_millis(1) };
        let source = Source { node: NodeId::new("n"), started_at: Time::default() };
        let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(run(Sink::Redis, writer, pace, heard, source, counters.clone()));
        let came = came.lock().expect("no test panics here");
        assert_eq!(*came, [vec![], vec![1, 2], vec![1, 2], vec![1, 2], vec![3, 4], vec![5]]);
        let read = figures.read();
        assert_eq!((read.written, read.waiting, read.dropped, read.reach), (5, 0, 0, Reach::Connected));
    }
}
