//! The command from outside: what it says on which stream, and how it ends.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

/// Runs `qala` with nothing but the given variables in its environment.
fn qala(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_qala"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap_or_else(|error| panic!("qala does not start: {error}"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A refusal: code 2, nothing on stdout, exactly these lines on stderr.
fn assert_refused(arguments: &[&str], environment: &[(&str, &str)], lines: &[&str]) {
    let output = qala(arguments, environment);
    assert_eq!(text(&output.stderr).lines().collect::<Vec<_>>(), lines, "{arguments:?}");
    assert_eq!(text(&output.stdout), "", "{arguments:?}");
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
}

/// Success: code 0, and stdout is what the file says. `UPDATE=1` writes it anew.
fn assert_snapshot(arguments: &[&str], name: &str) -> String {
    let output = qala(arguments, &[]);
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(0)), "{arguments:?}");
    let shown = text(&output.stdout);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, &shown).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(shown, expected, "{} differs; UPDATE=1 writes it anew", path.display());
    shown
}

/// A file of its own for one test.
fn temporary(name: &str, content: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    path
}

#[test]
fn help_fits_a_screen() {
    let shown = assert_snapshot(&["--help"], "help.txt");
    // One line is left for the next prompt.
    assert!(shown.lines().count() <= 23, "{} lines", shown.lines().count());
    assert!(shown.lines().all(|line| line.chars().count() <= 80));
    for arguments in [["-h"], ["help"]] {
        assert_eq!(text(&qala(&arguments, &[]).stdout), shown);
    }
}

#[test]
fn help_of_serve_fits_a_terminal() {
    let shown = assert_snapshot(&["serve", "--help"], "serve-help.txt");
    let wide: Vec<&str> = shown.lines().filter(|line| line.chars().count() > 80).collect();
    assert_eq!(wide, Vec::<&str>::new());
    for arguments in [["serve", "-h"], ["help", "serve"]] {
        assert_eq!(text(&qala(&arguments, &[]).stdout), shown);
    }
}

#[test]
fn help_of_bench_fits_a_terminal() {
    let shown = assert_snapshot(&["bench", "--help"], "bench-help.txt");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "too wide");
    for arguments in [["bench", "-h"], ["help", "bench"]] {
        assert_eq!(text(&qala(&arguments, &[]).stdout), shown);
    }
}

#[test]
fn a_node_that_is_not_there_is_not_well() {
    assert_snapshot(&["health", "--help"], "health-help.txt");
    // Nothing listens on port 1.
    for (arguments, environment) in
        [(&["health", "http://127.0.0.1:1"][..], &[][..]), (&["health"], &[("PORT", "1")])]
    {
        let output = qala(arguments, environment);
        assert_eq!(
            text(&output.stderr),
            "error: http://127.0.0.1:1/health/live does not answer (connection refused)\nhint: is `qala serve` running \
             there? `qala health <url>` asks elsewhere\n"
        );
        assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("", Some(1)));
    }
    assert_refused(
        &["health", "https://127.0.0.1:1"],
        &[],
        &[
            "error: `https://127.0.0.1:1` is no address that can be asked",
            "hint: for example http://127.0.0.1:3001/health/ready; it speaks no TLS",
        ],
    );
}

#[test]
fn help_of_top_fits_a_terminal() {
    let shown = assert_snapshot(&["top", "--help"], "top-help.txt");
    let wide: Vec<&str> = shown.lines().filter(|line| line.chars().count() > 80).collect();
    assert_eq!(wide, Vec::<&str>::new());
    for arguments in [["top", "-h"], ["help", "top"]] {
        assert_eq!(text(&qala(&arguments, &[]).stdout), shown);
    }
}

