//! Who may enter, and from which pages: rules that span options.

use super::super::{AllowedOrigins, Auth, DialectName, Jwt, Secret, WhenAway};
use super::{Input, environment, flags};

const SECRET: &str = "0123456789abcdef";

/// Who may enter qala, which alone is spoken.
fn auth(input: Input<'_>) -> Auth {
    let [(DialectName::Qala, auth)] = &input.config().auth[..] else { panic!("not of qala alone") };
    auth.clone()
}

fn jwt(input: Input<'_>) -> Jwt {
    match auth(input) {
        Auth::Jwt(jwt) => *jwt,
        other @ (Auth::GuestOnLoopback | Auth::OpenToAll | Auth::Backend(_) | Auth::Http(_)) => {
            panic!("{other:?}")
        }
    }
}

fn shown(secret: Option<&Secret>) -> Option<&str> {
    secret.map(Secret::expose)
}

#[test]
fn a_node_others_can_reach_must_be_told_who_may_enter() {
    let refused = [
        "error: refusing to listen on 0.0.0.0:3001 without authentication",
        "hint: give --jwt-secret or --jwks-url, or say --auth none if everyone on that network may enter",
    ];
    assert_eq!(flags(&[("host", "0.0.0.0")]).complaints(), refused);
    let guest = [
        "error: refusing to listen on [::]:3001 without authentication",
        "hint: guests enter only from this machine; say --auth none if everyone on that network may enter",
    ];
    assert_eq!(flags(&[("host", "::"), ("auth", "guest")]).complaints(), guest);
    // An empty variable is no secret.
    assert_eq!(environment(&[("QALA_HOST", "0.0.0.0"), ("JWT_SECRET", "")]).complaints(), refused);
}

#[test]
fn told_so_it_listens() {
    let open = flags(&[("host", "0.0.0.0"), ("auth", "none")]).config();
    assert!(matches!(open.auth[..], [(DialectName::Qala, Auth::OpenToAll)]));
    assert_eq!(open.allowed_origins, AllowedOrigins::SameHost);
    let given = [("host", "0.0.0.0"), ("jwt-secret", SECRET), ("jwt-issuer", "me")];
    let checked = jwt(flags(&given));
    assert_eq!(shown(checked.secret.as_ref()), Some(SECRET));
    assert_eq!((checked.audience, checked.issuer.as_deref()), (None, Some("me")));
}

#[test]
fn secrets_of_existing_systems_are_understood() {
    for name in ["QALA_JWT_SECRET", "JWT_SECRET", "SUPABASE_JWT_SECRET"] {
        let secret = jwt(environment(&[(name, SECRET)])).secret;
        assert_eq!(shown(secret.as_ref()), Some(SECRET), "{name}");
    }
    let secret = jwt(flags(&[("auth", "jwt"), ("jwt-secret", SECRET)])).secret;
    assert_eq!(shown(secret.as_ref()), Some(SECRET));
}

#[test]
fn a_supabase_project_has_keys_and_profiles_of_its_own() {
    const PROJECT: (&str, &str) = ("SUPABASE_URL", " https://project.supabase.co/ ");
    let project = jwt(environment(&[PROJECT, ("QALA_HOST", "0.0.0.0")]));
    let keys = project.keys.as_ref().map(|keys| keys.url.expose());
    assert_eq!(keys, Some("https://project.supabase.co/auth/v1/.well-known/jwks.json"));
    assert!(project.keys_are_the_projects && project.secret.is_none());
    assert!(project.project.is_some_and(|project| project.key.is_none()));

    let all = [
        PROJECT,
        ("SUPABASE_JWT_SECRET", SECRET),
        ("SUPABASE_SERVICE_ROLE_KEY", "the key"),
        ("QALA_JWKS_URL", "https://keys.example.com/list?of=mine"),
        ("QALA_PROFILE_WHEN_AWAY", "Claims"),
        ("QALA_TOKEN_IN_QUERY", "ON"),
        ("QALA_MAX_TOKEN_BYTES", "100"),
    ];
    let all = jwt(environment(&all));
    assert_eq!(
        all.keys.map(|keys| keys.url.expose().to_owned()).as_deref(),
        Some("https://keys.example.com/list?of=mine")
    );
    assert!(!all.keys_are_the_projects && all.secret.is_some());
    assert_eq!(shown(all.project.and_then(|project| project.key).as_ref()), Some("the key"));
    assert_eq!((all.profiles.when_away, all.profiles.kept_seconds), (WhenAway::Claims, 60));
    assert_eq!((all.token.in_query, all.token.longest_bytes, all.leeway_seconds), (true, 100, 30));

    let unused = environment(&[PROJECT, ("QALA_AUTH", "guest")]).config();
    assert_eq!(unused.without_effect, ["SUPABASE_URL (no client family shows signed tokens)"]);
    let nowhere = environment(&[("SUPABASE_SERVICE_ROLE_KEY", "the key")]).config();
    assert_eq!(
        nowhere.without_effect,
        ["SUPABASE_SERVICE_ROLE_KEY (nothing says where the project is: SUPABASE_URL)"]
    );
}

