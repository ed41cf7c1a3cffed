//! From the configuration's words to each part's own.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{self, Config};
use crate::dialect::Dialect;
use crate::domain::id::{Entropy, NodeId};
use crate::domain::limits::Limits;
use crate::domain::policy::{Acceptance, Policy};
use crate::node::{self, Node, SystemEntropy};
use crate::socket::{self, Streams};

/// Letters and digits of generated node names, without those that look alike.
const NAME_LETTERS: &[u8] = b"23456789abcdefghjkmnpqrstuvwxyz";

/// What is spoken.
pub(super) fn dialects(config: &Config) -> Vec<Dialect> {
    let spoken = |name: &config::DialectName| match name {
        config::DialectName::Qala => Dialect::Qala,
        config::DialectName::WebrtcChat => Dialect::WebrtcChat,
    };
    config.running.dialects.iter().map(spoken).collect()
}

pub(super) fn node(config: &Config, dialects: &[Dialect]) -> node::Setup {
    let node = node_name(config.running.node.as_deref(), &config.store);
    node::Setup {
        node: NodeId::new(node),
        shards: config.running.threads.get(),
        policies: dialects.iter().map(|dialect| policy(config, *dialect)).collect(),
        limits: limits(config),
        max_connections: config.limits.max_connections,
    }
}

/// The dialect's own numbers, where nobody says otherwise.
fn policy(config: &Config, dialect: Dialect) -> Policy {
    let mut policy = dialect.policy();
    let matching = &config.matching;
    if config.is_said(&config::STAGE_SECONDS_OPTION) {
        policy.ladder.opens_after = matching.stage_seconds.map(|seconds| Duration::from_secs(seconds.into()));
    }
    if let (Acceptance::Mutual { within }, true) =
        (&mut policy.acceptance, config.is_said(&config::ACCEPT_TIMEOUT))
    {
        *within = Duration::from_secs(matching.accept_timeout_seconds);
    }
    for (option, span, seconds) in [
        (&config::REMATCH_SECONDS, &mut policy.rematch_after, matching.rematch_seconds),
        (&config::WAITING_TIMEOUT, &mut policy.waiting_timeout, matching.waiting_timeout_seconds),
        (&config::GRACE_SECONDS, &mut policy.grace, matching.grace_seconds),
    ] {
        if config.is_said(option) {
            *span = Duration::from_secs(seconds);
        }
    }
    if let Some(own) = &mut policy.events_per_minute {
        let said = limits(config).events_per_minute();
        for (option, own, said) in [
            (&config::MATCHING_EVENTS, &mut own.matching, said.matching),
            (&config::CHAT_EVENTS, &mut own.chat, said.chat),
            (&config::SIGNALING_EVENTS, &mut own.signaling, said.signaling),
        ] {
            if config.is_said(option) {
                *own = said;
            }
        }
    }
    policy
}

pub(super) fn socket(config: &Config, dialects: Vec<Dialect>) -> socket::Setup {
    socket::Setup {
        dialects,
        max_payload_bytes: config.limits.max_payload_bytes,
        outgoing_messages: config.limits.outgoing_messages,
        connect_timeout: Duration::from_secs(config.limits.connect_timeout_seconds),
        ping_interval: Duration::from_millis(config.engine.ping_interval_ms),
        ping_timeout: Duration::from_millis(config.engine.ping_timeout_ms),
        transports: config.engine.transports,
        max_connections: config.limits.max_connections,
        limits: limits(config),
    }
}

/// Streams have the time of a connection to say what they are for, and a reader that of a ping.
pub(super) fn streams(config: &Config, node: &Node) -> Arc<Streams> {
    let silence = Duration::from_secs(config.limits.connect_timeout_seconds);
    let stall = Duration::from_millis(config.engine.ping_interval_ms + config.engine.ping_timeout_ms);
    Arc::new(Streams::new(node.clock(), node.counters().clone(), silence, stall))
}

fn limits(config: &Config) -> Limits {
    let limits = &config.limits;
    Limits {
        sdp_bytes: limits.sdp_bytes,
        chat_characters: limits.chat_characters,
        candidates_buffered: limits.candidates_buffered,
        commands_waiting: limits.commands_waiting,
        waiting_tickets: config.matching.max_waiting,
        matching_events_per_minute: per_minute(limits.matching_events_per_minute),
        chat_events_per_minute: per_minute(limits.chat_events_per_minute),
        signaling_events_per_minute: per_minute(limits.signaling_events_per_minute),
    }
}

/// A limit as the budgets count it: 0 is none.
pub(super) fn per_minute(limit: config::Limit) -> u32 {
    limit.map_or(0, std::num::NonZeroU32::get)
}

/// `n-7f3k2q`: short enough to say, enough of them that two nodes hardly ever share one.
/// What a node is called. Where it has others, no two processes have one name, or a process that takes the place of
/// a dead one would pass for it: its peers would wait for sessions that died.
fn node_name(given: Option<&str>, store: &config::Store) -> String {
    match (given, store) {
        (Some(name), config::Store::Embedded) => name.to_owned(),
        (Some(name), config::Store::Redis(_)) => format!("{name}-{}", random_letters(4)),
        (None, _) => format!("n-{}", random_letters(6)),
    }
}

fn random_letters(count: usize) -> String {
    let mut bits = SystemEntropy::new().next_u64();
    let letters = NAME_LETTERS.len() as u64;
    let mut name = String::with_capacity(count);
    for _ in 0..count {
        let letter = usize::try_from(bits % letters).unwrap_or(0);
        name.push(char::from(NAME_LETTERS[letter]));
        bits /= letters;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::limits::PerMinute;

    #[test]
    fn a_dialects_own_numbers_hold_until_somebody_says_otherwise() {
        let mut config = Config::default();
        let own = policy(&config, Dialect::WebrtcChat);
        assert_eq!(own.rematch_after, Duration::from_mins(5));
        assert_eq!(own.events_per_minute, Some(PerMinute { matching: 10, chat: 30, signaling: 100 }));
        config.said = ["rematch-seconds", "matching-events-per-minute"].into();
        config.matching.rematch_seconds = 7;
        config.limits.matching_events_per_minute = None;
        config.limits.chat_events_per_minute = None;
        let said = policy(&config, Dialect::WebrtcChat);
        assert_eq!(said.rematch_after, Duration::from_secs(7));
        assert_eq!(said.events_per_minute, Some(PerMinute { matching: 0, chat: 30, signaling: 100 }));
        assert_eq!(policy(&config, Dialect::Qala).events_per_minute, None);
    }

    #[test]
    fn what_nobody_says_is_what_the_dialect_qala_says_itself() {
        let (config, own) = (Config::default(), Dialect::Qala.policy());
        let mut all = config.clone();
        all.said = config::OPTIONS.iter().map(|option| option.flag).collect();
        for policy in [policy(&config, Dialect::Qala), policy(&all, Dialect::Qala)] {
            assert_eq!(format!("{policy:?}"), format!("{own:?}"));
        }
    }
}
