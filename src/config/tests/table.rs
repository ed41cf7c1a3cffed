//! The table itself is sound.

use std::collections::BTreeSet;

use super::super::sources::is_service_link;
use super::super::{Group, Kind, OPTIONS, Role, VARIABLES};
use super::{environment, file, flags};

/// Flags whose example makes sense only together with another option.
const NOT_ALONE: [&str; 7] =
    ["host", "auth", "jwt-audience", "jwt-issuer", "turn-url", "turn-secret", "production"];

#[test]
fn names_are_unique_and_follow_the_rule() {
    let mut flags = BTreeSet::new();
    let mut variables = BTreeSet::new();
    for spec in OPTIONS {
        assert!(flags.insert(spec.flag), "--{} twice", spec.flag);
        let ours = format!("QALA_{}", spec.flag.to_uppercase().replace('-', "_"));
        assert_eq!(spec.variable(), ours);
        for name in spec.environment {
            assert!(!is_service_link(name, spec.example), "{name}");
            assert!(variables.insert(*name), "{name} twice");
        }
    }
    for variable in VARIABLES {
        assert!(variables.insert(variable.name), "{} twice", variable.name);
    }
}

#[test]
fn options_of_a_group_stand_together() {
    let order: Vec<Group> = OPTIONS.iter().map(|spec| spec.group).collect();
    let place = |group: &Group| Group::ALL.iter().position(|other| other == group);
    assert!(order.is_sorted_by_key(place), "{order:?}");
}

#[test]
fn defaults_and_examples_are_accepted_by_their_own_kind() {
    for spec in OPTIONS {
        assert!(spec.kind.accepts(spec.example), "--{} {}", spec.flag, spec.example);
        assert!(spec.default.is_none_or(|default| spec.kind.accepts(default)), "--{}", spec.flag);
    }
    for variable in VARIABLES {
        assert!(variable.kind.accepts(variable.example), "{}", variable.name);
    }
}

#[test]
fn every_option_is_read_from_every_source() {
    for spec in OPTIONS {
        // Blank is the one thing that no text may be.
        let wrong = match spec.kind {
            Kind::Whole { .. } | Kind::Words(_) => "wrong",
            Kind::Text { .. } => " ",
        };
        // The file is read by the caller, before anything is resolved.
        if spec.flag == "config" {
            continue;
        }
        let heads = |name: &str, lines: Vec<String>| {
            assert!(lines.iter().any(|line| line.starts_with(&format!("error: {name} is "))), "{lines:?}");
        };
        heads(&format!("--{}", spec.flag), flags(&[(spec.flag, wrong)]).complaints());
        for name in spec.environment {
            heads(name, environment(&[(name, wrong)]).complaints());
        }
        heads(
            &format!("{} in qala.toml", spec.flag),
            file(&format!("{} = \"{wrong}\"", spec.flag)).complaints(),
        );
    }
}

#[test]
fn every_example_is_a_valid_configuration() {
    for spec in OPTIONS.iter().filter(|spec| !NOT_ALONE.contains(&spec.flag)) {
        assert_eq!(flags(&[(spec.flag, spec.example)]).complaints(), Vec::<String>::new(), "--{}", spec.flag);
    }
    for variable in VARIABLES.iter().filter(|variable| variable.name != "NODE_ENV") {
        let complaints = environment(&[(variable.name, variable.example)]).complaints();
        assert_eq!(complaints, Vec::<String>::new(), "{}", variable.name);
    }
}

#[test]
fn every_word_of_every_option_is_understood() {
    let secret = ("jwt-secret", "0123456789abcdef");
    for spec in OPTIONS.iter().filter(|spec| spec.flag != "auth") {
        let Kind::Words(words) = spec.kind else { continue };
        for word in words {
            let upper = word.to_uppercase();
            assert_eq!(flags(&[secret, (spec.flag, &upper)]).complaints(), Vec::<String>::new(), "{word}");
        }
    }
}

#[test]
fn roles_name_what_exists() {
    for variable in VARIABLES {
        match variable.role {
            Role::Changes { flag, .. } => assert!(OPTIONS.iter().any(|spec| spec.flag == flag), "{flag}"),
            Role::WithoutEffect { notice } => {
                assert!(notice.starts_with(&format!("{} (", variable.name)), "{notice}");
            }
        }
    }
}

#[test]
fn every_variable_of_the_contracts_is_understood() {
    let contract = "PORT NODE_ENV LOG_LEVEL ALLOWED_ORIGINS CORS_ORIGIN CORS_ORIGINS CLIENT_URL REDIS_URL \
        REDIS_PASSWORD REDIS_TTL_SOCKET_MAP REDIS_TTL_MATCH_MAP REDIS_TTL_USER_STATS REDIS_POOL_SIZE \
        SUPABASE_URL SUPABASE_SERVICE_ROLE_KEY SUPABASE_JWT_SECRET JWT_SECRET LARAVEL_API_URL \
        MAX_CONNECTIONS_PER_IP MESSAGE_RATE_LIMIT MESSAGE_RATE_WINDOW PRESENCE_TIMEOUT HEARTBEAT_INTERVAL \
        MATCH_RETRY_INTERVAL PING_TIMEOUT SOCKET_IO_PING_TIMEOUT PING_INTERVAL SOCKET_IO_PING_INTERVAL \
        MAX_HTTP_BUFFER_SIZE SOCKET_IO_TRANSPORTS CLUSTER_WORKERS MAX_CONNECTIONS_PER_WORKER \
        RATE_LIMIT_WINDOW_MS RATE_LIMIT_MAX_REQUESTS KAFKA_BROKERS KAFKA_TOPIC_EVENTS KAFKA_BATCH_SIZE \
        KAFKA_BATCH_TIMEOUT";
    let options = OPTIONS.iter().flat_map(|spec| spec.environment.iter().copied());
    let known: BTreeSet<&str> = options.chain(VARIABLES.iter().map(|variable| variable.name)).collect();
    for name in contract.split_whitespace() {
        assert!(known.contains(name), "{name}");
    }
}
