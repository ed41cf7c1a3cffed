//! Guests: people without a token.
//!
//! A guest may bring a secret of its own and is the same person whenever it brings it again, on any node,
//! without anything being stored: its public id is a digest of the secret, which nobody can turn back.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::domain::id::{Entropy, UserId};
use crate::domain::time::Time;
use crate::node::SystemEntropy;

use super::{Credentials, Denied, Identity};

/// Shorter secrets could be guessed, and the guest's place taken.
const SHORTEST_SECRET: usize = 16;
/// Longer ones serve nobody.
const LONGEST_SECRET: usize = 128;
/// The same of session tokens, which somebody else may have made.
const LONGEST_TOKEN: usize = 4_096;
/// Bytes of the digest that make the id: enough that no two guests ever share one.
const ID_BYTES: usize = 16;

/// The guest with that secret, or a new one.
pub(super) fn identify(secret: Option<&str>, credentials: Credentials) -> Result<Identity, Denied> {
    let longest = match credentials {
        Credentials::Any => LONGEST_SECRET,
        Credentials::Session => LONGEST_TOKEN,
    };
    let digest = match secret {
        Some(secret) if (SHORTEST_SECRET..=longest).contains(&secret.len()) => {
            Sha256::new_with_prefix("qala guest ").chain_update(secret).finalize().to_vec()
        }
        Some(_) => return Err(Denied::Failed),
        None => SystemEntropy::new().next_u128().to_be_bytes().to_vec(),
    };
    let mut id = String::from("guest-");
    for byte in digest.iter().take(ID_BYTES) {
        // Writing to a string cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    Ok(Identity {
        user: UserId::new(id),
        guest: true,
        returns: secret.is_some(),
        token: None,
        until: Time::NEVER,
        profile: None,
    })
}
