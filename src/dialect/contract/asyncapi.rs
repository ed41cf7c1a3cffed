//! The contract as a document of `AsyncAPI`.

use serde_json::{Map, Value, json};

use super::{ALL, Contract};
use crate::contract::{Writer, parse, schema};

const ABOUT: &str = "\
What clients and qala say to each other over Socket.IO (protocol 5, path `/socket.io/`). A channel is a dialect, spoken \
at the namespace of its name, the first of `--dialects` also at `/`. A message is an event; its payload is the event's \
only argument, `null` where it has none. Who passes a callback is answered once: the reply's payload is its only \
argument. New fields may come at any time. More than shapes: `docs/dialects/`. \
Written from `src/dialect/*/contract.rs`; `UPDATE=1 cargo test -p qala --lib dialect::contract` writes it anew.";

/// The document, as JSON.
pub(super) fn document() -> String {
    let (mut channels, mut operations) = (Map::new(), Map::new());
    let (mut messages, mut schemas) = (Map::new(), Map::new());
    for (name, contract) in ALL {
        let mut part = Part { name, messages: &mut messages, operations: &mut operations, own: Map::new() };
        part.add(contract);
        let own = part.own;
        channels.insert(
            name.to_owned(),
            json!({"address": format!("/{name}"), "title": name, "description": contract.purpose, "messages": own}),
        );
        for (shape, written) in contract.shapes {
            schemas.insert(
                format!("{name}.{shape}"),
                schema(&parse(written), Writer::Server, &format!("{name}.")),
            );
        }
    }
    let document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "qala",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {
                "host": "127.0.0.1:3001",
                "pathname": "/socket.io/",
                "protocol": "ws",
                "description": "`qala serve` as it starts without options",
            },
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    });
    serde_json::to_string_pretty(&document).expect("it has text keys") + "\n"
}

/// One dialect's part of it.
struct Part<'a> {
    name: &'static str,
    messages: &'a mut Map<String, Value>,
    operations: &'a mut Map<String, Value>,
    /// The channel's messages.
    own: Map<String, Value>,
}

impl Part<'_> {
    fn add(&mut self, contract: &Contract) {
        for row in contract.asked {
            let sent = self.message("asked", row.event, row.what, row.argument, Writer::Client);
            let what = format!("How `{}` is answered.", row.event);
            let answered = self.message("answered", row.event, &what, row.acknowledgement, Writer::Server);
            let channel = json!({"$ref": format!("#/channels/{}", self.name)});
            self.operation(
                "asked",
                row.event,
                json!({
                    "action": "receive",
                    "channel": channel,
                    "summary": row.what,
                    "messages": [{"$ref": sent}],
                    "reply": {"channel": channel, "messages": [{"$ref": answered}]},
                }),
            );
        }
        for row in contract.told {
            let said = self.message("told", row.event, row.what, row.argument, Writer::Server);
            let channel = json!({"$ref": format!("#/channels/{}", self.name)});
            self.operation(
                "told",
                row.event,
                json!({
                    "action": "send",
                    "channel": channel,
                    "summary": row.what,
                    "messages": [{"$ref": said}],
                }),
            );
        }
    }

    /// Adds a message, and says where the channel has it.
    fn message(&mut self, side: &str, event: &str, what: &str, shape: &str, writer: Writer) -> String {
        let key = key(self.name, side, event);
        let payload = schema(&parse(shape), writer, &format!("{}.", self.name));
        let message = json!({"name": event, "title": event, "summary": what, "payload": payload});
        self.messages.insert(key.clone(), message);
        let own = format!("{side}.{}", plain(event));
        self.own.insert(own.clone(), json!({"$ref": format!("#/components/messages/{key}")}));
        format!("#/channels/{}/messages/{own}", self.name)
    }

    fn operation(&mut self, side: &str, event: &str, operation: Value) {
        self.operations.insert(key(self.name, side, event), operation);
    }
}

fn key(dialect: &str, side: &str, event: &str) -> String {
    format!("{dialect}.{side}.{}", plain(event))
}

/// An event's name without what keys must not have.
fn plain(event: &str) -> String {
    event.replace(':', ".")
}
