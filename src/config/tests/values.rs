//! What a valid value becomes, and which source wins.

use std::num::{NonZeroU32, NonZeroUsize};

use super::super::{
    AllowedOrigins, Auth, Config, DialectName, Engine, Events, Kafka, Limits, Listen, LogFormat, LogLevel,
    LogLevels, Matching, Running, Secret, Store, Transports,
};
use super::{Input, environment, file, flags};

fn budget(number: u32) -> Option<NonZeroU32> {
    NonZeroU32::new(number)
}

#[test]
fn nothing_given_is_what_the_design_says() {
    let config = Config::default();
    assert_eq!(config.listen, Listen { host: [127, 0, 0, 1].into(), port: 3001, admin: None });
    assert_eq!(config.allowed_origins, AllowedOrigins::Loopback);
    assert!(matches!(config.auth[..], [(DialectName::Qala, Auth::GuestOnLoopback)]));
    assert!(config.said.is_empty());
    let matching = Matching {
        stage_seconds: [0, 15, 30, 45, 60],
        accept_timeout_seconds: 20,
        rematch_seconds: 86_400,
        waiting_timeout_seconds: 300,
        grace_seconds: 30,
        max_waiting: 1_000_000,
    };
    assert_eq!(config.matching, matching);
    let limits = Limits {
        max_connections: 100_000,
        connections_per_address: budget(20),
        attempts_per_address_per_minute: None,
        requests_per_address_per_minute: budget(100),
        matching_events_per_minute: budget(100),
        chat_events_per_minute: budget(100),
        signaling_events_per_minute: budget(100),
        max_payload_bytes: 65_536,
        sdp_bytes: 32_768,
        chat_characters: 1_000,
        candidates_buffered: 64,
        commands_waiting: 256,
        room_members: 16,
        max_rooms: 100_000,
        outgoing_messages: 2_048,
        connect_timeout_seconds: 10,
    };
    assert_eq!(config.limits, limits);
    let engine = Engine { ping_interval_ms: 25_000, ping_timeout_ms: 20_000, transports: Transports::Both };
    assert_eq!(config.engine, engine);
    let running = Running {
        node: None,
        threads: NonZeroUsize::MIN,
        dialects: vec![DialectName::Qala],
        demo: true,
        production: false,
        drain_seconds: None,
        shutdown_timeout_seconds: 10,
        log_levels: LogLevels::default(),
        log_format: LogFormat::Auto,
    };
    assert_eq!(config.running, running);
    assert_eq!(config.without_effect, Vec::<&str>::new());
}

#[test]
fn the_stronger_source_wins() {
    let all = Input {
        flags: &[("port", "1")],
        environment: &[("QALA_PORT", "2"), ("PORT", "3")],
        file: Some("port = 4"),
    };
    assert_eq!(all.config().listen.port, 1);
    assert_eq!(Input { flags: &[], ..all }.config().listen.port, 2);
    assert_eq!(Input { flags: &[], environment: &[("PORT", "3")], ..all }.config().listen.port, 3);
    assert_eq!(file("port = 4").config().listen.port, 4);
    assert_eq!(environment(&[("QALA_PORT", ""), ("PORT", "3")]).config().listen.port, 3);
    assert_eq!(environment(&[("PORT", "")]).config().listen.port, 3001);
}

#[test]
fn a_file_may_use_dashes_or_underscores_and_its_own_types() {
    let config = file(
        "log_level = \"debug\"\naccept-timeout = 5\nstage_seconds = [0, 1, 2, 3, 4]\n\
         allowed-origins = [\"https://a.example\", \"https://b.example\"]",
    )
    .config();
    assert_eq!(config.running.log_levels.usual, LogLevel::Debug);
    assert_eq!(config.matching.accept_timeout_seconds, 5);
    assert_eq!(config.matching.stage_seconds, [0, 1, 2, 3, 4]);
    let listed = vec!["https://a.example".to_owned(), "https://b.example".to_owned()];
    assert_eq!(config.allowed_origins, AllowedOrigins::Listed(listed));
}

