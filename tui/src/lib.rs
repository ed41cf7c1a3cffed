//! `qala top`: source -> state -> view over what nodes share. What asks is here; what draws is not, and the command
//! line does not offer the command until it works.

mod source;

pub use source::{Problem, Reading, Source};
