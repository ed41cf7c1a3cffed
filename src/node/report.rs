//! How a node is, asked of its parts when somebody wants to know: nothing is kept up to date for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};

use super::Node;
use super::mailbox::{Door, Mail};
use crate::metrics::Shard;

/// What shards say of themselves is waited for this long. A shard that is behind takes milliseconds.
const SHARDS_WITHIN: Duration = Duration::from_secs(1);
/// A shard that takes no mail for so long will not take any more.
const DEADLOCKED_AFTER: Duration = Duration::from_secs(10);
/// The inbox is in the store, which may be away.
const INBOX_WITHIN: Duration = Duration::from_millis(500);

impl Node {
    /// How each shard is; `None` of one that does not say in time.
    pub async fn shards(&self) -> Vec<Option<Shard>> {
        reports(&self.doors, SHARDS_WITHIN).await
    }

    /// Whether every shard takes what is asked of it. Waits for one that is behind.
    pub async fn is_alive(&self) -> bool {
        reports(&self.doors, DEADLOCKED_AFTER).await.iter().all(Option::is_some)
    }

    /// Entries in the node's inbox; `None` where there is none, or the store does not say.
    pub async fn inbox_entries(&self) -> Option<u64> {
        let post = self.post.as_ref()?;
        timeout(INBOX_WITHIN, post.inbox_entries()).await.ok().flatten()
    }
}

/// Asks all at once, and waits for all of them together.
async fn reports(doors: &[Arc<Door>], within: Duration) -> Vec<Option<Shard>> {
    let deadline = Instant::now() + within;
    let mut answers = Vec::with_capacity(doors.len());
    for door in doors {
        let (asker, answer) = oneshot::channel();
        let asked = timeout_at(deadline, door.mailbox.send(Mail::Report(asker))).await;
        answers.push(matches!(asked, Ok(Ok(()))).then_some(answer));
    }
    let mut reports = Vec::with_capacity(answers.len());
    for answer in answers {
        reports.push(match answer {
            Some(answer) => timeout_at(deadline, answer).await.ok().and_then(Result::ok),
            None => None,
        });
    }
    reports
}

#[cfg(test)]
mod tests {
    use tokio::runtime::Builder;
    use tokio::sync::mpsc;

    use super::super::clock::Clock;
    use super::*;

    #[test]
    fn a_shard_that_stands_still_is_missed_and_the_others_are_heard() {
        let clock = Clock::start();
        let door = |places| {
            let (mailbox, mails) = mpsc::channel(places);
            (Arc::new(Door::new(mailbox, clock)), mails)
        };
        let [(still, _unread), (full, _full), (well, mut mails), (gone, _)] = [1, 1, 1, 1].map(door);
        let (asker, _answer) = oneshot::channel();
        full.mailbox.try_send(Mail::Report(asker)).expect("there is one place");
        let doors = [well, still, full, gone];
        let shard = Shard { mailbox: 1, connections: 2, sessions: 3, waiting: Vec::new() };
        let told = shard.clone();
        let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
        let reports = runtime.block_on(async {
            let answering = async {
                if let Some(Mail::Report(asker)) = mails.recv().await {
                    asker.send(told).expect("somebody waits");
                }
            };
            tokio::join!(reports(&doors, Duration::from_millis(200)), answering).0
        });
        assert_eq!(reports, [Some(shard), None, None, None]);
    }
}