#[test]
fn levels_of_parts() {
    let levels = |value| flags(&[("log-level", value)]).config().running.log_levels;
    let part = |target: &str, level| (target.to_owned(), level);
    for (value, usual, by_target) in [
        ("WARN", LogLevel::Warn, vec![]),
        ("qala::store=debug", LogLevel::Info, vec![part("qala::store", LogLevel::Debug)]),
        (
            "error, qala=Info ,qala::store = trace",
            LogLevel::Error,
            vec![part("qala", LogLevel::Info), part("qala::store", LogLevel::Trace)],
        ),
    ] {
        assert_eq!(levels(value), LogLevels { usual, by_target }, "{value}");
    }
    for value in ["info,warn", "qala=", "=info", "qala store=info", "info,", "qala=loud"] {
        assert!(!flags(&[("log-level", value)]).complaints().is_empty(), "{value}");
    }
}

#[test]
fn hosts() {
    for (value, expected) in [
        ("127.0.0.1", "127.0.0.1:3001"),
        ("localhost", "127.0.0.1:3001"),
        ("127.9.9.9", "127.9.9.9:3001"),
        ("::1", "[::1]:3001"),
        ("[::1]", "[::1]:3001"),
        ("::ffff:127.0.0.1", "[::ffff:127.0.0.1]:3001"),
    ] {
        assert_eq!(flags(&[("host", value)]).config().listen.address().to_string(), expected, "{value}");
    }
}

#[test]
fn variables_of_existing_systems_scale_options() {
    let limits = |variables: &[(&str, &str)]| environment(variables).config().limits;
    let workers = [("CLUSTER_WORKERS", "4"), ("MAX_CONNECTIONS_PER_WORKER", "5000")];
    assert_eq!(limits(&workers).max_connections, 20_000);
    let requests = [("RATE_LIMIT_MAX_REQUESTS", "100"), ("RATE_LIMIT_WINDOW_MS", "900000")];
    assert_eq!(limits(&requests).requests_per_address_per_minute, budget(7));
    assert_eq!(limits(&requests[..1]).requests_per_address_per_minute, budget(100));
    assert_eq!(limits(&requests[1..]).requests_per_address_per_minute, budget(7));
    let chat = [("MESSAGE_RATE_LIMIT", "5"), ("MESSAGE_RATE_WINDOW", "10000")];
    assert_eq!(limits(&chat).chat_events_per_minute, budget(30));
    assert_eq!(limits(&[("MESSAGE_RATE_LIMIT", "0")]).chat_events_per_minute, None);
    assert_eq!(limits(&[("MESSAGE_RATE_WINDOW", "10000")]).chat_events_per_minute, budget(60));
    // Our own name for the same wins over a computed value, and a computed value over the file.
    let both = [("QALA_CHAT_EVENTS_PER_MINUTE", "1"), ("MESSAGE_RATE_LIMIT", "5")];
    assert_eq!(limits(&both).chat_events_per_minute, budget(1));
    let with_file =
        Input { environment: &both[1..], file: Some("chat-events-per-minute = 2"), ..Input::default() };
    assert_eq!(with_file.config().limits.chat_events_per_minute, budget(5));
    let many = [("RATE_LIMIT_MAX_REQUESTS", "1000000"), ("RATE_LIMIT_WINDOW_MS", "1")];
    assert_eq!(limits(&many).requests_per_address_per_minute, budget(1_000_000_000));
}

#[test]
fn what_somebody_says_is_known_also_where_it_is_the_default() {
    let said = |input: Input<'_>| Vec::from_iter(input.config().said);
    assert_eq!(said(Input::default()), Vec::<&str>::new());
    assert_eq!(said(flags(&[("grace-seconds", "30")])), ["grace-seconds"]);
    assert_eq!(said(file("rematch_seconds = 5")), ["rematch-seconds"]);
    for variable in ["QALA_CHAT_EVENTS_PER_MINUTE", "MESSAGE_RATE_LIMIT", "MESSAGE_RATE_WINDOW"] {
        assert_eq!(said(environment(&[(variable, "60000")])), ["chat-events-per-minute"], "{variable}");
    }
}

