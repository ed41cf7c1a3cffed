//! What the kernel knows of this process.

use std::fs;
use std::time::Duration;

/// What the kernel counts processor time in, for every program on every machine it is likely to meet.
const TICKS_PER_SECOND: u64 = 100;

/// Figures of this process, under the names that every Prometheus client uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Processor time used, by all threads.
    pub cpu: Duration,
    /// Memory in use, bytes.
    pub resident_bytes: u64,
    /// Address space, bytes.
    pub virtual_bytes: u64,
    /// Threads.
    pub threads: u64,
    /// Open files, sockets among them.
    pub open_files: u64,
    /// How many there may be.
    pub most_open_files: u64,
}

/// What is cheap to know of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time used, by all threads.
    pub cpu: Duration,
    /// Memory in use, bytes.
    pub resident_bytes: u64,
}

impl Usage {
    /// How it is now; `None` where the kernel does not say. Takes some microseconds.
    pub fn read() -> Option<Self> {
        let text = |name: &str| fs::read_to_string(format!("/proc/self/{name}")).ok();
        let (resident_bytes, ..) = memory(&text("status")?)?;
        Some(Self { cpu: cpu(&text("stat")?)?, resident_bytes })
    }
}

impl Process {
    /// How it is now; `None` where the kernel does not say. Takes milliseconds when many files are open.
    pub fn read() -> Option<Self> {
        let text = |name: &str| fs::read_to_string(format!("/proc/self/{name}")).ok();
        let (resident_bytes, virtual_bytes, threads) = memory(&text("status")?)?;
        Some(Self {
            cpu: cpu(&text("stat")?)?,
            resident_bytes,
            virtual_bytes,
            threads,
            // The directory that is read is open as well.
            open_files: (fs::read_dir("/proc/self/fd").ok()?.count() as u64).saturating_sub(1),
            most_open_files: most_open_files(&text("limits")?)?,
        })
    }
}

/// User and system time. The program's name comes first, in parentheses, and may hold anything.
fn cpu(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = |field| fields.split_whitespace().nth(field)?.parse::<u64>().ok();
    let ticks = ticks(11)? + ticks(12)?;
    Some(Duration::from_millis(ticks.saturating_mul(1_000 / TICKS_PER_SECOND)))
}

/// Resident and virtual bytes, and threads.
fn memory(status: &str) -> Option<(u64, u64, u64)> {
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    Some((field("VmRSS")? * 1_024, field("VmSize")? * 1_024, field("Threads")?))
}

fn most_open_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let soft = line.split_whitespace().next()?;
    if soft == "unlimited" { Some(u64::MAX) } else { soft.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_behind_any_name() {
        let stat = "7 (a) b (c) S 1 1 1 0 -1 4194560 150 0 0 0 250 50 0 0 20 0 3 0 999 1 1";
        assert_eq!(cpu(stat), Some(Duration::from_secs(3)));
        assert_eq!(cpu("7 (a) S 1"), None);
        let status = "Name:\tVmRSS\nVmSize:\t     300 kB\nVmRSS:\t     200 kB\nThreads:\t3\n";
        assert_eq!(memory(status), Some((204_800, 307_200, 3)));
        assert_eq!(memory("Name:\tx\n"), None);
        let limits =
            "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024     20000    files\n";
        assert_eq!(most_open_files(limits), Some(1_024));
        assert_eq!(most_open_files("Max open files unlimited unlimited files"), Some(u64::MAX));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_memory_and_files() {
        let before = Process::read().expect("linux says");
        let opened = fs::File::open("/proc/self/stat").expect("a file");
        assert!(before.resident_bytes > 0 && before.virtual_bytes >= before.resident_bytes);
        assert!(before.threads > 0 && before.open_files > 0 && before.most_open_files > before.open_files);
        drop(opened);
    }
}
