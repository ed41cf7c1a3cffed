//! How values are spelled in Redis: what scripts compare, and what they carry without reading.

use std::sync::Arc;

use super::words::Words;
use crate::domain::criteria::{AgeRange, Criteria, Stage, Strict};
use crate::domain::id::{Address, NodeId, SessionId, TicketId, UserId};
use crate::domain::notice::Partner;
use crate::domain::person::{Attributes, Direction, Gender, Proficiency};
use crate::domain::search::Bucket;
use crate::domain::talk::Talk;
use crate::domain::ticket::{Order, PoolId, Priority, Ticket};
use crate::domain::time::Time;

/// A ticket's number: twenty digits, so that numbers sort as texts do.
pub(super) fn ticket_id(TicketId(number): TicketId) -> String {
    format!("{number:020}")
}

/// What makes every effective time positive: priority moves them before 1970.
const MOVED: i64 = 1 << 52;

/// A place in waiting order: sixteen digits of time, then the ticket, so that places sort as texts do.
pub(super) fn place(Order { effective_ms, ticket }: Order) -> String {
    format!("{:016}{}", effective_ms.saturating_add(MOVED).max(0), ticket_id(ticket))
}

/// What [`place`] was given.
pub(super) fn parse_place(text: &str) -> Option<Order> {
    let (time, ticket) = text.split_at_checked(16)?;
    let effective_ms = time.parse::<i64>().ok()? - MOVED;
    Some(Order { effective_ms, ticket: TicketId(ticket.parse().ok()?) })
}

/// A language direction.
pub(super) fn direction(direction: Direction) -> String {
    format!("{}>{}", direction.speaks.as_str(), direction.learns.as_str())
}

/// A bucket within its direction.
pub(super) fn bucket(bucket: &Bucket) -> String {
    let asks = if bucket.asks_proficiency { '1' } else { '0' };
    [level(bucket.proficiency), asks, gender(bucket.gender), gender(bucket.asks_gender)].iter().collect()
}

/// An age: three digits.
pub(super) fn age(age: u8) -> String {
    format!("{age:03}")
}

/// A text without the characters that separate others: spaces and newlines.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '%' => escaped.push_str("%25"),
            '\n' => escaped.push_str("%0A"),
            ' ' => escaped.push_str("%20"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// What [`escaped`] was given.
pub(super) fn unescaped(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    // The percent sign last, or what it brings out would be taken for the beginning of another.
    text.replace("%20", " ").replace("%0A", "\n").replace("%25", "%")
}

/// A list of users in which a script finds one by what stands between two newlines.
pub(super) fn users(users: &[UserId]) -> String {
    let mut list = String::from("\n");
    for user in users {
        list.push_str(&escaped(user.as_str()));
        list.push('\n');
    }
    list
}

/// What [`users`] was given.
pub(super) fn parse_users(list: &str) -> Arc<[UserId]> {
    list.split('\n').filter(|user| !user.is_empty()).map(|user| UserId::new(unescaped(user))).collect()
}

/// Where a session lives: four words.
pub(super) fn address(Address { node, session }: &Address) -> String {
    let SessionId { shard, slot, generation } = session;
    format!("{} {shard} {slot} {generation}", escaped(node.as_str()))
}

/// What [`address`] was given.
pub(super) fn parse_address(text: &str) -> Option<Address> {
    let mut words = Words::of(text);
    let address = words.address()?;
    words.whole(address)
}

/// A talk, as it is kept and as it is told.
pub(super) fn talk(talk: &Talk) -> String {
    let Talk { proposal, room, peer, partner, initiator, since } = talk;
    let Partner { user, speaks, learns, proficiency } = partner;
    format!(
        "{proposal} {room} {} {} {} {} {} {} {}",
        address(peer),
        escaped(user.as_str()),
        speaks.as_str(),
        learns.as_str(),
        level(*proficiency),
        u8::from(*initiator),
        since.as_ms(),
    )
}

/// What [`talk`] was given.
pub(super) fn parse_talk(text: &str) -> Option<Talk> {
    let mut words = Words::of(text);
    let talk = words.talk()?;
    words.whole(talk)
}

impl Words<'_> {
    pub(super) fn address(&mut self) -> Option<Address> {
        let node = NodeId::new(unescaped(self.next()?));
        let session = SessionId { shard: self.parse()?, slot: self.parse()?, generation: self.parse()? };
        Some(Address { node, session })
    }

    pub(super) fn talk(&mut self) -> Option<Talk> {
        let (proposal, room, peer) = (self.parse()?, self.parse()?, self.address()?);
        let partner = Partner {
            user: UserId::new(unescaped(self.next()?)),
            speaks: self.parse()?,
            learns: self.parse()?,
            proficiency: parse_level(self.next()?)?,
        };
        let (initiator, since) = (self.flag()?, Time::from_ms(self.parse()?));
        Some(Talk { proposal, room, peer, partner, initiator, since })
    }
}