#[test]
fn somebody_is_asked_whose_tokens_are_where_that_is_said() {
    const ASKED: (&str, &str) = ("auth-url", "https://api.example.com/whose-token?by=qala");
    for given in
        [&[ASKED][..], &[ASKED, ("auth", "http")], &[ASKED, ("auth", "qala=http"), ("host", "0.0.0.0")]]
    {
        let Auth::Http(http) = auth(flags(given)) else { panic!("{given:?}") };
        assert_eq!((http.url.expose(), http.token.longest_bytes), (ASKED.1, 8_192));
    }
    assert_eq!(
        flags(&[("auth", "http")]).complaints(),
        [
            "error: --auth needs the address of who knows whose tokens are",
            "hint: give --auth-url, or set QALA_AUTH_URL",
        ]
    );
    // What stands in tokens is checked rather than asked about, where both are possible.
    assert!(matches!(auth(flags(&[ASKED, ("jwt-secret", SECRET)])), Auth::Jwt(_)));
}

#[test]
fn production_lets_no_guests_in_by_omission() {
    let refused = [
        "error: refusing to listen on 127.0.0.1:3001 without authentication in production (NODE_ENV)",
        "hint: give --jwt-secret or --jwks-url, or say --auth guest if everyone who reaches this machine may enter",
    ];
    for production in ["production", "Production", "PRODUCTION", " production "] {
        assert_eq!(environment(&[("NODE_ENV", production)]).complaints(), refused, "{production}");
    }
    for given in [
        vec![("NODE_ENV", "production"), ("QALA_AUTH", "guest")],
        vec![("NODE_ENV", "production"), ("JWT_SECRET", SECRET)],
        vec![("NODE_ENV", "production"), ("QALA_PRODUCTION", "off")],
        vec![("NODE_ENV", "staging")],
    ] {
        assert_eq!(environment(&given).complaints(), Vec::<String>::new(), "{given:?}");
    }
    assert!(environment(&[("NODE_ENV", "production"), ("QALA_AUTH", "none")]).config().running.production);
}

#[test]
fn weak_missing_and_contradicting_secrets_are_refused() {
    let contradiction = |auth: &str, value: &str, secret: &str| {
        vec![
            format!("error: {auth} is `{value}`, but {secret} asks for tokens to be checked"),
            "hint: leave one of the two out".to_owned(),
        ]
    };
    let weak = [
        "error: JWT_SECRET is too short (8 bytes); expected at least 16 bytes",
        "hint: whoever guesses it can be anyone; `openssl rand -base64 32` makes a good one",
    ];
    assert_eq!(environment(&[("JWT_SECRET", "passw0rd")]).complaints(), weak);
    let missing = |name: &str| {
        [
            format!("error: {name} needs a secret or keys to check tokens with"),
            "hint: give --jwt-secret, --jwks-url or --supabase-url, or set their variables".to_owned(),
        ]
    };
    assert_eq!(flags(&[("auth", "jwt")]).complaints(), missing("--auth"));
    assert_eq!(
        flags(&[("jwt-audience", "all"), ("host", "0.0.0.0")]).complaints(),
        missing("--jwt-audience")
    );
    assert_eq!(environment(&[("QALA_JWT_ISSUER", "me")]).complaints(), missing("QALA_JWT_ISSUER"));

    let same = flags(&[("auth", "none"), ("jwt-secret", SECRET)]);
    assert_eq!(same.complaints(), contradiction("--auth", "none", "--jwt-secret"));
    let weaker =
        Input { flags: &[("jwt-secret", SECRET)], environment: &[("QALA_AUTH", "guest")], file: None };
    assert_eq!(weaker.complaints(), contradiction("QALA_AUTH", "guest", "--jwt-secret"));
    let overruled = Input { flags: &[("auth", "none")], environment: &[("JWT_SECRET", SECRET)], file: None };
    assert!(matches!(auth(overruled), Auth::OpenToAll));
}

