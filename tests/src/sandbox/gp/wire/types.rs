//! TYPE_INFO and values of every scalar type, as TDS 7.4 carries them.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::super::value::{DAY, Length, Numeric, SqlType, Value, from_300ths, to_300ths};
use super::{codepage, take};

/// SQL_Latin1_General_CP1_CI_AS.
pub const COLLATION: [u8; 5] = [0x09, 0x04, 0xD0, 0x00, 0x34];

/// Days from 0001-01-01 to 1900-01-01.
const DAYS_TO_1900: i64 = 693_595;

/// Reads one TYPE_INFO; fixed-length types answer with themselves.
pub fn read_type(body: &mut Bytes) -> Result<SqlType, String> {
    let token = take(body, 1)?[0];
    Ok(match token {
        0x30 => SqlType::TinyInt,
        0x32 => SqlType::Bit,
        0x34 => SqlType::SmallInt,
        0x38 => SqlType::Int,
        0x7F => SqlType::BigInt,
        0x3B => SqlType::Real,
        0x3E => SqlType::Float,
        0x3C => SqlType::Money,
        0x7A => SqlType::SmallMoney,
        0x3D => SqlType::DateTime,
        0x3A => SqlType::SmallDateTime,
        0x28 => SqlType::Date,
        0x26 => match take(body, 1)?[0] {
            1 => SqlType::TinyInt,
            2 => SqlType::SmallInt,
            4 => SqlType::Int,
            _ => SqlType::BigInt,
        },
        0x68 => sized(body, SqlType::Bit)?,
        0x24 => sized(body, SqlType::Guid)?,
        0x6D => {
            if take(body, 1)?[0] == 4 {
                SqlType::Real
            } else {
                SqlType::Float
            }
        }
        0x6E => {
            if take(body, 1)?[0] == 4 {
                SqlType::SmallMoney
            } else {
                SqlType::Money
            }
        }
        0x6F => {
            if take(body, 1)?[0] == 4 {
                SqlType::SmallDateTime
            } else {
                SqlType::DateTime
            }
        }
        0x6A | 0x6C | 0x37 | 0x3F => {
            let header = take(body, 3)?;
            let (precision, scale) = (header[1], header[2]);
            if !(1..=38).contains(&precision) || scale > precision {
                return Err(format!("numeric({precision},{scale}) is no type"));
            }
            SqlType::Numeric(precision, scale)
        }
        0x29 => SqlType::Time(scale(body)?),
        0x2A => SqlType::DateTime2(scale(body)?),
        0x2B => SqlType::DateTimeOffset(scale(body)?),
        0x23 | 0x63 | 0x22 => read_long_type(body, token)?,
        0xE7 | 0xEF | 0xA7 | 0xAF | 0xA5 | 0xAD => read_string_type(body, token)?,
        other => return Err(format!("type 0x{other:02X} is not supported")),
    })
}

fn sized(body: &mut Bytes, kind: SqlType) -> Result<SqlType, String> {
    take(body, 1)?;
    Ok(kind)
}

/// Digits behind the seconds.
fn scale(body: &mut Bytes) -> Result<u8, String> {
    let scale = take(body, 1)?[0];
    if scale > 7 {
        return Err(format!("a time of scale {scale} is no type"));
    }
    Ok(scale)
}

fn read_long_type(body: &mut Bytes, token: u8) -> Result<SqlType, String> {
    take(body, 4)?;
    if token != 0x22 {
        take(body, 5)?;
    }
    Ok(match token {
        0x23 => SqlType::Text,
        0x63 => SqlType::NText,
        _ => SqlType::Image,
    })
}

fn read_string_type(body: &mut Bytes, token: u8) -> Result<SqlType, String> {
    let max = take(body, 2)?.get_u16_le();
    if token != 0xA5 && token != 0xAD {
        take(body, 5)?;
    }
    let length: Length = if max == 0xFFFF { None } else { Some(max) };
    let wide = length.map(|bytes| bytes / 2);
    Ok(match token {
        0xE7 => SqlType::NVarChar(wide),
        0xEF => SqlType::NChar(wide.unwrap_or(4000)),
        0xA7 => SqlType::VarChar(length),
        0xAF => SqlType::Char(length.unwrap_or(8000)),
        0xA5 => SqlType::VarBinary(length),
        _ => SqlType::Binary(length.unwrap_or(8000)),
    })
}

