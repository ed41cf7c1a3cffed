//! Where Redis is: one URL for a single server, a set watched by Sentinels, or a Cluster.

use std::fmt;
use std::str::FromStr;

/// A port that the URL does not name.
const PORT: u16 = 6379;
/// A Sentinel's port that the URL does not name.
const SENTINEL_PORT: u16 = 26379;

/// Where Redis is and who asks: `redis://`, `redis+sentinel://`, `redis+cluster://`, and `rediss` in place of
/// `redis` for TLS. Never shows its password.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    pub(super) kind: Kind,
    /// Host and port: the server, the Sentinels, or some nodes of the Cluster.
    pub(super) hosts: Vec<(String, u16)>,
    pub(super) tls: bool,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: i64,
}

/// What answers there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The server itself.
    Single,
    /// Sentinels that know the master of this name.
    Sentinel(String),
    /// Nodes of a Cluster.
    Cluster,
}

/// Why a text is not the URL of a Redis. Tells nothing of the text, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotARedisUrl {
    /// Begins with none of the schemes.
    Scheme,
    /// Names no host, or one that is empty.
    Host,
    /// A port is not a number from 1 to 65535.
    Port,
    /// Several hosts for a single server.
    SeveralHosts,
    /// No master for Sentinels to look for.
    NoMaster,
    /// The database is not a number, or the path has more parts than it may.
    Path,
    /// A Cluster has one database.
    ClusterDatabase,
    /// `%` without two hexadecimal digits.
    Escape,
}

impl fmt::Display for NotARedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "begins with none of redis://, rediss://, redis+sentinel://, redis+cluster://",
            Self::Host => "names no host",
            Self::Port => "has a port that is not a number from 1 to 65535",
            Self::SeveralHosts => {
                "names several hosts; for Sentinels or a Cluster use redis+sentinel:// or redis+cluster://"
            }
            Self::NoMaster => {
                "does not say which master the Sentinels know: redis+sentinel://host:port,host:port/name"
            }
            Self::Path => "has a path that is not a database number",
            Self::ClusterDatabase => "names a database, of which a Cluster has only one",
            Self::Escape => "has a % that is not followed by two hexadecimal digits",
        })
    }
}

impl std::error::Error for NotARedisUrl {}

impl FromStr for RedisUrl {
    type Err = NotARedisUrl;

