//! The other end of a transport: what the edge knows of it, and how it is closed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};

use super::connecting::Gate;
use super::entrances::Entrance;
use super::forwarded::Client;
use super::lock;
use super::streams::{Handle, Streams};

/// Handshakes and upgrades that are remembered before those that are over are forgotten for the first time.
const REMEMBERED: usize = 1_024;

/// The other end of a transport. Travels with the handshake's request.
pub struct Peer {
    /// Where it is.
    pub(super) client: Client,
    /// What it shows with each request, if it does.
    credential: Option<Box<Credential>>,
    /// Guards what changes. A lock, because requests, the engine and the shard meet here; held for a look.
    state: Mutex<State>,
}

struct State {
    /// The stream of the WebSocket, or of the request that began a polling session.
    handle: Arc<Handle>,
    websocket: bool,
    /// A session was opened over it. There is never a second one: the engine loses track of it.
    admitted: bool,
    /// It was closed by us, and the engine does not know.
    dead: bool,
    entering: Option<Arc<Gate>>,
    /// Its place among those that have not said who they are.
    entrance: Option<Entrance>,
}

/// The token that a request shows in its header, as a digest: sessions are compared by it, and nobody learns it.
#[derive(PartialEq, Eq)]
pub(super) struct Credential([u8; 32]);

impl Credential {
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(header::AUTHORIZATION)?;
        Some(Self(Sha256::digest(value.as_bytes()).into()))
    }
}

impl Peer {
    /// The one that sent these headers over that stream.
    pub(super) fn new(client: Client, headers: &HeaderMap, handle: Arc<Handle>, websocket: bool) -> Self {
        let state = State { handle, websocket, admitted: false, dead: false, entering: None, entrance: None };
        Self { client, credential: Credential::of(headers).map(Box::new), state: Mutex::new(state) }
    }

    /// The same, with a place among those that have not said who they are, which it has until it has.
    pub(super) fn with(self, entrance: Option<Entrance>) -> Self {
        lock(&self.state).entrance = entrance;
        self
    }

    /// Whether a request of `client` with these headers may be of its session: from where that began, or with the
    /// token that it began with. Who moves between networks and shows no token begins a new one.
    pub(super) fn may_be(&self, client: Client, headers: &HeaderMap) -> bool {
        let shows_the_same = || {
            let own = self.credential.as_deref();
            own.is_some() && own == Credential::of(headers).as_ref()
        };
        client.network() == self.client.network() || shows_the_same()
    }

    /// Whether a session was opened over this transport before.
    pub(super) fn was_admitted(&self) -> bool {
        lock(&self.state).admitted
    }

    /// A session is opened over it.
    pub(super) fn admit(&self) {
        let mut state = lock(&self.state);
        state.admitted = true;
        state.entrance = None;
        if state.websocket {
            state.handle.keep();
        }
    }

    /// The session moved from polling to this stream.
    fn moved_to(&self, handle: Arc<Handle>) {
        let mut state = lock(&self.state);
        if state.admitted {
            handle.keep();
        }
        state.websocket = true;
        state.handle = handle;
    }

    /// The session is over: its WebSocket has no other use and is closed soon, should the client not do so.
    pub(super) fn release(&self, streams: &Streams) {
        let state = lock(&self.state);
        if state.websocket {
            state.handle.release(streams.silent_until());
        }
    }

    /// Closes the transport at once. A polling session has no stream of its own: its next request is told
    /// that it is over.
    pub(super) fn cut(&self) {
        let mut state = lock(&self.state);
        state.dead = true;
        if state.websocket {
            state.handle.cut();
        }
    }

    /// Whether its session goes by polling.
    pub(super) fn polls(&self) -> bool {
        !lock(&self.state).websocket
    }

    /// Whether it was closed by us.
    pub(super) fn is_dead(&self) -> bool {
        lock(&self.state).dead
    }

    /// Keeps a gate from the engine's middleware until the connection stands, and gives it back.
    pub(super) fn set_entering(&self, gate: Option<Arc<Gate>>) -> Option<Arc<Gate>> {
        std::mem::replace(&mut lock(&self.state).entering, gate)
    }
}

/// Sessions that began by polling, by the engine's id.
#[derive(Clone, Default)]
pub struct PollingSessions(Arc<Mutex<Sessions>>);

#[derive(Default)]
struct Sessions {
    open: HashMap<String, Arc<Peer>>,
    /// Those that are not opened yet. The engine keeps the peer as long as it knows the id.
    begun: HashMap<String, Weak<Peer>>,
    /// Those that are over are forgotten when there are this many.
    forget_begun_at: usize,
    /// Streams of sessions that moved and are not opened yet: a client may move before it says who it is.
    moved: HashMap<String, Weak<Handle>>,
    /// Those whose stream is closed are forgotten when there are this many.
    forget_at: usize,
}

impl PollingSessions {
    /// The engine gave that id to a client that polls.
    pub(super) fn began(&self, sid: String, peer: &Arc<Peer>) {
        let mut sessions = lock(&self.0);
        if sessions.begun.len() >= sessions.forget_begun_at.max(REMEMBERED) {
            sessions.begun.retain(|_, peer| peer.strong_count() > 0);
            sessions.begun.shrink_to_fit();
            sessions.forget_begun_at = sessions.begun.len() * 2;
        }
        sessions.begun.insert(sid, Arc::downgrade(peer));
    }

    /// Who has that session, be it open or not yet.
    pub(super) fn whose(&self, sid: &str) -> Option<Arc<Peer>> {
        let sessions = lock(&self.0);
        sessions.open.get(sid).cloned().or_else(|| sessions.begun.get(sid)?.upgrade())
    }

