//! The language exchange's vocabulary (contract, section qala). Its clients say match for proposal, session
//! for room and partner for peer; these words stay here.

mod answer;
mod client;
#[cfg(test)]
mod contract;
mod decode;
mod event;
mod join;
mod notice;
mod shape;
mod signal;
mod standing;
#[cfg(test)]
mod tests;

pub(super) use answer::answer;
pub(super) use client::{encode, hear, signal_of};
#[cfg(test)]
pub(super) use contract::CONTRACT;
pub(super) use decode::decode;
pub(super) use notice::{notice, tells_relays, too_many_attempts};
pub(super) use standing::{farewell, renewal, renewed};

/// The dialect, and its pool.
pub(super) const NAME: &str = "qala";
