//! A value that must not reach a log, a screen or an error message.

use std::fmt;

/// A secret from the configuration. `Debug` and `Display` are redacted; only [`Secret::expose`] shows it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value so that it is not shown by accident.
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// The secret itself, for the one place that verifies with it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(redacted)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(redacted)")
    }
}
