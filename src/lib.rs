//! qala pairs people and lets them talk: the server library behind `qala serve`.
//!
//! The plan of the house is in `docs/ARCHITECTURE.md`. One rule: a module uses only what stands below it.

pub mod auth;
pub mod backend;
pub mod config;
#[cfg(test)]
mod contract;
pub mod dialect;
pub mod domain;
pub mod events;
pub mod http;
pub mod metrics;
pub mod node;
pub mod outside;
pub mod server;
pub mod socket;
pub mod store;
pub mod turn;
