//! The scripts, as they are sent: each with what it shares in front of it.

use std::sync::LazyLock;

/// A script and the hash that a server knows it by.
pub(super) struct Script {
    /// What is carried out.
    pub(super) source: &'static str,
    /// Its SHA-1, in hexadecimal.
    pub(super) hash: String,
}

/// Declares scripts, and all of them as a list.
macro_rules! scripts {
    ($($name:ident = $($file:literal)+;)+) => {
        $(pub(super) static $name: LazyLock<Script> = LazyLock::new(|| {
            let source = concat!($(include_str!(concat!("scripts/", $file, ".lua"))),+);
            Script { source, hash: redis::Script::new(source).get_hash().to_owned() }
        });)+

        /// Every script: loaded as soon as a connection stands, so that operations need not.
        pub(super) fn all() -> impl Iterator<Item = &'static Script> {
            [$(&$name),+].into_iter().map(|script| &**script)
        }
    };
}

scripts! {
    SEARCH = "shared_time" "shared_pool" "search";
    WITHDRAW = "shared_time" "shared_pool" "withdraw";
    RENEW = "shared_time" "shared_pool" "renew";
    ANSWER = "shared_time" "shared_pool" "answer";
    EXPIRE = "shared_time" "shared_pool" "expire";
    RECLAIM = "shared_time" "shared_pool" "reclaim";
    ATTACH = "shared_time" "attach";
    REGISTER = "register";
    DETACH = "detach";
    REMEMBER = "shared_time" "remember";
    OPEN_ROOM = "open_room";
    APPEND = "shared_time" "append";
    HALL_ENTER = "shared_time" "shared_hall" "hall_enter";
    HALL_RESTORE = "shared_time" "shared_hall" "hall_restore";
    HALL_LEAVE = "shared_time" "shared_hall" "hall_leave";
    HALL_RENEW = "shared_time" "shared_hall" "hall_renew";
    HALL_LIST = "shared_time" "shared_hall" "hall_list";
    HALL_RESERVE = "shared_time" "shared_hall" "hall_reserve";
    BEAT = "beat";
    BURY = "bury";
    TELL = "tell";
    LIST_ROOMS = "shared_time" "list_rooms";
    SURVEY_NODES = "survey_nodes";
    SURVEY_POOL = "shared_time" "shared_pool" "survey_pool";
}
