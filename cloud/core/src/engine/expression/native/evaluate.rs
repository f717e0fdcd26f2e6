//! Computes the native form of a formula.
//!
//! It is only right about successes: whatever would be an error, and whatever could go beyond a
//! bound, gives none and is left to the language, which tells people what is wrong.

use std::borrow::Cow;
use std::fmt::Write;

use super::super::facts::Facts;
use super::super::language::{MAX_OPERATIONS, MAX_TEXT};
use super::calls::{Helper, MOST_ARGUMENTS};
use super::item::{Fields, Item, List, Map};
use super::node::{Along, Chain, Closure, Each, Link, Node, Path, Step};
use super::operators;
use crate::engine::value::Value;

/// Steps of a part of a formula: the most the language counts for one.
const PART: u64 = 4;
/// The same of a link of a chain.
const LINK: u64 = 8;
/// The same of calling a closure.
const CALL: u64 = 12;

/// One evaluation.
pub(super) struct Run<'a> {
    facts: &'a Facts,
    slots: Vec<Item<'a>>,
    steps: u64,
}

impl<'a> Run<'a> {
    pub(super) fn new(facts: &'a Facts) -> Self {
        Self {
            facts,
            slots: Vec::new(),
            steps: 0,
        }
    }

    /// Counts steps, at least as many as the language would.
    pub(super) fn charge(&mut self, steps: u64) -> Option<()> {
        self.steps += steps;
        (self.steps <= MAX_OPERATIONS).then_some(())
    }

