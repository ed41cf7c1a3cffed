//! What the machine says of itself and of processes. On Linux; elsewhere nothing is known.

use std::fs;

use serde::{Deserialize, Serialize};

/// The machine of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Cores that may be used.
    pub cores: usize,
    /// The processor's name.
    pub processor: String,
    /// The kernel.
    pub system: String,
    /// Memory, bytes.
    pub memory_bytes: u64,
}

impl Machine {
    /// This one.
    pub fn this() -> Self {
        let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let named = |line: &str| Some(line.strip_prefix("model name")?.split_once(':')?.1.trim().to_owned());
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: processor.lines().find_map(named).unwrap_or_default(),
            system: format!("{} {}", std::env::consts::OS, release.trim()).trim().to_owned(),
            memory_bytes: kilobytes(&memory, "MemTotal:").unwrap_or(0),
        }
    }
}

/// What a process has taken so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Taken {
    /// Memory in RAM, bytes.
    pub resident_bytes: u64,
    /// Time of processors, seconds.
    pub cpu_seconds: f64,
}

/// What the process of that id has taken; `None` where it cannot be seen.
pub fn taken(process: u32) -> Option<Taken> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    Some(Taken { resident_bytes: kilobytes(&status, "VmRSS:")?, cpu_seconds: cpu_seconds(&stat)? })
}

fn kilobytes(text: &str, label: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(label))?;
    let number: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(number * 1_024)
}

/// Time in user and kernel mode: the 14th and 15th field, counted from behind the name, which may hold anything.
#[expect(clippy::cast_precision_loss, reason = "ticks are far below 2^53")]
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some((ticks()? + ticks()?) as f64 / ticks_per_second())
}

#[cfg(target_os = "linux")]
#[expect(clippy::cast_precision_loss, reason = "a hundred or a thousand")]
fn ticks_per_second() -> f64 {
    rustix::param::clock_ticks_per_second() as f64
}

#[cfg(not(target_os = "linux"))]
fn ticks_per_second() -> f64 {
    100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_its_name() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 100 0 0";
        assert_eq!(cpu_seconds(stat), Some(300.0 / ticks_per_second()));
        assert_eq!(kilobytes("VmPeak:\t 9 kB\nVmRSS:\t  12 kB\n", "VmRSS:"), Some(12 * 1_024));
        assert_eq!(kilobytes("", "VmRSS:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_takes_something_and_no_process_nothing() {
        assert!(taken(std::process::id()).is_some_and(|taken| taken.resident_bytes > 100_000));
        assert_eq!(taken(u32::MAX), None);
    }
}
