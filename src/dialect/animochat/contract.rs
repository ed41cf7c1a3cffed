//! Every event of this dialect with the shape of what it carries.

use super::super::contract::{Contract, asked, told};
use super::event;

pub(in crate::dialect) const CONTRACT: Contract = Contract {
    purpose: "Anonymous text chat with somebody at random. It has two vocabularies; a connection speaks the one whose \
              search it uses first, and hears both until then.",
    names: include_str!("event.rs"),
    shapes: &[
        ("Refused", "{success: false, error: text, code: text, retryAfterMs?: ms}"),
        ("Error", "{message: text, code: text, retryAfterMs?: ms}"),
        ("Done", "{success: true}"),
    ],
    asked: &[
        asked(event::FIND_MATCH, "Search for somebody.", "none", "Done | Refused"),
        asked(event::CANCEL_MATCH, "Search no longer.", "none", "Done | Refused"),
        asked(event::NEXT_MATCH, "Leave, and search for somebody else.", "none", "Done | Refused"),
        asked(event::LEAVE_ROOM, "Leave.", "none", "Done | Refused"),
        asked(
            event::SEND_MESSAGE,
            "Write to the partner.",
            "text(1..1000) | {content: text(1..1000), clientMessageId?: text(1..64)}",
            "Done | Refused",
        ),
        asked(event::TYPING, "Whether somebody writes.", "boolean", "Done | Refused"),
        asked(event::MATCH_FIND, "Search for somebody.", "none", "Done | Refused"),
        asked(event::MATCH_CANCEL, "Search no longer.", "none", "Done | Refused"),
        asked(event::MATCH_SKIP, "Leave, and search for somebody else.", "none", "Done | Refused"),
        asked(event::ROOM_LEAVE, "Leave.", "{roomId?: id} | none", "Done | Refused"),
        asked(
            event::MESSAGE_SEND,
            "Write to the partner.",
            "{roomId?: id, content: text(1..1000), replyTo?: any, clientMessageId?: text(1..64)}",
            "Done | Refused",
        ),
        asked(
            event::USER_TYPING,
            "Whether somebody writes.",
            "{roomId?: id, isTyping: boolean}",
            "Done | Refused",
        ),
    ],
    told: &[
        told(event::WAITING, "Somebody is searched for.", "none"),
        told(event::MATCHED, "Two met.", "{roomId: id, partnerId: text, resumed?: true}"),
        told(
            event::MESSAGE,
            "Somebody wrote, oneself included.",
            "{id: text, roomId: id, senderId: text, content: text, timestamp: at, type: 'text' | 'system', \
             clientMessageId?: text}",
        ),
        told(event::PARTNER_TYPING, "Whether the partner writes.", "{isTyping: boolean}"),
        told(event::PARTNER_DISCONNECTED, "The partner is gone.", "none"),
        told(event::MATCH_CANCELLED, "Nobody is searched for any more.", "none"),
        told(event::ERROR, "Something did not work.", "Error"),
        told(event::MATCH_WAITING, "Somebody is searched for.", "none"),
        told(event::MATCH_SUCCESS, "Two met.", "{roomId: id, partnerId: 'Stranger', resumed?: true}"),
        told(
            event::MESSAGE_RECEIVE,
            "The partner wrote.",
            "{id: text, senderId: text, content: text, timestamp: at, type: 'text', replyTo: any}",
        ),
        told(event::PARTNER_TYPING_SECOND, "Whether the partner writes.", "{isTyping: boolean}"),
        told(event::PARTNER_LEFT, "The partner is gone.", "none"),
        told(event::MATCH_ERROR, "Something did not work.", "Error"),
        told(event::ONLINE_COUNT, "How many people are here.", "whole"),
        told(event::WELCOME, "First of all on every connection.", "{userId: text}"),
        told(
            event::RESUMED,
            "Behind the welcome, when the session was still there.",
            "{state: 'idle'} | {state: 'waiting'} | {state: 'talking', roomId: id, partnerId: text}",
        ),
        told(event::REPLACED, "You connected somewhere else.", "none"),
        told(event::SERVER_SHUTDOWN, "The node goes down.", "{retryAfterMs: ms}"),
    ],
};