/// What a program reads of exit codes stands in the help and on the page alike.
#[test]
fn the_page_of_top_lists_its_exit_codes() {
    let page = include_str!("../../docs/TOP.md");
    let help = text(&qala(&["top", "--help"], &[]).stdout);
    for code in ["0", "1", "2", "3", "129", "130", "143"] {
        assert!(help.contains(code) && page.contains(code), "{code}");
    }
    for row in ["| 0 |", "| 1 |", "| 2 |", "| 3 |", "| 129, 130, 143 |"] {
        assert!(page.contains(row), "{row}");
    }
}

#[test]
fn a_top_that_makes_no_sense_is_refused() {
    let redis = [("REDIS_URL", "redis://127.0.0.1:1")];
    assert_refused(
        &["top", "--once"],
        &[],
        &[
            "error: nothing to look at",
            "hint: give --redis-url (or REDIS_URL), or --url http://127.0.0.1:3001 for one node, or --replay FILE",
        ],
    );
    assert_refused(
        &["top"],
        &redis,
        &[
            "error: no terminal to draw on",
            "hint: --once, --stream or --linear print instead; --once --json for programs",
        ],
    );
    assert_refused(
        &["top", "--once", "--every", "fast", "--screen", "cellar"],
        &redis,
        &[
            "error: --every is `fast`; expected seconds from 0.25 to 60, for example 5",
            "hint: 1 is usual",
            "error: there is no screen `cellar`",
            "hint: there are overview, queues, rooms, nodes and events",
        ],
    );
    assert_refused(&["top", "--onc"], &[], &["error: unknown option --onc", "hint: did you mean --once?"]);
}

#[test]
fn a_record_that_is_not_there() {
    let output = qala(&["top", "--stream", "--replay", "/nowhere/night.jsonl"], &[]);
    assert_eq!(
        text(&output.stderr),
        "error: cannot read /nowhere/night.jsonl: No such file or directory (os error 2)\nhint: correct --replay\n"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_bench_that_makes_no_sense_is_refused_with_all_objections() {
    assert_refused(
        &["bench", "--url", "https://chat.example", "--rate", "many", "--assert", "match.p99 = 5"],
        &[],
        &[
            "error: --url is `https://chat.example`; expected http or ws: TLS is not spoken by the tester; measure \
             behind what ends it",
            "error: --rate is `many`; expected a number, for example 500",
            "error: the condition `match.p99 = 5` cannot be read; expected one like `match.p99 < 50ms` or `errors \
             == 0`",
        ],
    );
    assert_refused(
        &["bench", "--scenario", "nothing"],
        &[],
        &[
            "error: no scenario and no file is called `nothing`",
            "hint: built in are hold, ramp, steps, spike, storm, slow-readers, half-open, mixed, short; \
             --print-scenario hold shows what a file looks like",
        ],
    );
}

#[cfg(not(feature = "rust-socketio"))]
#[test]
fn a_client_that_is_not_built_in_is_refused_with_the_command_that_builds_it() {
    assert_refused(
        &["bench", "--client", "rust-socketio"],
        &[],
        &[
            "error: --client rust-socketio is not in this build: it links OpenSSL",
            "hint: cargo run --release --features rust-socketio -- bench --client rust-socketio",
        ],
    );
}

#[test]
fn a_scenario_is_printed_as_a_file_that_is_read() {
    let output = qala(&["bench", "--print-scenario", "spike", "--rate", "7.5"], &[]);
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(0)));
    let printed = text(&output.stdout);
    assert!(printed.contains("rate = 7.5\n"), "{printed}");
    let path = temporary("spike.toml", &printed);
    let again = qala(&["bench", "--print-scenario", &path.display().to_string()], &[]);
    assert_eq!(text(&again.stdout), printed);
}

#[test]
fn a_server_out_of_reach_is_said_and_has_a_code_of_its_own() {
    // Nothing listens on port 1.
    let output = qala(&["bench", "--url", "http://127.0.0.1:1", "--clients", "2"], &[]);
    assert_eq!(
        text(&output.stderr),
        "error: cannot reach 127.0.0.1:1 (connection refused)\nhint: start it, or correct --url\n"
    );
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("", Some(3)));
}

