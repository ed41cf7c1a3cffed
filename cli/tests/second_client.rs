//! `qala bench --client rust-socketio`: a client that nobody here wrote plays a whole run. In builds with the feature
//! `rust-socketio` alone.
#![cfg(feature = "rust-socketio")]

use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// Runs a short bench into the folder of that name and gives back its exit code, what it said, and its JSON.
fn bench(name: &str, flags: &[&str]) -> (Option<i32>, String, String) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // How fast it is does not matter here.
    let output = Command::new(env!("CARGO_BIN_EXE_qala"))
        .args(["bench", "--scenario", "short", "--max-lag", "off", "--client", "rust-socketio"])
        .arg("--out")
        .arg(&folder)
        .args(flags)
        .env_clear()
        .output()
        .unwrap_or_else(|error| panic!("qala does not start: {error}"));
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let result = fs::read_to_string(folder.join("result.json")).unwrap_or_default();
    (output.status.code(), said.concat(), result)
}

#[test]
fn it_connects_searches_signals_and_chats_under_the_eyes_of_the_oracle() {
    let everything = ["connect", "match", "room", "signal", "chat", "ack"];
    let mut flags = vec!["--assert".to_owned(), "errors == 0".to_owned()];
    for metric in everything {
        flags.extend(["--assert".to_owned(), format!("{metric}.count > 100")]);
    }
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let (code, said, result) = bench("second-qala", &flags);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("\nPASS   all 7 conditions held; the oracle is clean\n"), "{said}");
    assert!(result.contains(r#""client": "rust-socketio""#), "{result}");
}

#[test]
fn it_plays_a_family_that_is_not_the_first_as_well() {
    let (code, said, _) = bench("second-both", &["--dialect", "qala,animochat", "--assert", "matched > 50"]);
    assert_eq!(code, Some(0), "{said}");
}
