//! Events in a capped stream of Redis: `qala:events`, one entry each, its JSON in the field `event`.

use std::sync::Arc;

use super::encode::json;
use super::{Source, Write, Writing};
use crate::node::News;
use crate::store::redis::EventStream;

/// The stream.
pub struct RedisSink(EventStream);

impl RedisSink {
    /// Writes to `stream`.
    pub fn new(stream: EventStream) -> Self {
        Self(stream)
    }
}

impl Write for RedisSink {
    fn write<'a>(&'a mut self, batch: &'a [Arc<News>], from: &'a Source) -> Writing<'a> {
        let events: Vec<String> = batch.iter().map(|news| json(news, from)).collect();
        Box::pin(async move {
            let written = self.0.append(&events).await;
            if written { Ok(()) } else { Err("redis does not answer".to_owned()) }
        })
    }
}
