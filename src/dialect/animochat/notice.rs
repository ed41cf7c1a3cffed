//! Server to client: every row of the contract's table, in both vocabularies.

use serde::Serialize;

use super::super::Outgoing;
use super::answer::{Sentence, tell_error, tell_waiting};
use super::shape::{Matched, MessageBody, ReceivedBody, TypingBody, spelled};
use super::speaker::Speaker;
use super::{Vocabulary, event};
use crate::domain::command::Refusal;
use crate::domain::id::RoomId;
use crate::domain::notice::{Notice, Resumed};
use crate::domain::time::Time;

/// A search found nobody.
pub(super) const NOBODY: &str = "No available matches found. Try again later.";
/// Its code.
const NOBODY_CODE: &str = "no_match";

/// How these clients are told.
pub(in crate::dialect) fn notice(
    vocabulary: Vocabulary,
    notice: &Notice,
    now: Time,
    say: &mut dyn FnMut(Outgoing),
) {
    let speaker = &mut Speaker { vocabulary, say };
    match notice {
        Notice::Welcome { user, .. } => speaker.all(event::WELCOME, &Welcome { user_id: user.as_str() }),
        Notice::Resumed(resumed) => tell_resumed(speaker, resumed),
        Notice::MatchReady { room, partner, .. } => {
            speaker.first(event::MATCHED, &Matched::first(*room, partner.user.as_str(), false));
            speaker.first(event::MESSAGE, &MessageBody::greeting(*room, now));
            speaker.second(event::MATCH_SUCCESS, &Matched::second(*room, false));
        }
        Notice::MatchFailed { requeued: false, .. } | Notice::WaitingExpired => {
            tell_error(speaker, NOBODY, NOBODY_CODE, None);
        }
        Notice::Chat { room, message } => {
            speaker.first(event::MESSAGE, &MessageBody::new(*room, message));
            speaker.second(event::MESSAGE_RECEIVE, &ReceivedBody::new(*room, message));
        }
        Notice::Typing { on, .. } => tell_typing(speaker, *on),
        // Who is not there does not write.
        Notice::PeerAway { .. } => tell_typing(speaker, false),
        Notice::PeerLeft { .. } => tell_left(speaker),
        Notice::Online { people } => speaker.all(event::ONLINE_COUNT, people),
        Notice::RateLimited { scope, retry_after_ms } => {
            let refusal = Refusal::RateLimited { scope: *scope, retry_after_ms: *retry_after_ms };
            tell_error(speaker, Sentence(refusal), refusal.code(), refusal.retry_after_ms());
        }
        Notice::Shutdown { retry_after_ms } => {
            speaker.all(event::SERVER_SHUTDOWN, &Shutdown { retry_after_ms: *retry_after_ms });
        }
        Notice::Replaced => speaker.all(event::REPLACED, &()),
        // Its clients wait on without a word; nobody is asked, nobody calls, places are not shown, and nobody who is
        // silent is closed.
        Notice::MatchFailed { requeued: true, .. }
        | Notice::MatchFound(_)
        | Notice::MatchAccepted { .. }
        | Notice::Hall(_)
        | Notice::Position { .. }
        | Notice::Signal { .. }
        | Notice::Quality { .. }
        | Notice::PeerBack { .. }
        | Notice::Inactive => {}
    }
}

/// A client that came back is told in its own words as well: it may have been loaded anew, or show what is over.
fn tell_resumed(speaker: &mut Speaker<'_>, resumed: &Resumed) {
    match resumed {
        Resumed::Idle => {
            speaker.all(event::RESUMED, &ResumedBody::Idle);
            tell_left(speaker);
        }
        Resumed::Waiting { .. } | Resumed::Proposed(_) => {
            speaker.all(event::RESUMED, &ResumedBody::Waiting);
            tell_waiting(speaker);
        }
        Resumed::Talking { room, partner, .. } => {
            let (room_id, partner_id) = (*room, partner.user.as_str());
            speaker.all(event::RESUMED, &ResumedBody::Talking { room_id, partner_id });
            speaker.first(event::MATCHED, &Matched::first(room_id, partner_id, true));
            speaker.second(event::MATCH_SUCCESS, &Matched::second(room_id, true));
        }
    }
}

fn tell_typing(speaker: &mut Speaker<'_>, is_typing: bool) {
    speaker.first(event::PARTNER_TYPING, &TypingBody { is_typing });
    speaker.second(event::PARTNER_TYPING_SECOND, &TypingBody { is_typing });
}

fn tell_left(speaker: &mut Speaker<'_>) {
    speaker.first(event::PARTNER_DISCONNECTED, &());
    speaker.second(event::PARTNER_LEFT, &());
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Welcome<'a> {
    user_id: &'a str,
}

#[derive(Serialize)]
#[serde(tag = "state", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum ResumedBody<'a> {
    Idle,
    Waiting,
    Talking {
        #[serde(serialize_with = "spelled")]
        room_id: RoomId,
        partner_id: &'a str,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shutdown {
    retry_after_ms: u64,
}
