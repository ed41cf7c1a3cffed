//! What tickets, matches, rooms, chat and signals mean.
//!
//! Pure: std and serde alone. No I/O, no clock, no randomness of its own, no `async`, no locks, no JSON.
//! Time and randomness arrive as arguments, effects leave as values, so the whole service runs in one test
//! process in virtual time. `tests/layers.rs` keeps it so.

pub mod budget;
pub mod command;
pub mod core;
pub mod criteria;
pub mod envelope;
pub mod errand;
pub mod event;
pub mod explain;
pub mod hall;
pub mod happening;
pub mod id;
pub mod intervention;
pub mod limits;
pub mod notice;
pub mod operation;
pub mod person;
pub mod policy;
pub mod presence;
pub mod proposal;
pub mod relay;
pub mod search;
pub mod survey;
pub mod talk;
pub mod ticket;
pub mod time;
