//! Packets of clients: refused or understood, and nothing between.

use std::sync::Arc;

use qala::dialect::client::{Answered, HallHeard, Heard};
use qala::dialect::{AnimochatVocabulary, Answering, Dialect, Outgoing};
use qala::domain::command::{Command, Refusal, Reply};
use qala::domain::hall::{HallCommand, HallNotice, HallView};
use qala::domain::id::{HallName, MemberName, NodeId, RoomId, UserId};
use qala::domain::limits::Limits;
use qala::domain::notice::Notice;
use qala::domain::talk::{ChatMessage, Payload, Quality, SignalKind};
use qala::domain::time::Time;
use serde_json::value::RawValue;

/// What the socket lets through at most, and what leaves at most.
const MOST_BYTES: usize = 64 * 1024;
/// A refusal says what is wrong and repeats nothing.
const REFUSAL_BYTES: usize = 512;
const NOW: Time = Time::from_ms(1_700_000_000_000);
/// Of two spellings of a number the parser may make neighbours.
const NEARLY: f64 = 1e-12;

/// Whatever a client says: it is refused in a few words, or understood, and then it means the same when the client
/// half writes it, is answered, and reaches whom it is for as it was.
pub(super) fn packet(dialect: Dialect, packet: &[u8]) {
    let Ok(packet) = std::str::from_utf8(packet) else { return };
    if packet.len() > MOST_BYTES {
        return;
    }
    let asked = dialect.decode(packet, &Limits::default());
    match &asked.command {
        Err(refusal) => is_refused(dialect, asked.topic, *refusal),
        Ok(command) => {
            is_written_again(dialect, command);
            is_answered(dialect, asked.topic, &Ok(reply(command)), MOST_BYTES);
            arrives(dialect, command);
        }
    }
    // Clients hear what any server says.
    let _ = dialect.hear(packet);
    let _ = dialect.answered(packet);
}

/// JSON that fits. Everything that leaves goes through here.
pub(super) fn fits(json: &RawValue, most: usize) {
    let text = json.get();
    assert!(text.len() <= most, "{} bytes, at most {most}: {text}", text.len());
    assert!(serde_json::from_str::<&RawValue>(text).is_ok(), "not JSON: {text}");
}

fn is_refused(dialect: Dialect, topic: u8, refusal: Refusal) {
    is_answered(dialect, topic, &Err(refusal), REFUSAL_BYTES);
}

fn is_answered(dialect: Dialect, topic: u8, answer: &Result<Reply, Refusal>, most: usize) {
    let mut acknowledgements = Vec::new();
    dialect.after(topic).answer(topic, answer, NOW, &mut |part| match part {
        Answering::Acknowledgement(argument) => {
            fits(&argument, most);
            acknowledgements.push(argument);
        }
        Answering::Event(Outgoing { argument, .. }) => fits(&argument, most),
    });
    let [acknowledgement] = &acknowledgements[..] else {
        panic!("{} acknowledgements", acknowledgements.len())
    };
    let heard = format!("[{acknowledgement}]");
    let refused = matches!(dialect.answered(&heard), Answered::Refused { .. });
    assert_eq!(refused, answer.is_err(), "{answer:?} is heard as {heard}");
}

/// What the client half writes for `command` means that command.
fn is_written_again(dialect: Dialect, command: &Command) {
    let same = |voice: Dialect, packet: &str| {
        let again = voice.decode(packet, &Limits::default()).command;
        let again = again.unwrap_or_else(|refusal| panic!("{command:?}, written as {packet}: {refusal:?}"));
        assert!(alike(&again, command), "{command:?}, written as {packet}, is {again:?}");
    };
    let voice = match dialect {
        // Its other vocabulary names no rooms and knows no replies, but what it writes must mean the same.
        Dialect::Animochat(_) => {
            let first = Dialect::Animochat(AnimochatVocabulary::First);
            if let Some(packet) = first.encode(command).filter(|_| !is_reply(command)) {
                same(first, &packet);
            }
            Dialect::Animochat(AnimochatVocabulary::Second)
        }
        Dialect::Qala | Dialect::WebrtcChat | Dialect::Signaling | Dialect::Sorsu => dialect,
    };
    let packet = voice.encode(command).unwrap_or_else(|| panic!("nobody can say {command:?}"));
    same(voice, &packet);
}

/// Rooms keep a reply behind a mark.
fn is_reply(command: &Command) -> bool {
    matches!(command, Command::Chat { content, .. } if content.starts_with('\u{1}'))
}

fn alike(one: &Command, other: &Command) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= a.abs() * NEARLY;
    let both = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => near(a, b),
        (a, b) => a == b,
    };
    match (one, other) {
        (Command::Quality { room, quality }, Command::Quality { room: other_room, quality: other }) => {
            let Quality { rtt_ms, jitter_ms, packets_lost, bitrate_kbps } = *quality;
            room == other_room
                && near(rtt_ms, other.rtt_ms)
                && both(jitter_ms, other.jitter_ms)
                && both(packets_lost, other.packets_lost)
                && both(bitrate_kbps, other.bitrate_kbps)
        }
        _ => one == other,
    }
}

fn room() -> RoomId {
    "0a0a0a0a-0b0b-4c0c-8d0d-0e0e0e0e0e0e".parse().expect("an id")
}

/// Nobody's name needs to be plain.
fn user() -> UserId {
    UserId::new("ana \"\\\u{7f}\u{2028}🙂")
}

fn message(content: &Arc<str>, client_message_id: Option<&Arc<str>>) -> ChatMessage {
    ChatMessage {
        sequence: u64::MAX,
        own_sequence: 1,
        from: user(),
        content: content.clone(),
        client_message_id: client_message_id.cloned(),
        at: NOW,
    }
}

