//! Halls: who is in them, and who no longer.

use qala::domain::hall::{HallOperation, HallOutcome, Member, Roster};
use qala::domain::id::{EntryId, HallName, MemberName};
use qala::domain::limits::HALLS_LISTED_AT_ONCE;
use qala::domain::operation::{Operation, Outcome};
use qala::domain::policy::{HALL_LEASE, HALL_RESERVED_FOR};
use qala::domain::ticket::PoolId;
use qala::domain::time::Time;
use qala::store::Store;
use qala::store::memory::MemoryStore;

use super::asked::{POOL, at};
use crate::Factory;
use crate::store::{address, answer};

struct Halls(Box<dyn Store>);

fn hall(number: u64) -> HallName {
    // Nothing in a name means anything to a store.
    HallName::new(format!("{{hall}} %20 {number}\n"))
}

/// The member of that entry, called so.
fn member(entry: u64, name: &str) -> Member {
    let slot = u32::try_from(entry % 1_000).expect("small");
    Member { entry: EntryId(entry), name: MemberName::new(name), address: address(slot) }
}

fn enter(number: u64, member: Member) -> HallOperation {
    HallOperation::Enter { hall: hall(number), member, instead: None, most_members: 3, most_halls: 4 }
}

fn reserve(number: u64) -> HallOperation {
    HallOperation::Reserve { hall: hall(number), most_reserved: 2, most_halls: 4 }
}

fn entries(roster: &Roster) -> Vec<u64> {
    roster.members.iter().map(|member| member.entry.0).collect()
}

/// What is answered, or a panic that says what else came.
macro_rules! expect {
    ($outcome:expr, $pattern:pat => $answer:expr) => {
        match $outcome {
            $pattern => $answer,
            other => panic!("something else: {other:?}"),
        }
    };
}

impl Halls {
    fn ask(&self, request: HallOperation, now: Time) -> HallOutcome {
        ask(&*self.0, request, now)
    }

    /// Who is there then, if the hall stands.
    fn look(&self, number: u64, now: Time) -> Option<Vec<u64>> {
        let told = self.ask(HallOperation::Look { hall: hall(number) }, now);
        expect!(told, HallOutcome::Roster(roster) => roster.as_ref().map(entries))
    }

    fn enters(&self, number: u64, member: Member, now: Time) -> Roster {
        expect!(self.ask(enter(number, member), now), HallOutcome::Entered { roster, .. } => roster)
    }

    fn leaves(&self, number: u64, gone: &[u64], now: Time) -> Option<Roster> {
        let entries = gone.iter().copied().map(EntryId).collect();
        let told = self.ask(HallOperation::Leave { hall: hall(number), entries }, now);
        expect!(told, HallOutcome::Roster(roster) => roster)
    }

    fn renews(&self, number: u64, entry: u64, now: Time) -> Option<u64> {
        let told = self.ask(HallOperation::Renew { entries: vec![(hall(number), EntryId(entry))] }, now);
        expect!(told, HallOutcome::Renewed(versions) => versions[0])
    }

    fn restores(&self, number: u64, roster: &Roster, own: u64, now: Time) -> (Roster, bool) {
        let request =
            HallOperation::Restore { hall: hall(number), roster: roster.clone(), own: EntryId(own) };
        expect!(self.ask(request, now), HallOutcome::Restored { roster, changed } => (roster, changed))
    }

    fn listed(&self, skip: usize, now: Time) -> Vec<(HallName, Roster)> {
        expect!(self.ask(HallOperation::List { skip }, now), HallOutcome::Listed(halls) => halls)
    }
}

fn ask(store: &dyn Store, request: HallOperation, now: Time) -> HallOutcome {
    ask_in(store, POOL, request, now)
}

fn ask_in(store: &dyn Store, pool: PoolId, request: HallOperation, now: Time) -> HallOutcome {
    expect!(answer(store, Operation::Hall { pool, request }, now), Outcome::Hall(outcome) => outcome)
}