/// Reads a parameter: its TYPE_INFO and its value.
pub fn read_parameter(body: &mut Bytes) -> Result<(SqlType, Value), String> {
    let fixed = match body.first() {
        Some(0x30 | 0x32) => Some(1),
        Some(0x34) => Some(2),
        Some(0x38 | 0x3B | 0x7A | 0x3A) => Some(4),
        Some(0x7F | 0x3E | 0x3C | 0x3D) => Some(8),
        _ => None,
    };
    let kind = read_type(body)?;
    let value = match fixed {
        Some(length) => scalar(kind, &take(body, length)?)?,
        None => read_value(body, kind)?,
    };
    Ok((kind, value))
}

fn read_value(body: &mut Bytes, kind: SqlType) -> Result<Value, String> {
    let raw = match kind {
        SqlType::Text | SqlType::NText | SqlType::Image => {
            let length = take(body, 4)?.get_u32_le();
            if length == u32::MAX {
                None
            } else {
                Some(take(body, length as usize)?)
            }
        }
        SqlType::VarChar(None) | SqlType::NVarChar(None) | SqlType::VarBinary(None) => {
            read_chunks(body)?
        }
        SqlType::Char(_)
        | SqlType::VarChar(Some(_))
        | SqlType::NChar(_)
        | SqlType::NVarChar(Some(_))
        | SqlType::Binary(_)
        | SqlType::VarBinary(Some(_)) => {
            let length = take(body, 2)?.get_u16_le();
            if length == 0xFFFF {
                None
            } else {
                Some(take(body, usize::from(length))?)
            }
        }
        SqlType::Bit
        | SqlType::TinyInt
        | SqlType::SmallInt
        | SqlType::Int
        | SqlType::BigInt
        | SqlType::Numeric(..)
        | SqlType::Money
        | SqlType::SmallMoney
        | SqlType::Real
        | SqlType::Float
        | SqlType::Guid
        | SqlType::Date
        | SqlType::Time(_)
        | SqlType::DateTime
        | SqlType::SmallDateTime
        | SqlType::DateTime2(_)
        | SqlType::DateTimeOffset(_) => {
            let length = take(body, 1)?[0];
            if length == 0 {
                None
            } else {
                Some(take(body, usize::from(length))?)
            }
        }
    };
    raw.map_or(Ok(Value::Null), |raw| scalar(kind, &raw))
}

fn read_chunks(body: &mut Bytes) -> Result<Option<Bytes>, String> {
    if take(body, 8)?.get_u64_le() == u64::MAX {
        return Ok(None);
    }
    let mut all = BytesMut::new();
    loop {
        let length = take(body, 4)?.get_u32_le() as usize;
        if length == 0 {
            return Ok(Some(all.freeze()));
        }
        all.extend_from_slice(&take(body, length)?);
    }
}

