//! Every kept input of the fuzz targets, through the same functions. What a fuzzer finds is kept there, so that it is
//! found again by everybody.

#[path = "fuzzing/mod.rs"]
mod fuzzing;

use std::collections::BTreeSet;

use fuzzing::{TARGETS, check, escaped, inputs};

/// A corpus that is empty shows nothing.
const FEWEST: usize = 10;
/// All of them together stay small enough to be read.
const MOST: usize = 2_000;

#[test]
fn what_must_hold_holds_for_every_kept_input() {
    for target in TARGETS {
        for input in inputs(target.name) {
            let line = escaped(&input);
            let outcome = std::panic::catch_unwind(|| check(target.name, &input));
            assert!(outcome.is_ok(), "{}: {line}", target.name);
        }
    }
}

#[test]
fn corpora_are_small_and_each_input_is_there_once() {
    let mut all = 0;
    for target in TARGETS {
        let inputs = inputs(target.name);
        let different: BTreeSet<&Vec<u8>> = inputs.iter().collect();
        assert_eq!(different.len(), inputs.len(), "{}: an input is there twice", target.name);
        assert!(inputs.len() >= FEWEST, "{}: {} inputs", target.name, inputs.len());
        all += inputs.len();
    }
    assert!(all <= MOST, "{all} inputs: minimise them");
}

#[test]
fn an_input_is_spelled_on_one_line_and_read_back() {
    let every: Vec<u8> = (0..=255).collect();
    let line = escaped(&every);
    assert!(!line.contains('\n') && line.is_ascii(), "{line}");
    assert_eq!(fuzzing::unescaped(&line), Some(every));
    assert_eq!(escaped(b"[\"a\",'b']\\"), "[\"a\",'b']\\\\");
}