/// Words of a [`body`].
pub(super) const BODY_WORDS: usize = 18;

/// What no script reads of a ticket: everything but its name, its user and whom it avoids.
pub(super) fn body(ticket: &Ticket) -> String {
    let Ticket { owner, attributes: own, criteria: asked, .. } = ticket;
    let strict = [asked.strict.age, asked.strict.gender, asked.strict.proficiency].map(u8::from);
    format!(
        "{} {} {} {} {} {} {} {} {} {} {} {} {} {} {}",
        address(owner),
        own.speaks.as_str(),
        own.learns.as_str(),
        level(own.proficiency),
        own.age,
        gender(own.gender),
        u8::from(asked.same_proficiency),
        asked.age.min,
        asked.age.max,
        gender(asked.gender),
        strict[0],
        strict[1],
        strict[2],
        ticket.enqueued_at.as_ms(),
        ticket.priority as u8,
    )
}

/// The ticket that [`body`] was made of, with what it leaves out; `None` of anything else.
pub(super) fn parse_ticket(id: &str, user: &str, avoid: &str, pool: PoolId, body: &str) -> Option<Ticket> {
    let mut words = Words::of(body);
    let owner = words.address()?;
    let attributes = Attributes {
        speaks: words.parse()?,
        learns: words.parse()?,
        proficiency: parse_level(words.next()?)?,
        age: words.parse()?,
        gender: parse_gender(words.next()?).ok()?,
    };
    let criteria = Criteria {
        same_proficiency: words.flag()?,
        age: AgeRange { min: words.parse()?, max: words.parse()? },
        gender: parse_gender(words.next()?).ok()?,
        strict: Strict { age: words.flag()?, gender: words.flag()?, proficiency: words.flag()? },
    };
    let ticket = Ticket {
        id: TicketId(id.parse().ok()?),
        user: UserId::new(unescaped(user)),
        owner,
        pool,
        attributes,
        criteria,
        enqueued_at: Time::from_ms(words.parse()?),
        priority: parse_priority(words.next()?)?,
        avoid: parse_users(avoid),
    };
    words.whole(ticket)
}

/// A stage by its number.
pub(super) fn parse_stage(number: i64) -> Option<Stage> {
    Stage::ALL.get(usize::try_from(number).ok()?).copied()
}

const fn level(level: Proficiency) -> char {
    match level {
        Proficiency::Beginner => 'b',
        Proficiency::Intermediate => 'i',
        Proficiency::Advanced => 'a',
        Proficiency::Any => 'y',
    }
}

fn parse_level(text: &str) -> Option<Proficiency> {
    Proficiency::ALL.into_iter().find(|known| text.chars().eq([level(*known)]))
}

const fn gender(gender: Option<Gender>) -> char {
    match gender {
        None => '-',
        Some(Gender::Male) => 'm',
        Some(Gender::Female) => 'f',
        Some(Gender::NonBinary) => 'n',
    }
}

/// An error of anything but a gender or its absence.
fn parse_gender(text: &str) -> Result<Option<Gender>, ()> {
    let mut known = [None].into_iter().chain(Gender::ALL.map(Some));
    known.find(|known| text.chars().eq([gender(*known)])).ok_or(())
}