#[test]
fn dialects_are_spoken_in_the_order_given_each_once() {
    let spoken = |list: &str| flags(&[("dialects", list)]).config().running.dialects;
    let (qala, chat) = (DialectName::Qala, DialectName::WebrtcChat);
    assert_eq!(spoken("webrtc-chat"), [chat]);
    assert_eq!(spoken("webrtc-chat, Qala"), [chat, qala]);
    // The demo page speaks qala with the first.
    assert!(!flags(&[("dialects", "webrtc-chat,qala")]).config().running.demo);
    assert!(flags(&[("dialects", "qala,webrtc-chat")]).config().running.demo);
}

#[test]
fn zero_is_no_limit() {
    let limits = flags(&[
        ("connections-per-address", "0"),
        ("attempts-per-address-per-minute", "0"),
        ("requests-per-address-per-minute", "0"),
        ("matching-events-per-minute", "0"),
        ("chat-events-per-minute", "0"),
        ("signaling-events-per-minute", "0"),
    ])
    .config()
    .limits;
    assert_eq!(limits.connections_per_address, None);
    assert_eq!(limits.attempts_per_address_per_minute, None);
    assert_eq!(limits.requests_per_address_per_minute, None);
    assert_eq!(limits.matching_events_per_minute, None);
    assert_eq!(limits.chat_events_per_minute, None);
    assert_eq!(limits.signaling_events_per_minute, None);
}

#[test]
fn transports() {
    for (value, expected, websocket, polling) in [
        ("websocket,polling", Transports::Both, true, true),
        ("Polling, websocket", Transports::Both, true, true),
        ("websocket", Transports::Websocket, true, false),
        ("polling", Transports::Polling, false, true),
    ] {
        let transports = environment(&[("SOCKET_IO_TRANSPORTS", value)]).config().engine.transports;
        assert_eq!(transports, expected, "{value}");
        assert_eq!((transports.websocket(), transports.polling()), (websocket, polling), "{value}");
    }
}

#[test]
fn aliases_reach_their_option() {
    let config = environment(&[
        ("PORT", "8080"),
        ("CLIENT_URL", "http://LOCALHOST:3000/"),
        ("PING_INTERVAL", "1000"),
        ("SOCKET_IO_PING_TIMEOUT", "2000"),
        ("MAX_HTTP_BUFFER_SIZE", "1000000"),
        ("MAX_CONNECTIONS_PER_IP", "5"),
        ("LOG_LEVEL", "WARN"),
        ("QALA_COMMIT", "set by a container image"),
    ])
    .config();
    assert_eq!(config.listen.port, 8080);
    assert_eq!(config.allowed_origins, AllowedOrigins::Listed(vec!["http://localhost:3000".to_owned()]));
    assert_eq!((config.engine.ping_interval_ms, config.engine.ping_timeout_ms), (1_000, 2_000));
    assert_eq!(config.limits.max_payload_bytes, 1_000_000);
    assert_eq!(config.limits.connections_per_address, budget(5));
    assert_eq!(config.running.log_levels.usual, LogLevel::Warn);
}

#[test]
fn the_demo_follows_address_and_production() {
    let open = ("auth", "none");
    for (given, expected) in [
        (vec![], true),
        (vec![("demo", "off")], false),
        (vec![("host", "0.0.0.0"), open], false),
        (vec![("host", "0.0.0.0"), open, ("demo", "on")], true),
        (vec![("production", "on"), open], false),
    ] {
        assert_eq!(flags(&given).config().running.demo, expected, "{given:?}");
    }
}