#[test]
fn help_and_version_need_no_valid_environment() {
    for arguments in [["--help"], ["--version"], ["-V"]] {
        assert_eq!(qala(&arguments, &[("PORT", "x")]).status.code(), Some(0));
    }
    let version = text(&qala(&["--version"], &[]).stdout);
    assert!(version.starts_with(concat!("qala ", env!("CARGO_PKG_VERSION"))), "{version}");
    assert_eq!(version, text(&qala(&["-V"], &[]).stdout));
}

#[test]
fn a_build_from_a_checkout_names_its_commit() {
    let version = text(&qala(&["--version"], &[]).stdout);
    let commit = version
        .strip_prefix(concat!("qala ", env!("CARGO_PKG_VERSION"), " ("))
        .and_then(|rest| rest.strip_suffix(")\n"));
    match option_env!("QALA_COMMIT") {
        Some("") | None => assert_eq!(version, concat!("qala ", env!("CARGO_PKG_VERSION"), "\n")),
        given => assert_eq!(commit, given),
    }
    // Where the build could ask, it did.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let asked = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(&root).output();
    if root.join(".git").exists() && asked.is_ok_and(|answer| answer.status.success()) {
        assert!(commit.is_some_and(|commit| !commit.is_empty()), "{version}");
    }
}

