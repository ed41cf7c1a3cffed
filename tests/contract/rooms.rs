//! Rooms and what is written in them.

use qala::domain::limits::{MESSAGES_AT_ONCE, ROOM_MESSAGES};
use qala::domain::operation::{Appended, Operation};
use qala::domain::talk::ChatMessage;

use super::asked::{Asked, at, user};
use crate::Factory;
use crate::store::room_id;

fn message([sequence, own_sequence]: [u64; 2], from: u64, name: Option<&str>, text: &str) -> ChatMessage {
    ChatMessage {
        sequence,
        own_sequence,
        from: user(from),
        content: text.into(),
        client_message_id: name.map(Into::into),
        at: at(5),
    }
}

pub(crate) fn messages_are_numbered_from_one(new: Factory<'_>) {
    let store = Asked(new());
    store.open(room_id(1), [1, 2]);
    store.open(room_id(2), [1, 2]);
    let written = [
        message([1, 1], 1, None, "hola"),
        message([2, 1], 2, Some("m1"), "hello"),
        message([3, 2], 1, Some("m1"), ""),
    ];
    assert_eq!(store.append(room_id(1), 1, None, "hola"), Appended::Added(written[0].clone()));
    assert_eq!(store.append(room_id(1), 2, Some("m1"), "hello"), Appended::Added(written[1].clone()));
    assert_eq!(store.append(room_id(1), 1, Some("m1"), ""), Appended::Added(written[2].clone()));
    let other = message([1, 1], 1, None, "elsewhere");
    assert_eq!(store.append(room_id(2), 1, None, "elsewhere"), Appended::Added(other.clone()));
    assert_eq!(store.messages(room_id(1), 0), written);
    assert_eq!(store.messages(room_id(1), 2), written[2..]);
    assert_eq!(store.messages(room_id(1), 3), []);
    assert_eq!(store.messages(room_id(1), u64::MAX), []);
    assert_eq!(store.messages(room_id(2), 0), [other]);
}

pub(crate) fn only_members_write(new: Factory<'_>) {
    let store = Asked(new());
    store.open(room_id(1), [1, 2]);
    assert_eq!(store.append(room_id(1), 3, None, "let me in"), Appended::NoRoom);
    assert_eq!(store.append(room_id(9), 1, None, "anybody?"), Appended::NoRoom);
    assert_eq!(store.messages(room_id(1), 0), []);
    assert_eq!(store.messages(room_id(9), 0), [], "a room that does not stand has none");
}

pub(crate) fn a_message_is_written_once(new: Factory<'_>) {
    let store = Asked(new());
    store.open(room_id(1), [1, 2]);
    let first = message([1, 1], 1, Some("m"), "first");
    assert_eq!(store.append(room_id(1), 1, Some("m"), "first"), Appended::Added(first.clone()));
    assert_eq!(store.append(room_id(1), 1, Some("m"), "again"), Appended::Duplicate(first.clone()));
    let same_name = message([2, 1], 2, Some("m"), "the other's own");
    assert_eq!(store.append(room_id(1), 2, Some("m"), "the other's own"), Appended::Added(same_name.clone()));
    assert_eq!(store.append(room_id(1), 2, Some("m"), "again"), Appended::Duplicate(same_name.clone()));
    for sequence in [3, 4] {
        let nameless = message([sequence, sequence - 1], 1, None, "first");
        assert_eq!(store.append(room_id(1), 1, None, "first"), Appended::Added(nameless));
    }
    let numbers: Vec<_> = store.messages(room_id(1), 0).iter().map(|message| message.sequence).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert_eq!(store.messages(room_id(1), 0)[..2], [first, same_name]);
}

pub(crate) fn the_newest_messages_are_kept_and_told_in_portions(new: Factory<'_>) {
    let store = Asked(new());
    store.open(room_id(1), [1, 2]);
    let most = u64::try_from(ROOM_MESSAGES).expect("a thousand");
    let portion = u64::try_from(MESSAGES_AT_ONCE).expect("two hundred");
    let name = |number: u64| format!("m{number}");
    for number in 1..=most + 3 {
        let added = message([number; 2], 1, Some(&name(number)), "x");
        assert_eq!(store.append(room_id(1), 1, Some(&name(number)), "x"), Appended::Added(added));
    }
    let numbers = |after| -> Vec<u64> {
        store.messages(room_id(1), after).iter().map(|message| message.sequence).collect()
    };
    assert_eq!(numbers(0), (4..4 + portion).collect::<Vec<_>>());
    assert_eq!(numbers(10), (11..11 + portion).collect::<Vec<_>>());
    assert_eq!(numbers(most), [most + 1, most + 2, most + 3]);
    let oldest = message([4; 2], 1, Some("m4"), "x");
    assert_eq!(store.append(room_id(1), 1, Some("m4"), "again"), Appended::Duplicate(oldest), "it is kept");
    let again = message([most + 4; 2], 1, Some("m3"), "x");
    assert_eq!(store.append(room_id(1), 1, Some("m3"), "x"), Appended::Added(again), "not kept any more");
}

