//! Events in a topic of Kafka: the user as key, the JSON as value.
//!
//! After any failure everything known of the brokers is forgotten and asked anew: one that comes back, or another in
//! its place, is found by the addresses it was set up with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rskafka::BackoffConfig;
use rskafka::chrono::DateTime;
use rskafka::client::partition::{Compression, PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder};
use rskafka::record::Record;
use tokio::time::timeout;

use super::encode::json;
use super::murmur::partition;
use super::{Failed, KafkaSetup, Source, Write, Writing};
use crate::node::News;

/// The client's own attempts end so early that ours, which ask for everything anew, have their turn.
const OWN_ATTEMPTS_WITHIN: Duration = Duration::from_secs(2);
/// A broker that does not answer in that time is taken for gone.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// The topic.
pub(super) struct KafkaSink {
    setup: KafkaSetup,
    /// The topic's partitions in the order of their numbers; empty until they are known.
    partitions: Vec<PartitionClient>,
}

impl KafkaSink {
    pub(super) fn new(setup: KafkaSetup) -> Self {
        Self { setup, partitions: Vec::new() }
    }

    async fn deliver(
        &mut self,
        batch: &[Arc<News>],
        from: &Source,
    ) -> Result<(), rskafka::client::error::Error> {
        if self.partitions.is_empty() {
            self.partitions = self.open().await?;
        }
        let mut by_partition: BTreeMap<usize, Vec<Record>> = BTreeMap::new();
        for news in batch {
            let key = news.happening.user.as_str().as_bytes();
            let place = partition(key, self.partitions.len());
            by_partition.entry(place).or_default().push(record(news, from));
        }
        for (place, records) in by_partition {
            self.partitions[place].produce(records, Compression::NoCompression).await?;
        }
        Ok(())
    }

    async fn open(&self) -> Result<Vec<PartitionClient>, rskafka::client::error::Error> {
        let backoff = BackoffConfig { deadline: Some(OWN_ATTEMPTS_WITHIN), ..BackoffConfig::default() };
        let builder =
            ClientBuilder::new(self.setup.brokers.clone()).client_id("qala").backoff_config(backoff);
        let client = builder.build().await?;
        // Asking for one that is not there makes it where brokers are set up to.
        let first = self.partition(&client, 0).await?;
        let topics = client.list_topics().await?;
        let topic = topics.into_iter().find(|topic| topic.name == self.setup.topic);
        let mut partitions = vec![first];
        for number in topic.map(|topic| topic.partitions).unwrap_or_default() {
            if number != 0 {
                partitions.push(self.partition(&client, number).await?);
            }
        }
        Ok(partitions)
    }

    async fn partition(
        &self,
        client: &Client,
        number: i32,
    ) -> Result<PartitionClient, rskafka::client::error::Error> {
        client.partition_client(self.setup.topic.clone(), number, UnknownTopicHandling::Retry).await
    }
}

fn record(news: &News, from: &Source) -> Record {
    let at_ms = i64::try_from(news.at.as_ms()).unwrap_or(i64::MAX);
    Record {
        key: Some(news.happening.user.as_str().as_bytes().to_vec()),
        value: Some(json(news, from).into_bytes()),
        headers: BTreeMap::new(),
        timestamp: DateTime::from_timestamp_millis(at_ms).unwrap_or_default(),
    }
}

impl Write for KafkaSink {
    fn write<'a>(&'a mut self, batch: &'a [Arc<News>], from: &'a Source) -> Writing<'a> {
        Box::pin(async move {
            let failed: Failed = match timeout(ANSWERS_WITHIN, self.deliver(batch, from)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no broker answers".to_owned(),
            };
            self.partitions.clear();
            Err(failed)
        })
    }
}
