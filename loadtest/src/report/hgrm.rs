//! A distribution in the text form that HDR plotters read.

use std::fmt::Write;

use crate::figures::{Point, Summary};

/// Milliseconds by percentile.
#[expect(clippy::cast_precision_loss, reason = "latencies and counts are far below 2^53")]
pub(super) fn hgrm(points: &[Point], summary: &Summary) -> String {
    let mut text =
        format!("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    for Point { quantile, us, count } in points {
        let value = *us as f64 / 1e3;
        // Writing to a string cannot fail.
        let _ = if *quantile < 1.0 {
            writeln!(text, "{value:>12.3} {quantile:>14.12} {count:>10} {:>14.2}", 1.0 / (1.0 - quantile))
        } else {
            writeln!(text, "{value:>12.3} {quantile:>14.12} {count:>10}")
        };
    }
    let (mean, max) = (summary.mean_us / 1e3, summary.max_us as f64 / 1e3);
    let _ = writeln!(text, "#[Mean    = {mean:>12.3}]");
    let _ = writeln!(text, "#[Max     = {max:>12.3}, Total count    = {:>12}]", summary.count);
    text
}