/// How a server may answer it that carried it out.
fn reply(command: &Command) -> Reply {
    match command {
        Command::Join { .. } | Command::Skip { .. } => {
            Reply::Joined { position: u32::MAX, estimated_wait_seconds: u32::MAX }
        }
        Command::Heartbeat => Reply::Alive { timestamp_ms: NOW.as_ms() },
        Command::WhoAmI => Reply::You { user: user(), node: NodeId::new("n-\"1\"") },
        Command::Chat { content, client_message_id, .. } => {
            Reply::Sent { room: room(), message: message(content, client_message_id.as_ref()) }
        }
        Command::Sync { .. } => Reply::Messages(vec![message(&Arc::from("\u{1}"), None)]),
        Command::Rejoin { .. } => {
            Reply::Missed { room: room(), messages: vec![message(&Arc::from("<b>"), None)] }
        }
        Command::LeaveRoom(_) => Reply::Left { room: room(), user: user() },
        Command::Hall(HallCommand::Enter { hall, name }) => {
            let others = (1..Limits::default().hall_members).map(|_| name.clone()).collect();
            Reply::Entered(HallView { hall: hall.clone(), name: name.clone(), others })
        }
        Command::LeaveQueue
        | Command::Accept(_)
        | Command::Reject(_)
        | Command::Signal { .. }
        | Command::Typing { .. }
        | Command::CallFailed
        | Command::Quality { .. }
        | Command::Hall(HallCommand::Leave { .. } | HallCommand::Signal { .. }) => Reply::Done,
    }
}

/// What is said to somebody is heard by them as it was said.
fn arrives(dialect: Dialect, command: &Command) {
    match command {
        Command::Signal { kind, payload, .. } => signal_arrives(dialect, *kind, payload),
        Command::Chat { content, client_message_id, .. } => {
            let message = message(content, client_message_id.as_ref());
            let packets = told(dialect, &Notice::Chat { room: room(), message });
            assert!(!packets.is_empty(), "nobody hears {command:?}");
            for packet in packets {
                let Heard::Chat(line) = dialect.hear(&packet) else { panic!("{packet}") };
                // A mark and what is replied to may stand before the text.
                assert!(
                    content.ends_with(&*line.content) && !line.content.is_empty(),
                    "{content:?}: {packet}"
                );
            }
        }
        Command::Quality { quality, .. } => {
            told(dialect, &Notice::Quality { room: room(), from: user(), quality: *quality });
        }
        Command::Typing { on, .. } => {
            told(dialect, &Notice::Typing { room: room(), user: user(), on: *on });
        }
        Command::Hall(command) => arrives_in_hall(dialect, command),
        Command::Join { .. }
        | Command::Skip { .. }
        | Command::LeaveQueue
        | Command::Accept(_)
        | Command::Reject(_)
        | Command::Heartbeat
        | Command::WhoAmI
        | Command::CallFailed
        | Command::Sync { .. }
        | Command::Rejoin { .. }
        | Command::LeaveRoom(_) => {}
    }
}

fn signal_arrives(dialect: Dialect, kind: SignalKind, payload: &Payload) {
    let notice = Notice::Signal { room: room(), kind, payload: payload.clone(), from: user() };
    let packets = told(dialect, &notice);
    let [packet] = &packets[..] else { panic!("{payload:?} is told as {packets:?}") };
    let Heard::Signal { kind: heard, body } = dialect.hear(packet) else { panic!("{packet}") };
    assert_eq!(heard, kind, "{packet}");
    let fields = payload.0.strip_suffix('}').unwrap_or(&payload.0);
    assert!(body.get().starts_with(fields), "{payload:?} arrives as {packet}");
}

fn arrives_in_hall(dialect: Dialect, command: &HallCommand) {
    let notice = match command.clone() {
        HallCommand::Enter { hall, name } => HallNotice::Joined { hall, name },
        HallCommand::Leave { hall } => HallNotice::Replaced { hall, name: MemberName::new("x") },
        HallCommand::Signal { hall, to, kind, payload } => {
            HallNotice::Signal { hall, from: to.clone(), to, kind, payload }
        }
    };
    let packets = told(dialect, &Notice::Hall(notice));
    let [packet] = &packets[..] else { panic!("{command:?} is told as {packets:?}") };
    let same = match (command, dialect.hear(packet)) {
        (HallCommand::Enter { hall, name }, Heard::Hall(HallHeard::Joined { hall: heard, name: who })) => {
            is(hall, &heard) && who == name.as_str()
        }
        (HallCommand::Leave { hall }, Heard::Hall(HallHeard::Replaced { hall: heard, .. })) => {
            is(hall, &heard)
        }
        (
            HallCommand::Signal { hall, to, kind, payload },
            Heard::Hall(HallHeard::Signal { hall: heard, from, kind: heard_kind, body }),
        ) => is(hall, &heard) && from == to.as_str() && heard_kind == *kind && body.get() == &*payload.0,
        _ => false,
    };
    assert!(same, "{command:?} arrives as {packet}");
}

fn is(hall: &HallName, heard: &str) -> bool {
    hall.as_str() == heard
}

/// What a client is told, as packets.
pub(super) fn told(dialect: Dialect, notice: &Notice) -> Vec<String> {
    let mut packets = Vec::new();
    dialect.notice(notice, None, NOW, &mut |Outgoing { event, argument }| {
        fits(&argument, MOST_BYTES);
        packets.push(format!("[\"{event}\",{argument}]"));
    });
    packets
}
