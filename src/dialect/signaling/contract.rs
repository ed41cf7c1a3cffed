//! Every event of this dialect with the shape of what it carries.

use super::super::contract::{Contract, asked, told};
use super::event;

pub(in crate::dialect) const CONTRACT: Contract = Contract {
    purpose: "Calls of several in rooms by id: whoever knows the id enters, and signals go from member to member. \
              Joining and leaving are also understood with the fields as arguments of their own.",
    names: include_str!("event.rs"),
    shapes: &[
        ("Refused", "{ok: false, code: text, message: text, field?: text, retryAfterMs?: ms}"),
        ("User", "{userId: text}"),
        ("Room", "{roomId: text, userId: text, users: [User]}"),
        ("Done", "{ok: true}"),
    ],
    asked: &[
        asked(
            event::JOIN_ROOM,
            "Enter a room; it begins with its first member.",
            "{roomId: text(1..128), userId: text(1..128)}",
            "{ok: true, roomId: text, userId: text, users: [User]} | Refused",
        ),
        asked(event::LEAVE_ROOM, "Leave it.", "{roomId: text(1..128)}", "Done | Refused"),
        asked(
            event::OFFER,
            "To one member.",
            "{roomId: text(1..128), targetId: text(1..128), offer: any} \
             | {roomId: text(1..128), targetUserId: text(1..128), offer: any}",
            "Done | Refused",
        ),
        asked(
            event::ANSWER,
            "To one member.",
            "{roomId: text(1..128), targetId: text(1..128), answer: any} \
             | {roomId: text(1..128), targetUserId: text(1..128), answer: any}",
            "Done | Refused",
        ),
        asked(
            event::ICE_CANDIDATE,
            "To one member.",
            "{roomId: text(1..128), targetId: text(1..128), candidate: any} \
             | {roomId: text(1..128), targetUserId: text(1..128), candidate: any}",
            "Done | Refused",
        ),
    ],
    told: &[
        told(
            event::ROOM_USERS,
            "Who is in the room already, to the one who entered.",
            "{roomId: text, users: [User]}",
        ),
        told(event::ROOM_PARTICIPANTS, "The same, for deployed clients.", "{participants: [text]}"),
        told(event::USER_JOINED, "Somebody entered.", "{roomId: text, userId: text}"),
        told(
            event::USER_LEFT,
            "Somebody left.",
            "{roomId: text, userId: text, reason: 'left' | 'disconnected' | 'replaced'}",
        ),
        told(
            event::USER_AWAY,
            "Somebody lost the connection, and may come back.",
            "{roomId: text, userId: text, graceMs: ms}",
        ),
        told(event::USER_BACK, "Somebody is here again.", "{roomId: text, userId: text}"),
        told(event::SESSION_RESUMED, "The rooms that go on for who came back.", "{rooms: [Room]}"),
        told(
            event::OFFER,
            "From a member; its id stands under all three names.",
            "{roomId: text, fromId: text, senderId: text, userId: text, targetUserId: text, offer: any}",
        ),
        told(
            event::ANSWER,
            "From a member.",
            "{roomId: text, fromId: text, senderId: text, userId: text, targetUserId: text, answer: any}",
        ),
        told(
            event::ICE_CANDIDATE,
            "From a member.",
            "{roomId: text, fromId: text, senderId: text, userId: text, targetUserId: text, candidate: any}",
        ),
        told(
            event::ERROR,
            "Something did not work.",
            "{code: text, message: text, field?: text, retryAfterMs?: ms}",
        ),
        told(
            event::REPLACED,
            "Somebody entered by the same id, or you connected somewhere else.",
            "{roomId?: text, userId?: text, message: text}",
        ),
        told(event::SERVER_SHUTDOWN, "The node goes down.", "{message: text, retryAfterMs: ms}"),
    ],
};
