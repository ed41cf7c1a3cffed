//! `SECURITY.md` and the invariants of `docs/ARCHITECTURE.md` name tests: every one of them is there.

use std::path::Path;

/// What a page names: a file between backticks, a colon, and titles between backticks with commas.
fn named(page: &str) -> Vec<(String, String)> {
    let mut named = Vec::new();
    for line in page.lines().filter(|line| line.starts_with('|')) {
        let parts: Vec<&str> = line.split('`').collect();
        let mut file = "";
        // Outside and inside of backticks take turns.
        for (between, inside) in parts.iter().step_by(2).zip(parts.iter().skip(1).step_by(2)) {
            let is_file = Path::new(inside)
                .extension()
                .is_some_and(|extension| extension == "rs" || extension == "mjs");
            if is_file && inside.contains('/') {
                file = inside;
            } else if between.trim() == ":" || (between.trim() == "," && !file.is_empty()) {
                named.push((file.to_owned(), (*inside).to_owned()));
            } else {
                file = "";
            }
        }
    }
    named
}

/// Whether the source of a file has a test of that title.
fn has(source: &str, title: &str) -> bool {
    let function =
        [format!("fn {title}("), format!("fn {title}<")].iter().any(|function| source.contains(function));
    function || ['\'', '`'].iter().any(|quote| source.contains(&format!("it({quote}{title}{quote}, ")))
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_default()
}

/// Rows of a page that name a test which is not there.
fn lost(page: &str) -> Vec<String> {
    let there = |(file, title): &(String, String)| has(&read(file), title);
    named(page).iter().filter(|row| !there(row)).map(|(file, title)| format!("{file}: {title}")).collect()
}

#[test]
fn every_test_that_the_page_of_threats_names_is_there() {
    let page = read("SECURITY.md");
    assert!(named(&page).len() >= 30, "{} tests named", named(&page).len());
    assert_eq!(lost(&page), Vec::<String>::new());
}

#[test]
fn every_row_of_the_page_of_threats_names_a_test() {
    let page = read("SECURITY.md");
    let rows = page.lines().filter(|line| line.starts_with('|')).skip(2);
    let bare: Vec<&str> = rows.filter(|row| named(row).is_empty()).collect();
    assert_eq!(bare, Vec::<&str>::new());
}

#[test]
fn a_test_that_is_not_there_is_noticed() {
    let row = "| who | `word` | `tests/security_page.rs`: `a_test_that_is_not_there_is_noticed`, `nowhere`; `tests/none.mjs`: `x y` |";
    let expected = [
        ("tests/security_page.rs", "a_test_that_is_not_there_is_noticed"),
        ("tests/security_page.rs", "nowhere"),
        ("tests/none.mjs", "x y"),
    ];
    assert_eq!(named(row), expected.map(|(file, title)| (file.to_owned(), title.to_owned())));
    assert_eq!(lost(row), ["tests/security_page.rs: nowhere", "tests/none.mjs: x y"]);
    assert!(has("it('a thing', LIMIT", "a thing") && !has("it('a thing else', LIMIT", "a thing"));
}
