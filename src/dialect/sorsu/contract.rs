//! Every event of this dialect with the shape of what it carries.

use super::super::contract::{Contract, asked, told};
use super::event;

pub(in crate::dialect) const CONTRACT: Contract = Contract {
    purpose: "Anonymous chat of a campus: guests are paired, alone or by a backend, and write to each other.",
    names: include_str!("event.rs"),
    shapes: &[
        ("Refused", "{success: false, error: text, code: text, retry_after_ms?: ms}"),
        (
            "Message",
            "{message_id: any, sender_guest_id: text, content: text, created_at: any, is_flagged: boolean, \
             sequence_number: whole, client_message_id?: text}",
        ),
        ("Done", "{success: true}"),
    ],
    asked: &[
        asked(event::PRESENCE_JOIN, "Search for somebody.", "none", "Done | Refused"),
        asked(event::PRESENCE_LEAVE, "Search no longer.", "none", "Done | Refused"),
        asked(
            event::MESSAGE_SEND,
            "Write to the partner.",
            "{chatId: whole, content: text(1..1000), clientMessageId?: text(1..64)} \
             | {chatId: digits, content: text(1..1000), clientMessageId?: text(1..64)}",
            "{success: true, message: Message} | Refused",
        ),
        asked(
            event::TYPING_START,
            "Somebody writes.",
            "{chatId: whole} | {chatId: digits}",
            "Done | Refused",
        ),
        asked(
            event::TYPING_STOP,
            "Somebody writes no longer.",
            "{chatId: whole} | {chatId: digits}",
            "Done | Refused",
        ),
        asked(
            event::CHAT_REJOIN,
            "Back in a chat: what the partner wrote after that number.",
            "{chatId: whole, afterSequence?: whole} | {chatId: digits, afterSequence?: whole}",
            "{success: true, messages: [Message]} | Done | Refused",
        ),
        asked(
            event::CHAT_END,
            "End the chat, for both.",
            "{chatId: whole} | {chatId: digits}",
            "Done | Refused",
        ),
    ],
    told: &[
        told(event::WELCOME, "First of all on every connection.", "{guest_id: text}"),
        told(
            event::RESUMED,
            "Behind the welcome, when the session was still there.",
            "{state: 'idle'} | {state: 'waiting'} | {state: 'talking', chat_id: whole, partner_id: text}",
        ),
        told(event::MATCH_FOUND, "Two met.", "{chat_id: whole, partner_id: text, started_at: moment}"),
        told(
            event::MESSAGE,
            "The partner wrote.",
            "{message_id: any, sender_guest_id: text, content: text, created_at: any, is_flagged: boolean, \
             sequence_number: whole, client_message_id?: text}",
        ),
        told(
            event::TYPING,
            "The partner writes, or no longer.",
            "{sender_guest_id: text, is_typing: boolean}",
        ),
        told(
            event::CHAT_ENDED,
            "The chat is over.",
            "{chat_id: whole, ended_by: text | null, ended_at: moment}",
        ),
        told(
            event::RATE_LIMITED,
            "An event that asked for no acknowledgement was refused.",
            "{scope: 'presence' | 'message' | 'other', retry_after_ms: ms}",
        ),
        told(event::SERVER_SHUTDOWN, "The node goes down.", "{retry_after_ms: ms}"),
        told(event::REPLACED, "You connected somewhere else.", "none"),
    ],
};
