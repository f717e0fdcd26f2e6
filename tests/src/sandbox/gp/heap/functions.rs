//! What SQLite is taught: GP's collation, exact arithmetic, times, and a look at the locks.

use std::cmp::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::{Value as Stored, ValueRef};
use rusqlite::{Connection, Error, Result};

use super::super::convert;
use super::super::value::{Numeric, SqlType, Value, rescale, time_text};
use super::codec::{decode, encode, read_units, units};
use super::dates;
use super::locks::{Locks, Mode, Resource};

/// Compares text as SQL_Latin1_General_CP1_CI_AS does: case and trailing blanks do not count.
pub fn compare(left: &str, right: &str) -> Ordering {
    if left.is_ascii() && right.is_ascii() {
        let upper = |byte: u8| byte.to_ascii_uppercase();
        return padded(left.bytes().map(upper), right.bytes().map(upper), b' ');
    }
    let upper = |text: &'_ str| {
        text.chars()
            .flat_map(char::to_uppercase)
            .collect::<Vec<char>>()
    };
    padded(upper(left).into_iter(), upper(right).into_iter(), ' ')
}

/// Compares text as a binary collation does: by code, but for trailing blanks.
fn compare_binary(left: &str, right: &str) -> Ordering {
    padded(left.chars(), right.chars(), ' ')
}

