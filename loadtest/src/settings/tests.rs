//! What is typed, and what it means.

use std::io;

use super::*;
use crate::verdict::Assertion;

fn read(given: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    let files = |path: &str| match path {
        "mine.toml" => Ok("rate = 7.0\nclients = 70\n".to_owned()),
        "bad.toml" => Ok("rat = 7.0\n".to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    let given: Vec<_> = given.iter().map(|(flag, value)| (*flag, (*value).to_owned())).collect();
    settings(&given, &files).map_err(|problems| problems.into_iter().map(|problem| problem.error).collect())
}

#[test]
fn nothing_given_is_ten_thousand_against_a_server_of_our_own() {
    let settings = read(&[]).expect("it makes sense");
    assert_eq!(settings.target, Target::Own { redis: None });
    assert_eq!(settings.scenario, Scenario::default());
    assert_eq!((settings.scenario.clients, settings.scenario.rate), (10_000, 500.0));
}

#[test]
fn options_change_the_scenario_wherever_they_stand() {
    let settings = read(&[("rate", "9"), ("scenario", "mine.toml"), ("duration", "2m")]).expect("sense");
    let Scenario { rate, clients, duration_seconds, .. } = settings.scenario;
    assert_eq!((rate, clients, duration_seconds), (9.0, 70, 120.0));
}

#[test]
fn options_of_the_family_s_own_tester_are_understood() {
    let given = [
        ("serverUrl", "http://127.0.0.1:3000"),
        ("maxConnections", "1000"),
        ("concurrency", "50"),
        ("testDuration", "30"),
        ("rampUpTime", "10"),
    ];
    let settings = read(&given).expect("it makes sense");
    let Scenario { clients, connecting_at_once, duration_seconds, ramp_seconds, .. } = settings.scenario;
    assert_eq!((clients, connecting_at_once, duration_seconds, ramp_seconds), (1_000, 50, 30.0, 10.0));
    let Target::Url(url) = settings.target else { panic!("{:?}", settings.target) };
    assert_eq!((url.host.as_str(), url.port, url.path.as_str()), ("127.0.0.1", 3_000, "/socket.io/"));
}

#[test]
fn urls_are_read() {
    for (given, host, port, path) in [
        ("127.0.0.1:4100", "127.0.0.1", 4_100, "/socket.io/"),
        ("ws://chat.example/talk", "chat.example", 80, "/talk/"),
        ("http://[::1]:3001/", "[::1]", 3_001, "/socket.io/"),
    ] {
        let settings = read(&[("url", given)]).expect("it makes sense");
        let expected = Url { host: host.into(), port, path: path.into() };
        assert_eq!(settings.target, Target::Url(expected), "{given}");
    }
}

#[test]
fn a_page_of_metrics_has_its_usual_place() {
    for (given, path) in [("node-1:9100", "/metrics"), ("http://node-1:9100/own/page", "/own/page/")] {
        let settings = read(&[("metrics-url", given)]).expect("it makes sense");
        let expected = Url { host: "node-1".into(), port: 9_100, path: path.into() };
        assert_eq!(settings.metrics_url, Some(expected), "{given}");
    }
    let both = read(&[("metrics-url", "x:1"), ("server-pid", "1")]).expect_err("two things");
    assert_eq!(both, ["--metrics-url and --server-pid say two things"]);
}

#[test]
fn all_objections_come_at_once() {
    let given = [
        ("url", "https://x"),
        ("rate", "many"),
        ("duration", "5 weeks"),
        ("assert", "match.p99 = 5"),
        ("dialect", "qala,sorsi"),
        ("max-regression", "5%"),
        ("scenario", "nothing"),
        ("clients", "1"),
    ];
    let said = read(&given).expect_err("it makes no sense");
    let has = |text: &str| said.iter().any(|said| said.contains(text));
    for text in [
        "--url is `https://x`",
        "--rate is `many`; expected a number",
        "--duration is `5 weeks`",
        "match.p99 = 5",
        "expected names of qala, webrtc-chat, animochat, sorsu, signaling",
        "--max-regression needs --baseline",
        "no scenario and no file is called `nothing`",
        "clients must be from 2",
    ] {
        assert!(has(text), "{text}: {said:?}");
    }
    let unknown_key = read(&[("scenario", "bad.toml")]).expect_err("an unknown key");
    assert!(unknown_key[0].starts_with("bad.toml: unknown field `rat`"), "{unknown_key:?}");
    assert_eq!(read(&[("redis", "redis://x"), ("url", "x:1")]).map_err(|said| said.len()).err(), Some(1));
}

#[test]
fn the_command_can_be_repeated_and_shows_no_secret() {
    let given = [("jwt-secret", "hunter2"), ("assert", "errors == 0"), ("closed", "")];
    let settings = read(&given).expect("it makes sense");
    assert_eq!(settings.command, "qala bench --jwt-secret ... --assert 'errors == 0' --closed");
    assert_eq!(settings.assertions, [Assertion::parse("errors == 0").expect("a condition")]);
    assert_eq!(settings.jwt_secret.as_deref(), Some("hunter2"));
}

#[test]
fn every_option_but_the_scenario_s_does_something() {
    for option in &OPTIONS {
        let said = read(&[(option.flag, "?")]).err().unwrap_or_default();
        assert!(!said.iter().any(|said| said.contains("unknown option")), "{}", option.flag);
    }
}

#[test]
fn a_second_client_plays_what_it_can() {
    let said = |is_built, scenario: &Scenario| -> Vec<String> {
        objections_of_second(is_built, scenario).into_iter().map(|problem| problem.error).collect()
    };
    let usual = Scenario::default();
    assert_eq!(said(true, &usual), Vec::<String>::new());
    let missing = objections_of_second(false, &usual);
    assert_eq!(
        missing[0].hint.as_deref(),
        Some("cargo run --release --features rust-socketio -- bench --client rust-socketio")
    );
    for (name, objections) in
        [("storm", 1), ("slow-readers", 1), ("half-open", 1), ("mixed", 1), ("spike", 0)]
    {
        let scenario = scenario::named(name).expect("it is there");
        assert_eq!(said(true, &scenario).len(), objections, "{name}");
    }
    assert_eq!(read(&[("client", "own")]).expect("sense").client, Player::Own);
    let unknown = read(&[("client", "curl")]).expect_err("an unknown client");
    assert_eq!(unknown, ["--client is `curl`; expected own or rust-socketio"]);
}

#[test]
fn a_client_that_is_not_built_in_is_an_objection() {
    let said = read(&[("client", "rust-socketio")]).map_or_else(|said| said, |_| vec![]);
    assert_eq!(said.is_empty(), Player::SECOND_IS_BUILT, "{said:?}");
}
