//! Every message, to the letter.

use super::super::OPTIONS;
use super::{Input, environment, file, flags};

#[test]
fn a_wrong_value_is_named_with_what_was_expected() {
    for (flag, value, expected) in [
        ("host", "example.com", "an IP address or localhost, for example 0.0.0.0"),
        ("port", "", "a port number, for example 3001"),
        ("port", "abc", "a port number, for example 3001"),
        ("port", "70000", "a port number from 0 to 65535, for example 3001"),
        ("port", "-1", "a port number from 0 to 65535, for example 3001"),
        ("port", "99999999999999999999", "a port number from 0 to 65535, for example 3001"),
        ("accept-timeout", "20s", "a whole number of seconds, for example 20"),
        ("accept-timeout", "0", "a whole number of seconds from 1 to 3600, for example 20"),
        ("grace-seconds", "1.5", "a whole number of seconds, for example 30"),
        ("ping-interval-ms", "25s", "a whole number of milliseconds, for example 25000"),
        ("max-payload-bytes", "64k", "a whole number of bytes, for example 65536"),
        ("max-payload-bytes", "10", "a whole number of bytes from 1024 to 104857600, for example 65536"),
        ("chat-characters", "many", "a whole number of characters, for example 1000"),
        ("max-waiting", "+5", "a whole number, for example 1000000"),
        ("demo", "yes", "auto, on or off, for example on"),
        ("log-level", "warning", "error, warn, info, debug or trace, for example info"),
        ("log-format", "pretty", "auto, text or json, for example json"),
        ("transports", "websocket,carrier", TRANSPORTS),
        ("stage-seconds", "0,15,30,45", STAGES),
        ("stage-seconds", "1,15,30,45,60", STAGES),
        ("stage-seconds", "0,30,15,45,60", STAGES),
        ("allowed-origins", "app.example.com", ORIGINS),
        ("allowed-origins", "https://app.example.com/chat", ORIGINS),
        ("allowed-origins", "https://a.example,*", ORIGINS),
        ("allowed-origins", "https://*.example.com", ORIGINS),
        ("node", "n{1}", "up to 64 letters, digits, dots, dashes or underscores, for example n-berlin-1"),
        ("dialects", "klingon", "names of client families with commas between, each once, for example qala"),
    ] {
        let line = format!("error: --{flag} is `{value}`; expected {expected}");
        assert_eq!(flags(&[(flag, value)]).complaints(), [line]);
    }
}

const TRANSPORTS: &str = "websocket, polling or both with a comma between, for example websocket,polling";
const STAGES: &str = "five whole numbers of seconds, from 0 on and never falling, for example 0,15,30,45,60";
const ORIGINS: &str = "origins (scheme and host, no path) with commas between, or * alone, for example \
                       https://app.example.com,http://localhost:5173";

#[test]
fn an_option_is_named_as_it_was_given() {
    let expected = "expected a whole number of seconds, for example 3600";
    assert_eq!(
        environment(&[("REDIS_TTL_MATCH_MAP", "1h")]).complaints(),
        [format!("error: REDIS_TTL_MATCH_MAP is `1h`; {expected}")]
    );
    let port = "expected a port number, for example 3001";
    assert_eq!(environment(&[("PORT", "x")]).complaints(), [format!("error: PORT is `x`; {port}")]);
    assert_eq!(environment(&[("QALA_PORT", "x")]).complaints(), [format!("error: QALA_PORT is `x`; {port}")]);
    assert_eq!(file("port = 'x'").complaints(), [format!("error: port in qala.toml is `x`; {port}")]);
    assert_eq!(
        file("accept_timeout = true").complaints(),
        ["error: accept_timeout in qala.toml is `true`; expected a whole number of seconds, for example 20"]
    );
}

#[test]
fn variables_without_effect_are_checked() {
    for (name, value, expected) in [
        ("REDIS_TTL_USER_STATS", "-1", "a whole number of seconds from 1 to 31536000, for example 3600"),
        ("PRESENCE_TIMEOUT", "30s", "a whole number of milliseconds, for example 30000"),
        ("SUPABASE_URL", "ftp://x", "an http or https address, for example https://project.supabase.co"),
        ("KAFKA_BROKERS", "kafka", "host:port pairs with commas between, for example 127.0.0.1:9092"),
        ("MAX_CONNECTIONS_PER_WORKER", "lots", "a whole number, for example 10000"),
        ("RATE_LIMIT_WINDOW_MS", "0", "a whole number of milliseconds from 1 to 86400000, for example 60000"),
    ] {
        let line = format!("error: {name} is `{value}`; expected {expected}");
        assert_eq!(environment(&[(name, value)]).complaints(), [line]);
    }
    let redis = "error: REDIS_URL is not usable; expected a redis, rediss, redis+sentinel or redis+cluster \
                 address, for example redis://127.0.0.1:6379";
    assert_eq!(environment(&[("REDIS_URL", "http://me:hunter2@db")]).complaints(), [redis]);
}

