//! Events as log lines: one each, with ids and figures as fields.

use std::sync::Arc;

use super::encode::event;
use super::{Source, Write, Writing};
use crate::node::News;

/// The node's own log, at `info` under the target `qala::events`.
pub(super) struct LogSink;

impl Write for LogSink {
    fn write<'a>(&'a mut self, batch: &'a [Arc<News>], from: &'a Source) -> Writing<'a> {
        for news in batch {
            let event = event(news, from);
            tracing::info!(
                target: "qala::events",
                dialect = event.dialect,
                user = event.user_id,
                peer = event.peer_id,
                room = event.room_id.as_deref(),
                proposal = event.proposal_id.as_deref(),
                reason = event.reason,
                by = event.by,
                waited_ms = event.waited_ms,
                duration_ms = event.duration_ms,
                messages = event.messages,
                "{}",
                event.kind
            );
        }
        Box::pin(std::future::ready(Ok(())))
    }
}
