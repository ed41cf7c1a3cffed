//! Where log lines are kept besides stderr, and of whom there are more.

use super::option::{Group, Kind, OptionSpec, bytes, count, not_blank};
use super::reader::Reader;

pub(super) static LOG_FILE: OptionSpec = OptionSpec {
    flag: "log-file",
    environment: &["QALA_LOG_FILE"],
    group: Group::Process,
    kind: Kind::Text { what: "the name of a file", accepts: not_blank },
    value_name: "file",
    default: None,
    example: "/var/log/qala.log",
    help: "write the log to this file as well, json unless --log-format is text; full ones become <file>.1, .2 and so on",
    secret: false,
};

pub(super) static LOG_FILE_BYTES: OptionSpec = OptionSpec {
    flag: "log-file-bytes",
    environment: &["QALA_LOG_FILE_BYTES"],
    group: Group::Process,
    kind: bytes(1_024, 1_099_511_627_776),
    value_name: "bytes",
    default: Some("5000000"),
    example: "5000000",
    help: "size from which on the log file is full",
    secret: false,
};

pub(super) static LOG_FILES: OptionSpec = OptionSpec {
    flag: "log-files",
    environment: &["QALA_LOG_FILES"],
    group: Group::Process,
    kind: count(2, 1_000),
    value_name: "number",
    default: Some("5"),
    example: "5",
    help: "log files that are kept, the current one included",
    secret: false,
};

pub(super) static TRACE_USER: OptionSpec = OptionSpec {
    flag: "trace-user",
    environment: &["QALA_TRACE_USER"],
    group: Group::Process,
    kind: Kind::Text { what: "the id of a user", accepts: not_blank },
    value_name: "id",
    default: None,
    example: "guest-0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    help: "log what this user asks and is told (target qala::trace): names, ids and sizes, never what was written; \
           while the node runs, PUT /trace/<id> and DELETE /trace as an operator",
    secret: false,
};

/// What is logged besides, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The file, if there is one.
    pub file: Option<LogFile>,
    /// The user of whom everything is logged.
    pub trace_user: Option<String>,
}

/// A file that log lines go to, and those it was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// Its name.
    pub path: String,
    /// When it is full.
    pub bytes: u64,
    /// How many there are with it, two at least.
    pub files: usize,
}

impl Log {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let path = reader.accepted(&LOG_FILE).map(|given| given.value);
        let (bytes, files) = (reader.whole(&LOG_FILE_BYTES), reader.whole(&LOG_FILES));
        let trace_user = reader.accepted(&TRACE_USER).map(|given| given.value.trim().to_owned());
        Self { file: path.map(|path| LogFile { path, bytes, files }), trace_user }
    }
}
