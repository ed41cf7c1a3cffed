//! What other nodes, or whoever holds the Redis between them, put into a node's inbox.
//!
//! An input is entries with a newline between; an entry is its fields with the record separator between: who sends,
//! the start and number of the first letter, then the letters. Whatever comes reaches sessions of a small cluster that
//! is in the middle of everything: two who talk, two before a proposal, some who wait, two in a hall.

use std::collections::{HashMap, VecDeque};

use qala::dialect::{Answering, Dialect};
use qala::domain::command::Command;
use qala::domain::core::{Comer, Core, Effect, Input};
use qala::domain::id::{AckId, ConnectionId, Entropy, NodeId, OperationId, ProposalId, UserId};
use qala::domain::limits::Limits;
use qala::domain::notice::Notice;
use qala::domain::operation::Operation;
use qala::domain::ticket::PoolId;
use qala::domain::time::Time;
use qala::store::memory::MemoryStore;
use qala::store::redis::{Senders, parse_letter, write_letter};
use qala::store::{Letter, Received, Store, Submitted};

use super::dialects;

const DIALECTS: [Dialect; 5] =
    [Dialect::Qala, Dialect::ANIMOCHAT, Dialect::WebrtcChat, Dialect::Signaling, Dialect::Sorsu];
/// Between the fields of an entry. No letter has it.
const FIELD: char = '\u{1e}';
/// Inputs beyond are longer than anything that is learned from them.
const MOST_BYTES: usize = 64 * 1024;
const MOST_LETTERS: usize = 64;
/// A number may be spelled in more digits than it came in, and there are four in a letter.
const DIGITS_BYTES: usize = 4 * 1_100;
/// What one input may cause in all.
const MOST_EFFECTS: usize = 20_000;
/// What an acknowledgement or an event may weigh here: nothing that was sent is larger.
const MOST_ARGUMENT_BYTES: usize = 2 * MOST_BYTES;
/// Times that one core may want to be woken at one moment.
const MOST_WAKES_AT_ONCE: usize = 100;
/// How long it goes on afterwards: longer than every deadline but those of minutes.
const AFTERWARDS_MS: u64 = 90_000;

/// Whatever is in an inbox: letters are read and written the same, sessions live on, clients are told nothing that is
/// not JSON within its size, and quiet returns.
pub(super) fn entries(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if text.len() > MOST_BYTES {
        return;
    }
    let pools: Vec<PoolId> = DIALECTS.iter().map(|dialect| dialect.policy().pool).collect();
    let (mut senders, mut received) = (Senders::default(), Received::default());
    for entry in text.split('\n') {
        senders.take(&fields(entry), &pools, &mut received);
    }
    if received.letters.is_empty() {
        return;
    }
    let mut scene = Scene::new();
    received.letters.truncate(MOST_LETTERS);
    for letter in received.letters {
        is_written_again(&letter, &pools, text.len());
        scene.deliver(HERE, letter);
        scene.settle();
    }
    scene.pass(AFTERWARDS_MS);
    assert!(scene.sessions() <= PEOPLE.len(), "{} sessions of {} people", scene.sessions(), PEOPLE.len());
}

/// The fields and values of an entry, as the stream has them: before each letter stands its field's name.
fn fields(entry: &str) -> Vec<String> {
    // A newline within a letter is spelled as something else, so that entries can be lines.
    let mut parts = entry.split(FIELD).map(|part| part.replace('\u{2028}', "\n"));
    let mut fields: Vec<String> = parts.by_ref().take(2).collect();
    fields.extend(parts.flat_map(|letter| ["e".to_owned(), letter]));
    fields
}

/// What a letter says stays what it says, however often it is passed on.
fn is_written_again(letter: &Letter, pools: &[PoolId], came_bytes: usize) {
    let written = write_letter(letter);
    assert!(written.len() <= 3 * came_bytes + DIGITS_BYTES, "{} bytes of {came_bytes}", written.len());
    let again = parse_letter(&written, pools);
    // As texts: a figure may be none that equals itself.
    assert_eq!(again.as_ref().map(write_letter), Some(written));
}

