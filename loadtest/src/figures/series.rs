//! How figures went over the time of a run: one row for each second, or for as many as make the rows few enough.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::metric::{Metric, histogram};

/// Rows of one run: memory stays the same however long it is.
const ROWS_AT_MOST: f64 = 600.0;

/// What a process takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Memory in RAM, bytes.
    pub resident_bytes: u64,
    /// Of one core, percent.
    pub cpu_percent: f64,
}

/// A metric in one row; microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// For each second.
    pub per_second: f64,
    /// The median.
    pub p50_us: u64,
    /// 99 of 100 took no longer.
    pub p99_us: u64,
    /// The longest.
    pub max_us: u64,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its end, in seconds since the start.
    pub at_seconds: f64,
    /// How long it is, seconds.
    pub seconds: f64,
    /// Clients with a connection.
    pub connected: u32,
    /// Clients that search.
    pub waiting: u32,
    /// Clients in a room.
    pub talking: u32,
    /// The server, where it can be seen.
    pub server: Option<Usage>,
    /// The tester.
    pub tester: Usage,
    /// One for each metric, in the order of [`Metric::ALL`].
    pub cells: Vec<Cell>,
}

/// The rows of a run.
#[derive(Debug)]
pub struct Series {
    /// Seconds of a row.
    pub row_seconds: f64,
    current: [Histogram<u32>; Metric::ALL.len()],
    /// Seconds of the rows in which there was anything to measure, of each metric.
    active_seconds: [f64; Metric::ALL.len()],
    rows: Vec<Row>,
}

impl Series {
    pub(super) fn new(run_seconds: f64) -> Self {
        let row_seconds = (run_seconds / ROWS_AT_MOST).ceil().max(1.0);
        Self {
            row_seconds,
            current: Metric::ALL.map(|_| histogram()),
            active_seconds: [0.0; Metric::ALL.len()],
            rows: Vec::new(),
        }
    }

    /// What is there so far.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// For how many seconds there was anything to measure.
    pub(super) fn active_seconds(&self, metric: Metric) -> f64 {
        self.active_seconds[metric as usize]
    }

    pub(super) fn record(&mut self, metric: Metric, us: u64) {
        self.current[metric as usize].saturating_record(us);
    }

    #[expect(clippy::cast_precision_loss, reason = "no second counts to 2^53")]
    pub(super) fn close(&mut self, mut row: Row) {
        let seconds = row.seconds.max(0.001);
        let cells = self.current.iter_mut().zip(&mut self.active_seconds).map(|(histogram, active)| {
            let empty = histogram.is_empty();
            *active += if empty { 0.0 } else { seconds };
            let quantile = |quantile| if empty { 0 } else { histogram.value_at_quantile(quantile) };
            let per_second = histogram.len() as f64 / seconds;
            let max_us = if empty { 0 } else { histogram.max() };
            let cell = Cell { per_second, p50_us: quantile(0.5), p99_us: quantile(0.99), max_us };
            histogram.reset();
            cell
        });
        row.cells = cells.collect();
        self.rows.push(row);
    }
}