pub(crate) fn a_room_opens_once_and_its_end_forgets_everything(new: Factory<'_>) {
    let store = Asked(new());
    let room = room_id(1);
    store.open(room, [1, 2]);
    store.append(room, 1, Some("m"), "first");
    store.open(room, [3, 4]);
    assert_eq!(store.messages(room, 0), [message([1, 1], 1, Some("m"), "first")]);
    assert_eq!(store.append(room, 3, None, "mine now"), Appended::NoRoom);
    for _ in 0..2 {
        store.done(Operation::CloseRoom { room }, at(6));
        assert_eq!(store.append(room, 1, None, "still there?"), Appended::NoRoom);
        assert_eq!(store.messages(room, 0), []);
    }
    store.open(room, [1, 2]);
    assert_eq!(store.append(room, 1, Some("m"), "x"), Appended::Added(message([1, 1], 1, Some("m"), "x")));
}

pub(crate) fn a_room_that_is_opened_again_gives_no_number_that_was_heard_of(new: Factory<'_>) {
    let store = Asked(new());
    let room = room_id(1);
    let add = |numbers, text: &str| {
        let added = message(numbers, 1, Some(text), text);
        assert_eq!(store.append(room, 1, Some(text), text), Appended::Added(added.clone()));
        added
    };
    // Nobody knows how many numbers a store gave that remembers none.
    store.open_after(room, [1, 2], 7);
    assert_eq!((store.messages(room, 0), store.rejoin(room, 1)), (vec![], Some(263)));
    let first = add([264, 1], "a");
    // Or one that remembers fewer than were heard of.
    store.open_after(room, [1, 2], 300);
    let next = [add([557, 2], "b"), add([558, 3], "c")];
    // One that remembers them all leaves none out.
    for heard in [0, 558, 557] {
        store.open_after(room, [1, 2], heard);
    }
    store.open(room, [1, 2]);
    let last = add([559, 4], "d");
    let [second, third] = next;
    let all = [first, second, third, last];
    assert_eq!(store.messages(room, 0), all);
    assert_eq!(store.messages(room, 264), all[1..]);
    assert_eq!(store.messages(room, 300), all[1..]);
    assert_eq!(store.messages(room, 557), all[2..]);
    assert_eq!(store.append(room, 1, Some("a"), "again"), Appended::Duplicate(all[0].clone()));
    assert_eq!(store.append(room, 1, Some("c"), "again"), Appended::Duplicate(all[2].clone()));
    store.open_after(room, [3, 4], 600);
    assert_eq!((store.rejoin(room, 3), store.rejoin(room, 2)), (None, Some(856)), "its members stay");
}

pub(crate) fn each_writer_counts_its_own_messages(new: Factory<'_>) {
    let store = Asked(new());
    let room = room_id(1);
    store.open_with(room, [1, 2], None, [0, 3]);
    let numbers = |from, name: &str| match store.append(room, from, Some(name), "x") {
        Appended::Added(message) | Appended::Duplicate(message) => [message.sequence, message.own_sequence],
        Appended::NoRoom => panic!("the room stands"),
    };
    assert_eq!(numbers(2, "a"), [1, 4]);
    assert_eq!(numbers(1, "a"), [2, 1]);
    assert_eq!(numbers(1, "b"), [3, 2]);
    assert_eq!(numbers(2, "a"), [1, 4], "written before");
    // Who opens it again may name the members the other way round, and know of more.
    store.open_with(room, [2, 1], None, [3, 7]);
    assert_eq!(numbers(1, "c"), [4, 8]);
    assert_eq!(numbers(2, "c"), [5, 5]);
    store.open_with(room, [1, 3], None, [2, 9]);
    assert_eq!(numbers(1, "d"), [6, 9]);
    let kept = store.messages(room, 0).into_iter().map(|message| message.own_sequence);
    assert_eq!(kept.collect::<Vec<_>>(), [4, 1, 2, 8, 5, 9]);
}

pub(crate) fn a_member_rejoins_and_nobody_else(new: Factory<'_>) {
    let store = Asked(new());
    let room = room_id(1);
    assert_eq!(store.rejoin(room, 1), None);
    store.open(room, [1, 2]);
    assert_eq!([1, 2, 3].map(|number| store.rejoin(room, number)), [Some(0), Some(0), None]);
    store.append(room, 2, None, "hello");
    assert_eq!([1, 2, 3].map(|number| store.rejoin(room, number)), [Some(1), Some(1), None]);
    assert_eq!(store.rejoin(room_id(2), 1), None, "another room");
    store.done(Operation::CloseRoom { room }, at(6));
    assert_eq!(store.rejoin(room, 1), None);
}
