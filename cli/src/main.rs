//! The `qala` command.
fn main() {}