#[test]
fn everything_is_told_at_once() {
    let input = Input {
        flags: &[("threads", "two")],
        environment: &[("PORT", "x"), ("QALA_PROT", "1"), ("KAFKA_BATCH_SIZE", "all")],
        file: Some("colour = 'red'\ndemo = 1.5"),
    };
    let expected = [
        "error: unknown variable QALA_PROT",
        "hint: did you mean QALA_PORT?",
        "error: unknown key colour in qala.toml",
        "hint: keys are the names of the options; `qala serve --help` lists them",
        "error: demo in qala.toml is not a text or a whole number; expected auto, on or off, for example on",
        "error: PORT is `x`; expected a port number, for example 3001",
        "error: --threads is `two`; expected a whole number, for example 4",
        "error: KAFKA_BATCH_SIZE is `all`; expected a whole number, for example 100",
    ];
    assert_eq!(input.complaints(), expected);
}

#[test]
fn events_for_a_redis_that_is_not_there() {
    let expected = [
        "error: --events names `redis`, and nothing says where that is",
        "hint: give --redis-url, or leave it out",
    ];
    assert_eq!(flags(&[("events", "log,redis")]).complaints(), expected);
}

#[test]
fn one_of_two_that_belong_together() {
    let (url, secret) = (("turn-url", "turn:turn.example.com"), ("turn-secret", "sixteen bytes or more"));
    assert_eq!(
        flags(&[url]).complaints(),
        [
            "error: --turn-url is given without --turn-secret",
            "hint: give --turn-secret as well, or set QALA_TURN_SECRET",
        ]
    );
    assert_eq!(
        flags(&[secret]).complaints(),
        [
            "error: --turn-secret is given without --turn-url",
            "hint: give --turn-url as well, or set QALA_TURN_URL",
        ]
    );
    let weak = flags(&[url, ("turn-secret", "short")]).complaints();
    assert_eq!(weak[0], "error: --turn-secret is too short (5 bytes); expected at least 16 bytes");
    assert_eq!(flags(&[url, secret]).complaints(), Vec::<String>::new());
}

#[test]
fn unknown_names() {
    let expected = ["error: unknown key prot in qala.toml", "hint: did you mean port?"];
    assert_eq!(file("prot = 1").complaints(), expected);
    let expected = [
        "error: unknown key server in qala.toml",
        "hint: keys are the names of the options; `qala serve --help` lists them",
    ];
    assert_eq!(file("[server]\nport = 1").complaints(), expected);
    // A file cannot name the next one.
    assert_eq!(file("config = 'other.toml'").complaints()[0], "error: unknown key config in qala.toml");
    let expected = [
        "error: unknown variable QALA_REDIS_SENTINEL_NAME",
        "hint: `qala serve --help` lists the variables of every option",
    ];
    assert_eq!(environment(&[("QALA_REDIS_SENTINEL_NAME", "x")]).complaints(), expected);
    assert_eq!(environment(&[("QALA_ANYTHING", "")]).complaints(), Vec::<String>::new());
}

#[test]
fn files_that_cannot_be_used() {
    let expected =
        ["error: log_level in qala.toml is there twice, with - and with _", "hint: leave one of the two out"];
    assert_eq!(file("log-level = 'info'\nlog_level = 'warn'").complaints(), expected);
    let complaints = file("port = 1\njwt-secret = hunter2hunter2hunter2").complaints();
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(complaints[0].starts_with("error: qala.toml is not valid TOML in line 2: "), "{complaints:?}");
    assert!(!complaints[0].contains("hunter2"), "{complaints:?}");
}

#[test]
fn a_value_cannot_take_over_the_terminal() {
    let value = format!("\u{1b}[2J{}", "x".repeat(100));
    let line = flags(&[("port", &value)]).complaints().concat();
    let expected = format!("error: --port is `\u{fffd}[2J{}…`; expected a port number, ", "x".repeat(56));
    assert!(line.starts_with(&expected), "{line}");
}

#[test]
fn hints_name_only_options_that_exist() {
    let everything = [
        flags(&[("host", "0.0.0.0")]).complaints(),
        flags(&[("host", "0.0.0.0"), ("auth", "guest")]).complaints(),
        flags(&[("production", "on")]).complaints(),
        flags(&[("auth", "jwt")]).complaints(),
    ]
    .concat()
    .join(" ");
    for word in everything.split(|letter: char| letter.is_whitespace() || ",;`()".contains(letter)) {
        if let Some(flag) = word.strip_prefix("--") {
            assert!(OPTIONS.iter().any(|spec| spec.flag == flag), "{word}");
        }
    }
}