    pub(super) fn opened(&self, sid: String, peer: Arc<Peer>) {
        let mut sessions = lock(&self.0);
        if let Some(handle) = sessions.moved.remove(&sid).and_then(|handle| handle.upgrade()) {
            peer.moved_to(handle);
        }
        sessions.begun.remove(&sid);
        sessions.open.insert(sid, peer);
    }

    pub(super) fn get(&self, sid: &str) -> Option<Arc<Peer>> {
        lock(&self.0).open.get(sid).cloned()
    }

    /// The session goes on over a WebSocket on that stream.
    pub(super) fn moved(&self, sid: String, handle: &Arc<Handle>) {
        let mut sessions = lock(&self.0);
        if let Some(peer) = sessions.open.get(&sid) {
            return peer.moved_to(handle.clone());
        }
        if sessions.moved.len() >= sessions.forget_at.max(REMEMBERED) {
            sessions.moved.retain(|_, handle| handle.strong_count() > 0);
            sessions.forget_at = sessions.moved.len() * 2;
        }
        sessions.moved.insert(sid, Arc::downgrade(handle));
    }

    pub(super) fn closed(&self, sid: &str) {
        let mut sessions = lock(&self.0);
        sessions.open.remove(sid);
        if sessions.open.is_empty() {
            sessions.open.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::config::{ForwardedHeader, TrustedProxies};
    use crate::domain::time::Time;

    fn client(address: &str) -> Client {
        let nobody = TrustedProxies { networks: Vec::new(), header: ForwardedHeader::XForwardedFor };
        Client::new(address.parse().expect("an address"), &HeaderMap::new(), &nobody)
    }

    fn peer(handle: &Arc<Handle>) -> Arc<Peer> {
        Arc::new(Peer::new(client("192.0.2.1"), &HeaderMap::new(), handle.clone(), false))
    }

    fn showing(token: Option<&'static str>) -> HeaderMap {
        let pair = |token| (header::AUTHORIZATION, HeaderValue::from_static(token));
        token.map(pair).into_iter().collect()
    }

    #[test]
    fn a_session_is_of_where_it_began_or_of_the_token_it_began_with() {
        let (here, elsewhere) = ("2001:db8::1", "2001:db8:0:1::1");
        for (began, comes_from, shows, may) in [
            (None, here, None, true),
            (None, "2001:db8::2", None, true),
            (None, elsewhere, None, false),
            (None, elsewhere, Some("Bearer a"), false),
            (Some("Bearer a"), here, Some("Bearer b"), true),
            (Some("Bearer a"), elsewhere, Some("Bearer a"), true),
            (Some("Bearer a"), elsewhere, Some("Bearer b"), false),
            (Some("Bearer a"), elsewhere, None, false),
        ] {
            let peer = Peer::new(client(here), &showing(began), handle(), false);
            let asked = format!("{began:?} {comes_from} {shows:?}");
            assert_eq!(peer.may_be(client(comes_from), &showing(shows)), may, "{asked}");
        }
    }

    #[test]
    fn whose_a_session_is_is_known_from_the_moment_it_has_an_id_until_the_engine_forgets_it() {
        let (sessions, stream) = (PollingSessions::default(), handle());
        let begun = peer(&stream);
        sessions.began("a".into(), &begun);
        assert!(sessions.whose("a").is_some_and(|found| Arc::ptr_eq(&found, &begun)));
        assert!(sessions.get("a").is_none(), "it said nothing yet");
        sessions.opened("a".into(), begun.clone());
        assert!(sessions.whose("a").is_some());
        sessions.closed("a");
        assert!(sessions.whose("a").is_none());
        sessions.began("b".into(), &begun);
        drop(begun);
        assert!(sessions.whose("b").is_none());
        for number in 0..=REMEMBERED {
            sessions.began(number.to_string(), &peer(&stream));
        }
        assert!(lock(&sessions.0).begun.len() <= 2);
    }

    fn is_cut(handle: &Handle) -> bool {
        let context = std::task::Context::from_waker(std::task::Waker::noop());
        handle.is_cut(super::super::streams::Side::Reading, &context)
    }

    fn handle() -> Arc<Handle> {
        Arc::new(Handle::until(Time::NEVER))
    }

    #[test]
    fn closing_a_session_that_polls_closes_no_stream_and_is_known_at_the_door() {
        let (sessions, first) = (PollingSessions::default(), handle());
        sessions.opened("a".into(), peer(&first));
        let known = sessions.get("a").expect("it is open");
        known.cut();
        assert!(known.is_dead());
        assert!(!is_cut(&first));
        sessions.closed("a");
        assert!(sessions.get("a").is_none());
    }

    #[test]
    fn closing_a_session_that_moved_closes_its_websocket_whichever_came_first() {
        for opened_first in [true, false] {
            let (sessions, first, second) = (PollingSessions::default(), handle(), handle());
            if opened_first {
                sessions.opened("a".into(), peer(&first));
                sessions.moved("a".into(), &second);
            } else {
                sessions.moved("a".into(), &second);
                sessions.opened("a".into(), peer(&first));
            }
            sessions.get("a").expect("it is open").cut();
            assert_eq!((is_cut(&first), is_cut(&second)), (false, true), "opened first: {opened_first}");
        }
    }

    #[test]
    fn moves_of_closed_streams_are_forgotten() {
        let sessions = PollingSessions::default();
        for number in 0..=REMEMBERED {
            sessions.moved(number.to_string(), &handle());
        }
        assert_eq!(lock(&sessions.0).moved.len(), 1);
    }
}
