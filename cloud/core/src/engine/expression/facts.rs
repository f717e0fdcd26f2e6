//! The values formulas read, by name, and what the language sees of them.

use std::fmt;
use std::sync::Arc;

use rhai::Scope;

use super::convert;
use super::path::{Path, Shared, follow};
use crate::engine::value::Value;

/// Chains of facts whose names hash alike; some 90 facts are usual.
const CHAINS: usize = 64;
/// The end of a chain.
const NONE: usize = usize::MAX;

/// The values a formula may read, by name. Later ones hide earlier ones of the same name.
pub struct Facts {
    all: Vec<Fact>,
    /// Where the latest fact of each chain stands.
    latest: [usize; CHAINS],
    /// What the language sees. It lags behind: few formulas need the language, and to convert the
    /// values costs more than most formulas.
    scope: Scope<'static>,
}

struct Fact {
    name: Name,
    value: Shared,
    /// Where the fact before it in its chain stands.
    before: usize,
}

/// The name of a fact, ready to look up.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Name {
    text: Arc<str>,
    chain: usize,
}

impl Name {
    pub(in crate::engine) fn new(text: &str) -> Self {
        Self {
            text: text.into(),
            chain: chain(text),
        }
    }

    /// Gives the name as written.
    pub(in crate::engine) fn text(&self) -> &str {
        &self.text
    }
}

impl Facts {
    /// Makes facts from a map's entries.
    pub fn new<'a>(entries: impl IntoIterator<Item = (&'a String, &'a Value)>) -> Self {
        let mut facts = Self::default();
        for (name, value) in entries {
            facts.set(name, value.clone());
        }
        facts
    }

    /// Adds a value.
    pub fn set(&mut self, name: &str, value: impl Into<Arc<Value>>) {
        self.share(&Name::new(name), value.into());
    }

    /// Adds a value without a copy of it or of its name.
    pub(in crate::engine) fn share(&mut self, name: &Name, value: impl Into<Shared>) {
        let latest = &mut self.latest[name.chain];
        let before = std::mem::replace(latest, self.all.len());
        self.all.push(Fact {
            name: name.clone(),
            value: value.into(),
            before,
        });
    }

    /// Marks the present state, to come back to with [`Facts::reset`].
    pub fn mark(&self) -> usize {
        self.all.len()
    }

    /// Forgets what was added after the mark.
    pub fn reset(&mut self, mark: usize) {
        while self.all.len() > mark
            && let Some(fact) = self.all.pop()
        {
            self.latest[fact.name.chain] = fact.before;
        }
        if self.scope.len() > mark {
            self.scope.rewind(mark);
        }
    }

    /// Gives the names of all values.
    pub fn names(&self) -> Vec<String> {
        let names = self.all.iter().map(|fact| fact.name.text());
        names.map(str::to_owned).collect()
    }

    /// Finds what stands at a path that begins with a value's name.
    pub fn find(&self, path: &str) -> Option<&Value> {
        let end = path.find(['.', '[']).unwrap_or(path.len());
        let (name, rest) = path.split_at(end);
        let value = self.search(name, chain(name))?.value();
        match rest.strip_prefix('.').unwrap_or(rest) {
            "" => Some(value),
            rest => value.at(rest),
        }
    }

    /// Finds what stands at a path.
    pub(in crate::engine) fn at(&self, path: &Path) -> Option<&Value> {
        follow(self.named(&path.name)?, path.steps.as_ref()?)
    }

    /// Finds what stands at a path, to use it where it stands.
    pub(super) fn shared(&self, path: &Path) -> Option<Shared> {
        let name = &path.name;
        let value = self.search(&name.text, name.chain)?;
        value.part(path.steps.as_ref()?)
    }

    /// Finds the value of a name.
    pub(super) fn named(&self, name: &Name) -> Option<&Value> {
        self.search(&name.text, name.chain).map(Shared::value)
    }

    fn search(&self, name: &str, chain: usize) -> Option<&Shared> {
        let mut place = self.latest[chain];
        while let Some(fact) = self.all.get(place) {
            if *fact.name.text == *name {
                return Some(&fact.value);
            }
            place = fact.before;
        }
        None
    }

    /// Gives the language's scope, with all values in it.
    pub(super) fn scope(&mut self) -> &mut Scope<'static> {
        for fact in self.all.iter().skip(self.scope.len()) {
            let value = convert::to_dynamic(fact.value.value());
            self.scope.push_constant_dynamic(fact.name.text(), value);
        }
        &mut self.scope
    }
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            latest: [NONE; CHAINS],
            scope: Scope::new(),
        }
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = self.all.iter();
        let facts = facts.map(|fact| (fact.name.text(), fact.value.value()));
        f.debug_map().entries(facts).finish()
    }
}

/// Tells the chain of a name (FNV-1a).
fn chain(name: &str) -> usize {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (hash ^ (hash >> 16)) as usize % CHAINS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::expression::Expression;

    /// Computes by the language and by the native form, which see different sides of the facts.
    #[track_caller]
    fn both(facts: &mut Facts, text: &str) -> String {
        let formula = Expression::compile(text, &facts.names()).unwrap();
        let by_language = formula.interpret(facts).unwrap();
        let native = formula.evaluate(facts).unwrap();
        assert_eq!(native, by_language, "{text}");
        native.to_json()
    }

    #[test]
    fn the_language_sees_what_is_set_and_nothing_that_was_reset() {
        let mut facts = Facts::default();
        facts.set("a", Value::from(1));
        facts.set("b", Value::from(2));
        assert_eq!(both(&mut facts, "a + b"), "3");
        let mark = facts.mark();
        facts.set("a", Value::from(10));
        facts.set("c", Value::from(20));
        assert_eq!(both(&mut facts, "a + b + c"), "32");
        facts.reset(mark);
        facts.set("c", Value::from(5));
        assert_eq!(both(&mut facts, "a + b + c"), "8");
        // Reset before the language has seen it.
        let mark = facts.mark();
        facts.set("b", Value::from(100));
        facts.reset(mark);
        assert_eq!(both(&mut facts, "a + b + c"), "8");
        assert_eq!(facts.names(), ["a", "b", "c"]);
    }

    #[test]
    fn closures_that_share_what_they_read_change_nothing() {
        let mut facts = Facts::default();
        facts.set("list", Value::from(vec![Value::from(1), Value::from(2)]));
        facts.set("more", Value::from(3));
        let text = "list.map(|n| n + more)";
        assert_eq!(both(&mut facts, text), "[4,5]");
        assert_eq!(both(&mut facts, text), "[4,5]");
        assert_eq!(both(&mut facts, "more + list.len()"), "5");
    }

    #[test]
    fn formulas_and_facts_go_from_thread_to_thread() {
        fn goes<T: Send + Sync>() {}
        goes::<Facts>();
        goes::<Expression>();
    }

    #[test]
    fn many_names_are_told_apart() {
        let mut facts = Facts::default();
        let names: Vec<String> = (0..500).map(|number| format!("name_{number}")).collect();
        for (place, name) in names.iter().enumerate() {
            facts.set(name, Value::from(i64::try_from(place).unwrap()));
        }
        facts.reset(400);
        for (place, name) in names.iter().enumerate() {
            let wanted = (place < 400).then(|| Value::from(i64::try_from(place).unwrap()));
            assert_eq!(facts.find(name), wanted.as_ref(), "{name}");
        }
    }
}