    #[cfg(test)]
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    pub(super) fn item(&mut self, node: &'a Node) -> Option<Item<'a>> {
        self.charge(PART)?;
        match node {
            Node::Constant(value) => {
                if let Value::List(entries) = value {
                    self.charge(PART * entries.len() as u64)?;
                }
                Some(value.into())
            }
            Node::Whole(number) => Some(Item::Whole(*number)),
            Node::Path(path) => self.path(path).map(Item::from),
            Node::Slot(slot, steps) => self.slot(*slot, steps),
            Node::Chain(_)
            | Node::Not(_)
            | Node::Minus(_)
            | Node::Binary(..)
            | Node::All(_)
            | Node::Any(_)
            | Node::Coalesce(_)
            | Node::If(_)
            | Node::List(_)
            | Node::Map(_)
            | Node::Text(_) => self.compound(node),
        }
    }

    fn path(&mut self, path: &'a Path) -> Option<&'a Value> {
        self.charge(LINK * path.steps.len() as u64)?;
        follow(self.facts.named(&path.name)?, &path.steps)
    }

    /// Gives what stands at a path below something a closure was given.
    fn slot(&mut self, slot: usize, steps: &'a [Along]) -> Option<Item<'a>> {
        self.charge(LINK * steps.len() as u64)?;
        let mut item = self.slots.get(slot)?;
        for (place, step) in steps.iter().enumerate() {
            item = match (item, step) {
                (Item::Map(Map::Given(map)), Along::Field { name, .. }) => {
                    return follow(map.get(name)?, &steps[place + 1..]).map(Item::from);
                }
                (Item::List(List::Given(list)), Along::Place { place: at, .. }) => {
                    return follow(list.get(*at)?, &steps[place + 1..]).map(Item::from);
                }
                (Item::Map(Map::Made(made)), Along::Field { name, .. }) => {
                    made.holds().get(name)?
                }
                (Item::List(List::Made(made)), Along::Place { place, .. }) => {
                    made.holds().get(*place)?
                }
                (
                    Item::Nothing,
                    Along::Field { optional: true, .. } | Along::Place { optional: true, .. },
                ) => break,
                (_, Along::Field { .. } | Along::Place { .. }) => return None,
            };
        }
        Some(item.clone())
    }

    /// Computes what has parts of its own. It stays apart from [`Self::item`], which is called for
    /// each of them and must be small.
    #[inline(never)]
    fn compound(&mut self, node: &'a Node) -> Option<Item<'a>> {
        match node {
            Node::Constant(_) | Node::Whole(_) | Node::Path(_) | Node::Slot(..) => None,
            Node::Chain(chain) => self.chain(chain),
            Node::Not(value) => Some(Item::Bool(!self.truth(value)?)),
            Node::Minus(value) => operators::minus(&self.item(value)?),
            Node::Binary(operator, sides) => {
                let (left, right) = (self.item(&sides.0)?, self.item(&sides.1)?);
                operators::apply(*operator, left, right)
            }
            Node::All(parts) => self.until(parts, false),
            Node::Any(parts) => self.until(parts, true),
            Node::Coalesce(parts) => {
                for part in parts {
                    let item = self.item(part)?;
                    if !item.is_nothing() {
                        return Some(item);
                    }
                }
                Some(Item::Nothing)
            }
            Node::If(choice) => {
                if self.truth(&choice.when)? {
                    self.item(&choice.then)
                } else {
                    self.item(&choice.otherwise)
                }
            }
            Node::List(parts) => {
                let mut items = Vec::with_capacity(parts.len());
                for part in parts {
                    items.push(self.item(part)?);
                }
                Item::list(items)
            }
            Node::Map(fields) => {
                let mut items = Vec::with_capacity(fields.len());
                for (name, value) in fields {
                    items.push((Cow::Borrowed(name.as_str()), self.item(value)?));
                }
                Item::map(Fields::ordered(items))
            }
            Node::Text(parts) => self.text(parts),
        }
    }

    pub(super) fn truth(&mut self, node: &'a Node) -> Option<bool> {
        if let Item::Bool(yes) = self.item(node)? {
            Some(yes)
        } else {
            None
        }
    }

    /// Gives what was waited for when one of the parts gives it, the opposite when none does.
    fn until(&mut self, parts: &'a [Node], wanted: bool) -> Option<Item<'a>> {
        for part in parts {
            if self.truth(part)? == wanted {
                return Some(Item::Bool(wanted));
            }
        }
        Some(Item::Bool(!wanted))
    }

    #[inline(never)]
    fn text(&mut self, parts: &'a [Node]) -> Option<Item<'a>> {
        let mut text = String::new();
        for part in parts {
            let item = self.item(part)?;
            write!(text, "{}", operators::shown(&item)?).ok()?;
            if text.len() > MAX_TEXT {
                return None;
            }
        }
        Some(Item::text(text))
    }

    #[inline(never)]
    fn chain(&mut self, chain: &'a Chain) -> Option<Item<'a>> {
        let mut item = self.item(&chain.root)?;
        for (place, link) in chain.links.iter().enumerate() {
            if link.optional && item.is_nothing() {
                self.skip(&chain.links[place..])?;
                break;
            }
            item = self.step(item, &link.step)?;
        }
        Some(item)
    }

    /// Computes what links would be given that are not followed: the language does so too, and an
    /// error in it is one.
    fn skip(&mut self, links: &'a [Link]) -> Option<()> {
        for link in links {
            self.charge(LINK)?;
            match &link.step {
                Step::Field(_) => {}
                Step::Each(_, closure) => self.charge(closure.captured)?,
                Step::Index(node) => {
                    self.item(node)?;
                }
                Step::Reduce(closure, node) => {
                    self.charge(closure.captured)?;
                    self.item(node)?;
                }
                Step::Call(_, more) => {
                    for node in more {
                        self.item(node)?;
                    }
                }
            }
        }
        Some(())
    }

    fn step(&mut self, item: Item<'a>, step: &'a Step) -> Option<Item<'a>> {
        self.charge(LINK)?;
        match step {
            Step::Field(name) => {
                let Item::Map(map) = item else { return None };
                map.get(name)
            }
            Step::Index(index) => match (item, self.item(index)?) {
                (Item::Map(map), Item::Text(name)) => map.get(&name),
                (Item::List(list), Item::Whole(place)) => list.get(usize::try_from(place).ok()?),
                (_, _) => None,
            },
            Step::Call(helper, more) => self.help(*helper, item, more)?.bounded(),
            Step::Each(each, closure) => {
                self.charge(closure.captured)?;
                let Item::List(list) = item else { return None };
                self.each(*each, &list, closure)?.bounded()
            }
            Step::Reduce(closure, first) => {
                self.charge(closure.captured)?;
                let Item::List(list) = item else { return None };
                let mut so_far = self.item(first)?;
                for (place, entry) in list.iter().enumerate() {
                    so_far = self.call(closure, [so_far, entry, whole(place)])?;
                }
                so_far.bounded()
            }
        }
    }

    fn help(&mut self, helper: Helper, item: Item<'a>, more: &'a [Node]) -> Option<Item<'a>> {
        match (helper, more) {
            (Helper::One(helper), _) => helper(self, item),
            (Helper::Two(helper), [second, ..]) => {
                let second = self.item(second)?;
                helper(self, item, second)
            }
            (Helper::Two(_), []) => None,
            (Helper::Few(helper), more) => {
                let mut arguments = [const { Item::Nothing }; MOST_ARGUMENTS];
                arguments[0] = item;
                for (argument, node) in arguments.iter_mut().skip(1).zip(more) {
                    *argument = self.item(node)?;
                }
                helper(self, arguments)
            }
        }
    }

    #[inline(never)]
    fn each(&mut self, each: Each, list: &List<'a>, closure: &'a Closure) -> Option<Item<'a>> {
        let mut made = match each {
            Each::Map | Each::Filter => Vec::with_capacity(list.len()),
            Each::Find | Each::FindMap | Each::All | Each::Some => Vec::new(),
        };
        for (place, entry) in list.iter().enumerate() {
            let given = self.call(closure, [entry.clone(), whole(place), Item::Nothing])?;
            let holds = matches!(given, Item::Bool(true));
            match each {
                Each::Map => made.push(given),
                Each::Filter if holds => made.push(entry),
                Each::Find if holds => return Some(entry),
                Each::FindMap if !given.is_nothing() => return Some(given),
                Each::Some if holds => return Some(Item::Bool(true)),
                Each::All if !holds => return Some(Item::Bool(false)),
                Each::Filter | Each::Find | Each::FindMap | Each::Some | Each::All => {}
            }
        }
        match each {
            Each::Map | Each::Filter => Item::list(made),
            Each::Find | Each::FindMap => Some(Item::Nothing),
            Each::All => Some(Item::Bool(true)),
            Each::Some => Some(Item::Bool(false)),
        }
    }

    /// Calls a closure with as many of the items as it takes.
    fn call(&mut self, closure: &'a Closure, items: [Item<'a>; 3]) -> Option<Item<'a>> {
        self.charge(CALL)?;
        self.slots.truncate(closure.slot);
        self.slots.extend(items.into_iter().take(closure.takes));
        self.item(&closure.body)
    }
}

/// Follows a path below a value of the facts.
fn follow<'a>(mut value: &'a Value, steps: &[Along]) -> Option<&'a Value> {
    for step in steps {
        value = match (value, step) {
            (Value::Map(map), Along::Field { name, .. }) => map.get(name)?,
            (Value::List(list), Along::Place { place, .. }) => list.get(*place)?,
            (
                Value::Null,
                Along::Field { optional: true, .. } | Along::Place { optional: true, .. },
            ) => break,
            (_, Along::Field { .. } | Along::Place { .. }) => return None,
        };
    }
    Some(value)
}

fn whole(place: usize) -> Item<'static> {
    Item::Whole(i64::try_from(place).unwrap_or(i64::MAX))
}
