//! The text, line by line.

use std::collections::BTreeSet;

use super::*;
use crate::metrics::{Counters, Process, Runtime, Shard};

fn shown(webrtc_chat: bool, counters: &Counters) -> String {
    let waiting = |pool, by_stage| Waiting { pool, by_stage };
    let shard = |mailbox, waiting| Shard { mailbox, connections: 2, sessions: 3, waiting };
    let shards = [
        Some(shard(4, vec![waiting("qala", [1, 0, 0, 0, 2]), waiting("webrtc-chat", [5, 0, 0, 0, 0])])),
        None,
        Some(shard(0, vec![waiting("qala", [1, 1, 0, 0, 0]), waiting("webrtc-chat", [0, 0, 0, 0, 0])])),
    ];
    let process = Process {
        cpu: Duration::from_millis(1_250),
        resident_bytes: 1_024,
        virtual_bytes: 2_048,
        threads: 3,
        open_files: 9,
        most_open_files: 20_000,
    };
    page(&Reading {
        node: "n-1",
        store: "redis",
        store_available: true,
        draining: false,
        webrtc_chat,
        started_at_seconds: 1_700_000_000,
        counters,
        shards: &shards,
        inbox_entries: Some(6),
        process: Some(process),
        runtime: &Runtime { busy: vec![Duration::from_millis(500), Duration::ZERO], tasks: 7, queue: 1 },
    })
}

/// The samples of a name, with their suffixes.
fn samples<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let heads = [format!("{name} "), format!("{name}{{"), format!("{name}_")];
    text.lines().filter(|line| heads.iter().any(|head| line.starts_with(head.as_str()))).collect()
}

#[test]
fn counters_gauges_and_labels() {
    let counters = Counters::default();
    counters.add_many(Counter::ConnectionsOpened, 5);
    counters.add(Counter::ConnectionsClosed);
    counters.add_many(Counter::RefusedBusy, 3);
    let kafka = counters.sink(Sink::Kafka);
    kafka.is(Reach::Disconnected);
    (0..5).for_each(|_| kafka.taken());
    kafka.written(2);
    kafka.dropped(7);
    let text = shown(false, &counters);
    for line in [
        "qala_connections 4",
        "qala_connections_opened_total 5",
        "qala_refusals_total{reason=\"busy\"} 3",
        "qala_refusals_total{reason=\"invalid\"} 0",
        "qala_store_available 1",
        "qala_draining 0",
        "qala_tickets_waiting{pool=\"qala\",stage=\"0\"} 2",
        "qala_tickets_waiting{pool=\"qala\",stage=\"4\"} 2",
        "qala_tickets_waiting{pool=\"webrtc-chat\",stage=\"0\"} 5",
        "qala_shard_mailbox_length{shard=\"0\"} 4",
        "qala_shard_mailbox_length{shard=\"2\"} 0",
        "qala_shards_silent 1",
        "qala_inbox_entries 6",
        "qala_events_written_total{sink=\"kafka\"} 2",
        "qala_events_dropped_total{sink=\"kafka\"} 7",
        "qala_events_waiting{sink=\"kafka\"} 3",
        "qala_runtime_busy_seconds_total{worker=\"0\"} 0.5",
        "process_cpu_seconds_total 1.25",
        "process_max_fds 20000",
        "process_start_time_seconds 1700000000",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line} in\n{text}");
    }
    assert!(!text.contains("shard=\"1\"") && !text.contains("sink=\"log\""));
    let build = format!(
        "qala_build_info{{version=\"{}\",node=\"n-1\",store=\"redis\"}} 1",
        env!("CARGO_PKG_VERSION")
    );
    assert!(text.contains(&build), "{text}");
}

#[test]
fn a_histogram_has_buckets_sum_and_count() {
    let counters = Counters::default();
    for ms in [40, 2_000, 900_000] {
        counters.timings().search_to_match[1].observe(Duration::from_millis(ms));
    }
    let text = shown(false, &counters);
    let of_stage: Vec<&str> = samples(&text, "qala_search_to_match_seconds")
        .into_iter()
        .filter(|line| line.contains("stage=\"1\""))
        .collect();
    let name = "qala_search_to_match_seconds";
    let bucket = |le: &str, count: u64| format!("{name}_bucket{{stage=\"1\",le=\"{le}\"}} {count}");
    let mut expected = vec![bucket("0.01", 0)];
    expected.extend(["0.05", "0.1", "0.25", "0.5", "1"].map(|le| bucket(le, 1)));
    let later = ["2.5", "5", "10", "15", "20", "30", "45", "60", "90", "120", "180", "300"];
    expected.extend(later.map(|le| bucket(le, 2)));
    expected.push(bucket("+Inf", 3));
    expected.push(format!("{name}_sum{{stage=\"1\"}} 902.04"));
    expected.push(format!("{name}_count{{stage=\"1\"}} 3"));
    assert_eq!(of_stage, expected);
}

#[test]
fn every_name_is_explained_once_and_its_samples_follow() {
    let counters = Counters::default();
    counters.sink(Sink::Kafka).is(Reach::Connected);
    let text = shown(true, &counters);
    let mut explained = BTreeSet::new();
    let mut current = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, _) = help.split_once(' ').expect("a help");
            assert!(explained.insert(name.to_owned()), "{name} twice");
            let kind = lines.next().and_then(|line| line.strip_prefix("# TYPE ")).expect("a type");
            assert!(kind.starts_with(&format!("{name} ")), "{kind}");
            name.clone_into(&mut current);
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').expect("a value");
        assert!(sample.starts_with(&current), "{sample} under {current}");
        assert!(value.parse::<f64>().is_ok_and(|value| value >= 0.0), "{line}");
    }
    let names: BTreeSet<String> = Family::ALL.iter().map(|family| family.name().to_owned()).collect();
    assert_eq!(explained, names);
}

#[test]
fn names_of_webrtc_chat_are_shown_where_it_is_spoken() {
    let counters = Counters::default();
    counters.add_many(Counter::SignalsOffer, 2);
    counters.add_many(Counter::RefusedRateLimited, 4);
    counters.add_many(Counter::RateLimitedChat, 4);
    counters.timings().quality_rtt.observe(Duration::from_millis(80));
    assert!(!shown(false, &counters).contains("webrtc_"));
    let text = shown(true, &counters);
    for line in [
        "webrtc_queue_size 5",
        "webrtc_signaling_messages_total{type=\"offer\"} 2",
        "webrtc_rate_limit_hits_total{type=\"messaging\"} 4",
        "webrtc_rate_limit_hits_total{type=\"connection\"} 0",
        "webrtc_connection_quality_rtt_ms_bucket{le=\"100\"} 1",
        "webrtc_connection_quality_rtt_ms_sum 80",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line} in\n{text}");
    }
    assert!(samples(&text, "webrtc_errors_total").iter().all(|line| !line.contains("rate_limited")));
}

#[test]
fn what_nobody_knows_is_not_shown() {
    let (counters, runtime) = (Counters::default(), Runtime::default());
    let text = page(&Reading {
        node: "n-1",
        store: "embedded",
        store_available: true,
        draining: false,
        webrtc_chat: false,
        started_at_seconds: 0,
        counters: &counters,
        shards: &[],
        inbox_entries: None,
        process: None,
        runtime: &runtime,
    });
    for name in [
        "process_cpu_seconds_total",
        "qala_inbox_entries",
        "qala_shard_mailbox_length",
        "qala_events_written_total",
    ] {
        assert!(!text.contains(name), "{name}");
    }
}
