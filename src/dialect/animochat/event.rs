//! The names of events, each once.

// The first vocabulary, to the server and from it.
pub(super) const FIND_MATCH: &str = "find-match";
pub(super) const CANCEL_MATCH: &str = "cancel-match";
pub(super) const NEXT_MATCH: &str = "next-match";
pub(super) const LEAVE_ROOM: &str = "leave-room";
pub(super) const SEND_MESSAGE: &str = "send-message";
pub(super) const TYPING: &str = "typing";
pub(super) const WAITING: &str = "waiting";
pub(super) const MATCHED: &str = "matched";
pub(super) const MESSAGE: &str = "message";
pub(super) const PARTNER_TYPING: &str = "partner-typing";
pub(super) const PARTNER_DISCONNECTED: &str = "partner-disconnected";
pub(super) const MATCH_CANCELLED: &str = "match-cancelled";
pub(super) const ERROR: &str = "error";

// The second.
pub(super) const MATCH_FIND: &str = "match:find";
pub(super) const MATCH_CANCEL: &str = "match:cancel";
pub(super) const MATCH_SKIP: &str = "match:skip";
pub(super) const ROOM_LEAVE: &str = "room:leave";
pub(super) const MESSAGE_SEND: &str = "message:send";
pub(super) const USER_TYPING: &str = "user:typing";
pub(super) const MATCH_WAITING: &str = "match:waiting";
pub(super) const MATCH_SUCCESS: &str = "match:success";
pub(super) const MESSAGE_RECEIVE: &str = "message:receive";
pub(super) const PARTNER_TYPING_SECOND: &str = "partner:typing";
pub(super) const PARTNER_LEFT: &str = "partner:left";
pub(super) const MATCH_ERROR: &str = "match:error";

// To everybody; all but the first are ours.
pub(super) const ONLINE_COUNT: &str = "online-count";
pub(super) const WELCOME: &str = "session:welcome";
pub(super) const RESUMED: &str = "session:resumed";
pub(super) const REPLACED: &str = "replaced";
pub(super) const SERVER_SHUTDOWN: &str = "server_shutdown";