fn scalar(kind: SqlType, raw: &[u8]) -> Result<Value, String> {
    Ok(match kind {
        SqlType::TinyInt | SqlType::Bit => Value::Int(i64::from(raw[0])),
        SqlType::SmallInt | SqlType::Int | SqlType::BigInt => Value::Int(little(raw)),
        SqlType::Numeric(_, scale) => numeric(raw, scale)?,
        SqlType::Money => {
            let high = little(raw.get(..4).unwrap_or_default());
            let low = little(raw.get(4..).unwrap_or_default()) & 0xFFFF_FFFF;
            Value::Numeric(Numeric {
                units: i128::from(high << 32 | low),
                scale: 4,
            })
        }
        SqlType::SmallMoney => Value::Numeric(Numeric {
            units: i128::from(little(raw)),
            scale: 4,
        }),
        SqlType::Real => Value::Float(f64::from(f32::from_le_bytes(exact(raw)?))),
        SqlType::Float if raw.len() == 4 => {
            Value::Float(f64::from(f32::from_le_bytes(exact(raw)?)))
        }
        SqlType::Float => Value::Float(f64::from_le_bytes(exact(raw)?)),
        SqlType::Char(_) | SqlType::VarChar(_) | SqlType::Text => {
            Value::Text(codepage::decode(raw))
        }
        SqlType::NChar(_) | SqlType::NVarChar(_) | SqlType::NText => Value::Text(super::utf16(raw)),
        SqlType::Binary(_) | SqlType::VarBinary(_) | SqlType::Image => Value::Bytes(raw.to_vec()),
        SqlType::Guid => Value::Text(guid_text(exact(raw)?)),
        SqlType::Date
        | SqlType::Time(_)
        | SqlType::DateTime
        | SqlType::SmallDateTime
        | SqlType::DateTime2(_)
        | SqlType::DateTimeOffset(_) => Value::Time(time(kind, raw)?),
    })
}

fn exact<const N: usize>(raw: &[u8]) -> Result<[u8; N], String> {
    raw.try_into()
        .map_err(|_| format!("a value of {} bytes where {N} were expected", raw.len()))
}

/// Sign-extended little-endian integer of up to eight bytes.
fn little(raw: &[u8]) -> i64 {
    let fill = if raw.last().is_some_and(|byte| byte & 0x80 != 0) {
        0xFF
    } else {
        0
    };
    let mut all = [fill; 8];
    all[..raw.len().min(8)].copy_from_slice(&raw[..raw.len().min(8)]);
    i64::from_le_bytes(all)
}

fn unsigned(raw: &[u8]) -> i64 {
    raw.iter()
        .rev()
        .fold(0, |sum, &byte| sum << 8 | i64::from(byte))
}

fn numeric(raw: &[u8], scale: u8) -> Result<Value, String> {
    let mut digits = [0_u8; 16];
    let length = (raw.len() - 1).min(16);
    digits[..length].copy_from_slice(&raw[1..=length]);
    let units = i128::from_le_bytes(digits);
    if !(0..10_i128.pow(38)).contains(&units) {
        return Err("a numeric of more than 38 digits".to_owned());
    }
    Ok(Value::Numeric(Numeric {
        units: if raw[0] == 0 { -units } else { units },
        scale,
    }))
}

/// A time that is not between the years 1 and 9999 is no value.
fn time(kind: SqlType, raw: &[u8]) -> Result<i64, String> {
    let none = || format!("{} bytes are no value of {kind:?}", raw.len());
    let days = |raw: &[u8], offset: i64| (unsigned(raw) - offset).checked_mul(DAY);
    let within = |raw: &[u8], scale: u8| {
        let unit = 10_i64.pow(u32::from(7 - scale));
        unsigned(raw).checked_mul(unit).filter(|time| *time < DAY)
    };
    let (day, time) = match (kind, raw.len()) {
        (SqlType::DateTime, 8) => (
            little(&raw[..4]).checked_mul(DAY),
            Some(from_300ths(unsigned(&raw[4..]))).filter(|time| *time < DAY),
        ),
        (SqlType::SmallDateTime | SqlType::DateTime, 4) => (
            days(&raw[..2], 0),
            Some(unsigned(&raw[2..]) * 600_000_000).filter(|time| *time < DAY),
        ),
        (SqlType::DateTime2(scale), 6..=8) => {
            let (time, date) = raw.split_at(raw.len() - 3);
            (days(date, DAYS_TO_1900), within(time, scale))
        }
        (SqlType::DateTimeOffset(scale), 8..=10) => {
            let (time, rest) = raw.split_at(raw.len() - 5);
            (days(&rest[..3], DAYS_TO_1900), within(time, scale))
        }
        (SqlType::Time(scale), 3..=5) => (Some(0), within(raw, scale)),
        (SqlType::Date, 3) => (days(raw, DAYS_TO_1900), Some(0)),
        _ => (None, None),
    };
    let ticks = day.zip(time).and_then(|(day, time)| day.checked_add(time));
    let years = -DAYS_TO_1900 * DAY..(3_652_059 - DAYS_TO_1900) * DAY;
    ticks.filter(|ticks| years.contains(ticks)).ok_or_else(none)
}

