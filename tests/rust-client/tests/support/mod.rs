//! A server of its own for each test, and people who talk to it.

pub(crate) mod server;
pub(crate) mod user;
