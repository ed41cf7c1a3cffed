//! `corpus unpack TARGET DIRECTORY` writes the kept inputs of a target as files, which is what a fuzzer reads;
//! `corpus pack TARGET DIRECTORY` keeps the files of a directory, smallest first.

#[path = "../../tests/fuzzing/corpus.rs"]
mod corpus;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

/// Inputs kept of one target: what is beyond costs every test run more than it shows.
const MOST: usize = 200;
/// The longest input that is kept.
const MOST_BYTES: usize = 2_048;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["unpack", target, directory] => unpack(target, Path::new(directory)),
        ["pack", target, directory] => pack(target, Path::new(directory)),
        _ => {
            eprintln!("corpus unpack|pack TARGET DIRECTORY");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn unpack(target: &str, directory: &Path) {
    std::fs::create_dir_all(directory).expect("a directory for the inputs");
    for (number, input) in corpus::inputs(target).into_iter().enumerate() {
        std::fs::write(directory.join(format!("kept-{number:04}")), input).expect("a file for an input");
    }
}

fn pack(target: &str, directory: &Path) {
    // What was kept stays: regressions among it are not found by what they cover.
    let mut kept: BTreeSet<Vec<u8>> = corpus::inputs(target).into_iter().collect();
    let entries = std::fs::read_dir(directory).expect("the directory of the inputs");
    let mut found: Vec<Vec<u8>> =
        entries.map(|entry| std::fs::read(entry.expect("an entry").path()).expect("an input")).collect();
    found.retain(|input| input.len() <= MOST_BYTES);
    found.sort_by_key(Vec::len);
    for input in found {
        if kept.len() < MOST {
            kept.insert(input);
        }
    }
    let lines: String = kept.iter().flat_map(|input| [corpus::escaped(input), "\n".to_owned()]).collect();
    std::fs::write(corpus::path(target), lines).expect("the corpus can be written");
}
