//! A connection that stands and is known to answer: how to get one, and what its errors mean.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, IntoConnectionInfo};
use redis::{RedisConnectionInfo, RedisError, RedisResult, Value, aio::MultiplexedConnection};
use tokio::time::timeout;

use super::Timeouts;
use super::address::{Kind, RedisUrl};
use super::scripts;

/// Commands that may wait between their callers and the socket.
const PIPELINE_BUFFER: usize = 1_024;
/// How often the Cluster connection itself asks again (it follows slots that moved). What takes longer is
/// decided by whoever asked.
const CLUSTER_RETRIES: u32 = 3;
/// The longest wait before it does, ms.
const CLUSTER_RETRY_WAIT: u64 = 100;

/// A connection that many ask at once; clones are the same one.
#[derive(Clone)]
pub(super) enum Link {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Link {
    /// Asks all at once and waits for all answers, however long they take: one batch to each server. What a server
    /// refuses is an error in its answer's place.
    pub(super) async fn ask_all(&mut self, commands: &[&Cmd]) -> RedisResult<Vec<RedisResult<Value>>> {
        match self {
            Self::One(connection) => {
                let mut pipeline = redis::Pipeline::with_capacity(commands.len());
                for command in commands {
                    pipeline.add_command((*command).clone());
                }
                pipeline.ignore_errors().query_async(connection).await
            }
            Self::Cluster(connection) => {
                let asking = commands.iter().map(|command| {
                    let mut connection = connection.clone();
                    async move { command.query_async(&mut connection).await }
                });
                Ok(together(asking).await)
            }
        }
    }

    /// Asks and waits for the answer, however long it takes.
    pub(super) async fn ask(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::One(connection) => command.query_async(connection).await,
            Self::Cluster(connection) => command.query_async(connection).await,
        }
    }
}

/// The results of all of these, which go on at the same time.
async fn together<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        let mut ready = true;
        for (future, result) in &mut waiting {
            if result.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *result = Some(value),
                    Poll::Pending => ready = false,
                }
            }
        }
        if ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, result)| result).collect()
}

/// What an error says about what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The server does not have the script.
    NoScript,
    /// The connection is of no use any more, or leads to a server that takes no writes.
    Link,
    /// The Cluster is busy with itself: the same connection may answer in a moment.
    Moment,
    /// Asking again would bring the same.
    Final,
}

/// Reads an error. By its code where it has one, and by its words where a script's error carries another's.
pub(super) fn fault(error: &RedisError) -> Fault {
    let text = error.to_string();
    let says = |word: &str| error.code() == Some(word) || text.contains(word);
    if says("NOSCRIPT") {
        Fault::NoScript
    } else if ["CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK "].into_iter().any(says) {
        Fault::Moment
    } else if ["READONLY", "LOADING", "MASTERDOWN", "NOREPLICAS", "UNBLOCKED"].into_iter().any(says)
        || error.is_io_error()
        || error.is_timeout()
        || error.is_connection_dropped()
        || error.is_unrecoverable_error()
        || error.is_cluster_error()
    {
        Fault::Link
    } else {
        Fault::Final
    }
}

