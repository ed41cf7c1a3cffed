//! Configuration files.

use qala::config::{Config, ConfigFile, Sources};

const MOST_BYTES: usize = 16 * 1024;
/// Keys whose values nobody may read in a message, in both spellings.
const SECRETS: [&str; 4] = ["jwt-secret", "jwt_secret", "admin-token", "admin_token"];
/// Shorter values stand in other words by chance.
const TELLING_BYTES: usize = 12;

/// A file is accepted and can be summed up, or everything wrong with it is said, and no secret in it is shown.
pub(super) fn file(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if text.len() > MOST_BYTES {
        return;
    }
    let file = ConfigFile { path: "qala.toml".to_owned(), text: text.to_owned() };
    let said = match Config::resolve(&Sources { file: Some(file), ..Sources::default() }) {
        Ok(config) => vec![config.summary(), format!("{config:?}")],
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a reason: {text}");
            problems.iter().map(ToString::to_string).collect()
        }
    };
    let Ok(table) = text.parse::<toml::Table>() else { return };
    let others = table.iter().filter(|(key, _)| !SECRETS.contains(&key.as_str()));
    let spelled = |value: &toml::Value| value.as_str().map_or_else(|| format!("{value:?}"), str::to_owned);
    let others: Vec<String> = others.flat_map(|(key, value)| [key.clone(), spelled(value)]).collect();
    for secret in SECRETS.iter().filter_map(|key| table.get(*key)?.as_str()) {
        // What the file says elsewhere as well is no secret.
        let secret = secret.trim();
        if secret.len() < TELLING_BYTES || others.iter().any(|other| other.contains(secret)) {
            continue;
        }
        for said in &said {
            assert!(!said.contains(secret), "a secret is shown: {said}");
        }
    }
}
