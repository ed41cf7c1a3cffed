//! Several client families on one node: who may enter which. What is read is the families' own affair; whether this
//! version speaks them is not asked here.

use super::super::auth::{Auth, read};
use super::super::listen::Listen;
use super::super::reader::Reader;
use super::super::running::Production;
use super::flags;

const SECRET: (&str, &str) = ("jwt-secret", "0123456789abcdef");
const WORLD: (&str, &str) = ("host", "0.0.0.0");
const PRODUCTION: (&str, &str) = ("production", "on");

/// Who may enter each of `spoken`, and what is wrong with that.
fn doors(spoken: &[&'static str], given: &[(&'static str, &str)]) -> (Vec<&'static str>, Vec<String>) {
    let sources = flags(given).sources();
    let mut reader = Reader::new(&sources);
    let production = Production::read(&mut reader);
    let listen = Listen::read(&mut reader);
    let doors = read(&mut reader, spoken, &listen, &production);
    let doors = doors.iter().map(|auth| match auth {
        Auth::GuestOnLoopback => "guests",
        Auth::OpenToAll => "all",
        Auth::Jwt(_) => "tokens",
        Auth::Http(_) => "asked",
        Auth::Backend(_) => "sessions",
    });
    let doors = doors.collect();
    let problems = reader.into_problems();
    let lines = problems.iter().flat_map(|problem| [problem.to_string(), problem.hint().unwrap_or_default()]);
    (doors, lines.collect())
}

#[test]
fn each_family_has_its_own_door() {
    let both = ["animochat", "qala"];
    for (spoken, given, expected) in [
        (&both[..], &[][..], &["guests", "guests"][..]),
        (&both, &[SECRET], &["guests", "tokens"]),
        (&both, &[SECRET, ("auth", "jwt"), WORLD], &["tokens", "tokens"]),
        (&both, &[("auth", "none"), WORLD], &["all", "all"]),
        (&both, &[("auth", "guest")], &["guests", "guests"]),
        (&both, &[SECRET, WORLD, ("auth", "qala=jwt,animochat=guest")], &["all", "tokens"]),
        (&both, &[SECRET, WORLD, PRODUCTION, (("auth"), " Animochat = NONE ")], &["all", "tokens"]),
        (&both, &[SECRET, WORLD, ("auth", "animochat=none,jwt")], &["all", "tokens"]),
        (&both, &[SECRET, ("auth", "guest,qala=jwt")], &["guests", "tokens"]),
        (&["sorsu", "webrtc-chat", "signaling"], &[SECRET], &["tokens", "guests", "guests"]),
        (&["qala"], &[("auth", "qala=guest"), WORLD], &["all"]),
    ] {
        assert_eq!(doors(spoken, given), (expected.to_vec(), Vec::new()), "{given:?}");
    }
}

#[test]
fn an_open_door_next_to_one_with_tokens_must_be_said_of_that_family() {
    let refused = |open, address| {
        [
            format!(
                "refusing to listen on {address}:3001 for {open} without authentication, next to qala, which asks \
                 for tokens"
            ),
            format!("say --auth {open}=guest as well if everyone on that network may enter"),
        ]
    };
    for how in [None, Some("qala=jwt"), Some("none,qala=jwt"), Some("guest,qala=jwt")] {
        let auth = how.map(|how| ("auth", how));
        let given = |more| [SECRET, more].into_iter().chain(auth).collect::<Vec<_>>();
        let (_, complaints) = doors(&["animochat", "qala"], &given(WORLD));
        assert_eq!(complaints, refused("animochat", "0.0.0.0"), "{how:?}");
        // A proxy may make a loopback address public.
        let (_, complaints) = doors(&["animochat", "qala"], &given(PRODUCTION));
        assert_eq!(complaints, refused("animochat", "127.0.0.1"), "{how:?}");
    }
    let (_, complaints) = doors(&["signaling", "qala", "webrtc-chat"], &[SECRET, WORLD]);
    assert_eq!(complaints, [refused("signaling", "0.0.0.0"), refused("webrtc-chat", "0.0.0.0")].concat());
}

#[test]
fn what_is_said_of_a_family_is_said_once_and_of_one_that_is_spoken() {
    let (_, complaints) = doors(&["qala"], &[("auth", "qala=guest,sorsu=jwt")]);
    assert_eq!(
        complaints,
        ["--auth names `sorsu`, which is not spoken here", "leave it out, or add it to --dialects"]
    );
    for wrong in
        ["qala=jwt,qala=jwt", "jwt,none", "qala=", "=jwt", "qala", "klingon=jwt", "qala=open", ",", ""]
    {
        let (_, complaints) = doors(&["qala"], &[("auth", wrong)]);
        assert_eq!(complaints.len(), 2, "{wrong}: {complaints:?}");
        assert!(
            complaints[0].contains("expected none, guest, jwt, http or backend, or a list"),
            "{wrong}: {complaints:?}"
        );
    }
}