#[test]
fn what_nodes_share_is_in_redis_only_if_somebody_says_where() {
    assert!(matches!(environment(&[("REDIS_PASSWORD", "hunter2")]).config().store, Store::Embedded));
    let given = [("REDIS_URL", "redis://:hunter2@db/1"), ("REDIS_PASSWORD", "hunter3")];
    let config = environment(&given).config();
    let Store::Redis(redis) = &config.store else { panic!("{:?}", config.store) };
    assert_eq!((redis.url.expose(), redis.origin.to_string().as_str()), (given[0].1, "REDIS_URL"));
    assert_eq!(redis.password.as_ref().map(Secret::expose), Some("hunter3"));
    assert!(config.summary().contains("; share a redis with other nodes; "));
    assert!(!format!("{config:?} {}", config.summary()).contains("hunter"));
    for url in ["rediss://db", "redis+sentinel://a:1,b:2/main", "rediss+cluster://a,b", " redis://db "] {
        let Store::Redis(redis) = flags(&[("redis-url", url)]).config().store else { panic!("{url}") };
        assert_eq!(redis.url.expose(), url.trim());
    }
}

#[test]
fn what_has_no_effect_is_named() {
    let config = environment(&[
        ("REDIS_URL", "redis://:hunter2@db:6379/0"),
        ("REDIS_POOL_SIZE", "10"),
        ("REDIS_TTL_MATCH_MAP", ""),
    ])
    .config();
    assert_eq!(config.without_effect, ["REDIS_POOL_SIZE (one connection is shared by all)"]);
}

#[test]
fn events_go_where_somebody_says() {
    let events = |given: &[(&str, &str)]| environment(given).config().events;
    let nobody = Events { log: false, redis: false, buffer: 10_000, stream_length: 100_000, kafka: None };
    assert_eq!(events(&[("KAFKA_TOPIC_EVENTS", "t")]), nobody);
    let redis = [("QALA_EVENTS", "Redis, log"), ("REDIS_URL", "redis://db"), ("QALA_EVENTS_BUFFER", "5")];
    assert_eq!(events(&redis), Events { log: true, redis: true, buffer: 5, ..nobody.clone() });
    let kafka =
        [("KAFKA_BROKERS", "a:9092, b:9092"), ("KAFKA_BATCH_SIZE", "7"), ("KAFKA_BATCH_TIMEOUT", "20")];
    let expected = Kafka {
        brokers: vec!["a:9092".to_owned(), "b:9092".to_owned()],
        topic: "webrtc-events".to_owned(),
        batch_size: 7,
        batch_timeout_ms: 20,
    };
    assert_eq!(events(&kafka), Events { kafka: Some(expected), ..nobody });
    for value in ["redis", "log,log", "kafka", "log,"] {
        assert!(!flags(&[("events", value)]).complaints().is_empty(), "{value}");
    }
}

#[test]
fn what_kubernetes_says_of_a_service_named_qala_is_not_a_configuration() {
    let config = environment(&[
        ("QALA_PORT", "tcp://10.0.0.1:3001"),
        ("QALA_PORT_3001_TCP", "tcp://10.0.0.1:3001"),
        ("QALA_PORT_3001_TCP_ADDR", "10.0.0.1"),
        ("QALA_SERVICE_HOST", "10.0.0.1"),
        ("QALA_SERVICE_PORT", "3001"),
        ("QALA_SERVICE_PORT_HTTP", "3001"),
        ("QALA_DEMO_PORT", "tcp://10.0.0.2:80"),
        ("PORT", "4000"),
    ])
    .config();
    assert_eq!(config.listen.port, 4000);
}

#[test]
fn dialects_are_spoken_in_the_order_named() {
    let spoken = |value: &str| flags(&[("dialects", value)]).config().running.dialects;
    assert_eq!(spoken("animochat"), [DialectName::Animochat]);
    assert_eq!(spoken("Animochat, qala"), [DialectName::Animochat, DialectName::Qala]);
}
