//! Random formulas over random records.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{Fared, compare, records};

const CASES: u32 = 10_000;

const NUMBERS: &[&str] = &[
    "1",
    "0",
    "2",
    "-3",
    "0.5",
    "1.50",
    "2.345",
    "-0.00",
    "order.total",
    "order.small",
    "order.large",
    "order.zero",
    "rate",
    "whole",
    "order.items[0].price",
    "7",
    "100",
    "order[\"total\"]",
    "9223372036854775807",
    "79228162514264337593543950335.0",
];

const TEXTS: &[&str] = &[
    "\"\"",
    "\" \"",
    "\"Paid\"",
    "order.sku",
    "order.name",
    "word",
    "\"ß😀é\"",
    "order.items[0].sku",
    "\"2025-03-04T02:18:22.727\"",
    "\"8.25\"",
    "\"ND*\"",
    "\"America/Chicago\"",
    "\"price\"",
];

const LISTS: &[&str] = &[
    "[]",
    "order.items",
    "order.tags",
    "order.amounts",
    "[1, 2, 3]",
    "[1, 2.50, 3]",
    "[\"a\", \"\", \"b\"]",
    "order.empty",
    "rules",
    "[[1], [2, 3]]",
];

const MAPS: &[&str] = &[
    "order.address",
    "order.items[0]",
    "order",
    "#{}",
    "#{price: 1, sku: \"A\"}",
    "#{country: \"US\", zip: \"58102\"}",
    "order.address?.state",
];

/// What a formula is wanted to give; now and then it gives something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Bool,
    List,
    Map,
    Any,
}

const KINDS: [Kind; 6] = [
    Kind::Number,
    Kind::Text,
    Kind::Bool,
    Kind::List,
    Kind::Map,
    Kind::Any,
];

/// Choices taken from bytes, so that shorter bytes make simpler formulas.
pub(super) struct Choices<'b> {
    bytes: &'b [u8],
    /// Names of closures' parameters in reach, with their kinds.
    names: Vec<(String, Kind)>,
}