pub(crate) fn a_hall_begins_with_its_first_member_and_ends_with_its_last(new: Factory<'_>) {
    let halls = Halls(new());
    assert_eq!(halls.look(1, at(0)), None);
    let first = halls.enters(1, member(1, "ana"), at(0));
    assert_eq!((first.created_at, first.version >= at(0).as_ms()), (at(0), true));
    assert_eq!(first.members, [member(1, "ana")]);
    let second = halls.enters(1, member(2, "ben"), at(5));
    assert_eq!(second.members, [member(1, "ana"), member(2, "ben")]);
    assert_eq!(second.created_at, at(0));
    assert!(second.version > first.version, "each change is newer");
    assert_eq!(halls.look(2, at(5)), None, "halls do not mix");
    let elsewhere = ask_in(&*halls.0, PoolId("elsewhere"), HallOperation::Look { hall: hall(1) }, at(5));
    assert_eq!(elsewhere, HallOutcome::Roster(None), "nor do pools");
    let third = halls.leaves(1, &[1, 77], at(5)).expect("somebody is there");
    assert_eq!((entries(&third), third.version > second.version), (vec![2], true));
    assert_eq!(halls.leaves(1, &[77], at(5)).expect("it stands").version, third.version, "nothing changed");
    assert_eq!(halls.leaves(1, &[2], at(5)), None);
    assert_eq!(halls.look(1, at(5)), None);
    assert_eq!(halls.leaves(1, &[2], at(5)), None, "leaving may be repeated");
}

pub(crate) fn who_enters_by_a_name_that_is_there_takes_over(new: Factory<'_>) {
    let halls = Halls(new());
    halls.enters(1, member(1, "ana"), at(0));
    halls.enters(1, member(2, "ben"), at(0));
    halls.enters(1, member(3, "cid"), at(0));
    let HallOutcome::Entered { roster, replaced } = halls.ask(enter(1, member(4, "ana")), at(1)) else {
        panic!("a full hall is no obstacle to that");
    };
    assert_eq!(entries(&roster), [2, 3, 4]);
    assert_eq!(replaced, Some(member(1, "ana")));
    assert_eq!(halls.leaves(1, &[1], at(1)).as_ref().map(entries), Some(vec![2, 3, 4]), "it was out already");
    assert_eq!(halls.renews(1, 1, at(1)), None);
}

pub(crate) fn entering_may_be_repeated(new: Factory<'_>) {
    let halls = Halls(new());
    let first = halls.enters(1, member(1, "ana"), at(0));
    assert_eq!(halls.enters(1, member(1, "ana"), at(1)), first);
    let HallOutcome::Entered { roster, replaced } = halls.ask(
        HallOperation::Enter {
            hall: hall(1),
            member: member(2, "ben"),
            instead: Some(EntryId(1)),
            most_members: 1,
            most_halls: 1,
        },
        at(2),
    ) else {
        panic!("who goes makes room");
    };
    assert_eq!((roster.members, replaced), (vec![member(2, "ben")], None));
}

pub(crate) fn a_hall_and_all_halls_have_their_limits(new: Factory<'_>) {
    let halls = Halls(new());
    for (entry, name) in [(1, "ana"), (2, "ben"), (3, "cid")] {
        halls.enters(1, member(entry, name), at(0));
    }
    assert_eq!(halls.ask(enter(1, member(4, "dan")), at(0)), HallOutcome::Full);
    assert_eq!(halls.look(1, at(0)), Some(vec![1, 2, 3]));
    for number in 2..5 {
        halls.enters(number, member(10 * number, "ana"), at(0));
    }
    assert_eq!(halls.ask(enter(5, member(50, "ana")), at(0)), HallOutcome::NoMoreHalls);
    assert_eq!(halls.ask(reserve(5), at(0)), HallOutcome::NoMoreHalls);
    halls.enters(2, member(21, "ben"), at(0));
    assert_eq!(halls.leaves(3, &[30], at(0)), None);
    halls.enters(5, member(50, "ana"), at(0));
}

