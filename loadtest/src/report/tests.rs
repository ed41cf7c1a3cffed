//! From a small run that is made up to every output.

use std::time::Duration;

use super::*;
use crate::event::{Event, Told, What};
use crate::figures::{Row, Usage};
use crate::people::Wish;
use crate::scenario::Family;
use crate::time::Moment;

fn event(at_ms: u64, client: u32, what: What) -> Event {
    Event { at: Moment::from_us(at_ms * 1_000), client, what }
}

/// Two connect and meet within 3 ms; one acknowledgement comes twice.
fn report() -> Report {
    let scenario = Scenario { clients: 2, ..Scenario::default() };
    let (mut figures, mut oracle) = (Figures::new(&scenario), Oracle::new(&scenario));
    let due = Moment::from_us(1_000_000);
    let mut events = Vec::new();
    for client in [0, 1] {
        let wish = Box::new(Wish::NONE);
        events.push(event(500, client, What::Connected { took: Duration::from_millis(2) }));
        events.push(event(1_000, client, What::Searched { due, family: Family::Qala, wish }));
    }
    for (client, partner) in [(0, 1), (1, 0)] {
        let told = Told {
            partner: Some(partner),
            room: "r".into(),
            stage: Some(0),
            initiator: Some(client == 0),
            again: false,
        };
        events.push(event(1_003, client, What::Found(told)));
    }
    events.push(event(1_500, 1, What::AcknowledgedTwice));
    events.push(event(1_600, 1, What::Error { what: "signal: <busy>".into() }));
    for event in &events {
        figures.take(event);
        oracle.take(event);
    }
    let usage = |mb: u64| Usage { resident_bytes: mb * 1_000_000, cpu_percent: 12.5 };
    figures.second(Row {
        at_seconds: 2.0,
        seconds: 2.0,
        connected: 2,
        server: Some(usage(20)),
        tester: usage(10),
        ..Row::default()
    });
    let judged = |assertion: &str, held| Judged {
        assertion: assertion.to_owned(),
        name: "match.p99".to_owned(),
        value: "3.0 ms".to_owned(),
        limit: "< 20 ms".to_owned(),
        held,
        missed_from_seconds: None,
    };
    let setting = Setting {
        command: "qala bench --assert 'match.p99 < 20 ms'".to_owned(),
        target: "http://127.0.0.1:3001".to_owned(),
        seconds: 2.0,
        ..Setting::default()
    };
    let verdict = Verdict {
        ending: Ending::Violation,
        exit_code: 5,
        first: "oracle: acknowledged_twice once".to_owned(),
        bottleneck: None,
    };
    Report::new(Parts {
        setting,
        scenario: &scenario,
        figures: &figures,
        oracle: &oracle,
        processes: Processes::default(),
        assertions: vec![judged("match.p99 < 20 ms", true), judged("match.p99 < 1 ms", false)],
        baseline: vec![],
        verdict,
    })
}

#[test]
fn the_summary_and_the_verdict_are_for_eighty_columns() {
    let report = report();
    let summary = summary(&report);
    assert_eq!(
        summary[1..5],
        [
            "2 clients, 2 searches, 1 matches, 0 messages in 2 s",
            "               per s      p50      p90      p99    p99.9      max",
            "connect          1.0   2.0 ms   2.0 ms   2.0 ms   2.0 ms   2.0 ms",
            "match            1.0   3.0 ms   3.0 ms   3.0 ms   3.0 ms   3.0 ms",
        ]
    );
    assert_eq!(summary.last().map(String::as_str), Some("error    1 times: signal: <busy>"));
    assert_eq!(
        verdict(&report, Some("out"))[1..],
        [
            "match.p99        3.0 ms       < 20 ms      held",
            "match.p99        3.0 ms       < 20 ms      missed",
            "oracle           acknowledged_twice 1",
            "  1.5 s: acknowledged_twice: client 1 got an acknowledgement it did not wait for",
            "tester was not the bottleneck (0 % cpu, lag p99 0.00 ms, 0 MB)",
            "FAIL   oracle: acknowledged_twice once",
            "       reports in out: summary.md report.html result.json junit.xml match.hgrm",
        ]
    );
}

#[test]
fn junit_has_a_test_for_each_thing_that_had_to_hold() {
    let xml = junit::junit(&report());
    // Two conditions, every kind of violation, the tester, and the run itself.
    let tests = 2 + Kind::ALL.len() + 2;
    assert!(xml.contains(&format!("tests=\"{tests}\" failures=\"2\"")), "{xml}");
    assert_eq!(xml.matches("<testcase ").count(), tests);
    assert!(xml.contains("name=\"match.p99 &lt; 1 ms\"><failure message=\"was 3.0 ms\"/>"), "{xml}");
    assert!(xml.contains("message=\"1 times; 1 got an acknowledgement it did not wait for\""), "{xml}");
}

#[test]
fn the_page_needs_nothing_else_and_escapes_what_others_said() {
    let page = html::html(&report());
    for id in ["verdict", "figures", "match", "connect", "processes", "stages", "violations", "repeat"] {
        assert!(page.contains(&format!("<section id=\"{id}\">")), "{id}");
    }
    assert!(page.contains("signal: &lt;busy&gt;") && !page.contains("<busy>"));
    for elsewhere in ["<script", "<link", "src=", "@import", "url("] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    assert!(!page.contains("NaN") && !page.contains("inf,"), "a chart has a place that is none");
}

#[test]
fn markdown_says_the_same() {
    let page = markdown::markdown(&report());
    assert!(page.starts_with("## qala bench failed\n\noracle: acknowledged_twice once\n"), "{page}");
    assert!(page.contains("| `match.p99 < 1 ms` | 3.0 ms | **missed** |"), "{page}");
    assert!(page.contains("| acknowledged_twice | 1 |"), "{page}");
    assert!(page.contains("| match | 1.0 | 3.0 ms | 3.0 ms | 3.0 ms | 3.0 ms | 3.0 ms |"), "{page}");
}

#[test]
fn a_distribution_is_what_plotters_read() {
    let report = report();
    let text = hgrm::hgrm(&report.distributions["match"], &report.metrics["match"]);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("       Value     Percentile TotalCount 1/(1-Percentile)"));
    assert!(text.contains(" 1.000000000000          2\n"), "{text}");
    assert!(text.ends_with("Total count    =            2]\n"), "{text}");
}

#[test]
fn an_earlier_result_is_read_back() {
    let json = serde_json::to_string(&report()).expect("JSON");
    let baseline = Baseline::parse(&json).expect("a result");
    let scenario = Scenario { clients: 2, ..Scenario::default() };
    let mut figures = Figures::new(&scenario);
    figures.take(&event(500, 0, What::Connected { took: Duration::from_millis(5) }));
    let compared = baseline.compare(&figures, 10.0);
    let names: Vec<_> = compared.iter().map(|compared| (compared.name.as_str(), compared.held)).collect();
    assert_eq!(names, [("connect.p50", false), ("connect.p99", false)]);
    assert!(baseline.compare(&figures, 200.0).iter().all(|compared| compared.held));
}

#[test]
fn numbers_are_written_for_people() {
    assert_eq!([0, 999, 1_000, 12_345_678].map(thousands), ["0", "999", "1,000", "12,345,678"]);
    assert_eq!(megabytes(61_400_000), "61 MB");
}
