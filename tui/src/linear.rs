//! The service in sentences that are only ever appended, for screen readers and for logs.

use crate::state::list::List;
use crate::state::{State, rows};
use crate::text::{Letters, safe};
use crate::words;

/// A sentence is repeated after so long even if it has not changed.
const REPEAT_MS: u64 = 60_000;

/// What was said already.
#[derive(Debug, Default)]
pub(crate) struct Linear {
    said: Option<(String, u64)>,
    conditions: Vec<(String, &'static str)>,
    silent: bool,
}

impl Linear {
    /// What is to be said now: nothing where nothing is new.
    pub(crate) fn sentences(&mut self, state: &State, letters: Letters, now_ms: u64) -> Vec<String> {
        let mut sentences = Vec::new();
        let clock = words::clock(state.shown().snapshot.taken_at_ms);
        match (state.stale(), self.silent) {
            (Some((ms, why)), false) => {
                self.silent = true;
                let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
                let address = &state.terms.address;
                sentences.push(format!("no answer from {address} for {}{why}, retrying.", words::age(ms)));
            }
            (None, true) => {
                self.silent = false;
                sentences.push(format!("{clock} answers again."));
            }
            (Some(_), true) | (None, false) => {}
        }
        if state.stale().is_none() && state.has_picture() {
            sentences.extend(self.nodes(state).into_iter().map(|text| format!("{clock} {text}")));
            sentences.extend(self.summary(state, now_ms).map(|text| format!("{clock} {text}")));
        }
        sentences.into_iter().map(|text| safe(&text, letters)).collect()
    }

    /// Nodes that came, went, or are otherwise than they were.
    fn nodes(&mut self, state: &State) -> Vec<String> {
        let nodes = &state.shown().snapshot.nodes;
        let condition = |draining, store| match (draining, store) {
            (true, _) => "goes down in order",
            (false, false) => "does not reach its store",
            (false, true) => "is ready",
        };
        let now: Vec<(String, &'static str)> = nodes
            .iter()
            .map(|node| (node.node.clone(), condition(node.draining, node.store_available)))
            .collect();
        let before = std::mem::replace(&mut self.conditions, now);
        let changed = self.conditions.iter().filter(|known| !before.contains(known));
        let mut sentences: Vec<String> = changed.map(|(node, is)| format!("node {node} {is}.")).collect();
        let gone = before.iter().filter(|(node, _)| nodes.iter().all(|known| known.node != *node));
        sentences.extend(gone.map(|(node, _)| format!("node {node} is gone.")));
        sentences
    }

    /// How it is, if that is new or long ago.
    fn summary(&mut self, state: &State, now_ms: u64) -> Option<String> {
        let live = state.shown();
        let waiting = live.figures.trends.waiting.newest().unwrap_or(0.0);
        let samples = usize::try_from(REPEAT_MS / state.pace_ms.max(1)).unwrap_or(usize::MAX);
        let change =
            live.figures.trends.waiting.before(samples).map_or(String::new(), |before| match words::rounded(
                waiting,
            )
            .cmp(&words::rounded(before))
            {
                std::cmp::Ordering::Less => {
                    format!(" ({} fewer than a minute ago)", words::rounded(before - waiting))
                }
                std::cmp::Ordering::Equal => String::new(),
                std::cmp::Ordering::Greater => {
                    format!(" ({} more than a minute ago)", words::rounded(waiting - before))
                }
            });
        let matches = live
            .figures
            .rates()
            .matches
            .map_or(String::new(), |rate| format!(", {} matches a second", words::rate(rate)));
        let text =
            format!("{} waiting{change}{matches}{}.", words::count(words::rounded(waiting)), longest(state));
        let is_old =
            self.said.as_ref().is_none_or(|(said, at_ms)| *said != text || now_ms - at_ms >= REPEAT_MS);
        is_old.then(|| {
            self.said = Some((text.clone(), now_ms));
            text
        })
    }
}

/// Where somebody waits longest.
fn longest(state: &State) -> String {
    let live = state.shown();
    // Whoever waits longest comes first, whatever the screen is.
    let queues = rows::queues(live, &List::default());
    let Some((queue, since_ms)) =
        queues.first().and_then(|row| Some((row.what.queue, row.what.queue.oldest_at_ms()?)))
    else {
        return String::new();
    };
    let waits = words::age(live.snapshot.taken_at_ms.saturating_sub(since_ms));
    format!("; longest: {} {} to {}, {waits}", queue.pool, queue.one, queue.other)
}

#[cfg(test)]
mod tests {
    use super::Linear;
    use crate::sample::{self, Service};
    use crate::text::Letters;

    #[test]
    fn sentences_tell_what_is_new() {
        let mut state = sample::new();
        let mut linear = Linear::default();
        let mut say = |state: &crate::state::State, now_ms| linear.sentences(state, Letters::Unicode, now_ms);
        assert_eq!(say(&state, 0), Vec::<String>::new());
        state.apply(sample::snapshot(Service::Normal, 0, None), 0);
        assert_eq!(
            say(&state, 0),
            [
                "16:42:07 node n-000 is ready.",
                "16:42:07 node n-001 is ready.",
                "16:42:07 node n-002 goes down in order.",
                "16:42:07 30 waiting; longest: qala ja to pt, 66 s.",
            ]
        );
        // The same again is nothing new.
        assert_eq!(say(&state, 500), Vec::<String>::new());
        state.fall_silent("connection refused".to_owned(), 2_000);
        state.tick(3_000);
        assert_eq!(
            say(&state, 3_000),
            ["no answer from redis://db:6379 for 3 s (connection refused), retrying."]
        );
        assert_eq!(say(&state, 3_100), Vec::<String>::new());
        let mut snapshot = sample::snapshot(Service::Normal, 4, None);
        snapshot.nodes.remove(1);
        state.apply(snapshot, 4_000);
        let said = say(&state, 4_000);
        assert_eq!(said[..2], ["16:42:11 answers again.", "16:42:11 node n-001 is gone."]);
        assert!(said[2].starts_with("16:42:11 20 waiting, "), "{said:?}");
    }
}
