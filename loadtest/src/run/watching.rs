//! Looking at memory and CPU of server and tester, once for each row.

use super::scraping::Scraper;
use crate::figures::Usage;
use crate::machine::{Taken, taken};
use crate::report::{ProcessUse, Processes};
use crate::time::Moment;

/// Where a process is looked at.
#[derive(Debug)]
pub(super) enum Source {
    /// It is one of this machine.
    Process(u32),
    /// It has a page of metrics.
    Page(Scraper, Taken),
}

impl Source {
    /// As it is now, or as it was told last; `None` where there is nothing new.
    fn newest(&self) -> Option<Taken> {
        match self {
            Self::Process(process) => taken(*process),
            Self::Page(scraper, _) => scraper.newest(),
        }
    }

    fn first(&self) -> Option<Taken> {
        match self {
            Self::Process(process) => taken(*process),
            Self::Page(_, first) => Some(*first),
        }
    }
}

/// A process that is looked at.
#[derive(Debug)]
struct Watched {
    source: Source,
    first: Taken,
    last: Taken,
    peak_bytes: u64,
}

impl Watched {
    fn new(source: Source) -> Option<Self> {
        let first = source.first()?;
        Some(Self { source, first, last: first, peak_bytes: first.resident_bytes })
    }

    fn look(&mut self, seconds: f64) -> Usage {
        let before = self.last;
        // A process that has ended is as it was last seen.
        self.last = self.source.newest().unwrap_or(before);
        self.peak_bytes = self.peak_bytes.max(self.last.resident_bytes);
        let cpu = (self.last.cpu_seconds - before.cpu_seconds).max(0.0);
        Usage { resident_bytes: self.last.resident_bytes, cpu_percent: cpu / seconds.max(0.001) * 100.0 }
    }

    fn whole(&self, seconds: f64) -> ProcessUse {
        let cpu_seconds = (self.last.cpu_seconds - self.first.cpu_seconds).max(0.0);
        ProcessUse {
            resident_peak_bytes: self.peak_bytes,
            resident_end_bytes: self.last.resident_bytes,
            cpu_percent: cpu_seconds / seconds.max(0.001) * 100.0,
            cpu_seconds,
        }
    }
}

/// Looks at both.
#[derive(Debug)]
pub(super) struct Watch {
    server: Option<Watched>,
    tester: Option<Watched>,
    looked: Moment,
}

impl Watch {
    pub(super) fn new(server: Option<Source>) -> Self {
        Self {
            server: server.and_then(Watched::new),
            tester: Watched::new(Source::Process(std::process::id())),
            looked: Moment::default(),
        }
    }

    /// Seconds since the last look, and what each took since.
    pub(super) fn look(&mut self, now: Moment) -> (f64, Option<Usage>, Usage) {
        let seconds = now.since(self.looked).as_secs_f64();
        self.looked = now;
        let server = self.server.as_mut().map(|server| server.look(seconds));
        let tester = self.tester.as_mut().map(|tester| tester.look(seconds));
        (seconds, server, tester.unwrap_or_default())
    }

    pub(super) fn processes(&self, ended: Moment) -> Processes {
        let seconds = ended.as_seconds();
        Processes {
            server: self.server.as_ref().map(|server| server.whole(seconds)),
            tester: self.tester.as_ref().map(|tester| tester.whole(seconds)).unwrap_or_default(),
        }
    }
}