/// SQL Server's mixed-endian guid bytes as upper-case text.
fn guid_text(raw: [u8; 16]) -> String {
    uuid::Uuid::from_bytes_le(raw)
        .hyphenated()
        .to_string()
        .to_ascii_uppercase()
}

/// Writes a nullable TYPE_INFO for a result column or a return value.
pub fn write_type(out: &mut BytesMut, kind: SqlType) {
    match kind {
        SqlType::Bit => out.extend_from_slice(&[0x68, 1]),
        SqlType::TinyInt => out.extend_from_slice(&[0x26, 1]),
        SqlType::SmallInt => out.extend_from_slice(&[0x26, 2]),
        SqlType::Int => out.extend_from_slice(&[0x26, 4]),
        SqlType::BigInt => out.extend_from_slice(&[0x26, 8]),
        SqlType::Numeric(precision, scale) => out.extend_from_slice(&[0x6C, 17, precision, scale]),
        SqlType::Money => out.extend_from_slice(&[0x6E, 8]),
        SqlType::SmallMoney => out.extend_from_slice(&[0x6E, 4]),
        SqlType::Real => out.extend_from_slice(&[0x6D, 4]),
        SqlType::Float => out.extend_from_slice(&[0x6D, 8]),
        SqlType::Char(n) => string_type(out, 0xAF, Some(n)),
        SqlType::VarChar(n) => string_type(out, 0xA7, n),
        SqlType::NChar(n) => string_type(out, 0xEF, Some(n * 2)),
        SqlType::NVarChar(n) => string_type(out, 0xE7, n.map(|chars| chars.min(4000) * 2)),
        SqlType::Text | SqlType::NText => {
            out.put_u8(if kind == SqlType::Text { 0x23 } else { 0x63 });
            out.put_u32_le(0x7FFF_FFFF);
            out.extend_from_slice(&COLLATION);
        }
        SqlType::Image => {
            out.put_u8(0x22);
            out.put_u32_le(0x7FFF_FFFF);
        }
        SqlType::Binary(n) => {
            out.put_u8(0xAD);
            out.put_u16_le(n);
        }
        SqlType::VarBinary(n) => {
            out.put_u8(0xA5);
            out.put_u16_le(n.unwrap_or(0xFFFF));
        }
        SqlType::Guid => out.extend_from_slice(&[0x24, 16]),
        SqlType::Date => out.put_u8(0x28),
        SqlType::Time(scale) => out.extend_from_slice(&[0x29, scale]),
        SqlType::DateTime => out.extend_from_slice(&[0x6F, 8]),
        SqlType::SmallDateTime => out.extend_from_slice(&[0x6F, 4]),
        SqlType::DateTime2(scale) => out.extend_from_slice(&[0x2A, scale]),
        SqlType::DateTimeOffset(scale) => out.extend_from_slice(&[0x2B, scale]),
    }
}

fn string_type(out: &mut BytesMut, token: u8, bytes: Length) {
    out.put_u8(token);
    out.put_u16_le(bytes.unwrap_or(0xFFFF));
    out.extend_from_slice(&COLLATION);
}

/// Whether the type carries a table name in COLMETADATA and a text pointer in its values.
pub fn is_long(kind: SqlType) -> bool {
    matches!(kind, SqlType::Text | SqlType::NText | SqlType::Image)
}