fn parse_priority(text: &str) -> Option<Priority> {
    [Priority::Usual, Priority::Requeued, Priority::Wronged]
        .into_iter()
        .find(|known| text.parse() == Ok(*known as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(user: &str, avoid: &[&str]) -> Ticket {
        Ticket {
            id: TicketId(u64::MAX),
            user: UserId::new(user),
            owner: Address {
                node: NodeId::new("node 1"),
                session: SessionId { shard: 3, slot: u32::MAX, generation: 2 },
            },
            pool: PoolId("text"),
            attributes: Attributes {
                speaks: "en".parse().expect("a language"),
                learns: "yue".parse().expect("a language"),
                proficiency: Proficiency::Any,
                age: 255,
                gender: Some(Gender::NonBinary),
            },
            criteria: Criteria {
                same_proficiency: true,
                age: AgeRange { min: 18, max: 99 },
                gender: None,
                strict: Strict { age: false, gender: true, proficiency: false },
            },
            enqueued_at: Time::from_ms(1_700_000_000_000),
            priority: Priority::Wronged,
            avoid: avoid.iter().map(|user| UserId::new(*user)).collect(),
        }
    }

    fn read_back(ticket: &Ticket) -> Option<Ticket> {
        let (id, user) = (ticket_id(ticket.id), escaped(ticket.user.as_str()));
        parse_ticket(&id, &user, &users(&ticket.avoid), ticket.pool, &body(ticket))
    }

    #[test]
    fn a_ticket_is_read_back_as_it_was() {
        for user in ["ana", "with space", "100%", "%0A", "two\nlines", "日本 %25"] {
            let ticket = ticket(user, &["ben", user, "%20", "x\ny"]);
            assert_eq!(read_back(&ticket), Some(ticket));
        }
        let nobody = ticket("ana", &[]);
        assert_eq!(body(&nobody).split(' ').count(), BODY_WORDS);
        assert_eq!(users(&nobody.avoid), "\n");
        assert_eq!(read_back(&nobody), Some(nobody));
    }

    #[test]
    fn anything_else_is_not_a_ticket() {
        let ticket = ticket("ana", &[]);
        let body = body(&ticket);
        let cut = body.rsplit_once(' ').expect("words").0;
        for body in [
            "",
            "x",
            cut,
            &format!("{body} "),
            &body.replacen(" 0 ", " 2 ", 1),
            &body.replace(" y ", " ? "),
            &body.replace("yue", "not-one"),
        ] {
            assert_eq!(parse_ticket("1", "ana", "\n", PoolId("text"), body), None, "{body}");
        }
    }

    #[test]
    fn a_talk_is_read_back_as_it_was_and_nothing_else_is_one() {
        let id = "00000000-0000-4000-8000-00000000000a";
        let ticket = ticket("two\nlines 100%", &[]);
        let own = Talk {
            proposal: id.parse().expect("an id"),
            room: id.parse().expect("an id"),
            peer: ticket.owner.clone(),
            partner: Partner {
                user: ticket.user.clone(),
                speaks: ticket.attributes.speaks,
                learns: ticket.attributes.learns,
                proficiency: ticket.attributes.proficiency,
            },
            initiator: true,
            since: Time::from_ms(1_700_000_000_000),
        };
        let text = talk(&own);
        assert_eq!(
            text,
            format!("{id} {id} node%201 3 4294967295 2 two%0Alines%20100%25 en yue y 1 1700000000000")
        );
        assert_eq!(parse_talk(&text), Some(own));
        let cut = text.rsplit_once(' ').expect("words").0;
        for text in
            ["", "x", cut, &format!("{text} "), &text.replace(" y 1 ", " y 2 "), &text.replace("yue", "")]
        {
            assert_eq!(parse_talk(text), None, "{text}");
        }
        assert_eq!(parse_address("node%201 3 4294967295 2"), Some(ticket.owner));
        for text in ["", "node", "node 3 4294967296 2", "node 3 2 1 0"] {
            assert_eq!(parse_address(text), None, "{text}");
        }
    }

    #[test]
    fn places_sort_as_orders_do_and_are_read_back() {
        let orders = [(-630_720_000_000, 2), (0, 2), (0, 10), (999, 1), (1_700_000_000_000, u64::MAX)]
            .map(|(effective_ms, ticket)| Order { effective_ms, ticket: TicketId(ticket) });
        let places = orders.map(place);
        assert!(places.is_sorted(), "{places:?}");
        assert_eq!(places.each_ref().map(|place| parse_place(place)), orders.map(Some));
        assert_eq!((parse_place("17"), parse_place("00000000000000170000000000000000000x")), (None, None));
    }

    #[test]
    fn buckets_and_directions_are_spelled_apart() {
        let own = Bucket {
            direction: ticket("ana", &[]).attributes.direction(),
            proficiency: Proficiency::Beginner,
            asks_proficiency: true,
            gender: Some(Gender::Male),
            asks_gender: Some(Gender::Female),
        };
        assert_eq!((direction(own.direction).as_str(), bucket(&own).as_str()), ("en>yue", "b1mf"));
        let asks_nothing = Bucket { asks_proficiency: false, gender: None, asks_gender: None, ..own };
        assert_eq!(bucket(&asks_nothing), "b0--");
    }
}
