//! Tells the command which commit it was built from: `QALA_COMMIT`, if the one who builds has not set it.
//! Without git, or outside a checkout, there is no commit to tell, and that is no error.

#![expect(clippy::disallowed_macros, reason = "printing is how a build script talks to cargo")]

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=QALA_COMMIT");
    let given = env::var_os("QALA_COMMIT").is_some_and(|commit| !commit.is_empty());
    // Looked for here, or git would find the checkout of another project around an unpacked archive.
    if given || !Path::new("../.git").exists() {
        return;
    }
    let Some(commit) = git(&["rev-parse", "--short=9", "HEAD"]) else { return };
    println!("cargo::rustc-env=QALA_COMMIT={commit}");
    rerun_when_changed("HEAD");
    if let Some(reference) = git(&["symbolic-ref", "--quiet", "HEAD"]) {
        // A packed reference has no file of its own: the next commit writes one into this folder.
        if !rerun_when_changed(&reference) {
            rerun_when_changed("refs/heads");
        }
    }
}

/// Has cargo look at a file of git's again, wherever git keeps it; `false` when it is not there.
fn rerun_when_changed(name: &str) -> bool {
    let path = git(&["rev-parse", "--git-path", name]).filter(|path| Path::new(path).exists());
    if let Some(path) = &path {
        println!("cargo::rerun-if-changed={path}");
    }
    path.is_some()
}

/// What git answers, if it does.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !said.is_empty()).then_some(said)
}
