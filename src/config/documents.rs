//! What is written from the table: `.env.example`, `docs/CONFIGURATION.md`, and the one line of `--check`.

use super::foreign::{Role, VARIABLES, VariableSpec};
use super::option::{Group, OptionSpec};
use super::{AllowedOrigins, Auth, Config, OPTIONS, Store, Transports};

/// The text of `.env.example`.
pub fn env_example() -> String {
    let mut lines = vec![
        "# Every variable of `qala serve`, with its default. Written from the option table; do not edit"
            .to_owned(),
        "# (UPDATE=1 cargo test -p qala --lib config writes it anew).".to_owned(),
        "# Flags win over variables, variables over the file of QALA_CONFIG. Empty is the same as unset."
            .to_owned(),
    ];
    for group in Group::ALL {
        lines.push(format!("\n# --- {} ---", group.title()));
        lines.extend(options_of(group).map(env_entry));
    }
    lines.push("\n# --- Variables of existing systems without an option of their own ---".to_owned());
    lines.extend(VARIABLES.iter().map(|variable| format!("\n# {}\n#{}=", role(variable), variable.name)));
    lines.join("\n") + "\n"
}

fn env_entry(spec: &OptionSpec) -> String {
    let mut lines = vec![format!("\n# {}", spec.help)];
    if let [_, others @ ..] = spec.environment
        && !others.is_empty()
    {
        lines.push(format!("# also understood: {}", others.join(", ")));
    }
    if spec.default.is_none() {
        lines.push(format!("# for example {}", spec.example));
    }
    lines.push(format!("#{}={}", spec.variable(), spec.default.unwrap_or_default()));
    lines.join("\n")
}

/// The text of `docs/CONFIGURATION.md`.
pub fn options_page() -> String {
    let mut lines = vec![PAGE_HEAD.to_owned()];
    for group in Group::ALL {
        lines.push(format!("\n## {}\n", group.title()));
        lines.push("| option | variables | default | meaning |\n|---|---|---|---|".to_owned());
        lines.extend(options_of(group).map(option_row));
    }
    lines.push(VARIABLES_HEAD.to_owned());
    lines.extend(
        VARIABLES
            .iter()
            .map(|variable| format!("| `{}` | `{}` | {} |", variable.name, variable.example, role(variable))),
    );
    lines.join("\n") + "\n"
}

const PAGE_HEAD: &str = "\
# Configuration

Every option of `qala serve`. This page is written from the option table \
(`UPDATE=1 cargo test -p qala --lib config`); do not edit it.

A flag wins over an environment variable, a variable over the file (`--config`, TOML; keys are the names of \
the options, with `-` or `_`), the file over the default. Where an option has several variables, the first \
that is set wins. Empty variables count as unset. `qala serve --check` reports everything that is wrong at \
once, and starts nothing.

Times are in seconds unless the name says `ms`. `*` as origin is refused in production.";

const VARIABLES_HEAD: &str = "
## Variables of existing systems without an option of their own

All are checked: a value that does not parse is an error.

| variable | example | what it does |
|---|---|---|";

fn options_of(group: Group) -> impl Iterator<Item = &'static OptionSpec> {
    OPTIONS.iter().copied().filter(move |spec| spec.group == group)
}

fn option_row(spec: &OptionSpec) -> String {
    let variables: Vec<String> = spec.environment.iter().map(|name| format!("`{name}`")).collect();
    let default = spec.default.map_or_else(|| "-".to_owned(), |default| format!("`{default}`"));
    let (flag, value) = (spec.flag, spec.value_name);
    format!("| `--{flag} <{value}>` | {} | {default} | {} |", variables.join(", "), spec.help)
}

fn role(variable: &VariableSpec) -> String {
    match variable.role {
        Role::Changes { flag, how } => format!("changes `--{flag}`: {how}"),
        Role::WithoutEffect { notice } => {
            let reason = notice.strip_prefix(variable.name).unwrap_or(notice);
            format!("no effect yet{reason}")
        }
    }
}

/// One line that says what would run.
pub(super) fn summary(config: &Config) -> String {
    let (spoken, auth) = (spoken(config), admitted(config));
    let pages = match &config.allowed_origins {
        AllowedOrigins::Loopback => "pages of this machine".to_owned(),
        AllowedOrigins::SameHost => "pages of its own host".to_owned(),
        AllowedOrigins::Listed(listed) => format!("pages of {}", listed.join(", ")),
        AllowedOrigins::Any => "pages of every origin".to_owned(),
    };
    let transports = match config.engine.transports {
        Transports::Both => "websocket and polling",
        Transports::Websocket => "websocket",
        Transports::Polling => "polling",
    };
    let store = match &config.store {
        Store::Embedded => "",
        // Its address may hold a password.
        Store::Redis(_) => "share a redis with other nodes; ",
    };
    format!(
        "listen on {} for {auth}, {pages}; {store}{spoken} over {transports}; demo {}; {}; at most {} \
         connections",
        config.listen.address(),
        if config.running.demo { "on" } else { "off" },
        threads(config.running.threads.get()),
        grouped(config.limits.max_connections),
    )
}

/// What the node speaks.
fn spoken(config: &Config) -> String {
    let names: Vec<&str> = config.auth.iter().map(|(dialect, _)| dialect.as_str()).collect();
    format!("dialect{} {}", if names.len() == 1 { "" } else { "s" }, names.join(" and "))
}

/// Who may enter; where that is not the same for all, with whom.
fn admitted(config: &Config) -> String {
    let admitted = config.auth.iter().map(|(dialect, auth)| {
        let who = match auth {
            Auth::GuestOnLoopback => "guests from this machine",
            Auth::OpenToAll => "anyone without authentication",
            Auth::Jwt(jwt) if jwt.keys.is_none() => "holders of a token (HS256)",
            Auth::Jwt(_) => "holders of a token (published keys)",
            Auth::Http(_) => "holders of a token (asked about)",
            Auth::Backend(_) => "holders of a session (backend)",
        };
        (dialect.as_str(), who)
    });
    let admitted: Vec<(&str, &str)> = admitted.collect();
    match admitted.as_slice() {
        [(_, who), others @ ..] if others.iter().all(|(_, other)| other == who) => (*who).to_owned(),
        all => {
            let all: Vec<String> = all.iter().map(|(name, who)| format!("{who} ({name})")).collect();
            all.join(", ")
        }
    }
}

fn threads(number: usize) -> String {
    if number == 1 { "1 thread".to_owned() } else { format!("{number} threads") }
}

/// A number with commas between its thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
