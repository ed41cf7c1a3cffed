//! How the contract's shapes are written, as JSON Schema, and checked: for the tables that documents for others are
//! written from, and the tests that hold those to the code. In tests alone: the server hands out what was written.

mod check;
mod notation;
mod schema;

pub(crate) use check::{Checker, sample};
pub(crate) use notation::{Field, Shape, parse};
pub(crate) use schema::{Writer, schema};
