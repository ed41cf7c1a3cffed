//! Every path of the REST part with what it answers, from which `docs/openapi.json` is written. In tests alone: the
//! server hands out what was written.

use std::collections::BTreeSet;
use std::{env, fs};

use serde_json::{Map, Value, json};

use crate::contract::{Writer, parse, schema};

/// A path and a method.
struct Route {
    path: &'static str,
    method: &'static str,
    what: &'static str,
    who: Who,
    /// Status, what it means, and the shape of the body (`src/contract/notation.rs`); none is Prometheus text, or nothing (204).
    answers: &'static [(u16, &'static str, Option<&'static str>)],
    /// What is sent with it.
    body: Option<&'static str>,
}

/// Who may ask.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Everybody,
    /// Whoever may enter: a token where there are tokens.
    Clients,
    /// With a token, at the address for operators; `Figures` are open until somebody says who may see them.
    Operators,
    Figures,
    /// Operators; until somebody says who they are, programs of the same machine.
    Machine,
}

const SHAPES: &[(&str, &str)] = &[
    ("Error", "{error: text, retryAfterMs?: ms}"),
    ("Store", "{kind: 'embedded' | 'redis', available: boolean}"),
    (
        "Health",
        "{status: 'ok' | 'draining' | 'UP' | 'DEGRADED' | 'DOWN', timestamp: at, uptime: seconds, version: text, \
         node: text, store: Store, redis: 'connected' | 'disconnected' | 'off', \
         kafka: 'connected' | 'disconnected' | 'off', connections: whole, sessions: whole, rooms: whole, \
         counters: {...}}",
    ),
    ("Checks", "{store: boolean, serving: boolean}"),
    ("Readiness", "{ready: boolean, timestamp: at, checks: Checks}"),
    ("Liveness", "{alive: boolean, timestamp: at, uptime: seconds}"),
    (
        "System",
        "{timestamp: at, uptime: seconds, version: text, node: text, process: Process | null, \
         runtime: {workers: whole, busySeconds: measure, tasks: whole, queue: whole}}",
    ),
    (
        "Process",
        "{cpuSeconds: measure, residentBytes: whole, virtualBytes: whole, threads: whole, openFiles: whole, \
         mostOpenFiles: whole}",
    ),
    (
        "Connections",
        "{timestamp: at, active: whole, total: whole, sessions: {active: whole, away: whole}, rooms: whole, \
         waiting: [{pool: text, tickets: whole, byStage: [whole]}], \
         shards: [{connections: whole, sessions: whole, mailbox: whole} | null], \
         refused: {denied: whole, unidentified: whole, nodeFull: whole, addressFull: whole, origin: whole}}",
    ),
    (
        "Detailed",
        "{status: 'ok' | 'draining' | 'UP' | 'DEGRADED' | 'DOWN', timestamp: at, checks: Checks, store: Store, \
         system: System, connections: Connections}",
    ),
    (
        "Business",
        "{timestamp: at, connections: {active: whole, total: whole}, \
         matchmaking: {activeMatches: whole, successfulMatches: whole, avgMatchmakingTime: measure}, \
         signaling: {totalMessages: whole, avgLatency: measure}, \
         quality: {avgSessionDuration: measure, avgConnectionQuality: measure}, \
         infrastructure: {errorRate: whole, rateLimitHits: whole, avgRedisLatency: measure}}",
    ),
    ("Room", "{id: text, participantCount: whole, participants: [text], createdAt: moment}"),
    ("Relay", "{urls: [text], username: text, credential: text}"),
];

