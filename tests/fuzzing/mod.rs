//! What must hold for anything that comes from outside: for each kind of input a function that panics where it does
//! not. The fuzz targets (`fuzz/`) try inputs that nobody thought of, `tests/corpora.rs` those that are kept.
//!
//! Never only "it does not panic": what was understood is written again by the other half and understood the same,
//! what is answered is JSON within its size, and who comes in has shown what it takes.

mod corpus;
mod dialects;
mod handshake;
mod inbox;
mod rest;
mod served;
mod settings;

use qala::dialect::Dialect;

#[allow(
    unused_imports,
    reason = "a fuzz target takes one input at a time, and whoever keeps them takes no target"
)]
pub(crate) use corpus::{escaped, inputs, unescaped};

/// A kind of input.
pub(crate) struct Target {
    /// The fuzz target's name, and that of its corpus.
    pub(crate) name: &'static str,
    /// Panics where something does not hold.
    pub(crate) check: fn(&[u8]),
}

/// Every kind.
pub(crate) const TARGETS: &[Target] = &[
    Target { name: "qala", check: |packet| dialects::packet(Dialect::Qala, packet) },
    Target { name: "animochat", check: |packet| dialects::packet(Dialect::ANIMOCHAT, packet) },
    Target { name: "webrtc_chat", check: |packet| dialects::packet(Dialect::WebrtcChat, packet) },
    Target { name: "signaling", check: |packet| dialects::packet(Dialect::Signaling, packet) },
    Target { name: "sorsu", check: |packet| dialects::packet(Dialect::Sorsu, packet) },
    Target { name: "handshake", check: handshake::entering },
    Target { name: "rest", check: rest::request },
    Target { name: "inbox", check: inbox::entries },
    Target { name: "settings", check: settings::file },
];

/// Tries one input of a kind.
pub(crate) fn check(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of that name");
    (target.check)(input);
}
