//! The verdict as `JUnit` XML: one test for each thing that had to hold.

use std::fmt::Write;

use super::Report;
use super::html::escaped;
use crate::verdict::Ending;

/// A test: its name, and why it failed if it did.
type Case = (String, Option<String>);

/// The report as `JUnit` XML.
pub(super) fn junit(report: &Report) -> String {
    let cases = cases(report);
    let failures = cases.iter().filter(|(_, failure)| failure.is_some()).count();
    let seconds = report.setting.seconds;
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"qala bench\" tests=\"{tests}\" \
         failures=\"{failures}\" time=\"{seconds:.3}\">\n  <testsuite name=\"{name}\" tests=\"{tests}\" \
         failures=\"{failures}\" errors=\"0\" skipped=\"0\" time=\"{seconds:.3}\">\n",
        tests = cases.len(),
        name = escaped(&report.scenario.name),
    );
    for (name, failure) in &cases {
        let name = escaped(name);
        // Writing to a string cannot fail.
        let _ = match failure {
            None => writeln!(xml, "    <testcase classname=\"qala.bench\" name=\"{name}\"/>"),
            Some(why) => writeln!(
                xml,
                "    <testcase classname=\"qala.bench\" name=\"{name}\"><failure message=\"{why}\"/></testcase>",
                why = escaped(why)
            ),
        };
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

fn cases(report: &Report) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for judged in &report.assertions {
        let failure = (!judged.held).then(|| format!("was {}", judged.value));
        cases.push((judged.assertion.clone(), failure));
    }
    for compared in &report.baseline {
        let said = format!("{} us, was {} us", compared.now_us, compared.before_us);
        let name = format!("{} within {} % of the baseline", compared.name, compared.allowed_percent);
        cases.push((name, (!compared.held).then_some(said)));
    }
    for (kind, times) in &report.oracle.counts {
        let failure = (*times > 0).then(|| {
            let first = report.oracle.violations.iter().find(|wrong| wrong.kind == *kind);
            format!("{times} times; {}", first.map_or("", |first| &first.said))
        });
        cases.push((format!("oracle: {kind}"), failure));
    }
    cases.push(("the tester was not the bottleneck".to_owned(), report.verdict.bottleneck.clone()));
    let ran_out = matches!(report.verdict.ending, Ending::Interrupted | Ending::Unreachable);
    cases.push(("the run was completed".to_owned(), ran_out.then(|| report.verdict.first.clone())));
    cases
}