impl Choices<'_> {
    pub(super) fn below(&mut self, count: usize) -> usize {
        let Some((first, rest)) = self.bytes.split_first() else {
            return 0;
        };
        self.bytes = rest;
        usize::from(*first) % count
    }

    pub(super) fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }

    fn formula(&mut self, kind: Kind, depth: usize) -> String {
        let kind = if self.below(24) == 23 {
            KINDS[self.below(KINDS.len())]
        } else {
            kind
        };
        if depth == 0 {
            return self.leaf(kind);
        }
        let common = self.below(12);
        match common {
            7 => return self.choice(kind, depth),
            8 => {
                let names = (
                    self.formula(Kind::Any, depth - 1),
                    self.formula(kind, depth - 1),
                );
                return format!("coalesce({}, {})", names.0, names.1);
            }
            9 => return format!("({} ?? {})", self.path(), self.formula(kind, depth - 1)),
            _ => {}
        }
        match kind {
            Kind::Number => self.number(depth - 1),
            Kind::Text => self.text(depth - 1),
            Kind::Bool => self.truth(depth - 1),
            Kind::List => self.list(depth - 1),
            Kind::Map => self.map(depth - 1),
            Kind::Any => {
                let kind = KINDS[self.below(5)];
                self.formula(kind, depth - 1)
            }
        }
    }

    fn choice(&mut self, kind: Kind, depth: usize) -> String {
        let (when, then) = (
            self.formula(Kind::Bool, depth - 1),
            self.formula(kind, depth - 1),
        );
        match self.below(8) {
            0 => format!("(if {when} {{ {then} }})"),
            1 => format!("(if {when} {{ {then}; }} else {{ 1 }})"),
            _ => {
                let otherwise = self.formula(kind, depth - 1);
                format!("(if {when} {{ {then} }} else {{ {otherwise} }})")
            }
        }
    }

    fn leaf(&mut self, kind: Kind) -> String {
        let named: Vec<String> = self
            .names
            .iter()
            .filter(|(_, own)| *own == kind || kind == Kind::Any)
            .map(|(name, _)| name.clone())
            .collect();
        if !named.is_empty() && self.below(3) > 0 {
            return named[self.below(named.len())].clone();
        }
        match kind {
            Kind::Number => self.of(NUMBERS),
            Kind::Text => self.of(TEXTS),
            Kind::Bool => self.of(&["true", "false", "flag", "order.paid"]),
            Kind::List => self.of(LISTS),
            Kind::Map => self.of(MAPS),
            Kind::Any => self.path(),
        }
        .to_owned()
    }

    fn path(&mut self) -> &'static str {
        self.of(&[
            "()",
            "hollow",
            "order.nothing",
            "order.missing",
            "order.address?.state?.name",
            "order.nothing?.deeper",
            "order.items[1].sku",
            "order.items[9]",
            "order.tags[0]",
            "word",
            "order.address.state",
            "order.nothing?[\"x\"]",
            "hollow?.x.y[0]",
            "order?[word]",
        ])
    }

    fn number(&mut self, depth: usize) -> String {
        match self.below(14) {
            0..=4 => {
                let operator = self.of(&["+", "-", "*", "/", "%"]);
                let left = self.formula(Kind::Number, depth);
                format!("({left} {operator} {})", self.formula(Kind::Number, depth))
            }
            5 => format!("-({})", self.formula(Kind::Number, depth)),
            6 => {
                let name = self.of(&[
                    "abs", "sign", "floor", "ceiling", "int", "fraction", "decimal", "unit",
                ]);
                format!("{name}({})", self.formula(Kind::Number, depth))
            }
            7 => {
                let name = self.of(&["money", "round_half_up", "round_half_even", "min", "max"]);
                let first = self.formula(Kind::Number, depth);
                format!("{name}({first}, {})", self.formula(Kind::Number, depth))
            }
            8 => format!("sum({})", self.formula(Kind::List, depth)),
            9 => format!("{}.len()", self.formula(Kind::List, depth)),
            10 => format!("index_of_largest({})", self.formula(Kind::List, depth)),
            11 => {
                let list = self.formula(Kind::List, depth);
                let body = self.closure(&[("so_far", Kind::Number), ("one", Kind::Any)], |it| {
                    it.formula(Kind::Number, depth)
                });
                format!(
                    "{list}.reduce({body}, {})",
                    self.formula(Kind::Number, depth)
                )
            }
            12 => {
                let list = self.formula(Kind::List, depth);
                format!(
                    "nearest_index({list}, \"price\", {})",
                    self.formula(Kind::Number, depth)
                )
            }
            _ => format!("instant({})", self.formula(Kind::Text, depth)),
        }
    }

    fn text(&mut self, depth: usize) -> String {
        match self.below(12) {
            0 | 1 => {
                let left = self.formula(Kind::Any, depth);
                format!("({left} + {})", self.formula(Kind::Text, depth))
            }
            2 => format!("`<${{{}}}>`", self.formula(Kind::Any, depth)),
            3 => {
                let name = self.of(&["text", "upper", "lower", "trim", "to_string", "to_upper"]);
                format!("{name}({})", self.formula(Kind::Any, depth))
            }
            4 => format!("truncate({}, 3)", self.formula(Kind::Text, depth)),
            5 => {
                let of = self.formula(Kind::Any, depth);
                format!("pad_left({of}, {}, \"é\")", self.formula(Kind::Number, 0))
            }
            6 => format!("join({}, \", \")", self.formula(Kind::List, depth)),
            7 => format!("base32_sha256({}, 6)", self.formula(Kind::Text, depth)),
            8 => format!("normalise_address({})", self.formula(Kind::Map, depth)),
            9 => {
                let at = self.formula(Kind::Text, depth);
                format!("local_date({at}, \"America/Chicago\")")
            }
            10 => {
                let zone = self.formula(Kind::Text, 0);
                format!("format_date(\"2025-07-01\", {zone}, \"dd.MM.yy HH:mm:ss\")")
            }
            _ => {
                let text = self.formula(Kind::Text, depth);
                format!("fill_date({text} + \"{{yyyyMM}}\", \"2025-03-04\")")
            }
        }
    }

    fn truth(&mut self, depth: usize) -> String {
        match self.below(12) {
            0 | 1 => {
                let operator = self.of(&["==", "!="]);
                let left = self.formula(Kind::Any, depth);
                format!("({left} {operator} {})", self.formula(Kind::Any, depth))
            }
            2 | 3 => {
                let operator = self.of(&["<", "<=", ">", ">=", "==", "!="]);
                let kind = if self.below(3) == 0 {
                    Kind::Text
                } else {
                    Kind::Number
                };
                let left = self.formula(kind, depth);
                format!("({left} {operator} {})", self.formula(kind, depth))
            }
            4 | 5 => {
                let operator = self.of(&["&&", "||"]);
                let left = self.formula(Kind::Bool, depth);
                format!("({left} {operator} {})", self.formula(Kind::Bool, depth))
            }
            6 => format!("!({})", self.formula(Kind::Bool, depth)),
            7 => format!("is_blank({})", self.formula(Kind::Any, depth)),
            8 => {
                let operator = self.of(&["in", "!in"]);
                let value = self.formula(Kind::Any, depth);
                let kind = KINDS[1 + self.below(4)];
                format!("({value} {operator} {})", self.formula(kind, depth))
            }
            9 => {
                let name = self.of(&["starts_with", "ends_with", "contains"]);
                let text = self.formula(Kind::Text, depth);
                format!("{text}.{name}({})", self.formula(Kind::Text, depth))
            }
            10 => format!("{}.is_empty()", self.formula(Kind::List, depth)),
            _ => {
                let name = self.of(&["all", "some"]);
                let list = self.formula(Kind::List, depth);
                let body = self.entry(|it| it.formula(Kind::Bool, depth));
                format!("{list}.{name}({body})")
            }
        }
    }

    fn list(&mut self, depth: usize) -> String {
        match self.below(11) {
            0..=2 => {
                let list = self.formula(Kind::List, depth);
                let name = self.of(&["map", "filter", "map"]);
                let kind = if name == "map" { Kind::Any } else { Kind::Bool };
                let body = self.entry(|it| it.formula(kind, depth));
                format!("{list}.{name}({body})")
            }
            3 | 4 => {
                let first = self.formula(Kind::Any, depth);
                format!("[{first}, {}]", self.formula(Kind::Any, depth))
            }
            5 => {
                let left = self.formula(Kind::List, depth);
                format!("({left} + {})", self.formula(Kind::List, depth))
            }
            6 => format!("flatten({})", self.formula(Kind::List, depth)),
            7 => format!(
                "{}.{}()",
                self.formula(Kind::Map, depth),
                self.of(&["keys", "values"])
            ),
            8 => {
                let (amount, list) = (
                    self.formula(Kind::Number, depth),
                    self.formula(Kind::List, depth),
                );
                match self.below(3) {
                    0 => format!("allocate({amount}, {list}, 2)"),
                    1 => format!("settle({list}, {amount}, 2)"),
                    _ => format!("allocate_to({list}, \"rate\", {amount}, 2)"),
                }
            }
            9 => format!(
                "group_sum({}, [\"sku\"], [\"price\"])",
                self.formula(Kind::List, depth)
            ),
            _ => format!("address_lines({}, 7, 3)", self.formula(Kind::List, depth)),
        }
    }

    fn map(&mut self, depth: usize) -> String {
        match self.below(8) {
            0 | 1 => {
                let first = self.formula(Kind::Any, depth);
                let price = self.formula(Kind::Number, depth);
                format!("#{{sku: {first}, price: {price}}}")
            }
            2 => {
                let list = self.formula(Kind::List, depth);
                let name = self.of(&["find", "find_map"]);
                let kind = if name == "find" {
                    Kind::Bool
                } else {
                    Kind::Any
                };
                let body = self.entry(|it| it.formula(kind, depth));
                format!("{list}.{name}({body})")
            }
            3 => format!(
                "item({}, {})",
                self.formula(Kind::List, depth),
                self.formula(Kind::Number, 0)
            ),
            4 => format!(
                "{}[{}]",
                self.formula(Kind::List, depth),
                self.formula(Kind::Number, 0)
            ),
            5 => {
                let name = self.of(&["match_rule", "first_rule"]);
                format!(
                    "{name}({}, {})",
                    self.of(&["rules", "order.items"]),
                    self.formula(Kind::Map, depth)
                )
            }
            6 => format!(
                "lookup({}, {})",
                self.formula(Kind::Map, depth),
                self.formula(Kind::Text, 0)
            ),
            _ => format!(
                "nearest({}, \"price\", {})",
                self.formula(Kind::List, depth),
                self.formula(Kind::Number, 0)
            ),
        }
    }

    /// A closure over a list's entries, with their places or without.
    fn entry(&mut self, body: impl FnOnce(&mut Self) -> String) -> String {
        let name = self.of(&["entry", "inner", "word"]);
        let kind = KINDS[self.below(KINDS.len())];
        if self.below(2) == 0 {
            self.closure(&[(name, kind)], body)
        } else {
            self.closure(&[(name, kind), ("place", Kind::Number)], body)
        }
    }

    fn closure(
        &mut self,
        takes: &[(&str, Kind)],
        body: impl FnOnce(&mut Self) -> String,
    ) -> String {
        let before = self.names.len();
        let named = takes.iter().map(|(name, kind)| ((*name).to_owned(), *kind));
        self.names.extend(named);
        let body = body(self);
        self.names.truncate(before);
        let names: Vec<&str> = takes.iter().map(|(name, _)| *name).collect();
        format!("|{}| {body}", names.join(", "))
    }
}

#[test]
fn random_formulas_agree() {
    let config = ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let native = Cell::new(0);
    let bytes = prop::collection::vec(any::<u8>(), 30..160);
    let agreed = TestRunner::new(config).run(&bytes, |bytes| {
        let mut choices = Choices {
            bytes: &bytes,
            names: Vec::new(),
        };
        let mut facts = records::facts(&mut choices);
        let kind = KINDS[choices.below(KINDS.len())];
        let depth = 1 + choices.below(4);
        let text = choices.formula(kind, depth);
        if compare(&text, &mut facts) == Some(Fared::Native) {
            native.set(native.get() + 1);
        }
        Ok(())
    });
    agreed.unwrap();
    // Many are errors, but not most.
    assert!(native.get() > CASES / 4, "only {} are native", native.get());
}
