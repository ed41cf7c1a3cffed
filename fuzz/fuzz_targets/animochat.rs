//! Packets of the anonymous text chat's clients, in both vocabularies.

#![no_main]

#[path = "../../tests/fuzzing/mod.rs"]
mod fuzzing;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::check("animochat", input));
