//! `qala bench`: plan -> crowd -> events -> reports.
//!
//! Everything up to the events is pure: state, input, now. The fleet alone has sockets and a clock; reporters only
//! consume events. Nothing here knows how the server does what it does: of the server's library it uses the client
//! half of the dialects, and the words of the domain that this half speaks in.

pub mod child;
pub mod credentials;
pub mod crowd;
pub mod event;
pub mod figures;
pub mod fleet;
pub mod machine;
pub mod oracle;
pub mod people;
pub mod plan;
pub mod random;
pub mod report;
pub mod run;
pub mod scenario;
pub mod settings;
pub mod time;
pub mod verdict;
pub mod wire;
