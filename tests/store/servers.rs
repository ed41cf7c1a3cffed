//! Real servers for tests: one Redis, one with a replica and three Sentinels, one Cluster of three. Each set is
//! started when it is first asked for and shared by all tests of a binary, on ports that are free on loopback.
//!
//! A shell stands between the test and each server and waits for its own input to end: so a server ends with
//! the test process, however that ends, and its directory goes with it.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

use redis::{Client, Connection, FromRedisValue, RedisResult};

/// Ends the server of process `$!` once nobody is there any more, and what it wrote.
const KEEP: &str =
    r#"dir=$1; shift; "$@" >"$dir/log" 2>&1 & cat >"$dir/input"; kill -9 $!; wait; rm -rf "$dir""#;
/// A step that a server takes is looked at so often, and so many times.
const STEP: Duration = Duration::from_millis(20);
const STEPS: u32 = 1_000;

static STARTED: AtomicU32 = AtomicU32::new(0);
/// Below the range that the system gives out for connections, so that none of those takes a port away.
static NEXT_PORT: LazyLock<AtomicU16> = LazyLock::new(|| {
    let spread = u16::try_from(std::process::id() % 4_000).expect("below 4,000");
    AtomicU16::new(12_000 + spread * 2)
});

/// A server, for as long as this is kept.
pub(crate) struct Server {
    pub(crate) port: u16,
    /// Its input is what the shell waits for.
    shell: Child,
}

impl Server {
    /// A Redis with these options besides those that every one of them has.
    pub(crate) fn start(options: &[&str]) -> Self {
        let port = free_port();
        Self::start_at(port, options)
    }

    /// The same on a certain port: what is started again must be where it was.
    pub(crate) fn start_at(port: u16, options: &[&str]) -> Self {
        let directory = directory();
        let shell = Command::new("sh")
            .args(["-c", KEEP, "redis"])
            .arg(&directory)
            .args(["redis-server", "--port", &port.to_string(), "--dir"])
            .arg(&directory)
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh and redis-server are installed");
        let server = Self { port, shell };
        wait_until("a server answers", || match server.ask::<String>("PING") {
            Ok(_) => true,
            // One that wants to know who asks answers as well.
            Err(error) => error.code() == Some("NOAUTH"),
        });
        server
    }

    fn sentinel(master: u16) -> Self {
        let (port, directory) = (free_port(), directory());
        let file = directory.join("sentinel.conf");
        let configuration = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor main 127.0.0.1 {master} 2\n\
             sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 2000\n",
            directory.display()
        );
        fs::write(&file, configuration).expect("a file in a new directory");
        let shell = Command::new("sh")
            .args(["-c", KEEP, "redis"])
            .arg(&directory)
            .arg("redis-server")
            .arg(&file)
            .arg("--sentinel")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh and redis-server are installed");
        let server = Self { port, shell };
        wait_until("a Sentinel answers", || server.ask::<String>("PING").is_ok());
        server
    }

    /// A connection of its own.
    pub(crate) fn connection(&self) -> RedisResult<Connection> {
        Client::open(format!("redis://127.0.0.1:{}", self.port))?
            .get_connection_with_timeout(Duration::from_secs(5))
    }

    /// What it answers to a command of a few words.
    pub(crate) fn ask<T: FromRedisValue>(&self, command: &str) -> RedisResult<T> {
        let mut words = command.split(' ');
        let mut asking = redis::cmd(words.next().unwrap_or_default());
        for word in words {
            asking.arg(word);
        }
        asking.query(&mut self.connection()?)
    }

    /// Ends it without a goodbye.
    pub(crate) fn kill(mut self) {
        drop(self.shell.stdin.take());
        self.shell.wait().expect("the shell ends");
    }
}

/// Ends with its input.
impl Drop for Server {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
    }
}

/// A port that nothing listens on, nor on the one that a Cluster node adds to it.
pub(crate) fn free_port() -> u16 {
    loop {
        let port = NEXT_PORT.fetch_add(1, Ordering::Relaxed);
        assert!(port < 22_000, "no port is free");
        let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if free(port) && free(port + 10_000) {
            return port;
        }
    }
}

fn directory() -> PathBuf {
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    let directory = std::env::temp_dir().join(format!("qala-redis-{}-{number}", std::process::id()));
    fs::create_dir_all(&directory).expect("a directory for temporary files");
    directory
}

/// Waits for something that takes a moment.
pub(crate) fn wait_until(what: &str, mut come: impl FnMut() -> bool) {
    for _ in 0..STEPS {
        if come() {
            return;
        }
        sleep(STEP);
    }
    panic!("not within twenty seconds: {what}");
}

/// Servers and the URL by which a store finds them.
pub(crate) struct Servers {
    pub(crate) url: String,
    pub(crate) servers: Vec<Server>,
}

/// One server.
pub(crate) fn single() -> Servers {
    let server = Server::start(&[]);
    Servers { url: format!("redis://127.0.0.1:{}", server.port), servers: vec![server] }
}

/// A master, a replica, three Sentinels; in this order.
pub(crate) fn watched() -> Servers {
    let master = Server::start(&[]);
    let replica = Server::start(&["--replicaof", "127.0.0.1", &master.port.to_string()]);
    wait_until("the replica follows", || {
        replica.ask::<String>("INFO replication").is_ok_and(|info| info.contains("master_link_status:up"))
    });
    let sentinels = [(); 3].map(|()| Server::sentinel(master.port));
    for sentinel in &sentinels {
        wait_until("the Sentinels know each other and the replica", || {
            let info = sentinel.ask::<String>("INFO sentinel").unwrap_or_default();
            info.contains("status=ok") && info.contains("slaves=1,sentinels=3")
        });
    }
    let hosts = sentinels.each_ref().map(|sentinel| format!("127.0.0.1:{}", sentinel.port)).join(",");
    let servers = [master, replica].into_iter().chain(sentinels).collect();
    Servers { url: format!("redis+sentinel://{hosts}/main"), servers }
}

/// Three masters that share the slots.
pub(crate) fn cluster() -> Servers {
    let options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000"];
    let nodes = [(); 3].map(|()| Server::start(&options));
    for (index, node) in nodes.iter().enumerate() {
        let slots = (16_384 * index / 3..16_384 * (index + 1) / 3).map(|slot| slot.to_string());
        node.ask::<()>(&format!("CLUSTER ADDSLOTS {}", slots.collect::<Vec<_>>().join(" "))).expect("slots");
        node.ask::<()>(&format!("CLUSTER SET-CONFIG-EPOCH {}", index + 1)).expect("an epoch");
    }
    for node in &nodes[1..] {
        node.ask::<()>(&format!("CLUSTER MEET 127.0.0.1 {}", nodes[0].port)).expect("they meet");
    }
    for node in &nodes {
        wait_until("the Cluster stands", || {
            let info = node.ask::<String>("CLUSTER INFO").unwrap_or_default();
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        });
    }
    let hosts = nodes.each_ref().map(|node| format!("127.0.0.1:{}", node.port)).join(",");
    Servers { url: format!("redis+cluster://{hosts}"), servers: nodes.into() }
}