#[test]
fn check_says_what_would_run_and_starts_nothing() {
    let given = ["serve", "--check", "--port=8080", "--threads", "2"];
    let output = qala(&given, &[("REDIS_POOL_SIZE", "10"), ("MAX_CONNECTIONS_PER_WORKER", "5000")]);
    assert_eq!(
        text(&output.stdout),
        "ok: would listen on 127.0.0.1:8080 for guests from this machine, pages of this machine; dialect \
         qala over websocket and polling; demo on; 2 threads; at most 10,000 connections\n"
    );
    assert_eq!(
        text(&output.stderr),
        "note: no effect in this version: REDIS_POOL_SIZE (one connection is shared by all)\n"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_redis_out_of_reach_is_said_without_its_password() {
    // Nothing listens on port 1.
    let output = qala(&["serve", "--port=0"], &[("REDIS_URL", "redis://:hunter2@127.0.0.1:1")]);
    assert_eq!(
        text(&output.stderr),
        "error: cannot reach redis at 127.0.0.1:1 (connection refused, tried 3 times in 5 s)\n\
         hint: start it, correct --redis-url (from REDIS_URL), or leave it out for the embedded store\n"
    );
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("", Some(1)));
}

#[test]
fn wrong_arguments() {
    let lists = "hint: `qala serve --help` lists the options";
    let says = "hint: `qala serve --help` says which";
    let behind = "hint: options of serve stand behind `serve`";
    for (arguments, error, hint) in [
        (
            &[][..],
            "error: no command given",
            "hint: `qala serve` runs a node; `qala --help` lists the commands",
        ),
        (&["serv"], "error: unknown command `serv`", "hint: did you mean serve?"),
        (&["dance"], "error: unknown command `dance`", "hint: `qala --help` lists the commands"),
        (
            &["bench", "--kafka-url", "x"],
            "error: unknown option --kafka-url",
            "hint: `qala bench --help` lists the options",
        ),
        (&["bench", "--rat", "5"], "error: unknown option --rat", "hint: did you mean --rate?"),
        (&["bench", "--url"], "error: --url needs a value", "hint: `qala bench --help` says which"),
        (&["serve", "--prot", "1"], "error: unknown option --prot", "hint: did you mean --port?"),
        (&["serve", "--mongodb-connection", "x"], "error: unknown option --mongodb-connection", lists),
        (&["serve", "-x"], "error: unknown option -x", lists),
        (&["--port", "3000", "serve"], "error: unknown option --port", behind),
        (&["--check"], "error: unknown option --check", behind),
        (&["--port=3000"], "error: unknown option --port", behind),
        (&["--prot", "3000", "serve"], "error: unknown option --prot", lists),
        (&["serve", "now"], "error: unexpected argument `now`", "hint: options begin with --"),
        (&["serve", "--port"], "error: --port needs a value", says),
        (&["serve", "--port", "--check"], "error: --port needs a value", says),
        (&["serve", "--check=yes"], "error: --check takes no value", "hint: write it alone"),
        (
            &["serve", "--port", "1", "--port", "2"],
            "error: --port is given more than once",
            "hint: keep one of them",
        ),
    ] {
        assert_refused(arguments, &[], &[error, hint]);
    }
}

#[test]
fn wrong_configuration() {
    assert_refused(
        &["serve", "--check"],
        &[("REDIS_TTL_MATCH_MAP", "1h")],
        &["error: REDIS_TTL_MATCH_MAP is `1h`; expected a whole number of seconds, for example 3600"],
    );
    assert_refused(
        &["serve", "--host", "0.0.0.0"],
        &[],
        &[
            "error: refusing to listen on 0.0.0.0:3001 without authentication",
            "hint: give --jwt-secret or --jwks-url, or say --auth none if everyone on that network may enter",
        ],
    );
    assert_refused(
        &["serve", "--port", "-5"],
        &[("QALA_LOGLEVEL", "debug"), ("PING_INTERVAL", "25s")],
        &[
            "error: unknown variable QALA_LOGLEVEL",
            "hint: did you mean QALA_LOG_LEVEL?",
            "error: --port is `-5`; expected a port number from 0 to 65535, for example 3001",
            "error: PING_INTERVAL is `25s`; expected a whole number of milliseconds, for example 25000",
        ],
    );
}

#[test]
fn files() {
    let path = temporary("good.toml", "port = 4000\nlog_level = \"debug\"\n");
    let shown = path.display().to_string();
    for (arguments, variables) in [
        (&["serve", "--check", "--config", &shown][..], vec![]),
        (&["serve", "--check"], vec![("QALA_CONFIG", &*shown)]),
    ] {
        let output = qala(arguments, &variables);
        assert!(text(&output.stdout).contains(" 127.0.0.1:4000 "), "{}", text(&output.stderr));
    }
    let path = temporary("bad.toml", "prot = 4000\n");
    let shown = path.display().to_string();
    let unknown = format!("error: unknown key prot in {shown}");
    assert_refused(&["serve", "--config", &shown], &[], &[&unknown, "hint: did you mean port?"]);
    assert_refused(
        &["serve"],
        &[("QALA_CONFIG", "/nowhere/qala.toml")],
        &[
            "error: cannot read /nowhere/qala.toml: no such file or directory",
            "hint: correct QALA_CONFIG, or leave it out",
        ],
    );
}

#[test]
fn no_colour_without_a_terminal() {
    let output = qala(&["serv"], &[("TERM", "xterm-256color"), ("CLICOLOR_FORCE", "1")]);
    assert!(!output.stderr.contains(&0x1b), "{}", text(&output.stderr));
}

#[cfg(unix)]
#[test]
fn arguments_and_variables_that_are_no_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let broken = OsStr::from_bytes(b"\xff");
    let run = |command: &mut Command| {
        let output = command.output().unwrap_or_else(|error| panic!("qala does not start: {error}"));
        (text(&output.stderr), output.status.code())
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_qala"));
    let (said, code) = run(command.args(["serve", "--port"]).arg(broken).env_clear());
    assert_eq!(said.lines().next(), Some("error: an argument is not valid UTF-8"));
    assert_eq!(code, Some(2));
    let mut command = Command::new(env!("CARGO_BIN_EXE_qala"));
    let (said, code) = run(command.args(["serve", "--check"]).env_clear().env("PORT", broken));
    assert_eq!(
        said.lines().next(),
        Some("error: PORT is `\u{fffd}`; expected a port number, for example 3001")
    );
    assert_eq!(code, Some(2));
}
