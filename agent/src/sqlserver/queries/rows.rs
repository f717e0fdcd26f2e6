//! Turns rows into JSON: texts without their padding, amounts as text, days in ISO form.

use rust_decimal::Decimal;
use serde_json::{Map, Value};
use time::{Date, Month, PrimitiveDateTime, Time};

use super::declare::{Column, Kind};
use crate::sqlserver::reply::Cell;

/// A row's columns with their values; `cells` are those that the server selected.
pub(super) fn object(columns: &[&Column], cells: &[Cell]) -> Map<String, Value> {
    let mut selected = cells.iter();
    let value = |column: &&Column| {
        let cell = if column.kind.is_selected() {
            selected.next().unwrap_or(&Cell::Null)
        } else {
            &Cell::Null
        };
        (column.name.to_owned(), value(column.kind, cell))
    };
    columns.iter().map(value).collect()
}

fn value(kind: Kind, cell: &Cell) -> Value {
    match (kind, cell) {
        (Kind::Always(text), _) => Value::from(text),
        (Kind::Absent, _) | (_, Cell::Null | Cell::Other) => Value::Null,
        (Kind::Flag, Cell::Int(number)) => Value::from(*number != 0),
        (Kind::Hundredths, Cell::Int(number)) => Value::from(Decimal::new(*number, 2).to_string()),
        (Kind::Places, Cell::Int(number)) => Value::from((number - 1).max(0)),
        (Kind::Named(codes), Cell::Int(number)) => {
            let known = codes.iter().find(|(code, _)| code == number);
            known.map_or(Value::Null, |(_, meaning)| Value::from(*meaning))
        }
        (Kind::Time, Cell::DateTime(moment)) => Value::from(clock(moment.time())),
        (Kind::Date, Cell::DateTime(moment)) => {
            day(moment.date()).map_or(Value::Null, |day| Value::from(day.to_string()))
        }
        (Kind::Utc, Cell::DateTime(moment)) => {
            written(*moment).map_or(Value::Null, |text| Value::from(text + "Z"))
        }
        (
            Kind::Text
            | Kind::Int
            | Kind::Flag
            | Kind::Amount
            | Kind::Hundredths
            | Kind::Places
            | Kind::Date
            | Kind::Time
            | Kind::Moment
            | Kind::Utc
            | Kind::Named(_),
            cell,
        ) => plain(cell),
    }
}

/// A value as it is, of a column whose type is not known beforehand.
pub(super) fn plain(cell: &Cell) -> Value {
    match cell {
        Cell::Null | Cell::Other => Value::Null,
        Cell::Text(text) => Value::from(text.trim_end_matches(' ')),
        Cell::Int(number) => Value::from(*number),
        Cell::Numeric(number) => Value::from(number.to_string()),
        Cell::DateTime(moment) => written(*moment).map_or(Value::Null, Value::from),
    }
}

fn written(moment: PrimitiveDateTime) -> Option<String> {
    let empty = day(moment.date()).is_none() && moment.time() == Time::MIDNIGHT;
    (!empty).then(|| format!("{}T{}", moment.date(), clock(moment.time())))
}

/// GP has no NULL: its empty date is the first its time columns count from.
fn day(date: Date) -> Option<Date> {
    let empty = (date.year(), date.month(), date.day()) == (1900, Month::January, 1);
    (!empty).then_some(date)
}

fn clock(time: Time) -> String {
    let (hour, minute, second, milli) = time.as_hms_milli();
    let fraction = if milli == 0 {
        String::new()
    } else {
        format!(".{milli:03}")
    };
    format!("{hour:02}:{minute:02}:{second:02}{fraction}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::declare;
    use super::*;

    fn at(year: i32, month: Month, day: u8, hour: u8) -> Cell {
        let date = Date::from_calendar_date(year, month, day).expect("a day");
        let time = Time::from_hms(hour, 5, 9).expect("a time");
        let time = if hour == 0 { Time::MIDNIGHT } else { time };
        Cell::DateTime(PrimitiveDateTime::new(date, time))
    }

    #[test]
    fn values_are_what_their_columns_say() {
        const NAMES: &[(i64, &str)] = &[(1, "sales inventory")];
        let columns = [
            declare::text("i.ITEMNMBR"),
            declare::always("transaction_state", "work"),
            declare::hundredths("i.ITEMSHWT").named("weight"),
            declare::absent("INTEGRATIONID"),
            declare::flag("i.INACTIVE"),
            declare::meaning("item_type", "i.ITEMTYPE", NAMES),
            declare::meaning("unknown", "i.ITEMTYPE", NAMES),
            declare::places("i.DECPLQTY"),
            declare::amount("i.STNDCOST"),
            declare::date("i.CREATDDT"),
            declare::date("i.MODIFDT"),
            declare::utc("i.DEX_ROW_TS"),
            declare::time("i.TIME1"),
            declare::text("i.NOTHING"),
        ];
        let cells = [
            Cell::Text("100XLG   ".to_owned()),
            Cell::Int(125),
            Cell::Int(0),
            Cell::Int(1),
            Cell::Int(9),
            Cell::Int(3),
            Cell::Numeric(Decimal::new(2_998_000, 5)),
            at(2025, Month::March, 4, 0),
            at(1900, Month::January, 1, 0),
            at(2025, Month::March, 4, 15),
            at(1900, Month::January, 1, 15),
            Cell::Null,
        ];
        let columns: Vec<&Column> = columns.iter().collect();
        let expected = json!({
            "ITEMNMBR": "100XLG", "transaction_state": "work", "weight": "1.25", "INTEGRATIONID": null,
            "INACTIVE": false, "item_type": "sales inventory", "unknown": null, "DECPLQTY": 2,
            "STNDCOST": "29.98000", "CREATDDT": "2025-03-04", "MODIFDT": null,
            "DEX_ROW_TS": "2025-03-04T15:05:09Z", "TIME1": "15:05:09", "NOTHING": null,
        });
        assert_eq!(Value::Object(object(&columns, &cells)), expected);
    }
}