/// Writes one value of a declared type.
pub fn write_value(out: &mut BytesMut, kind: SqlType, value: &Value) {
    match kind {
        SqlType::Char(_)
        | SqlType::VarChar(_)
        | SqlType::NChar(_)
        | SqlType::NVarChar(_)
        | SqlType::Binary(_)
        | SqlType::VarBinary(_)
        | SqlType::Text
        | SqlType::NText
        | SqlType::Image => write_string(out, kind, value),
        SqlType::Bit
        | SqlType::TinyInt
        | SqlType::SmallInt
        | SqlType::Int
        | SqlType::BigInt
        | SqlType::Numeric(..)
        | SqlType::Money
        | SqlType::SmallMoney
        | SqlType::Real
        | SqlType::Float
        | SqlType::Guid
        | SqlType::Date
        | SqlType::Time(_)
        | SqlType::DateTime
        | SqlType::SmallDateTime
        | SqlType::DateTime2(_)
        | SqlType::DateTimeOffset(_) => {
            let raw = small(kind, value);
            out.put_u8(u8::try_from(raw.len()).unwrap_or_default());
            out.extend_from_slice(&raw);
        }
    }
}

/// The bytes of a value of a type with a one-byte length; empty stands for NULL.
fn small(kind: SqlType, value: &Value) -> Vec<u8> {
    if value.is_null() {
        return Vec::new();
    }
    let int = || value.int().unwrap_or_default();
    match kind {
        SqlType::Bit => vec![u8::from(int() != 0)],
        SqlType::TinyInt => int().to_le_bytes()[..1].to_vec(),
        SqlType::SmallInt => int().to_le_bytes()[..2].to_vec(),
        SqlType::Int => int().to_le_bytes()[..4].to_vec(),
        SqlType::BigInt => int().to_le_bytes().to_vec(),
        SqlType::Numeric(_, scale) => {
            let units = units(value, scale);
            let mut raw = vec![u8::from(units >= 0)];
            raw.extend_from_slice(&units.unsigned_abs().to_le_bytes());
            raw
        }
        SqlType::Money => {
            let units = i64::try_from(units(value, 4)).unwrap_or_default();
            let mut raw = (units >> 32).to_le_bytes()[..4].to_vec();
            raw.extend_from_slice(&units.to_le_bytes()[..4]);
            raw
        }
        SqlType::SmallMoney => units(value, 4).to_le_bytes()[..4].to_vec(),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "real is the narrower float by definition"
        )]
        SqlType::Real => (float(value) as f32).to_le_bytes().to_vec(),
        SqlType::Float => float(value).to_le_bytes().to_vec(),
        SqlType::Guid => value
            .text()
            .and_then(|text| uuid::Uuid::parse_str(text.trim()).ok())
            .map(|guid| guid.to_bytes_le().to_vec())
            .unwrap_or_default(),
        SqlType::Date
        | SqlType::Time(_)
        | SqlType::DateTime
        | SqlType::SmallDateTime
        | SqlType::DateTime2(_)
        | SqlType::DateTimeOffset(_) => time_bytes(
            kind,
            if let Value::Time(ticks) = value {
                *ticks
            } else {
                0
            },
        ),
        SqlType::Char(_)
        | SqlType::VarChar(_)
        | SqlType::NChar(_)
        | SqlType::NVarChar(_)
        | SqlType::Text
        | SqlType::NText
        | SqlType::Binary(_)
        | SqlType::VarBinary(_)
        | SqlType::Image => Vec::new(),
    }
}

fn units(value: &Value, scale: u8) -> i128 {
    if let Value::Numeric(numeric) = value {
        return numeric.rescale(scale).units;
    }
    let units = i128::from(value.int().unwrap_or_default());
    Numeric { units, scale: 0 }.rescale(scale).units
}

#[expect(
    clippy::cast_precision_loss,
    reason = "only float columns come here and GP has none"
)]
fn float(value: &Value) -> f64 {
    if let Value::Float(value) = value {
        *value
    } else {
        value.int().unwrap_or_default() as f64
    }
}

