//! Everything an environment's work goes by, compiled together: lookups, mappings, workflows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::lookup::{self, Lookups};
use super::mapping;
use super::problem::Problem;
use super::workflow::{self, Mappings, calls};
use crate::domain::artifact::ArtifactKind;

/// Settings ready to work by.
#[derive(Debug, Default)]
pub struct Settings {
    /// Lookup tables by name.
    pub lookups: Lookups,
    /// Mappings by name.
    pub mappings: Mappings,
    /// Workflows by name.
    pub workflows: BTreeMap<String, Arc<workflow::Compiled>>,
}

/// Something that does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What it is.
    pub kind: ArtifactKind,
    /// Its name.
    pub name: String,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// Compiles bodies of artifacts, each against those it needs; tells all that do not compile.
///
/// What needs something broken is not told too: lookups are compiled first, then mappings, then
/// workflows, as far as all before them are sound.
pub fn compile(bodies: &[(ArtifactKind, &str, &str)]) -> (Settings, Vec<Broken>) {
    let mut settings = Settings::default();
    let mut broken = Vec::new();
    settings.lookups = each(bodies, ArtifactKind::Lookup, &mut broken, lookup::compile);
    if broken.is_empty() {
        let lookups = &settings.lookups;
        let compile = |body: &str| mapping::compile(body, lookups);
        settings.mappings = each(bodies, ArtifactKind::Mapping, &mut broken, compile);
    }
    if broken.is_empty() {
        let mappings = &settings.mappings;
        let compile = |body: &str| workflow::compile(body, mappings);
        settings.workflows = each(bodies, ArtifactKind::Workflow, &mut broken, compile);
    }
    if broken.is_empty() {
        let names = settings.workflows.keys();
        broken.extend(names.filter_map(|name| {
            let problems = calls::check(name, &settings.workflows);
            (!problems.is_empty()).then(|| Broken {
                kind: ArtifactKind::Workflow,
                name: name.clone(),
                problems,
            })
        }));
    }
    (settings, broken)
}

fn each<T>(
    bodies: &[(ArtifactKind, &str, &str)],
    kind: ArtifactKind,
    broken: &mut Vec<Broken>,
    compile: impl Fn(&str) -> Result<T, Vec<Problem>>,
) -> BTreeMap<String, Arc<T>> {
    let mut sound = BTreeMap::new();
    for (_, name, body) in bodies.iter().filter(|(have, ..)| *have == kind) {
        let name = (*name).to_owned();
        match compile(body) {
            Ok(compiled) => {
                sound.insert(name, Arc::new(compiled));
            }
            Err(problems) => broken.push(Broken {
                kind,
                name,
                problems,
            }),
        }
    }
    sound
}
