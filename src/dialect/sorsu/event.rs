//! The names of events, each once.

pub(super) const PRESENCE_JOIN: &str = "presence:join";
pub(super) const PRESENCE_LEAVE: &str = "presence:leave";
pub(super) const MESSAGE_SEND: &str = "message:send";
pub(super) const TYPING_START: &str = "typing:start";
pub(super) const TYPING_STOP: &str = "typing:stop";
pub(super) const CHAT_REJOIN: &str = "chat:rejoin";
pub(super) const CHAT_END: &str = "chat:end";

pub(super) const MATCH_FOUND: &str = "match:found";
pub(super) const MESSAGE: &str = "message";
pub(super) const TYPING: &str = "typing";
pub(super) const CHAT_ENDED: &str = "chat:ended";

// Ours.
pub(super) const WELCOME: &str = "session:welcome";
pub(super) const RESUMED: &str = "session:resumed";
pub(super) const RATE_LIMITED: &str = "rate_limited";
pub(super) const REPLACED: &str = "replaced";
pub(super) const SERVER_SHUTDOWN: &str = "server_shutdown";
