//! Reads options one by one in order of precedence, and collects every problem instead of stopping at one.

use std::collections::{BTreeMap, BTreeSet};

use super::OPTIONS;
use super::foreign::VariableSpec;
use super::nearest::nearest;
use super::option::{Kind, OptionSpec, whole};
use super::problem::Problem;
use super::sources::{Given, Origin, Sources, is_service_link, read_file};

/// What is set at run time by build tools and container images, though no option of ours.
const NOT_OPTIONS: [&str; 1] = ["QALA_COMMIT"];

/// One pass over all options.
pub(super) struct Reader<'a> {
    pub(super) sources: &'a Sources,
    file: BTreeMap<&'static str, Given>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        let mut problems = Vec::new();
        unknown_variables(sources, &mut problems);
        let file = sources.file.as_ref().map(|file| read_file(file, &mut problems)).unwrap_or_default();
        Self { sources, file, problems }
    }

    /// What somebody said, by precedence; without the default.
    pub(super) fn given(&self, spec: &OptionSpec) -> Option<Given> {
        self.sources
            .flag(spec)
            .or_else(|| self.sources.variable(spec))
            .or_else(|| self.file.get(spec.flag).cloned())
    }

    /// The options that somebody set, by their flags.
    pub(super) fn said(&self) -> BTreeSet<&'static str> {
        OPTIONS.iter().filter(|spec| self.given(spec).is_some()).map(|spec| spec.flag).collect()
    }

    /// What somebody said, if it is acceptable, otherwise the default; and by whom.
    pub(super) fn accepted(&mut self, spec: &'static OptionSpec) -> Option<Given> {
        if let Some(given) = self.given(spec) {
            if spec.kind.accepts(&given.value) {
                return Some(given);
            }
            self.refuse(&given, &spec.kind, spec.example, spec.secret);
        }
        let value = spec.default?.to_owned();
        Some(Given { origin: Origin::Default(spec.flag), value })
    }

    /// A whole number in the width its user wants.
    pub(super) fn whole<N: TryFrom<u64> + Default>(&mut self, spec: &'static OptionSpec) -> N {
        let number = self.accepted(spec).and_then(|given| whole(&given.value));
        self.narrow(spec, number.unwrap_or_default())
    }

    /// Like [`Reader::whole`], but a number computed from variables of the existing systems stands where
    /// one of their variables would: behind flag and `QALA_` variable, before the file.
    pub(super) fn whole_or_computed<N: TryFrom<u64> + Default>(
        &mut self,
        spec: &'static OptionSpec,
        computed: Option<u64>,
    ) -> N {
        let said = self.sources.flag(spec).is_some() || self.sources.variable(spec).is_some();
        match computed {
            Some(number) if !said => {
                let number = match spec.kind {
                    Kind::Whole { min, max, .. } => number.clamp(min, max),
                    Kind::Words(_) | Kind::Text { .. } => number,
                };
                self.narrow(spec, number)
            }
            Some(_) | None => self.whole(spec),
        }
    }

    /// Anything else: accepted by its kind, then parsed. `None` if it was not given or not acceptable.
    pub(super) fn parsed<T>(&mut self, spec: &'static OptionSpec, parse: fn(&str) -> Option<T>) -> Option<T> {
        parse(&self.accepted(spec)?.value)
    }

    /// A variable of the existing systems that has no option of its own.
    pub(super) fn foreign(&mut self, spec: &'static VariableSpec) -> Option<Given> {
        let given = self.sources.variable_named(spec.name)?;
        if spec.kind.accepts(&given.value) {
            return Some(given);
        }
        self.refuse(&given, &spec.kind, spec.example, spec.secret);
        None
    }

    pub(super) fn foreign_whole(&mut self, spec: &'static VariableSpec) -> Option<u64> {
        self.foreign(spec).and_then(|given| whole(&given.value))
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// How many problems there are so far: rules that build on values are checked only if these are sound.
    pub(super) fn problem_count(&self) -> usize {
        self.problems.len()
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    fn narrow<N: TryFrom<u64> + Default>(&mut self, spec: &'static OptionSpec, number: u64) -> N {
        N::try_from(number).unwrap_or_else(|_| {
            let origin = self.given(spec).map_or(Origin::Default(spec.flag), |given| given.origin);
            let given = Given { origin, value: number.to_string() };
            self.refuse(&given, &spec.kind, spec.example, spec.secret);
            N::default()
        })
    }

    fn refuse(&mut self, given: &Given, kind: &Kind, example: &'static str, secret: bool) {
        self.problems.push(Problem::Invalid {
            origin: given.origin.clone(),
            value: (!secret).then(|| given.value.clone()),
            expected: kind.expected(&given.value),
            example,
        });
    }
}

/// A misspelt `QALA_` variable would otherwise be ignored in silence.
fn unknown_variables(sources: &Sources, problems: &mut Vec<Problem>) {
    let known = || OPTIONS.iter().map(|spec| spec.variable());
    for (name, value) in &sources.environment {
        let ours = name.starts_with("QALA_") && !value.is_empty() && !is_service_link(name, value);
        if ours && !NOT_OPTIONS.contains(&name.as_str()) && !known().any(|variable| variable == name) {
            problems.push(Problem::UnknownVariable { name: name.clone(), nearest: nearest(name, known()) });
        }
    }
}