pub(crate) fn who_does_not_renew_is_gone(new: Factory<'_>) {
    let halls = Halls(new());
    let ms = HALL_LEASE.as_millis().try_into().expect("seconds");
    halls.enters(1, member(1, "ana"), at(0));
    let both = halls.enters(1, member(2, "ben"), at(0));
    assert_eq!(halls.renews(1, 2, at(1_000)), Some(both.version));
    assert_eq!(halls.renews(1, 9, at(1_000)), None);
    assert_eq!(halls.renews(9, 1, at(1_000)), None);
    assert_eq!(halls.look(1, at(ms - 1)), Some(vec![1, 2]));
    let version = halls.renews(1, 2, at(ms)).expect("it is there");
    assert!(version > both.version, "who stays learns that somebody is gone");
    assert_eq!(halls.look(1, at(ms)), Some(vec![2]));
    assert_eq!(halls.renews(1, 1, at(ms)), None);
    assert_eq!(halls.look(1, at(2 * ms - 1)), Some(vec![2]));
    assert_eq!(halls.look(1, at(2 * ms)), None);
    assert_eq!(halls.listed(0, at(2 * ms)), []);
}

pub(crate) fn a_store_that_knows_nothing_is_told_everything(new: Factory<'_>) {
    let halls = Halls(new());
    let members = vec![member(1, "ana"), member(2, "ben")];
    let told = Roster { created_at: at(0), version: at(900).as_ms(), members };
    let (restored, changed) = halls.restores(1, &told, 1, at(100));
    assert!(changed);
    assert_eq!((restored.created_at, &restored.members), (at(0), &told.members));
    assert!(restored.version > told.version, "also where the clock is behind");
    assert_eq!(halls.restores(1, &told, 2, at(100)), (restored.clone(), false));
    assert_eq!(halls.look(1, at(100)), Some(vec![1, 2]));
    // Somebody who was thought dead is in again; what else it believes is old.
    let without = halls.leaves(1, &[1, 2], at(100));
    assert_eq!(without, None);
    halls.enters(1, member(3, "cid"), at(200));
    let (back, changed) = halls.restores(1, &told, 1, at(200));
    assert_eq!((entries(&back), changed), (vec![3, 1], true));
    assert!(back.version > told.version);
}

pub(crate) fn who_moved_says_where_it_is(new: Factory<'_>) {
    let halls = Halls(new());
    halls.enters(1, member(1, "ana"), at(0));
    let both = halls.enters(1, member(2, "ben"), at(0));
    let mut moved = both.clone();
    moved.members[0].address = address(77);
    let (roster, changed) = halls.restores(1, &moved, 1, at(1));
    assert_eq!((&roster.members, changed), (&moved.members, true));
    assert!(roster.version > both.version);
    assert_eq!(halls.restores(1, &moved, 1, at(1)), (roster.clone(), false), "it may be repeated");
    // Whose name somebody else has by now does not come back.
    halls.enters(1, member(3, "ana"), at(2));
    let (roster, changed) = halls.restores(1, &moved, 1, at(2));
    assert_eq!((entries(&roster), changed), (vec![2, 3], false));
}

pub(crate) fn a_reserved_hall_is_there_for_a_while(new: Factory<'_>) {
    let halls = Halls(new());
    let ms: u64 = HALL_RESERVED_FOR.as_millis().try_into().expect("minutes");
    assert_eq!(halls.ask(reserve(1), at(0)), HallOutcome::Reserved);
    assert_eq!(halls.look(1, at(ms - 1)), Some(vec![]));
    halls.enters(1, member(1, "ana"), at(10));
    assert_eq!(halls.leaves(1, &[1], at(20)).as_ref().map(entries), Some(vec![]), "it is kept for others");
    assert_eq!(halls.ask(reserve(1), at(30)), HallOutcome::Reserved, "once is enough");
    assert_eq!(halls.ask(reserve(2), at(30)), HallOutcome::Reserved);
    assert_eq!(halls.ask(reserve(3), at(30)), HallOutcome::NoMoreHalls);
    assert_eq!(halls.look(1, at(ms)), None);
    assert_eq!(halls.ask(reserve(3), at(ms)), HallOutcome::Reserved);
    assert_eq!(halls.look(2, at(ms + 29)), Some(vec![]));
    assert_eq!(halls.look(2, at(ms + 30)), None);
}

