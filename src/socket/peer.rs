//! The other end of a transport: what the edge knows of it, and how it is closed.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Weak};

use super::connecting::Gate;
use super::lock;
use super::streams::{Handle, Streams};

/// Upgrades that are remembered before those of closed streams are forgotten for the first time.
const UPGRADES_REMEMBERED: usize = 1_024;

/// The other end of a transport. Travels with the handshake's request.
pub struct Peer {
    /// Where it is.
    pub address: SocketAddr,
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
}

impl Peer {
    pub(super) fn new(address: SocketAddr, handle: Arc<Handle>, websocket: bool) -> Self {
        let state = State { handle, websocket, admitted: false, dead: false, entering: None };
        Self { address, state: Mutex::new(state) }
    }

    /// Whether a session was opened over this transport before.
    pub(super) fn was_admitted(&self) -> bool {
        lock(&self.state).admitted
    }

    /// A session is opened over it.
    pub(super) fn admit(&self) {
        let mut state = lock(&self.state);
        state.admitted = true;
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
    /// Streams of sessions that moved and are not opened yet: a client may move before it says who it is.
    moved: HashMap<String, Weak<Handle>>,
    /// Those whose stream is closed are forgotten when there are this many.
    forget_at: usize,
}

impl PollingSessions {
    pub(super) fn opened(&self, sid: String, peer: Arc<Peer>) {
        let mut sessions = lock(&self.0);
        if let Some(handle) = sessions.moved.remove(&sid).and_then(|handle| handle.upgrade()) {
            peer.moved_to(handle);
        }
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
        if sessions.moved.len() >= sessions.forget_at.max(UPGRADES_REMEMBERED) {
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
    use super::*;
    use crate::domain::time::Time;

    fn peer(handle: &Arc<Handle>) -> Arc<Peer> {
        Arc::new(Peer::new(([192, 0, 2, 1], 7).into(), handle.clone(), false))
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
        for number in 0..=UPGRADES_REMEMBERED {
            sessions.moved(number.to_string(), &handle());
        }
        assert_eq!(lock(&sessions.0).moved.len(), 1);
    }
}