/// Compares two sequences as if the shorter one went on with blanks.
fn padded<T: Ord + Copy>(
    mut left: impl Iterator<Item = T>,
    mut right: impl Iterator<Item = T>,
    blank: T,
) -> Ordering {
    loop {
        let (a, b) = (left.next(), right.next());
        if a.is_none() && b.is_none() {
            return Ordering::Equal;
        }
        let order = a.unwrap_or(blank).cmp(&b.unwrap_or(blank));
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Registers everything on a connection.
pub fn register(connection: &Connection, locks: &Arc<Mutex<Locks>>) -> Result<()> {
    connection.create_collation("GP", compare)?;
    connection.create_collation("GPBIN", compare_binary)?;
    arithmetic(connection)?;
    conversions(connection)?;
    let pure = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("d_add", 3, pure, |c| {
        nullable(c, |c| {
            dates::add(&c.get::<String>(0)?, c.get(1)?, c.get(2)?)
                .map(Stored::Integer)
                .map_err(raise)
        })
    })?;
    connection.create_scalar_function("d_diff", 3, pure, |c| {
        nullable(c, |c| {
            dates::difference(&c.get::<String>(0)?, c.get(1)?, c.get(2)?)
                .map(Stored::Integer)
                .map_err(raise)
        })
    })?;
    connection.create_scalar_function("d_part", 2, pure, |c| {
        nullable(c, |c| {
            dates::part(&c.get::<String>(0)?, c.get(1)?)
                .map(Stored::Integer)
                .map_err(raise)
        })
    })?;
    connection.create_scalar_function("newid", 0, FunctionFlags::SQLITE_UTF8, |_| {
        Ok(super::super::clock::new_guid())
    })?;
    let writing = Arc::clone(locks);
    connection.create_scalar_function("writing", 0, FunctionFlags::SQLITE_UTF8, move |_| {
        let locks = writing.lock().unwrap_or_else(PoisonError::into_inner);
        let rows: Vec<_> = locks.writing().collect();
        Ok(serde_json::to_string(&rows).unwrap_or_default())
    })?;
    let locks = Arc::clone(locks);
    connection.create_scalar_function("locked_by", 3, FunctionFlags::SQLITE_UTF8, move |c| {
        let resource = Resource::Row(c.get::<u32>(0)?, c.get(1)?);
        let mut locks = locks.lock().unwrap_or_else(PoisonError::into_inner);
        let current = locks.current;
        let holder = locks.probe(current, resource, Mode::from_number(c.get(2)?));
        Ok(holder.map_or(Stored::Null, |tx| {
            Stored::Integer(i64::try_from(tx).unwrap_or_default())
        }))
    })
}

fn arithmetic(connection: &Connection) -> Result<()> {
    let pure = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let binary = |name: &str, operation: fn(i128, i128) -> Option<i128>| {
        connection.create_scalar_function(name, 2, pure, move |c| {
            nullable(c, |c| {
                operation(number(c, 0)?, number(c, 1)?)
                    .map(units)
                    .ok_or_else(|| {
                        raise((
                            8115,
                            "Arithmetic overflow error converting expression.".to_owned(),
                        ))
                    })
            })
        })
    };
    binary("n_add", i128::checked_add)?;
    binary("n_sub", i128::checked_sub)?;
    binary("n_mul", i128::checked_mul)?;
    connection.create_scalar_function("n_div", 3, pure, |c| {
        nullable(c, |c| {
            let (left, right) = (number(c, 0)?, number(c, 1)?);
            if right == 0 {
                return Err(raise((
                    8134,
                    "Divide by zero error encountered.".to_owned(),
                )));
            }
            let shift: u32 = c.get(2)?;
            Ok(units(left * 10_i128.pow(shift) / right))
        })
    })?;
    connection.create_scalar_function("n_mod", 2, pure, |c| {
        nullable(c, |c| {
            number(c, 0)?
                .checked_rem(number(c, 1)?)
                .map(units)
                .ok_or_else(|| raise((8134, "Divide by zero error encountered.".to_owned())))
        })
    })?;
    connection.create_scalar_function("n_scale", 3, pure, |c| {
        nullable(c, |c| {
            Ok(units(rescale(number(c, 0)?, c.get(1)?, c.get(2)?)))
        })
    })?;
    connection.create_scalar_function("n_round", 3, pure, |c| {
        nullable(c, |c| {
            let (scale, digits): (u8, u8) = (c.get(1)?, c.get(2)?);
            let rounded = rescale(number(c, 0)?, scale, digits.min(scale));
            Ok(units(rescale(rounded, digits.min(scale), scale)))
        })
    })?;
    connection.create_aggregate_function("n_sum", 1, pure, Sum)
}

/// `c_cast(value, source type, target type)`: types by their text, an empty source stands for unknown.
fn conversions(connection: &Connection) -> Result<()> {
    let pure = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    for (name, quiet) in [("c_cast", false), ("c_try", true)] {
        connection.create_scalar_function(name, 3, pure, move |c| {
            nullable(c, |c| {
                let source = SqlType::parse(c.get_raw(1).as_str().unwrap_or_default());
                let target = SqlType::parse(c.get_raw(2).as_str().unwrap_or_default())
                    .unwrap_or(SqlType::NVarChar(None));
                match convert::cast(&decode(c.get_raw(0), source), target) {
                    Ok(value) => Ok(encode(&value, target)),
                    Err(_) if quiet => Ok(Stored::Null),
                    Err(error) => Err(raise((error.number, error.message))),
                }
            })
        })?;
    }
    connection.create_scalar_function("n_text", 2, pure, |c| {
        nullable(c, |c| {
            Ok(Stored::Text(
                Numeric {
                    units: number(c, 0)?,
                    scale: c.get(1)?,
                }
                .to_string(),
            ))
        })
    })?;
    connection.create_scalar_function("d_text", 2, pure, |c| {
        nullable(c, |c| Ok(Stored::Text(dates::styled(c.get(0)?, c.get(1)?))))
    })?;
    connection.create_scalar_function("d_iso", 1, pure, |c| {
        nullable(c, |c| Ok(Stored::Text(time_text(c.get(0)?))))
    })
}

/// Answers NULL if any argument is NULL.
fn nullable(c: &Context<'_>, body: impl Fn(&Context<'_>) -> Result<Stored>) -> Result<Stored> {
    if (0..c.len()).any(|index| matches!(c.get_raw(index), ValueRef::Null)) {
        return Ok(Stored::Null);
    }
    body(c)
}

fn number(c: &Context<'_>, index: usize) -> Result<i128> {
    read_units(c.get_raw(index))
        .ok_or_else(|| raise((8114, "Error converting data type to numeric.".to_owned())))
}

fn raise((number, text): (i32, String)) -> Error {
    Error::UserFunctionError(format!("{number}|{text}").into())
}

struct Sum;

impl Aggregate<Option<i128>, Stored> for Sum {
    fn init(&self, _: &mut Context<'_>) -> Result<Option<i128>> {
        Ok(None)
    }

    fn step(&self, c: &mut Context<'_>, sum: &mut Option<i128>) -> Result<()> {
        if let Some(value) = read_units(c.get_raw(0)) {
            *sum = Some(sum.unwrap_or_default().saturating_add(value));
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, sum: Option<Option<i128>>) -> Result<Stored> {
        Ok(sum.flatten().map_or(Stored::Null, units))
    }
}

/// Decodes a value a statement computed without a known type.
pub fn plain(stored: ValueRef<'_>) -> Value {
    decode(stored, None)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::compare;

    #[test]
    fn case_and_trailing_blanks_do_not_count() {
        assert_eq!(compare("web 1  ", "WEB 1"), Ordering::Equal);
        assert_eq!(compare("köln", "KÖLN "), Ordering::Equal);
        assert_eq!(compare("a", "b"), Ordering::Less);
        assert_eq!(compare("ab", "a"), Ordering::Greater);
    }
}
