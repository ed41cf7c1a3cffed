//! Where values come from: flags, environment, file. Given from outside, as text; nothing is read here.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;

use super::nearest::nearest;
use super::option::OptionSpec;
use super::problem::Problem;
use super::{OPTIONS, running};

/// Everything the configuration is made of.
#[derive(Clone)]
pub struct Sources {
    /// Values of flags, by flag name without dashes.
    pub flags: BTreeMap<&'static str, String>,
    /// The process environment. Empty values count as unset.
    pub environment: BTreeMap<String, String>,
    /// The file named by `--config`, already read.
    pub file: Option<ConfigFile>,
    /// Cores of this machine: the number of threads when nobody says otherwise.
    pub cores: NonZeroUsize,
}

impl Default for Sources {
    /// Nothing given, on a machine with one core.
    fn default() -> Self {
        Self { flags: BTreeMap::new(), environment: BTreeMap::new(), file: None, cores: NonZeroUsize::MIN }
    }
}

impl Sources {
    /// The file that flags or environment ask for, and who asked. The caller reads it into [`Sources::file`].
    pub fn file_path(&self) -> Option<Given> {
        self.flag(&running::CONFIG).or_else(|| self.variable(&running::CONFIG))
    }

    /// The value of a flag.
    pub(super) fn flag(&self, spec: &OptionSpec) -> Option<Given> {
        let value = self.flags.get(spec.flag)?;
        Some(Given { origin: Origin::Flag(spec.flag), value: value.clone() })
    }

    /// The value of the strongest variable that is set.
    pub(super) fn variable(&self, spec: &OptionSpec) -> Option<Given> {
        spec.environment.iter().find_map(|name| self.variable_named(name))
    }

    /// The value of one variable, if it is set and not empty.
    pub(super) fn variable_named(&self, name: &'static str) -> Option<Given> {
        let value = self.environment.get(name)?;
        let meant = !value.is_empty() && !is_service_link(name, value);
        meant.then(|| Given { origin: Origin::Variable(name), value: value.clone() })
    }
}

/// Kubernetes describes every service to every container in variables named after it. A service called `qala`
/// becomes `QALA_PORT=tcp://10.0.0.1:3001` and more, which nobody wrote and which are no options.
pub(super) fn is_service_link(name: &str, value: &str) -> bool {
    let address = ["tcp://", "udp://"].iter().any(|scheme| value.starts_with(scheme));
    let described = ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT_"].iter().any(|part| name.contains(part));
    name.starts_with("QALA_") && (described || (address && name.ends_with("_PORT")))
}

/// A configuration file.
#[derive(Clone)]
pub struct ConfigFile {
    /// Its name as the user gave it, for messages.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// A value and who gave it. It may be a secret, so it has no `Debug`.
#[derive(Clone)]
pub struct Given {
    /// Who gave it.
    pub origin: Origin,
    /// The value as given.
    pub value: String,
}

/// Who gave a value, shown in the words the user used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A default of the table: shown as the flag that would change it.
    Default(&'static str),
    /// A key in a file.
    Key {
        /// The key as written there.
        key: String,
        /// The file's name.
        path: String,
    },
    /// An environment variable.
    Variable(&'static str),
    /// A flag, without its dashes.
    Flag(&'static str),
}

impl Origin {
    /// Strength: of two origins, the one with the larger number wins.
    pub(super) fn strength(&self) -> u8 {
        match self {
            Self::Default(_) => 0,
            Self::Key { .. } => 1,
            Self::Variable(_) => 2,
            Self::Flag(_) => 3,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default(flag) | Self::Flag(flag) => write!(formatter, "--{flag}"),
            Self::Key { key, path } => write!(formatter, "{key} in {path}"),
            Self::Variable(name) => formatter.write_str(name),
        }
    }
}

/// The values of a file by flag name, and what is wrong with it.
pub(super) fn read_file(file: &ConfigFile, problems: &mut Vec<Problem>) -> BTreeMap<&'static str, Given> {
    let table = match file.text.parse::<toml::Table>() {
        Ok(table) => table,
        Err(error) => {
            problems.push(unreadable(file, &error));
            return BTreeMap::new();
        }
    };
    let mut values = BTreeMap::new();
    for (key, value) in &table {
        let Some(spec) = option_of_key(key) else {
            let known = OPTIONS.iter().map(|spec| spec.flag).filter(|flag| *flag != running::CONFIG.flag);
            let nearest = nearest(&key.replace('_', "-"), known);
            problems.push(Problem::UnknownKey { key: key.clone(), path: file.path.clone(), nearest });
            continue;
        };
        let origin = Origin::Key { key: key.clone(), path: file.path.clone() };
        match flat(value) {
            None => problems.push(Problem::NotAValue { origin, expected: spec.kind.expected(""), spec }),
            Some(value) => {
                if values.insert(spec.flag, Given { origin: origin.clone(), value }).is_some() {
                    problems.push(Problem::KeyTwice { origin });
                }
            }
        }
    }
    values
}

/// The option a key of a file names. The file cannot name another file.
fn option_of_key(key: &str) -> Option<&'static OptionSpec> {
    let flag = key.replace('_', "-");
    OPTIONS.iter().copied().find(|spec| spec.flag == flag && spec.flag != running::CONFIG.flag)
}

/// A TOML value as the text a flag would have; lists as their items with commas between.
fn flat(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        toml::Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(flat).collect();
            Some(items?.join(","))
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

/// Names the line, but does not quote it: it may hold a secret.
fn unreadable(file: &ConfigFile, error: &toml::de::Error) -> Problem {
    let line = error.span().map(|span| {
        let before = file.text.get(..span.start).unwrap_or(&file.text);
        before.matches('\n').count() + 1
    });
    let reason = error.message().lines().next().unwrap_or_default().to_owned();
    Problem::UnreadableFile { path: file.path.clone(), line, reason }
}