#[test]
fn a_wrong_value_is_not_followed_by_a_rule_about_it() {
    let wrong =
        ["error: --auth is `open`; expected none, guest, jwt, http or backend, or a list of them by \
         client family (qala=jwt), for example jwt"];
    assert_eq!(flags(&[("host", "0.0.0.0"), ("auth", "open")]).complaints(), wrong);
}

#[test]
fn secrets_are_never_shown() {
    let secret = Secret::new(SECRET.to_owned());
    assert_eq!(format!("{secret} {secret:?}"), "(redacted) Secret(redacted)");
    let config = environment(&[("JWT_SECRET", SECRET)]).config();
    assert!(!format!("{config:?} {}", config.summary()).contains(SECRET));
    for (name, value) in [("REDIS_URL", "hunter2@db"), ("JWT_SECRET", "hunter2"), ("JWT_SECRET", " ")] {
        let complaints = environment(&[(name, value)]).complaints();
        assert!(!complaints.is_empty() && !complaints.concat().contains("hunter2"), "{complaints:?}");
    }
}

#[test]
fn every_page_is_not_for_production() {
    let refused = [
        "error: CORS_ORIGIN is `*`, which lets pages of every site in, in production",
        "hint: list the origins of your pages, for example https://app.example.com",
    ];
    let given = [("CORS_ORIGIN", "*"), ("JWT_SECRET", SECRET), ("NODE_ENV", "production")];
    assert_eq!(environment(&given).complaints(), refused);
    assert_eq!(environment(&given[..2]).config().allowed_origins, AllowedOrigins::Any);
}

#[test]
fn origins_are_compared_as_browsers_write_them() {
    let listed = flags(&[("allowed-origins", "https://App.example.com:443/, http://localhost:5173")]);
    let listed = listed.config().allowed_origins;
    let loopback = AllowedOrigins::Loopback;
    let same = AllowedOrigins::SameHost;
    let here = Some("127.0.0.1:3001");
    for (allowed, origin, host, expected) in [
        (&listed, "https://app.example.com", None, true),
        (&listed, "http://app.example.com", None, false),
        (&listed, "https://app.example.com.evil.test", None, false),
        (&listed, "http://localhost:5173", here, true),
        (&listed, "null", here, false),
        (&loopback, "http://localhost:5173", here, true),
        (&loopback, "http://127.0.0.1:3001", here, true),
        (&loopback, "http://[::1]:3001", here, true),
        (&loopback, "http://demo.localhost", here, true),
        (&loopback, "https://evil.test", here, false),
        // A name that was pointed at this machine: origin and host agree, and are still not this machine's.
        (&loopback, "http://evil.test:3001", Some("evil.test:3001"), false),
        (&loopback, "http://127.0.0.1.evil.test", here, false),
        (&loopback, "http://localhost@evil.test", here, false),
        (&same, "https://chat.example.com", Some("chat.example.com"), true),
        (&same, "https://chat.example.com", Some("chat.example.com:443"), true),
        (&same, "http://chat.example.com:3001", Some("Chat.example.com:3001"), true),
        (&same, "http://chat.example.com:3002", Some("chat.example.com:3001"), false),
        (&same, "https://evil.test", Some("chat.example.com"), false),
        (&same, "http://localhost:5173", here, true),
        (&same, "http://localhost:5173", None, false),
        (&AllowedOrigins::Any, "null", None, true),
        (&AllowedOrigins::Any, "https://evil.test", None, true),
    ] {
        assert_eq!(allowed.allows(origin, host), expected, "{allowed:?} {origin} {host:?}");
    }
}
