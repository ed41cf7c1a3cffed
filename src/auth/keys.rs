//! Public keys that tokens are signed with, as a key server publishes them (RFC 7517).

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::outside::{Answer, Failed, GET, NotAUrl, Outside, Patience, Request};

/// Keys of one server that are kept: those in use, and those on their way in and out.
const MOST_KEYS: usize = 16;
/// The longest list that is read.
const LONGEST_LIST_BYTES: usize = 256 * 1024;
/// How long a server may take to send it.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// How often a key server is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Between two requests, however many tokens name a key that nobody knows.
    pub(super) shortest: Duration,
    /// The same while no key is known at all: until then nobody comes in.
    pub(super) first: Duration,
    /// Keys that the server takes back are forgotten after so long.
    pub(super) longest: Duration,
}

/// In production.
pub(super) const PACE: Pace = Pace {
    shortest: Duration::from_secs(30),
    first: Duration::from_secs(2),
    longest: Duration::from_mins(10),
};

/// One public key, and the one algorithm that it is for.
#[derive(Debug)]
pub(super) struct Key {
    id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
}

/// What a key server published last.
#[derive(Debug, Default)]
pub(super) struct KeySet(Vec<Key>);

#[derive(Deserialize)]
struct List {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a list. Keys of other kinds, or for other uses, are left out; `None` is no list.
    pub(super) fn read(json: &[u8]) -> Option<Self> {
        let List { keys } = serde_json::from_slice(json).ok()?;
        Some(Self(keys.into_iter().filter_map(Key::read).take(MOST_KEYS).collect()))
    }

    /// The keys by that id; all of them for a token that names none.
    pub(super) fn named<'a>(&'a self, id: Option<&'a str>) -> impl Iterator<Item = &'a Key> {
        self.0.iter().filter(move |key| id.is_none() || key.id.as_deref() == id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Key {
    /// The kind of a key decides about its algorithm; what else it says must agree. Shared secrets are none that a
    /// server could publish.
    fn read(json: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(json).ok()?;
        let (algorithm, said) = if let AlgorithmParameters::RSA(_) = &jwk.algorithm {
            (Algorithm::RS256, KeyAlgorithm::RS256)
        } else if let AlgorithmParameters::EllipticCurve(key) = &jwk.algorithm
            && key.curve == EllipticCurve::P256
        {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        } else if let AlgorithmParameters::OctetKeyPair(key) = &jwk.algorithm
            && key.curve == EllipticCurve::Ed25519
        {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        } else {
            return None;
        };
        let signs = jwk.common.public_key_use.as_ref().is_none_or(|use_| *use_ == PublicKeyUse::Signature);
        if !signs || jwk.common.key_algorithm.is_some_and(|algorithm| algorithm != said) {
            return None;
        }
        let decoding = DecodingKey::from_jwk(&jwk).ok()?;
        Some(Self { id: jwk.common.key_id, algorithm, decoding })
    }
}

/// What is known of a server's keys.
#[derive(Clone, Debug, Default)]
struct Known {
    /// `None` until it answered for the first time.
    keys: Option<Arc<KeySet>>,
    /// It is not asked again before.
    again_at: Option<Instant>,
}

/// Knows the keys of one server.
#[derive(Debug)]
pub(super) struct Keys {
    known: watch::Receiver<Known>,
    /// Asks the task to ask. One wish is as good as many.
    wanted: mpsc::Sender<()>,
}

/// The task that asks the server. Known keys stay while it does not answer.
pub(super) struct KeyReader {
    server: Outside,
    pace: Pace,
    known: watch::Sender<Known>,
    wanted: mpsc::Receiver<()>,
}

impl Keys {
    /// The keys that are published at `url`, and who reads them from there.
    pub(super) fn at(url: &str, pace: Pace) -> Result<(Self, KeyReader), NotAUrl> {
        let server = Outside::new(url, LONGEST_LIST_BYTES)?;
        let ((told, known), (wanted, wishes)) = (watch::channel(Known::default()), mpsc::channel(1));
        Ok((Self { known, wanted }, KeyReader { server, pace, known: told, wanted: wishes }))
    }

    /// Those that were published last, as far as anybody knows.
    pub(super) fn known(&self) -> Option<Arc<KeySet>> {
        self.known.borrow().keys.clone()
    }

    /// Those that are published now, unless the server was asked a moment ago or does not answer.
    pub(super) async fn renewed(&self) -> Option<Arc<KeySet>> {
        let mut known = self.known.clone();
        if known.borrow_and_update().again_at.is_none_or(|again| again <= Instant::now()) {
            // Full: somebody wished so before.
            let _ = self.wanted.try_send(());
            let _ = timeout(ANSWERS_WITHIN, known.changed()).await;
        }
        self.known()
    }
}

impl KeyReader {
    /// Reads the keys whenever somebody wishes so, but not too often, and from time to time. Ends with the last of
    /// those who wish.
    pub(super) async fn run(mut self) {
        let lane = Semaphore::new(1);
        loop {
            let read = self.read(&lane).await;
            let before = self.known.borrow().keys.clone();
            let keys = read.map(Arc::new).or(before);
            let Pace { shortest, first, longest } = self.pace;
            let pause = if keys.is_some() { shortest } else { first };
            let again_at = Instant::now() + pause;
            let _ = self.known.send(Known { keys, again_at: Some(again_at) });
            sleep_until(again_at).await;
            if let Ok(None) = timeout(longest.saturating_sub(pause), self.wanted.recv()).await {
                return;
            }
        }
    }

    async fn read(&self, lane: &Semaphore) -> Option<KeySet> {
        let request = Request { method: GET, path: String::new(), headers: Vec::new(), body: None };
        let list = |Answer { status, body }: &Answer| match KeySet::read(body) {
            Some(keys) if status.is_success() => Ok(keys),
            Some(_) | None => Err(Failed::Unavailable),
        };
        let read = self.server.ask(lane, &request, Patience { within: ANSWERS_WITHIN, tries: 1 }, list).await;
        match &read {
            Ok(keys) if keys.is_empty() => {
                tracing::warn!("the key server publishes no key that is understood");
            }
            Ok(_) => {}
            Err(_) => tracing::warn!("the key server does not answer with keys; those known still hold"),
        }
        read.ok()
    }
}
