//! One user: who, where, and above all why still waiting.

use qala::store::snapshot::{Excluded, Explanation, Person, UserDetail};
use ratatui::layout::Rect;

use super::pen::Pen;
use super::theme::Tone;
use super::{NARROW, details};
use crate::state::{Live, doing};
use crate::text::{self, Letters};
use crate::words;

/// Lower than this there is no room for everything.
const LOW: u16 = 12;

pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, user: &UserDetail, live: &Live) {
    let taken_ms = live.snapshot.taken_at_ms;
    // On a low terminal the reasons go first.
    let facts =
        if area.height < LOW { waits(user, taken_ms) } else { all_facts(user, pen.theme.letters, taken_ms) };
    let used = details::facts(pen, area, &facts);
    let Some(explanation) = &user.explanation else { return };
    let first = area.y + used + u16::from(area.height > used + 8);
    for (line, (text, tone)) in (first..area.bottom()).zip(reasons(explanation, taken_ms)) {
        pen.text((area.x + 1, line), area.width - 1, &text, tone);
    }
}

fn waits(user: &UserDetail, taken_ms: u64) -> Vec<(&'static str, String)> {
    let since = |since_ms: u64| words::age(taken_ms.saturating_sub(since_ms));
    let Some(since_ms) = user.waiting_since_ms else { return vec![("does", doing(user.state).to_owned())] };
    vec![("waits for", since(since_ms)), ("stage", stage(user))]
}

fn all_facts(user: &UserDetail, letters: Letters, taken_ms: u64) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("user", text::spelled(&user.user, letters)),
        ("does", doing(user.state).to_owned()),
        ("dialect", user.pool.clone()),
        ("node", user.node.clone()),
        ("room", user.room.clone()),
    ];
    facts.extend(user.waiting_since_ms.map(|_| waits(user, taken_ms)).into_iter().flatten());
    facts.push(("is", is(&user.person)));
    facts.push(("wants", wants(&user.person)));
    facts
}

/// The stage, and whether somebody failed this user.
fn stage(user: &UserDetail) -> String {
    let ahead = match user.priority {
        0 => "",
        1 => ", ahead of newcomers after a rejection",
        _ => ", ahead of others after a match that failed without own fault",
    };
    format!("{}{ahead}", user.stage)
}

fn is(person: &Person) -> String {
    if person.speaks.is_empty() {
        return String::new();
    }
    let mut words = vec![format!("speaks {}, learns {}", person.speaks, person.learns)];
    words.extend((!person.proficiency.is_empty()).then(|| person.proficiency.clone()));
    words.extend((person.age > 0).then(|| format!("{} years", person.age)));
    words.extend((!person.gender.is_empty()).then(|| person.gender.clone()));
    words.join(", ")
}

fn wants(person: &Person) -> String {
    if person.speaks.is_empty() {
        return String::new();
    }
    let mut words = Vec::new();
    words.extend(person.asks_same_proficiency.then(|| "the same level".to_owned()));
    words.extend(match (person.asks_age_min, person.asks_age_max) {
        (0, u8::MAX) => None,
        (youngest, u8::MAX) => Some(format!("{youngest} years or older")),
        (youngest, oldest) => Some(format!("{youngest} to {oldest} years")),
    });
    words.extend((!person.asks_gender.is_empty()).then(|| person.asks_gender.clone()));
    if words.is_empty() {
        words.push("anybody of that language".to_owned());
    }
    if !person.strict.is_empty() {
        words.push(format!("never less strict about {}", person.strict.join(", ")));
    }
    words.join(", ")
}

/// Every reason, and how many candidates it excludes.
fn excluded(excluded: &Excluded) -> [(&'static str, u64); 9] {
    let Excluded {
        oneself,
        gone,
        avoided,
        own_proficiency,
        own_age,
        own_gender,
        their_proficiency,
        their_age,
        their_gender,
    } = *excluded;
    [
        ("are the same user", oneself),
        ("are gone", gone),
        ("met lately or are blocked", avoided),
        ("by this user's wish for a level", own_proficiency),
        ("by this user's wish for an age", own_age),
        ("by this user's wish for a gender", own_gender),
        ("by their wish for a level", their_proficiency),
        ("by their wish for an age", their_age),
        ("by their wish for a gender", their_gender),
    ]
}

/// Why, in one line.
pub(super) fn why(explanation: &Explanation, taken_ms: u64) -> String {
    if explanation.candidates == 0 {
        return "nobody waits on the other side".to_owned();
    }
    let short = [
        ("oneself", explanation.excluded.oneself),
        ("gone", explanation.excluded.gone),
        ("met lately", explanation.excluded.avoided),
        ("by level", explanation.excluded.own_proficiency + explanation.excluded.their_proficiency),
        ("by age", explanation.excluded.own_age + explanation.excluded.their_age),
        ("by gender", explanation.excluded.own_gender + explanation.excluded.their_gender),
        ("fit now", explanation.acceptable),
    ];
    let named: Vec<String> = short
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    let next = next_stage(explanation, taken_ms).map_or(String::new(), |next| format!("; {next}"));
    format!("{}: {}{next}", candidates(explanation), named.join(", "))
}

fn candidates(explanation: &Explanation) -> String {
    let word = if explanation.candidates == 1 { "candidate" } else { "candidates" };
    let looked = format!("{} {word}", words::count(explanation.candidates));
    match explanation.not_looked_at {
        0 => looked,
        more => format!("{looked} of {}", words::count(explanation.candidates + more)),
    }
}

fn next_stage(explanation: &Explanation, taken_ms: u64) -> Option<String> {
    let opens_ms = explanation.next_stage_at_ms?;
    let opens = explanation.next_stage_opens;
    Some(format!("next stage in {} opens {opens}", words::age(opens_ms.saturating_sub(taken_ms))))
}

/// Why, in as many lines as it takes.
fn reasons(explanation: &Explanation, taken_ms: u64) -> Vec<(String, Tone)> {
    let mut lines = vec![("Why still waiting".to_owned(), Tone::Strong)];
    if explanation.candidates == 0 {
        lines.push(("nobody waits on the other side".to_owned(), Tone::Plain));
    } else {
        lines.push((format!("{}:", candidates(explanation)), Tone::Plain));
        for (reason, count) in excluded(&explanation.excluded).into_iter().filter(|(_, count)| *count > 0) {
            lines.push((format!("{count:>7}  {reason}"), Tone::Plain));
        }
        if explanation.acceptable > 0 {
            let text = format!("{:>7}  fit now: they are about to meet", explanation.acceptable);
            lines.push((text, Tone::Good));
        }
    }
    match next_stage(explanation, taken_ms) {
        Some(next) => lines.push((next, Tone::Plain)),
        None => lines.push(("the last stage is open: no wish relaxes any more".to_owned(), Tone::Warning)),
    }
    if explanation.candidates > 0 {
        let stages = explanation.fit_at_stage.iter().enumerate();
        let fits: Vec<String> = stages.map(|(stage, count)| format!("{stage}: {count}")).collect();
        lines.push((format!("would fit at stage {}", fits.join("  ")), Tone::Quiet));
    }
    lines
}

/// Whether a line has room for more than the shortest words.
pub(super) fn is_narrow(area: Rect) -> bool {
    area.width < NARROW
}
