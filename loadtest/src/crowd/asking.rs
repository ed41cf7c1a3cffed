//! Asking for something, and being answered.

use qala::dialect::client::Answered;
use qala::domain::command::Command;

use super::person::{Link, Matter, PENDING_AT_MOST, Pending, Phase};
use super::{Action, Crowd};
use crate::event::{Client, Stream, What};
use crate::scenario::Family;
use crate::time::Moment;

/// The refusal of an answer to a proposal that ended meanwhile, as servers spell it. Two people may always cross
/// each other so; it is no fault.
const GONE: [&str; 2] = ["match_gone", "Match no longer available."];

impl Crowd {
    /// Asks for `command`, which was due at `due`.
    pub(super) fn ask(
        &mut self,
        client: Client,
        command: &Command,
        matter: Matter,
        due: Moment,
        now: Moment,
    ) {
        let family = self.family(client);
        let Some(packet) = family.dialect().encode(command) else {
            return self.went_wrong(client, format!("{}: no event for it", matter.word()), now);
        };
        let acknowledge = is_acknowledged(family, matter).then(|| self.expect(client, matter, due, now));
        self.do_soon(Action::Send { client, acknowledge, packet });
    }

    fn expect(&mut self, client: Client, asked: Matter, due: Moment, now: Moment) -> u32 {
        let person = self.person_mut(client);
        let id = person.next_id;
        person.next_id = person.next_id.wrapping_add(1);
        person.pending.push(Pending { id, asked, due });
        if person.pending.len() > PENDING_AT_MOST {
            person.pending.remove(0);
            self.happened(client, What::Unacknowledged, now);
        }
        id
    }

    pub(super) fn acknowledged(&mut self, client: Client, id: u32, arguments: &str, now: Moment) {
        let person = self.person_mut(client);
        if person.link == Link::Silent {
            return;
        }
        let Some(place) = person.pending.iter().position(|pending| pending.id == id) else {
            return self.happened(client, What::AcknowledgedTwice, now);
        };
        let Pending { asked, due, .. } = person.pending.remove(place);
        self.happened(client, What::Acknowledged { took: now.since(due) }, now);
        match self.family(client).dialect().answered(arguments) {
            Answered::Done { .. } if asked == Matter::Reject => self.rejection_heard(client, now),
            Answered::Done { .. } => {}
            Answered::Refused { code } => self.refused(client, asked, &code, now),
        }
    }

    fn refused(&mut self, client: Client, asked: Matter, code: &str, now: Moment) {
        if matches!(asked, Matter::Accept | Matter::Reject) && GONE.contains(&code) {
            return;
        }
        self.went_wrong(client, format!("{}: {code}", asked.word()), now);
        if asked == Matter::Search && matches!(self.person(client).phase, Phase::Waiting(_)) {
            self.happened(client, What::Unmatched { wanted: true }, now);
            self.be_free(client, now);
        }
    }
}

/// Whether servers of the family answer it: a callback that nobody calls would be waited for in vain.
const fn is_acknowledged(family: Family, matter: Matter) -> bool {
    match family {
        Family::Qala | Family::Sorsu | Family::Signaling => true,
        Family::WebrtcChat => matches!(matter, Matter::Message(Stream::Chat)),
        Family::Animochat => false,
    }
}
