//! Wire vocabularies: pure tables between what clients send and hear and the words of the domain.

use serde_json::value::RawValue;

mod field;
mod json;
mod packet;

/// An event on its way to a client.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Its name.
    pub event: &'static str,
    /// Its argument.
    pub argument: Box<RawValue>,
}
