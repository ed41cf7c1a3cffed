//! The text of `/metrics`, version 0.0.4 of Prometheus' format: made by hand, because what reads and checks it
//! (promtool among them) takes the names of counters as they stand, and the format is ten lines.

use std::fmt::{Display, Write};
use std::time::Duration;

use super::{Counter, Family, Histogram, Reach, Reading, Sink, SinkReading, StoreOperation, Waiting};

/// The text that says what `reading` says.
pub fn page(reading: &Reading<'_>) -> String {
    let mut page = Page(String::with_capacity(32 * 1_024));
    for family in Family::ALL {
        if reading.webrtc_chat || !family.is_of_webrtc_chat() {
            page.family(*family, reading);
        }
    }
    page.0
}

struct Page(String);

/// The lines of one family.
struct Samples<'a> {
    text: &'a mut String,
    family: Family,
}

impl Page {
    fn family(&mut self, family: Family, reading: &Reading<'_>) {
        let (name, help, shape) = (family.name(), family.help(), family.shape().as_str());
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {shape}");
        let mut samples = Samples { text: &mut self.0, family };
        let head = samples.text.len();
        samples.counters(family, reading);
        samples.measured(reading);
        let nothing = head == samples.text.len();
        if nothing {
            // A name without a value says less than no name.
            let begins = self.0.rfind("# HELP").unwrap_or(head);
            self.0.truncate(begins);
        }
    }
}

