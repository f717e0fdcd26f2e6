//! Values in the course of a native evaluation: borrowed from the facts wherever they can be.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use rust_decimal::Decimal;

use super::super::language::{MAX_ENTRIES, MAX_TEXT};
use crate::engine::value::Value;

/// A value in the course of an evaluation. The language tells whole numbers apart from decimals,
/// and lets some operations take only them.
#[derive(Clone, Debug)]
pub(super) enum Item<'a> {
    Nothing,
    Bool(bool),
    Whole(i64),
    Number(Decimal),
    Text(Cow<'a, str>),
    List(List<'a>),
    Map(Map<'a>),
}

#[derive(Clone, Debug)]
pub(super) enum List<'a> {
    Given(&'a [Value]),
    Made(Rc<Made<Vec<Item<'a>>>>),
}

#[derive(Clone, Debug)]
pub(super) enum Map<'a> {
    Given(&'a BTreeMap<String, Value>),
    Made(Rc<Made<Fields<'a>>>),
}

/// The fields of a map in the order of their names: few, so that a list of them is quicker made and
/// searched than a tree.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields<'a>(Vec<(Cow<'a, str>, Item<'a>)>);

/// A list or map made by the evaluation, with the size of all that is in it.
#[derive(Clone, Debug)]
pub(super) struct Made<T> {
    holds: T,
    size: Size,
}

/// How much the language counts in a value against its bounds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    entries: usize,
    fields: usize,
    text: usize,
}

impl<T> Made<T> {
    pub(super) fn holds(&self) -> &T {
        &self.holds
    }
}

impl Size {
    fn plus(self, other: Self) -> Self {
        Self {
            entries: self.entries + other.entries,
            fields: self.fields + other.fields,
            text: self.text + other.text,
        }
    }

    fn fits(self) -> Option<()> {
        let fits = self.entries <= MAX_ENTRIES && self.fields <= MAX_ENTRIES;
        (fits && self.text <= MAX_TEXT).then_some(())
    }

    fn of(value: &Value) -> Self {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::default(),
            Value::Text(text) => Self {
                text: text.len(),
                ..Self::default()
            },
            Value::List(list) => Self::of_list(list),
            Value::Map(map) => Self::of_map(map),
        }
    }

    fn of_list(list: &[Value]) -> Self {
        let own = Self {
            entries: list.len(),
            ..Self::default()
        };
        list.iter()
            .fold(own, |size, value| size.plus(Self::of(value)))
    }

    fn of_map(map: &BTreeMap<String, Value>) -> Self {
        let own = Self {
            fields: map.len(),
            ..Self::default()
        };
        map.values()
            .fold(own, |size, value| size.plus(Self::of(value)))
    }
}

impl<'a> Item<'a> {
    /// Makes a list; none where it is larger than the language allows.
    pub(super) fn list(items: Vec<Self>) -> Option<Self> {
        let own = Size {
            entries: items.len(),
            ..Size::default()
        };
        let size = items.iter().fold(own, |size, item| size.plus(item.size()));
        size.fits()?;
        Some(Self::List(List::Made(Rc::new(Made { holds: items, size }))))
    }

    /// Makes a map; none where it is larger than the language allows.
    pub(super) fn map(fields: Fields<'a>) -> Option<Self> {
        let own = Size {
            fields: fields.0.len(),
            ..Size::default()
        };
        let items = fields.0.iter().map(|(_, item)| item.size());
        let size = items.fold(own, Size::plus);
        size.fits()?;
        let made = Made {
            holds: fields,
            size,
        };
        Some(Self::Map(Map::Made(Rc::new(made))))
    }

    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// Gives the value back unless it is larger than the language allows.
    pub(super) fn bounded(self) -> Option<Self> {
        self.size().fits()?;
        Some(self)
    }

    fn size(&self) -> Size {
        match self {
            Self::Nothing | Self::Bool(_) | Self::Whole(_) | Self::Number(_) => Size::default(),
            Self::Text(text) => Size {
                text: text.len(),
                ..Size::default()
            },
            Self::List(List::Given(list)) => Size::of_list(list),
            Self::List(List::Made(made)) => made.size,
            Self::Map(Map::Given(map)) => Size::of_map(map),
            Self::Map(Map::Made(made)) => made.size,
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    /// Tells whether it is nothing, or text without a letter.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Bool(_) | Self::Whole(_) | Self::Number(_) | Self::List(_) | Self::Map(_) => {
                false
            }
        }
    }

    pub(super) fn into_value(self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Bool(yes) => Value::Bool(yes),
            Self::Whole(number) => Value::Number(number.into()),
            Self::Number(mut number) => {
                if number.is_zero() {
                    // There is no minus nought in a ledger.
                    number.set_sign_positive(true);
                }
                Value::Number(number)
            }
            Self::Text(text) => Value::Text(text.into_owned()),
            Self::List(List::Given(list)) => Value::List(list.to_vec()),
            Self::List(List::Made(made)) => {
                let items = Rc::unwrap_or_clone(made).holds;
                Value::List(items.into_iter().map(Self::into_value).collect())
            }
            Self::Map(Map::Given(map)) => Value::Map(map.clone()),
            Self::Map(Map::Made(made)) => {
                let fields = Rc::unwrap_or_clone(made).holds.0.into_iter();
                let fields = fields.map(|(name, item)| (name.into_owned(), item.into_value()));
                Value::Map(fields.collect())
            }
        }
    }
}