    fn from_str(url: &str) -> Result<Self, NotARedisUrl> {
        let (scheme, rest) = url.split_once("://").ok_or(NotARedisUrl::Scheme)?;
        let (tls, kind) = match scheme.split_once('+').unwrap_or((scheme, "")) {
            ("redis", kind) => (false, kind),
            ("rediss", kind) => (true, kind),
            _ => return Err(NotARedisUrl::Scheme),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (credentials, hosts) = match authority.rsplit_once('@') {
            Some((credentials, hosts)) => (Some(credentials), hosts),
            None => (None, authority),
        };
        let (kind, database) = kind_and_database(kind, path)?;
        let port = if matches!(kind, Kind::Sentinel(_)) { SENTINEL_PORT } else { PORT };
        let hosts = hosts.split(',').map(|host| host_and_port(host, port)).collect::<Result<Vec<_>, _>>()?;
        if kind == Kind::Single && hosts.len() > 1 {
            return Err(NotARedisUrl::SeveralHosts);
        }
        let (user, password) = match credentials.map(|both| both.split_once(':').unwrap_or((both, ""))) {
            Some((user, password)) => (given(user)?, given(password)?),
            None => (None, None),
        };
        Ok(Self { kind, hosts, tls, user, password, database })
    }
}

fn kind_and_database(kind: &str, path: &str) -> Result<(Kind, i64), NotARedisUrl> {
    let (kind, database) = match kind {
        "" => (Kind::Single, path),
        "sentinel" => {
            let (name, database) = path.split_once('/').unwrap_or((path, ""));
            let name = given(name)?.ok_or(NotARedisUrl::NoMaster)?;
            (Kind::Sentinel(name), database)
        }
        "cluster" if path.is_empty() => (Kind::Cluster, path),
        "cluster" => return Err(NotARedisUrl::ClusterDatabase),
        _ => return Err(NotARedisUrl::Scheme),
    };
    let number = |digits: &str| digits.parse().ok().filter(|number| *number >= 0);
    let database = if database.is_empty() { Some(0) } else { number(database) };
    Ok((kind, database.ok_or(NotARedisUrl::Path)?))
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
fn host_and_port(text: &str, port: u16) -> Result<(String, u16), NotARedisUrl> {
    let (host, rest) = match text.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']').ok_or(NotARedisUrl::Host)?,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = match rest.strip_prefix(':') {
        Some(digits) => digits.parse().ok().filter(|port| *port != 0).ok_or(NotARedisUrl::Port)?,
        None if rest.is_empty() => port,
        None => return Err(NotARedisUrl::Host),
    };
    if host.is_empty() { Err(NotARedisUrl::Host) } else { Ok((host.to_owned(), port)) }
}

/// A part that is there, its escapes resolved.
fn given(part: &str) -> Result<Option<String>, NotARedisUrl> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        let digit =
            |byte: Option<u8>| char::from(byte.unwrap_or(b'?')).to_digit(16).ok_or(NotARedisUrl::Escape);
        bytes.push(match byte {
            b'%' => u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).unwrap_or(b'?'),
            other => other,
        });
    }
    let text = String::from_utf8(bytes).map_err(|_| NotARedisUrl::Escape)?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, path) = match &self.kind {
            Kind::Single => ("", format!("/{}", self.database)),
            Kind::Sentinel(name) => ("+sentinel", format!("/{name}/{}", self.database)),
            Kind::Cluster => ("+cluster", String::new()),
        };
        let hosts: Vec<_> = self.hosts.iter().map(|(host, port)| format!("{host}:{port}")).collect();
        let scheme = if self.tls { "rediss" } else { "redis" };
        write!(f, "{scheme}{kind}://{}{path}", hosts.join(","))
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> RedisUrl {
        url.parse().expect("a URL of Redis")
    }

    #[test]
    fn every_form_is_understood() {
        let single = parsed("redis://localhost");
        assert_eq!(
            (single.kind, single.hosts, single.tls),
            (Kind::Single, vec![("localhost".into(), 6379)], false)
        );
        let full = parsed("rediss://app:p%40ss%3A@[::1]:7000/3");
        assert_eq!((full.hosts, full.tls, full.database), (vec![("::1".into(), 7000)], true, 3));
        assert_eq!((full.user.as_deref(), full.password.as_deref()), (Some("app"), Some("p@ss:")));
        let password_alone = parsed("redis://:secret@h");
        assert_eq!((password_alone.user, password_alone.password.as_deref()), (None, Some("secret")));
        let sentinel = parsed("redis+sentinel://a:1,b/main/2");
        assert_eq!((sentinel.kind, sentinel.database), (Kind::Sentinel("main".into()), 2));
        assert_eq!(sentinel.hosts, [("a".into(), 1), ("b".into(), 26379)]);
        let cluster = parsed("rediss+cluster://a:1,b:2");
        assert_eq!((cluster.kind, cluster.hosts.len(), cluster.tls), (Kind::Cluster, 2, true));
    }

    #[test]
    fn anything_else_is_told_what_it_lacks() {
        for (url, why) in [
            ("", NotARedisUrl::Scheme),
            ("http://h", NotARedisUrl::Scheme),
            ("redis+other://h", NotARedisUrl::Scheme),
            ("redis://", NotARedisUrl::Host),
            ("redis://[::1", NotARedisUrl::Host),
            ("redis://[::1]x", NotARedisUrl::Host),
            ("redis+cluster://a,,b", NotARedisUrl::Host),
            ("redis://h:0", NotARedisUrl::Port),
            ("redis://h:x", NotARedisUrl::Port),
            ("redis://a,b", NotARedisUrl::SeveralHosts),
            ("redis+sentinel://a", NotARedisUrl::NoMaster),
            ("redis://h/x", NotARedisUrl::Path),
            ("redis://h/-1", NotARedisUrl::Path),
            ("redis+sentinel://a/main/1/2", NotARedisUrl::Path),
            ("redis+cluster://a/1", NotARedisUrl::ClusterDatabase),
            ("redis://u:%4@h", NotARedisUrl::Escape),
            ("redis://u:%ff@h", NotARedisUrl::Escape),
        ] {
            assert_eq!(url.parse::<RedisUrl>(), Err(why), "{url}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for url in ["redis://ana:secret@h:1/2", "redis+sentinel://:secret@h/m", "redis+cluster://x:secret@h"]
        {
            let url = parsed(url);
            assert!(!format!("{url} {url:?}").contains("secret"), "{url}");
        }
        assert_eq!(parsed("rediss+sentinel://u:p@a:1,b/m").to_string(), "rediss+sentinel://a:1,b:26379/m/0");
    }
}