impl Samples<'_> {
    /// What is counted under this name.
    fn counters(&mut self, family: Family, reading: &Reading<'_>) {
        for counter in Counter::ALL {
            if let Some((of, value)) = counter.sample()
                && of == family
            {
                self.value(value.as_slice(), reading.counters.get(*counter));
            }
        }
    }

    fn waiting(&mut self, reading: &Reading<'_>) {
        for waiting in Waiting::sum(reading.shards) {
            for (stage, count) in waiting.by_stage.iter().enumerate() {
                self.value(&[waiting.pool, &stage.to_string()], count);
            }
        }
    }

    /// Everything that is not counted.
    fn measured(&mut self, reading: &Reading<'_>) {
        let (counters, timings) = (reading.counters, reading.counters.timings());
        match self.family {
            Family::Build => self.value(&[env!("CARGO_PKG_VERSION"), reading.node, reading.store], 1),
            Family::Draining => self.value(&[], u8::from(reading.draining)),
            Family::StoreAvailable => self.value(&[], u8::from(reading.store_available)),
            Family::Connections | Family::FamilyActiveConnections => self.value(&[], counters.connections()),
            Family::ConnectionSeconds | Family::FamilySession => self.histogram(&[], [&timings.connection]),
            Family::Sessions => self.value(&[], counters.sessions()),
            Family::TicketsWaiting => self.waiting(reading),
            Family::SearchToMatch => {
                for (stage, histogram) in timings.search_to_match.iter().enumerate() {
                    self.histogram(&[&stage.to_string()], [histogram]);
                }
            }
            Family::Rooms | Family::FamilyActiveMatches => self.value(&[], counters.rooms()),
            Family::RoomSeconds | Family::FamilyMatch => self.histogram(&[], [&timings.room]),
            Family::RelaySeconds | Family::FamilyRelay => self.histogram(&[], [&timings.relay]),
            Family::QualityRtt => self.histogram(&[], [&timings.quality_rtt]),
            Family::StoreSeconds | Family::FamilyStore => {
                for operation in StoreOperation::ALL {
                    self.histogram(&[operation.name()], [timings.of(*operation)]);
                }
            }
            Family::InboxEntries => self.optional(reading.inbox_entries),
            Family::InboxLag => self.histogram(&[], [&timings.inbox_lag]),
            Family::EventsWritten => self.sinks(reading, |figures| figures.written),
            Family::EventsDropped => self.sinks(reading, |figures| figures.dropped),
            Family::EventsWaiting => self.sinks(reading, |figures| figures.waiting),
            Family::MailboxLength => {
                for (number, shard) in reading.shards.iter().enumerate() {
                    if let Some(shard) = shard {
                        self.value(&[&number.to_string()], shard.mailbox);
                    }
                }
            }
            Family::ShardsSilent => {
                self.value(&[], reading.shards.iter().filter(|shard| shard.is_none()).count());
            }
            Family::RuntimeBusy => {
                for (worker, busy) in reading.runtime.busy.iter().enumerate() {
                    self.value(&[&worker.to_string()], busy.as_secs_f64());
                }
            }
            Family::RuntimeTasks => self.value(&[], reading.runtime.tasks),
            Family::RuntimeQueue => self.value(&[], reading.runtime.queue),
            Family::ProcessStart => self.value(&[], reading.started_at_seconds),
            Family::ProcessCpu => self.optional(reading.process.map(|process| process.cpu.as_secs_f64())),
            Family::ProcessResident => self.optional(reading.process.map(|process| process.resident_bytes)),
            Family::ProcessVirtual => self.optional(reading.process.map(|process| process.virtual_bytes)),
            Family::ProcessThreads => self.optional(reading.process.map(|process| process.threads)),
            Family::ProcessFiles => self.optional(reading.process.map(|process| process.open_files)),
            Family::ProcessMostFiles => self.optional(reading.process.map(|process| process.most_open_files)),
            Family::FamilyTotalConnections => self.value(&[], counters.get(Counter::ConnectionsOpened)),
            Family::FamilyMatchmaking => self.histogram(&[], &timings.search_to_match),
            Family::FamilyMatchmakingSuccess => self.value(&[], counters.get(Counter::RoomsOpened)),
            Family::FamilyQueue => {
                let waiting = Waiting::sum(reading.shards);
                let own = waiting.iter().filter(|waiting| waiting.pool == "webrtc-chat");
                self.value(&[], own.flat_map(|waiting| waiting.by_stage).sum::<u64>());
            }
            Family::FamilySignals => self.as_in(Family::SignalsRelayed, reading),
            Family::FamilyErrors => self.as_in(Family::Refusals, reading),
            Family::FamilyRateLimits => self.rate_limits(reading),
            Family::FamilyRtt => self.milliseconds(&timings.quality_rtt),
            // Counted.
            Family::ConnectionsOpened
            | Family::ConnectionsRefused
            | Family::RequestsRefused
            | Family::StreamsRefused
            | Family::StreamsSilent
            | Family::SlowConsumers
            | Family::ConnectionsEnded
            | Family::Renewals
            | Family::BansRefused
            | Family::SessionsOpened
            | Family::SessionsReplaced
            | Family::SessionsInactive
            | Family::TicketsOpened
            | Family::TicketsEnded
            | Family::ProposalsMade
            | Family::ProposalsEnded
            | Family::RoomsOpened
            | Family::RoomsClosed
            | Family::SignalsRelayed
            | Family::SignalsDropped
            | Family::CallsFailed
            | Family::ChatMessages
            | Family::Refusals
            | Family::RateLimited
            | Family::StoreUnavailable
            | Family::HallsEntered
            | Family::BackendUnavailable
            | Family::LettersSent
            | Family::LettersReceived
            | Family::LettersLost
            | Family::NodesGone
            | Family::Panics
            | Family::LogLinesLost => {}
        }
    }

    /// One sample for each sink that is on.
    fn sinks(&mut self, reading: &Reading<'_>, figure: fn(SinkReading) -> u64) {
        for sink in Sink::ALL {
            let figures = reading.counters.sink(sink).read();
            if figures.reach != Reach::Off {
                self.value(&[sink.name()], figure(figures));
            }
        }
    }

    /// Nothing where nobody knows.
    fn optional(&mut self, value: Option<impl Display>) {
        if let Some(value) = value {
            self.value(&[], value);
        }
    }

    /// The samples of another family under this name, without those that have a name of their own.
    fn as_in(&mut self, other: Family, reading: &Reading<'_>) {
        for counter in Counter::ALL.iter().filter(|counter| **counter != Counter::RefusedRateLimited) {
            if let Some((of, value)) = counter.sample()
                && of == other
            {
                self.value(value.as_slice(), reading.counters.get(*counter));
            }
        }
    }

    fn rate_limits(&mut self, reading: &Reading<'_>) {
        let sum =
            |counters: &[Counter]| counters.iter().map(|counter| reading.counters.get(*counter)).sum::<u64>();
        for (word, counters) in [
            (
                "connection",
                &[
                    Counter::RequestsPerAddressOverLimit,
                    Counter::ConnectionsPerAddressOverLimit,
                    Counter::AttemptsPerAddressOverLimit,
                ][..],
            ),
            ("matchmaking", &[Counter::RateLimitedMatching]),
            ("messaging", &[Counter::RateLimitedChat]),
            ("signaling", &[Counter::RateLimitedSignaling]),
        ] {
            self.value(&[word], sum(counters));
        }
    }

    fn value(&mut self, labels: &[&str], value: impl Display) {
        self.line("", labels, None, value);
    }

    fn histogram<'h>(&mut self, labels: &[&str], parts: impl IntoIterator<Item = &'h Histogram>) {
        self.buckets(labels, parts, |bound| bound.as_secs_f64());
    }

    fn milliseconds(&mut self, histogram: &Histogram) {
        self.buckets(&[], [histogram], |bound| bound.as_secs_f64() * 1_000.0);
    }

    /// One histogram of several with the same bounds.
    fn buckets<'h>(
        &mut self,
        labels: &[&str],
        parts: impl IntoIterator<Item = &'h Histogram>,
        unit: fn(Duration) -> f64,
    ) {
        let (mut buckets, mut sum) = (Vec::<(Option<Duration>, u64)>::new(), Duration::ZERO);
        for part in parts {
            sum += part.sum();
            if buckets.is_empty() {
                buckets = part.cumulative().collect();
            } else {
                for ((_, total), (_, more)) in buckets.iter_mut().zip(part.cumulative()) {
                    *total += more;
                }
            }
        }
        let count = buckets.last().map_or(0, |(_, count)| *count);
        for (bound, total) in buckets {
            let bound = bound.map_or_else(|| "+Inf".to_owned(), |bound| unit(bound).to_string());
            self.line("_bucket", labels, Some(&bound), total);
        }
        self.line("_sum", labels, None, unit(sum));
        self.line("_count", labels, None, count);
    }

    fn line(&mut self, suffix: &str, values: &[&str], bound: Option<&str>, value: impl Display) {
        let _ = write!(self.text, "{}{suffix}", self.family.name());
        let names = self.family.labels().iter().map(|label| label.name);
        let pairs = names.zip(values.iter().copied()).chain(bound.map(|bound| ("le", bound)));
        let mut open = '{';
        // Values are of closed sets, none of which holds a quote, a backslash or a line break.
        for (name, value) in pairs {
            let _ = write!(self.text, "{open}{name}=\"{value}\"");
            open = ',';
        }
        let close = if open == ',' { "}" } else { "" };
        let _ = writeln!(self.text, "{close} {value}");
    }
}

#[cfg(test)]
mod tests;