fn time_bytes(kind: SqlType, ticks: i64) -> Vec<u8> {
    let day = ticks.div_euclid(DAY);
    let rest = ticks.rem_euclid(DAY);
    let date = (day + DAYS_TO_1900).to_le_bytes()[..3].to_vec();
    let clock = |scale: u8| {
        let length = match scale {
            0..=2 => 3,
            3..=4 => 4,
            _ => 5,
        };
        (rest / 10_i64.pow(u32::from(7 - scale.min(7)))).to_le_bytes()[..length].to_vec()
    };
    if let SqlType::Time(scale) = kind {
        return clock(scale);
    }
    if let SqlType::DateTime2(scale) = kind {
        return [clock(scale), date].concat();
    }
    if let SqlType::DateTimeOffset(scale) = kind {
        return [clock(scale), date, vec![0, 0]].concat();
    }
    if kind == SqlType::DateTime {
        return [
            day.to_le_bytes()[..4].to_vec(),
            to_300ths(rest).to_le_bytes()[..4].to_vec(),
        ]
        .concat();
    }
    if kind == SqlType::SmallDateTime {
        return [
            day.to_le_bytes()[..2].to_vec(),
            (rest / 600_000_000).to_le_bytes()[..2].to_vec(),
        ]
        .concat();
    }
    date
}

fn write_string(out: &mut BytesMut, kind: SqlType, value: &Value) {
    let raw = string_bytes(kind, value);
    if is_long(kind) {
        let Some(raw) = raw else { return out.put_u8(0) };
        out.put_u8(16);
        out.extend_from_slice(&[1; 16]);
        out.extend_from_slice(&[0; 8]);
        out.put_u32_le(u32::try_from(raw.len()).unwrap_or_default());
        return out.extend_from_slice(&raw);
    }
    if matches!(
        kind,
        SqlType::VarChar(None) | SqlType::NVarChar(None) | SqlType::VarBinary(None)
    ) {
        return write_chunks(out, raw);
    }
    let Some(mut raw) = raw else {
        return out.put_u16_le(0xFFFF);
    };
    match kind {
        SqlType::Char(n) => raw.resize(usize::from(n), b' '),
        SqlType::NChar(n) => {
            while raw.len() < usize::from(n) * 2 {
                raw.extend_from_slice(&[b' ', 0]);
            }
            raw.truncate(usize::from(n) * 2);
        }
        SqlType::Binary(n) => raw.resize(usize::from(n), 0),
        SqlType::VarChar(Some(n)) | SqlType::VarBinary(Some(n)) => raw.truncate(usize::from(n)),
        SqlType::NVarChar(Some(n)) => raw.truncate(usize::from(n) * 2),
        SqlType::VarChar(None)
        | SqlType::NVarChar(None)
        | SqlType::VarBinary(None)
        | SqlType::Text
        | SqlType::NText
        | SqlType::Image
        | SqlType::Bit
        | SqlType::TinyInt
        | SqlType::SmallInt
        | SqlType::Int
        | SqlType::BigInt
        | SqlType::Numeric(..)
        | SqlType::Money
        | SqlType::SmallMoney
        | SqlType::Real
        | SqlType::Float
        | SqlType::Guid
        | SqlType::Date
        | SqlType::Time(_)
        | SqlType::DateTime
        | SqlType::SmallDateTime
        | SqlType::DateTime2(_)
        | SqlType::DateTimeOffset(_) => {}
    }
    out.put_u16_le(u16::try_from(raw.len()).unwrap_or_default());
    out.extend_from_slice(&raw);
}

fn write_chunks(out: &mut BytesMut, raw: Option<Vec<u8>>) {
    let Some(raw) = raw else {
        return out.put_u64_le(u64::MAX);
    };
    out.put_u64_le(raw.len() as u64);
    if !raw.is_empty() {
        out.put_u32_le(u32::try_from(raw.len()).unwrap_or_default());
        out.extend_from_slice(&raw);
    }
    out.put_u32_le(0);
}

fn string_bytes(kind: SqlType, value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Null => None,
        Value::Bytes(raw) => Some(raw.clone()),
        Value::Text(text) if kind.unicode() => {
            Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect())
        }
        Value::Text(text) => Some(codepage::encode(text)),
        Value::Int(value) => string_bytes(kind, &Value::Text(value.to_string())),
        Value::Numeric(value) => string_bytes(kind, &Value::Text(value.to_string())),
        Value::Float(value) => string_bytes(kind, &Value::Text(value.to_string())),
        Value::Time(ticks) => {
            string_bytes(kind, &Value::Text(super::super::value::time_text(*ticks)))
        }
    }
}
