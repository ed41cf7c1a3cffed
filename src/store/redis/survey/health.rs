//! What a Redis says of itself.

use redis::Value;

use crate::store::snapshot::StoreHealth;

/// Reads the answer to `INFO`: of one server a text, of a Cluster one of each of its masters.
pub(super) fn read(value: &Value) -> StoreHealth {
    let mut sum = StoreHealth::default();
    for info in texts(value) {
        add(&mut sum, &info);
    }
    sum
}

fn texts(value: &Value) -> Vec<String> {
    if let Value::BulkString(bytes) = value {
        vec![String::from_utf8_lossy(bytes).into_owned()]
    } else if let Value::VerbatimString { text, .. } = value {
        vec![text.clone()]
    } else if let Value::Map(servers) = value {
        servers.iter().flat_map(|(_, info)| texts(info)).collect()
    } else if let Value::Array(servers) = value {
        servers.iter().flat_map(texts).collect()
    } else {
        Vec::new()
    }
}

fn add(sum: &mut StoreHealth, info: &str) {
    let field = |name: &str| {
        info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or_default().trim()
    };
    let number = |name: &str| field(name).parse::<u64>().unwrap_or_default();
    // The address of a server is a text as well.
    if field("redis_version").is_empty() {
        return;
    }
    let uptime_seconds = number("uptime_in_seconds");
    sum.uptime_seconds =
        if sum.masters == 0 { uptime_seconds } else { sum.uptime_seconds.min(uptime_seconds) };
    sum.masters += 1;
    field("redis_version").clone_into(&mut sum.version);
    sum.memory_bytes += number("used_memory");
    sum.most_memory_bytes += number("maxmemory");
    sum.clients += number("connected_clients");
    sum.commands_per_second += number("instantaneous_ops_per_sec");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(memory: u64, uptime: u64) -> Value {
        let text = format!(
            "# Server\r\nredis_version:7.0.15\r\nuptime_in_seconds:{uptime}\r\n# Clients\r\nconnected_clients:3\r\n\
             used_memory:{memory}\r\nused_memory_human:1M\r\nmaxmemory:0\r\ninstantaneous_ops_per_sec:12\r\n"
        );
        Value::BulkString(text.into_bytes())
    }

    #[test]
    fn one_server_and_the_masters_of_a_cluster_are_read() {
        let one = StoreHealth {
            version: "7.0.15".to_owned(),
            memory_bytes: 1_000,
            clients: 3,
            commands_per_second: 12,
            uptime_seconds: 9,
            masters: 1,
            ..StoreHealth::default()
        };
        assert_eq!(read(&info(1_000, 9)), one);
        let address = |port: u16| Value::BulkString(format!("127.0.0.1:{port}").into_bytes());
        let several = Value::Map(vec![(address(1), info(1_000, 9)), (address(2), info(2_000, 7))]);
        let sum = read(&several);
        assert_eq!((sum.memory_bytes, sum.uptime_seconds, sum.masters, sum.clients), (3_000, 7, 2, 6));
        assert_eq!(read(&Value::Nil), StoreHealth::default());
    }
}