/// In the order of `http/mod.rs`.
const ROUTES: &[Route] = &[
    Route {
        path: "/stats",
        method: "get",
        what: "How many people there are, on all nodes. Where a dialect counts them, and for operators.",
        who: Who::Everybody,
        answers: &[(
            200,
            "As old as three seconds at most.",
            Some("{onlineUsers: whole, waitingUsers: whole, activeRooms: whole, timestamp: at}"),
        )],
        body: None,
    },
    Route {
        path: "/api/turn",
        method: "get",
        what: "Relays for calls, with a credential of one's own. Where there are relays (`--turn-url`); `?dialect=` \
               names the family whose people may ask, otherwise the first.",
        who: Who::Clients,
        answers: &[
            (200, "Use them until `expiresAt`.", Some("{iceServers: [Relay], ttl: seconds, expiresAt: at}")),
            (401, "No valid credentials.", Some("Error")),
            (404, "That dialect is not spoken here.", Some("Error")),
            (503, "Nobody can say at the moment who may enter; see `Retry-After`.", Some("Error")),
        ],
        body: None,
    },
    Route {
        path: "/api/rooms",
        method: "get",
        what: "Rooms by id, the newest first, a thousand at most. Where the dialect signaling is spoken.",
        who: Who::Everybody,
        answers: &[
            (200, "All of them.", Some("[Room]")),
            (503, "The store does not answer; see `Retry-After`.", Some("Error")),
        ],
        body: None,
    },
    Route {
        path: "/api/rooms",
        method: "post",
        what: "A new room, there for five minutes also while nobody is in it.",
        who: Who::Everybody,
        answers: &[
            (200, "Its id.", Some("{roomId: id}")),
            (503, "There are as many as there may be, or the store does not answer.", Some("Error")),
        ],
        body: None,
    },
    Route {
        path: "/api/rooms/{room}",
        method: "get",
        what: "One of them.",
        who: Who::Everybody,
        answers: &[
            (200, "As it is now.", Some("Room")),
            (404, "There is none of that id.", Some("Error")),
            (503, "The store does not answer; see `Retry-After`.", Some("Error")),
        ],
        body: None,
    },
    Route {
        path: "/health",
        method: "get",
        what: "How the node is, with all that it counted since the start.",
        who: Who::Everybody,
        answers: &[(200, "It serves.", Some("Health")), (503, "It goes down.", Some("Health"))],
        body: None,
    },
    Route {
        path: "/health/live",
        method: "get",
        what: "Whether only a new process helps. The store has no say.",
        who: Who::Everybody,
        answers: &[(200, "No.", Some("Liveness")), (503, "Yes: a shard stands still.", Some("Liveness"))],
        body: None,
    },
    Route {
        path: "/health/ready",
        method: "get",
        what: "Whether somebody new should be sent here.",
        who: Who::Everybody,
        answers: &[
            (200, "Yes.", Some("Readiness")),
            (503, "No: it goes down, or its store does not answer.", Some("Readiness")),
        ],
        body: None,
    },
    Route {
        path: "/asyncapi.json",
        method: "get",
        what: "Every event of every dialect, as AsyncAPI.",
        who: Who::Everybody,
        answers: &[(200, "The document.", Some("{...}"))],
        body: None,
    },
    Route {
        path: "/openapi.json",
        method: "get",
        what: "This document.",
        who: Who::Everybody,
        answers: &[(200, "The document.", Some("{...}"))],
        body: None,
    },
    Route {
        path: "/metrics",
        method: "get",
        what: "Metrics (docs/METRICS.md).",
        who: Who::Figures,
        answers: &[(200, "Prometheus text, version 0.0.4.", None)],
        body: None,
    },
    Route {
        path: "/metrics/business",
        method: "get",
        what: "Figures as the dashboards of the webrtc-chat family read them. Averages in seconds; \
               `avgConnectionQuality` in milliseconds.",
        who: Who::Figures,
        answers: &[(200, "Of everything since the start.", Some("Business"))],
        body: None,
    },
    Route {
        path: "/health/system",
        method: "get",
        what: "What the process uses.",
        who: Who::Figures,
        answers: &[(200, "Now.", Some("System"))],
        body: None,
    },
    Route {
        path: "/health/detailed",
        method: "get",
        what: "All of health at once.",
        who: Who::Operators,
        answers: &[(200, "It serves.", Some("Detailed")), (503, "It goes down.", Some("Detailed"))],
        body: None,
    },
    Route {
        path: "/health/connections",
        method: "get",
        what: "What clients do.",
        who: Who::Operators,
        answers: &[(200, "Now.", Some("Connections"))],
        body: None,
    },
    Route {
        path: "/admin/ban",
        method: "post",
        what: "Puts a user out of all nodes, for so long or until it is lifted.",
        who: Who::Operators,
        answers: &[
            (200, "Done.", Some("{success: true}")),
            (400, "That is not what is asked for.", Some("Error")),
            (503, "Not done everywhere: send it again after `Retry-After`.", Some("Error")),
            (507, "As many are put out as may be.", Some("Error")),
        ],
        body: Some("{user: text(1..128), seconds?: 1..316224000, reason?: text}"),
    },
    Route {
        path: "/admin/unban",
        method: "post",
        what: "Lets a user in again.",
        who: Who::Operators,
        answers: &[
            (200, "Done.", Some("{success: true}")),
            (400, "That is not what is asked for.", Some("Error")),
            (503, "Not done everywhere: send it again after `Retry-After`.", Some("Error")),
        ],
        body: Some("{user: text(1..128)}"),
    },
    Route {
        path: "/admin/snapshot",
        method: "post",
        what: "The picture of this moment that `qala top --url` draws. Belongs to a qala of the same version. Never for \
               pages.",
        who: Who::Machine,
        answers: &[
            (200, "The picture.", Some("{...}")),
            (400, "That is not what is asked for.", Some("Error")),
            (409, "The node shares a Redis: `qala top --redis-url` shows all of its nodes.", Some("Error")),
            (415, "It is not sent as JSON.", Some("Error")),
        ],
        body: Some("{...}"),
    },
    Route {
        path: "/admin/orders",
        method: "post",
        what: "What `qala top --url` has a node do. Belongs to a qala of the same version. Never for pages.",
        who: Who::Machine,
        answers: &[
            (200, "What became of it.", Some("any")),
            (400, "That is not what is asked for.", Some("Error")),
            (415, "It is not sent as JSON.", Some("Error")),
        ],
        body: Some("any"),
    },
    Route {
        path: "/trace/{user}",
        method: "put",
        what: "From now on the log tells what that one user asks and is told, by name and size alone.",
        who: Who::Operators,
        answers: &[(204, "It does.", None)],
        body: None,
    },
    Route {
        path: "/trace",
        method: "delete",
        what: "The log tells it no longer.",
        who: Who::Operators,
        answers: &[(204, "It does not.", None)],
        body: None,
    },
];