/// A connection to whoever takes writes now, with every script loaded. Within the time to connect, or not at all.
pub(super) async fn dial(url: &RedisUrl, timeouts: &Timeouts) -> RedisResult<Link> {
    if url.tls {
        // Whoever comes first decides for the process; all of ours decide the same.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
    let dialing = async {
        let mut link = match &url.kind {
            Kind::Single => connect(url, first_host(url)?, timeouts.connect).await.map(Link::One)?,
            Kind::Sentinel(name) => Link::One(connect_to_master(url, name, timeouts.connect).await?),
            Kind::Cluster => Link::Cluster(connect_to_cluster(url, timeouts).await?),
        };
        for script in scripts::all() {
            link.ask(redis::cmd("SCRIPT").arg("LOAD").arg(script.source)).await?;
        }
        Ok(link)
    };
    timeout(timeouts.dial, dialing).await.unwrap_or_else(|_| Err(no_answer()))
}

fn first_host(url: &RedisUrl) -> RedisResult<&(String, u16)> {
    url.hosts.first().ok_or_else(no_answer)
}

fn no_answer() -> RedisError {
    RedisError::from((redis::ErrorKind::Io, "no answer in time"))
}

/// How to reach one host and who asks there.
fn info(url: &RedisUrl, (host, port): &(String, u16)) -> RedisResult<ConnectionInfo> {
    let (host, port) = (host.clone(), *port);
    let address = if url.tls {
        ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
    } else {
        ConnectionAddr::Tcp(host, port)
    };
    let mut asking = RedisConnectionInfo::default().set_db(url.database).set_skip_set_lib_name();
    if let Some(user) = &url.user {
        asking = asking.set_username(user);
    }
    if let Some(password) = &url.password {
        asking = asking.set_password(password);
    }
    Ok(address.into_connection_info()?.set_redis_settings(asking).set_tcp_settings(tcp()))
}

/// Answers of a few bytes must not wait for each other.
fn tcp() -> TcpSettings {
    TcpSettings::default().set_nodelay(true)
}

async fn open(info: ConnectionInfo, connect: Duration) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(connect))
        // Whoever asks knows how long to wait.
        .set_response_timeout(None)
        .set_pipeline_buffer_size(PIPELINE_BUFFER);
    Client::open(info)?.get_multiplexed_async_connection_with_config(&config).await
}

async fn connect(
    url: &RedisUrl,
    host: &(String, u16),
    patience: Duration,
) -> RedisResult<MultiplexedConnection> {
    open(info(url, host)?, patience).await
}

/// Asks one Sentinel after the other where the master is, until one knows one that agrees.
async fn connect_to_master(
    url: &RedisUrl,
    name: &str,
    patience: Duration,
) -> RedisResult<MultiplexedConnection> {
    let mut error = no_answer();
    for sentinel in &url.hosts {
        match timeout(patience, connect_by(url, sentinel, name, patience)).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(failed)) => error = failed,
            Err(_) => error = no_answer(),
        }
    }
    Err(error)
}

async fn connect_by(
    url: &RedisUrl,
    sentinel: &(String, u16),
    name: &str,
    patience: Duration,
) -> RedisResult<MultiplexedConnection> {
    // The user and password of the URL are those of the servers; a Sentinel is asked without.
    let plain = RedisUrl { user: None, password: None, database: 0, ..url.clone() };
    let mut sentinel = connect(&plain, sentinel, patience).await?;
    let asking = redis::cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(name).to_owned();
    let master: Option<(String, u16)> = asking.query_async(&mut sentinel).await?;
    let master = master.ok_or_else(|| {
        RedisError::from((
            redis::ErrorKind::MasterNameNotFoundBySentinel,
            "the Sentinel knows no such master",
        ))
    })?;
    let mut connection = connect(url, &master, patience).await?;
    // A Sentinel that missed a failover still names the old one, which may be a replica by now.
    let role: Value = redis::cmd("ROLE").query_async(&mut connection).await?;
    if is_master(&role) {
        return Ok(connection);
    }
    Err(RedisError::from((redis::ErrorKind::Io, "the server that the Sentinel names is not a master")))
}

fn is_master(role: &Value) -> bool {
    let Value::Array(parts) = role else { return false };
    parts.first() == Some(&Value::BulkString(b"master".to_vec()))
}

async fn connect_to_cluster(url: &RedisUrl, timeouts: &Timeouts) -> RedisResult<ClusterConnection> {
    let nodes = url.hosts.iter().map(|host| info(url, host)).collect::<RedisResult<Vec<_>>>()?;
    ClusterClientBuilder::new(nodes)
        .connection_timeout(timeouts.connect)
        .response_timeout(timeouts.response)
        .retries(CLUSTER_RETRIES)
        .max_retry_wait(CLUSTER_RETRY_WAIT)
        .tcp_settings(tcp())
        .build()?
        .get_async_connection()
        .await
}
