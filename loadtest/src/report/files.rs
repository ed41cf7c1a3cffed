//! The reports as files in a folder.

use std::path::Path;
use std::{fs, io};

use super::{Report, hgrm, html, junit, markdown};

/// Writes all reports into `folder`, which is made if it is not there.
pub fn write(report: &Report, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let put = |name: &str, text: String| fs::write(folder.join(name), text);
    let json = serde_json::to_string_pretty(report).map_err(io::Error::other)?;
    put("result.json", json + "\n")?;
    put("summary.md", markdown::markdown(report))?;
    put("junit.xml", junit::junit(report))?;
    put("report.html", html::html(report))?;
    for (name, points) in report.distributions.iter().filter(|(_, points)| !points.is_empty()) {
        let summary = report.metrics.get(name).copied().unwrap_or_default();
        put(&format!("{name}.hgrm"), hgrm::hgrm(points, &summary))?;
    }
    Ok(())
}