impl<'a> From<&'a Value> for Item<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::Bool(yes) => Self::Bool(*yes),
            Value::Number(number) => Self::Number(*number),
            Value::Text(text) => Self::Text(Cow::Borrowed(text)),
            Value::List(list) => Self::List(List::Given(list)),
            Value::Map(map) => Self::Map(Map::Given(map)),
        }
    }
}

impl<'a> List<'a> {
    pub(super) const EMPTY: Self = Self::Given(&[]);

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Given(list) => list.len(),
            Self::Made(made) => made.holds.len(),
        }
    }

    pub(super) fn get(&self, place: usize) -> Option<Item<'a>> {
        match self {
            Self::Given(list) => list.get(place).map(Item::from),
            Self::Made(made) => made.holds.get(place).cloned(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Item<'a>> {
        (0..self.len()).filter_map(|place| self.get(place))
    }
}

impl<'a> Map<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Given(map) => map.len(),
            Self::Made(made) => made.holds.0.len(),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<Item<'a>> {
        match self {
            Self::Given(map) => map.get(name).map(Item::from),
            Self::Made(made) => made.holds.get(name).cloned(),
        }
    }

    /// Gives the field whose name is two texts one behind the other.
    pub(super) fn get_joined(&self, name: &str, end: &str) -> Option<Item<'a>> {
        let is_it = |have: &str| have.strip_suffix(end) == Some(name);
        match self {
            Self::Given(map) => {
                let mut fields = map.iter();
                let found = fields.find(|(have, _)| is_it(have.as_str()));
                found.map(|(_, value)| value.into())
            }
            Self::Made(made) => {
                let mut fields = made.holds.0.iter();
                let found = fields.find(|(have, _)| is_it(have.as_ref()));
                found.map(|(_, item)| item.clone())
            }
        }
    }

    /// Takes the map apart, to change it.
    pub(super) fn into_fields(self) -> Fields<'a> {
        match self {
            Self::Given(map) => {
                let fields = map.iter();
                let fields =
                    fields.map(|(name, value)| (Cow::Borrowed(name.as_str()), value.into()));
                Fields(fields.collect())
            }
            Self::Made(made) => Rc::unwrap_or_clone(made).holds,
        }
    }
}

impl<'a> Fields<'a> {
    /// Makes fields of ones that come in the order of their names.
    pub(super) fn ordered(fields: Vec<(Cow<'a, str>, Item<'a>)>) -> Self {
        debug_assert!(fields.is_sorted_by(|(a, _), (b, _)| a < b));
        Self(fields)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Item<'a>> {
        let place = self.place(name).ok()?;
        self.0.get(place).map(|(_, item)| item)
    }

    /// Sets a field, whether it is there or not.
    pub(super) fn set(&mut self, name: Cow<'a, str>, item: Item<'a>) {
        match self.place(&name) {
            Ok(place) => self.0[place].1 = item,
            Err(place) => self.0.insert(place, (name, item)),
        }
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(have, _)| (**have).cmp(name))
    }
}

impl<'a> IntoIterator for Fields<'a> {
    type Item = (Cow<'a, str>, Item<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