#[test]
fn secrets_are_asked_for_once_and_only_where_tokens_are() {
    let missing = [
        "--auth needs a secret or keys to check tokens with",
        "give --jwt-secret, --jwks-url or --supabase-url, or set their variables",
    ];
    assert_eq!(doors(&["sorsu", "qala"], &[("auth", "jwt")]).1, missing);
    let contradiction = |value| {
        vec![
            format!("--auth is `{value}`, but --jwt-secret asks for tokens to be checked"),
            "leave one of the two out".to_owned(),
        ]
    };
    let open = [SECRET, ("auth", "animochat=none,qala=guest")];
    assert_eq!(doors(&["animochat", "qala"], &open).1, contradiction("none"));
    let refused = [
        "refusing to listen on 0.0.0.0:3001 without authentication",
        "give --jwt-secret or --jwks-url, or say --auth none if everyone on that network may enter",
    ];
    assert_eq!(doors(&["animochat", "qala"], &[WORLD]).1, refused, "once for both");
}

const BACKEND: (&str, &str) = ("backend-url", "https://api.example.com/api");

#[test]
fn sessions_are_checked_by_a_backend_where_one_is_named() {
    for (spoken, given, expected) in [
        (&["sorsu"][..], &[BACKEND][..], &["sessions"][..]),
        (&["sorsu"], &[BACKEND, WORLD, PRODUCTION], &["sessions"]),
        (&["sorsu"], &[BACKEND, ("auth", "sorsu=backend")], &["sessions"]),
        (&["sorsu"], &[BACKEND, ("auth", "Backend")], &["sessions"]),
        (&["sorsu"], &[BACKEND, ("auth", "sorsu=guest")], &["all"]),
        (&["sorsu", "qala"], &[BACKEND, SECRET, WORLD], &["sessions", "tokens"]),
        (&["qala", "sorsu"], &[BACKEND, WORLD, ("auth", "qala=guest")], &["all", "sessions"]),
        (&["qala"], &[BACKEND], &["guests"]),
    ] {
        assert_eq!(doors(spoken, given), (expected.to_vec(), Vec::new()), "{given:?}");
    }
}

#[test]
fn a_backend_is_somewhere_and_one_familys() {
    let nowhere = ["--auth needs the address of a backend", "give --backend-url, or set LARAVEL_API_URL"];
    for how in ["sorsu=backend", "backend"] {
        assert_eq!(doors(&["sorsu"], &[("auth", how)]).1, nowhere, "{how}");
    }
    let of_another = [
        "--auth asks for the backend of qala, which has none",
        "sorsu alone has one; say --auth sorsu=backend",
    ];
    assert_eq!(doors(&["qala"], &[BACKEND, ("auth", "qala=backend")]).1, of_another);
    assert_eq!(doors(&["qala", "sorsu"], &[BACKEND, ("auth", "backend")]).1, of_another);
    let open = doors(&["animochat", "sorsu"], &[BACKEND, WORLD]).1;
    assert!(open[0].ends_with("for animochat without authentication, next to sorsu, which asks for tokens"));
    // Its address may hold a password.
    let wrong = doors(&["sorsu"], &[("backend-url", "ftp://me:hunter2@api")]).1;
    assert!(!wrong.is_empty() && !wrong.concat().contains("hunter2"), "{wrong:?}");
}

#[test]
fn variables_of_the_backend_reach_their_options() {
    let given = [
        ("LARAVEL_API_URL", "https://api.example.com/api"),
        ("MATCH_RETRY_INTERVAL", "500"),
        ("HEARTBEAT_INTERVAL", "10000"),
        ("PRESENCE_TIMEOUT", "4500"),
        ("QALA_DIALECTS", "sorsu"),
    ];
    let config = super::environment(&given).config();
    let [(_, Auth::Backend(backend))] = &config.auth[..] else { panic!("{:?}", config.auth) };
    assert_eq!((backend.url.expose(), backend.retry_ms, backend.heartbeat_ms), (given[0].1, 500, 10_000));
    assert_eq!(config.matching.grace_seconds, 5);
    assert!(config.said.contains("grace-seconds"));
    assert_eq!(config.without_effect, Vec::<&str>::new());
    let unasked = super::environment(&given[..1]).config().without_effect;
    assert_eq!(unasked, ["LARAVEL_API_URL (the dialect sorsu, whose backend it is, does not ask it)"]);
}