/// Splitmix64: ids that letters of the corpus can name.
struct Dice(u64);

impl Entropy for Dice {
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// A node of the cluster.
type Node = usize;
const HERE: Node = 0;
const THERE: Node = 1;
const NAMES: [&str; 2] = ["here", "there"];

/// Somebody in the scene.
struct Person {
    name: &'static str,
    dialect: Dialect,
    node: Node,
    /// Whether they want everybody they are offered.
    accepts: bool,
    says: &'static [&'static str],
}

const fn person(name: &'static str, dialect: Dialect, node: Node, says: &'static [&'static str]) -> Person {
    Person { name, dialect, node, accepts: true, says }
}

const EN_ES: &str = r#"["matching:join_queue",{"native_language":"en","target_language":"es","age":30,"proficiency_level":"any"}]"#;
const ES_EN: &str = r#"["matching:join_queue",{"native_language":"es","target_language":"en","age":30,"proficiency_level":"any"}]"#;
const DE_FR: &str = r#"["matching:join_queue",{"native_language":"de","target_language":"fr","age":30,"proficiency_level":"any"}]"#;
const FR_DE: &str = r#"["matching:join_queue",{"native_language":"fr","target_language":"de","age":30,"proficiency_level":"any"}]"#;
const IT_PT: &str = r#"["matching:join_queue",{"native_language":"it","target_language":"pt","age":30,"proficiency_level":"any"}]"#;

/// Who is there, and what brought them where they are.
const PEOPLE: [Person; 12] = [
    person("ana", Dialect::Qala, HERE, &[EN_ES]),
    person("ben", Dialect::Qala, THERE, &[ES_EN]),
    Person { accepts: false, ..person("cem", Dialect::Qala, HERE, &[DE_FR]) },
    Person { accepts: false, ..person("dua", Dialect::Qala, THERE, &[FR_DE]) },
    person("eva", Dialect::Qala, HERE, &[IT_PT]),
    person("fay", Dialect::ANIMOCHAT, HERE, &[r#"["find-match"]"#]),
    person("gil", Dialect::ANIMOCHAT, THERE, &[r#"["match:find"]"#]),
    person("hal", Dialect::WebrtcChat, HERE, &[r#"["find_match"]"#]),
    person("ida", Dialect::Signaling, HERE, &[r#"["join-room","hall","ida"]"#]),
    person(
        "jan",
        Dialect::Signaling,
        THERE,
        &[
            r#"["join-room","hall","jan"]"#,
            r#"["offer",{"roomId":"hall","targetId":"ida","offer":{"sdp":"v=0"}}]"#,
        ],
    ),
    person("kim", Dialect::Sorsu, HERE, &[r#"["presence:join"]"#]),
    person("leo", Dialect::Sorsu, THERE, &[r#"["presence:join"]"#]),
];

/// Two cores that share a store.
struct Scene {
    cores: [Core<Dice>; 2],
    store: MemoryStore,
    now: Time,
    speaks: HashMap<ConnectionId, (Node, Dialect, bool)>,
    post: VecDeque<(Node, Letter)>,
    wanted: VecDeque<(ConnectionId, ProposalId)>,
    effects: usize,
}

impl Scene {
    fn new() -> Self {
        let core = |node: Node| {
            let policies = DIALECTS.map(Dialect::policy).to_vec();
            Core::new(NodeId::new(NAMES[node]), 0, policies, Limits::default(), Dice(node as u64))
        };
        let mut scene = Self {
            cores: [core(HERE), core(THERE)],
            store: MemoryStore::new(),
            now: Time::from_ms(1_700_000_000_000),
            speaks: HashMap::new(),
            post: VecDeque::new(),
            wanted: VecDeque::new(),
            effects: 0,
        };
        for (connection, person) in (1..).map(ConnectionId).zip(&PEOPLE) {
            scene.speaks.insert(connection, (person.node, person.dialect, person.accepts));
            let comer = Comer {
                user: UserId::new(person.name),
                guest: false,
                pool: person.dialect.policy().pool,
                token: None,
            };
            scene.handle(person.node, Input::Connected { connection, comer });
            for packet in person.says {
                let asked = person.dialect.decode(packet, &Limits::default());
                let ack = Some(AckId { number: Some(1), topic: asked.topic });
                scene.handle(person.node, Input::Command { connection, ack, command: asked.command });
            }
        }
        scene.effects = 0;
        scene
    }

    fn sessions(&self) -> usize {
        self.cores.iter().map(Core::session_count).sum()
    }

    fn handle(&mut self, node: Node, input: Input) {
        self.cores[node].handle(input, self.now);
        self.settle();
    }

    fn deliver(&mut self, node: Node, letter: Letter) {
        self.post.push_back((node, letter));
    }

    /// Until nothing more is to be done at this moment.
    fn settle(&mut self) {
        loop {
            if let Some((node, effect)) =
                [HERE, THERE].into_iter().find_map(|node| Some((node, self.cores[node].poll_effect()?)))
            {
                self.effects += 1;
                assert!(self.effects <= MOST_EFFECTS, "it never ends: {effect:?}");
                self.carry_out(node, effect);
            } else if let Some((node, Letter { to, envelope })) = self.post.pop_front() {
                self.cores[node].handle(Input::Envelope { to, envelope }, self.now);
            } else if let Some((connection, proposal)) = self.wanted.pop_front() {
                let (node, ..) = self.speaks[&connection];
                let command = Ok(Command::Accept(proposal));
                self.cores[node].handle(Input::Command { connection, ack: None, command }, self.now);
            } else {
                return;
            }
        }
    }

    fn carry_out(&mut self, node: Node, effect: Effect) {
        match effect {
            Effect::Notify { connection, notice } => {
                let (_, dialect, accepts) = self.speaks[&connection];
                dialects::told(dialect, &notice);
                if let (Notice::MatchFound(found), true) = (&notice, accepts) {
                    self.wanted.push_back((connection, found.proposal));
                }
            }
            Effect::Acknowledge { connection, ack, answer } => {
                let (_, dialect, _) = self.speaks[&connection];
                dialect.after(ack.topic).answer(ack.topic, &answer, self.now, &mut |part| match part {
                    Answering::Acknowledgement(argument) => dialects::fits(&argument, MOST_ARGUMENT_BYTES),
                    Answering::Event(told) => dialects::fits(&told.argument, MOST_ARGUMENT_BYTES),
                });
            }
            Effect::Ask { operation, request } => self.ask(node, operation, request),
            Effect::Send { to, envelope } => {
                let letter = Letter { to: to.session, envelope };
                if let Some(node) = NAMES.iter().position(|name| *name == to.node.as_str()) {
                    self.post.push_back((node, letter));
                }
            }
            Effect::Close { .. }
            | Effect::Consult { .. }
            | Effect::Count { .. }
            | Effect::Record(_)
            | Effect::Tell(_) => {}
        }
    }

    fn ask(&mut self, node: Node, operation: OperationId, request: Operation) {
        let Submitted::Answered(outcome) = self.store.submit(request, self.now) else {
            panic!("the embedded store answers at once")
        };
        self.cores[node].handle(Input::Stored { operation, outcome }, self.now);
    }

    /// Lets time go on.
    fn pass(&mut self, ms: u64) {
        let end = Time::from_ms(self.now.as_ms() + ms);
        let mut wakes = 0;
        loop {
            let Some((due, node)) =
                [HERE, THERE].map(|node| (self.cores[node].poll_timeout(), node)).into_iter().min()
            else {
                return;
            };
            if due > end {
                return;
            }
            wakes = if due > self.now { 0 } else { wakes + 1 };
            assert!(wakes <= MOST_WAKES_AT_ONCE, "{} is due again and again", NAMES[node]);
            self.now = self.now.max(due);
            self.cores[node].handle_timeout(self.now);
            self.settle();
        }
    }
}