/// What besides may come of a route for some only.
const fn refusals(who: Who) -> &'static [(u16, &'static str)] {
    match who {
        Who::Everybody | Who::Clients => &[],
        Who::Figures => {
            &[(401, "The token is missing or wrong."), (404, "It is at the address for operators.")]
        }
        Who::Machine => &[
            (401, "The token is missing or wrong."),
            (403, "It comes from a page, or from elsewhere while nobody said who operators are."),
            (404, "It is at the address for operators."),
        ],
        Who::Operators => &[
            (401, "The token is missing or wrong."),
            (403, "Nobody said who may see it: `--admin-token` or `--admin-listen`."),
            (404, "It is at the address for operators."),
        ],
    }
}

fn operation(route: &Route) -> Value {
    let own = route.answers.iter().map(|(status, what, shape)| (*status, *what, *shape));
    let refused = refusals(route.who).iter().map(|(status, what)| (*status, *what, Some("Error")));
    let mut responses = Map::new();
    for (status, what, shape) in own.chain(refused) {
        let content = match shape {
            Some(shape) => json!({"application/json": {"schema": schema(&parse(shape), Writer::Server, "")}}),
            None if status == 204 => Value::Null,
            None => json!({"text/plain": {"schema": {"type": "string"}}}),
        };
        let mut response = json!({"description": what});
        if content != Value::Null {
            response["content"] = content;
        }
        responses.insert(status.to_string(), response);
    }
    let words: Vec<&str> = route.path.split(['/', '{', '}', '.']).filter(|word| !word.is_empty()).collect();
    let mut operation = json!({
        "operationId": format!("{}_{}", route.method, words.join("_")),
        "summary": route.what,
        "responses": responses,
    });
    operation["security"] = match route.who {
        Who::Everybody => json!([]),
        Who::Clients => json!([{}, {"token": []}]),
        Who::Figures | Who::Operators | Who::Machine => json!([{}, {"operators": []}]),
    };
    if let Some(shape) = route.body {
        let schema = schema(&parse(shape), Writer::Client, "");
        operation["requestBody"] =
            json!({"required": true, "content": {"application/json": {"schema": schema}}});
    }
    let mut parameters = Vec::new();
    for name in ["room", "user"].into_iter().filter(|name| route.path.contains(&format!("{{{name}}}"))) {
        parameters.push(json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
    }
    if route.path == "/api/turn" {
        parameters.push(json!({"name": "dialect", "in": "query", "schema": {"type": "string"}}));
    }
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
    operation
}

fn document() -> String {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method] = operation(route);
    }
    let schemas: Map<String, Value> = SHAPES
        .iter()
        .map(|(name, shape)| ((*name).to_owned(), schema(&parse(shape), Writer::Server, "")))
        .collect();
    let bearer = |what: &str| json!({"type": "http", "scheme": "bearer", "description": what});
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "qala",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The REST part of qala; what clients say over Socket.IO stands in `/asyncapi.json`. New \
                            fields may come at any time. Written from `src/http/contract.rs`; `UPDATE=1 cargo test \
                            -p qala --lib http::contract` writes it anew.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "http://127.0.0.1:3001", "description": "`qala serve` as it starts without options"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": bearer("What clients show at the handshake as well."),
                "operators": bearer("`--admin-token`."),
            },
        },
    });
    serde_json::to_string_pretty(&document).expect("it has text keys") + "\n"
}

#[test]
fn every_route_is_there_and_no_other() {
    let source = include_str!("mod.rs");
    let routed: BTreeSet<&str> =
        source.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let described: BTreeSet<&str> = ROUTES.iter().map(|route| route.path).collect();
    assert_eq!(described, routed);
    let operations: BTreeSet<_> = ROUTES.iter().map(|route| (route.path, route.method)).collect();
    assert_eq!(operations.len(), ROUTES.len(), "none twice");
}

#[test]
fn the_document_is_written_from_it() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
    let text = document();
    if env::var_os("UPDATE").is_some() {
        fs::write(path, &text).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    let written = fs::read_to_string(path).unwrap_or_default();
    assert!(written == text, "{path} differs; UPDATE=1 writes it anew");
}
