//! Looking at memory and CPU of server and tester, once for each row.

use crate::figures::Usage;
use crate::machine::{Taken, taken};
use crate::report::{ProcessUse, Processes};
use crate::time::Moment;

/// A process that is looked at.
#[derive(Clone, Copy, Debug)]
struct Watched {
    process: u32,
    first: Taken,
    last: Taken,
    peak_bytes: u64,
}

impl Watched {
    fn new(process: u32) -> Option<Self> {
        let first = taken(process)?;
        Some(Self { process, first, last: first, peak_bytes: first.resident_bytes })
    }

    fn look(&mut self, seconds: f64) -> Usage {
        let before = self.last;
        // A process that has ended is as it was last seen.
        self.last = taken(self.process).unwrap_or(before);
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
    pub(super) fn new(server: Option<u32>) -> Self {
        Self {
            server: server.and_then(Watched::new),
            tester: Watched::new(std::process::id()),
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
            server: self.server.map(|server| server.whole(seconds)),
            tester: self.tester.map(|tester| tester.whole(seconds)).unwrap_or_default(),
        }
    }
}
