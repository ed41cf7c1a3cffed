//! Files made from the table say what the table says. `UPDATE=1` writes them anew.

use std::path::Path;
use std::{env, fs};

use super::super::{Config, env_example, options_page};
use super::{environment, flags};

fn assert_file(path: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, expected).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{} is not what the table says; UPDATE=1 writes it anew", path.display());
}

#[test]
fn the_example_environment_is_up_to_date() {
    assert_file(".env.example", &env_example());
}

#[test]
fn the_page_of_options_is_up_to_date() {
    assert_file("docs/CONFIGURATION.md", &options_page());
}

#[test]
fn the_example_environment_is_valid_when_uncommented() {
    let text = env_example();
    let set: Vec<(&str, &str)> = text
        .lines()
        .filter_map(|line| line.strip_prefix('#')?.split_once('='))
        .filter(|(name, _)| name.starts_with(|letter: char| letter.is_ascii_uppercase()))
        .collect();
    assert!(set.len() > 30, "{}", set.len());
    let mut config = environment(&set).config();
    assert!(!config.said.is_empty());
    config.said.clear();
    assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
}

#[test]
fn the_summary_is_one_line() {
    assert_eq!(
        Config::default().summary(),
        "listen on 127.0.0.1:3001 for guests from this machine, pages of this machine; dialect qala over \
         websocket and polling; demo on; 1 thread; at most 100,000 connections"
    );
    let given = [
        ("host", "::"),
        ("port", "80"),
        ("jwt-secret", "0123456789abcdef"),
        ("allowed-origins", "https://a.example"),
        ("transports", "websocket"),
        ("threads", "8"),
        ("max-connections", "999"),
    ];
    assert_eq!(
        flags(&given).config().summary(),
        "listen on [::]:80 for holders of a token (HS256), pages of https://a.example; dialect qala over \
         websocket; demo off; 8 threads; at most 999 connections"
    );
}
