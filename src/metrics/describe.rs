//! The text of `docs/METRICS.md`, made from the table of names.

use std::fmt::Write;

use super::Family;

const HEAD: &str = "# Metrics

What `GET /metrics` shows, as Prometheus text (version 0.0.4). Written from `src/metrics/family.rs`; do not edit
(`UPDATE=1 cargo test -p qala --lib metrics` writes it anew).

Units are in the names. Labels have closed sets of values, so the number of series is bounded: about 600 of a node that
speaks one dialect. Histograms can be added up over nodes; there are no summaries. Figures are of one node: sum them.

`GET /metrics/business` shows the same figures as the JSON of the webrtc-chat family: averages in seconds, of everything
since the start, `avgConnectionQuality` the round trip in milliseconds.
";

const FAMILY_HEAD: &str = "
## The names of the webrtc-chat family

Shown as well where that dialect is spoken, so that its dashboards go on. They are of the whole node.
";

/// The page.
pub fn metrics_page() -> String {
    let mut text = HEAD.to_owned();
    table(&mut text, Family::ALL.iter().copied().filter(|family| !family.is_of_webrtc_chat()));
    text.push_str(FAMILY_HEAD);
    table(&mut text, Family::ALL.iter().copied().filter(|family| family.is_of_webrtc_chat()));
    text
}

fn table(text: &mut String, families: impl Iterator<Item = Family>) {
    text.push_str("\n| name | type | labels | what |\n|---|---|---|---|\n");
    for family in families {
        let labels = family.labels().iter().map(|label| format!("`{}`: {}", label.name, label.values));
        let labels = labels.collect::<Vec<_>>().join("; ");
        let (name, shape, help) = (family.name(), family.shape().as_str(), family.help());
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| `{name}` | {shape} | {labels} | {help} |");
    }
}

#[cfg(test)]
mod tests {
    use super::super::Shape;
    use super::*;

    #[test]
    fn the_page_is_what_the_table_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/METRICS.md");
        let page = metrics_page();
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, &page).expect("docs/ can be written");
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(written, page, "UPDATE=1 cargo test -p qala --lib metrics");
    }

    #[test]
    fn names_follow_the_conventions() {
        for family in Family::ALL.iter().filter(|family| !family.is_of_webrtc_chat()) {
            let name = family.name();
            let total = name.ends_with("_total");
            assert_eq!(total, family.shape() == Shape::Counter, "{name}");
            assert!(family.shape() != Shape::Histogram || name.ends_with("_seconds"), "{name}");
            assert!(name.starts_with("qala_") || name.starts_with("process_"), "{name}");
            assert!(family.help().ends_with('.'), "{name}");
        }
    }
}