pub(crate) fn halls_are_listed_the_newest_first_in_portions(new: Factory<'_>) {
    let halls = Halls(new());
    let count = HALLS_LISTED_AT_ONCE + 20;
    let names: Vec<HallName> = (0..count).map(|number| hall(number as u64)).collect();
    for (number, hall) in names.iter().enumerate() {
        let member = member(number as u64 + 1, "ana");
        let request = HallOperation::Enter {
            hall: hall.clone(),
            member,
            instead: None,
            most_members: 1,
            most_halls: count,
        };
        assert!(matches!(halls.ask(request, at(number as u64)), HallOutcome::Entered { .. }));
    }
    let now = at(count as u64);
    let first = halls.listed(0, now);
    let rest = halls.listed(HALLS_LISTED_AT_ONCE, now);
    assert_eq!((first.len(), rest.len()), (HALLS_LISTED_AT_ONCE, 20));
    let listed: Vec<_> = first.iter().chain(&rest).map(|(hall, _)| hall.clone()).rev().collect();
    assert_eq!(listed, names);
    assert_eq!(entries(&first[0].1), [count as u64]);
    assert_eq!(halls.listed(count, now), []);
}

/// Plays the same at random against the embedded store.
pub(crate) fn every_reply_is_that_of_the_embedded_store(new: Factory<'_>) {
    let (halls, model) = (Halls(new()), MemoryStore::new());
    let mut bits = 0x5eed_u64;
    let mut below = |most: u64| {
        // The constants of a common linear congruential generator; its high bits are good enough here.
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (bits >> 33) % most
    };
    let names = ["ana", "ben", "cid", "dan", "a b"];
    let mut ms = 0;
    let mut known = Vec::<Roster>::new();
    for step in 0..1_500 {
        ms += below(if step % 50 == 0 { 40_000 } else { 1_500 });
        let (number, entry) = (below(6), below(12));
        let named = member(entry, names[usize::try_from(entry % 5).expect("small")]);
        let request = match below(10) {
            0..4 => HallOperation::Enter {
                hall: hall(number),
                member: named,
                instead: (below(4) == 0).then(|| EntryId(below(12))),
                most_members: 3,
                most_halls: 4,
            },
            4 => {
                HallOperation::Leave { hall: hall(number), entries: vec![EntryId(entry), EntryId(below(12))] }
            }
            5 => HallOperation::Look { hall: hall(number) },
            6 => HallOperation::Renew {
                entries: (0..6).map(|number| (hall(number), EntryId(below(12)))).collect(),
            },
            7 => HallOperation::List { skip: usize::try_from(below(3)).expect("small") },
            8 => reserve(number),
            _ => match known.get(usize::try_from(below(64)).expect("small")) {
                Some(roster) if !roster.members.is_empty() => HallOperation::Restore {
                    hall: hall(number),
                    own: roster.members[0].entry,
                    roster: roster.clone(),
                },
                _ => HallOperation::Look { hall: hall(number) },
            },
        };
        let told = halls.ask(request.clone(), at(ms));
        assert_eq!(told, ask(&model, request.clone(), at(ms)), "step {step}: {request:?}");
        if let HallOutcome::Entered { roster, .. } = told {
            known.push(roster);
        }
        if known.len() > 64 {
            known.remove(0);
        }
    }
}
