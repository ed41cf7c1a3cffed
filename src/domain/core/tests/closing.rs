//! Rooms that are over while the store is away.

use super::*;

#[test]
fn a_room_that_could_not_be_closed_is_closed_a_second_later_and_until_it_worked() {
    let (mut core, proposal) = ana_talks();
    let (room, departure) = (proposal.room, Departure::Left);
    core.asks(ANA, 3, Command::LeaveRoom(room.into()));
    let [closing] = core.asked([
        send(Envelope::Left { room, departure, from: here(0) }),
        close(&proposal),
        record(Event::RoomClosed { departure, lasted: Duration::ZERO }),
        left(3, room),
    ]);
    core.stored(closing, UNAVAILABLE);
    core.expect([record(Event::StoreUnavailable)]);
    for ms in [2_000, 3_000] {
        core.wakes(ms);
        let [closing] = core.asked([close(&proposal)]);
        core.stored(closing, UNAVAILABLE);
        core.expect([record(Event::StoreUnavailable)]);
    }
    core.wakes(4_000);
    let [closing] = core.asked([close(&proposal)]);
    core.stored(closing, Outcome::Done);
    core.expect([]);
}
