//! Holds the declarations together: with themselves, with GP's tables, with the grants.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::declare::{Kind, Role};
use super::given::{asked, question};
use super::print::{Printed, tables_of};
use super::*;
use crate::sqlserver::statements;
use crate::sqlserver::values::SqlValue;

fn query(name: &str) -> &'static Query {
    let found = catalogue::all().find(|query| query.name == name);
    found.unwrap_or_else(|| panic!("no query {name}"))
}

fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

#[test]
fn declarations_agree_with_themselves() {
    let mut names = BTreeSet::new();
    for query in catalogue::all() {
        let name = query.name;
        assert!(names.insert(name), "{name} is there twice");
        assert!(query.text.ends_with('.'), "{name} is not told");
        let known = |parameter: &str| query.parameters.iter().any(|p| p.name == parameter);
        for way in query.ways {
            assert!(way.by.iter().all(|by| known(by)), "{name} by {:?}", way.by);
        }
        for parameter in query.parameters {
            let chosen = matches!(parameter.role, Role::Choice | Role::List);
            let used = query
                .ways
                .iter()
                .any(|way| way.by.contains(&parameter.name));
            assert_eq!(chosen, used, "{name} by {}", parameter.name);
        }
        let columns = |source: &declare::Source| -> Vec<&str> {
            source.columns().map(|column| column.name).collect()
        };
        let first = columns(&query.sources[0]);
        let unique: BTreeSet<_> = first.iter().map(|name| name.to_uppercase()).collect();
        assert_eq!(unique.len(), first.len(), "{name} has a column twice");
        for source in query.sources {
            assert_eq!(columns(source), first, "{name} from {}", source.from);
            for key in query.key {
                let column = source.columns().find(|column| column.name == key.column);
                let column = column.unwrap_or_else(|| panic!("{name} has no {}", key.column));
                let exact = matches!(
                    column.kind,
                    Kind::Text | Kind::Int | Kind::Amount | Kind::Date | Kind::Time
                );
                assert!(exact, "{name} cannot be ordered by {}", key.column);
            }
        }
    }
    assert!(names.len() >= 50, "{}", names.len());
}

#[test]
fn every_text_is_bounded_ordered_and_free_of_values() {
    for text in print::printed(&[]) {
        let Printed { name, sql, .. } = &text;
        assert!(sql.starts_with("SELECT TOP (CAST(@P1 AS int)) "), "{name}");
        assert!(sql.contains("\nORDER BY "), "{name}");
        assert!(
            sql.contains(" > CAST(@P"),
            "{name} does not go on behind a key"
        );
        let unbound = sql.split('@').skip(1).find(|rest| !rest.starts_with('P'));
        assert_eq!(unbound, None, "{name}");
        for word in [
            "NOLOCK",
            "UNCOMMITTED",
            "OFFSET",
            "JSON",
            "TRIM",
            "STRING_",
            "SELECT *",
        ] {
            assert!(!sql.to_uppercase().contains(word), "{name} has {word}");
        }
    }
}

/// Tables in the company's and in the system database that the queries read.
fn tables() -> (BTreeSet<String>, BTreeSet<String>) {
    let printed = print::printed(&[]);
    let all = printed.iter().flat_map(|text| tables_of(&text.sql));
    let (system, company) = all.partition(|table| table.starts_with("{system}."));
    (company, system)
}

#[test]
fn the_set_up_script_grants_just_what_is_read() {
    let script = include_str!("../../../../installer/sql/connect.sql");
    let granted = |line: &str, to: &str| -> Option<String> {
        let rest = line.trim().strip_prefix("GRANT SELECT ON ")?;
        Some(rest.strip_suffix(to)?.trim().to_owned())
    };
    let company = script.lines();
    let company: BTreeSet<_> = company
        .filter_map(|line| granted(line, "TO connect_agent;"))
        .collect();
    let comments = script.lines().filter_map(|line| line.strip_prefix("--"));
    let system: BTreeSet<_> = comments
        .filter_map(|line| granted(line, "TO [connect_agent_login];"))
        .map(|table| ["{system}.", &table].concat())
        .collect();
    let (mut read, mut read_of_system) = tables();
    for statement in statements::ALL {
        let words = statement.fixed().split([' ', ',', ';']);
        for word in words.filter(|word| !word.starts_with("dbo.ta")) {
            if word.starts_with("{system}.dbo.") {
                read_of_system.insert(word.to_owned());
            } else if word.starts_with("dbo.") {
                read.insert(word.to_owned());
            }
        }
    }
    assert_eq!(company, read);
    assert_eq!(system, read_of_system);
}

#[test]
fn a_query_is_asked_in_one_of_its_ways_or_told_what_is_wrong() {
    let refused = |name: &str, pairs: &[(&str, &str)]| {
        let asked = asked(query(name), &parameters(pairs));
        asked.expect_err("refused").to_string()
    };
    let all = asked(query("customers"), &Parameters::new()).expect("all");
    assert!(all.way.by.is_empty());
    let one = asked(query("customers"), &parameters(&[("CUSTNMBR", "A")])).expect("one");
    assert_eq!(one.way.by, ["CUSTNMBR"]);
    for (name, given, words) in [
        (
            "customers",
            &[("CUSTNAME", "A")][..],
            "no parameter CUSTNAME",
        ),
        (
            "customers",
            &[("CUSTNMBR", "A"), ("CUSTCLAS", "B")],
            "CUSTNMBR, CUSTCLAS cannot",
        ),
        (
            "customers",
            &[("CUSTNMBR", "1234567890123456")],
            "CUSTNMBR has 16 characters",
        ),
        (
            "customers",
            &[("CUSTNMBRS", "A,B")],
            "CUSTNMBRS is not a JSON array",
        ),
        (
            "customers",
            &[("CUSTNMBRS", "[]")],
            "CUSTNMBRS has 0 values, not 1 to 50",
        ),
        (
            "customer_addresses",
            &[("ADRSCODE", "A")],
            "needs the parameter CUSTNMBR",
        ),
        ("sop_lines", &[], "needs to know what to look for: SOPNUMBE"),
        ("sop_document", &[], "SOPNUMBE, or CSTPONBR"),
        (
            "sop_documents",
            &[("SOPTYPE", "two")],
            "SOPTYPE is not a whole number",
        ),
        (
            "sop_documents",
            &[("from", "04.03.2025")],
            "from is not a date",
        ),
        ("item_quantities", &[("net", "yes")], "net is not 0 or 1"),
        ("setup.sites", &[("LOCNCODE", "A")], "it takes none"),
    ] {
        let said = refused(name, given);
        assert!(said.contains(words), "{name} {given:?}: {said}");
    }
}

#[test]
fn a_text_is_the_same_whatever_is_asked_for() {
    let text = |pairs: &[(&str, &str)]| {
        let query = query("sop_documents");
        let asked = asked(query, &parameters(pairs)).expect("asked");
        text::page(query, &query.sources[1], &asked, (501, None)).expect("a text")
    };
    let two = text(&[("SOPNUMBES", r#"["ORD1", "x'); DROP TABLE --"]"#)]);
    let three = text(&[
        ("SOPNUMBES", r#"["ORD1", "ORD2", "ORD3"]"#),
        ("SOPTYPE", "2"),
    ]);
    assert_eq!(two.sql, three.sql);
    assert_eq!(two.values.len(), three.values.len());
    assert_eq!(
        two.values.last(),
        Some(&SqlValue::from("x'); DROP TABLE --"))
    );
    assert!(
        two.sql.contains("d.SOPNUMBE IN (CAST(@P5 AS char(21)), "),
        "{}",
        two.sql
    );
}

#[test]
fn the_next_page_begins_behind_the_last_row() {
    let query = query("customer_addresses");
    let asked = asked(query, &Parameters::new()).expect("asked");
    let key = [
        KeyValue::Text("AARONFIT0001".to_owned()),
        KeyValue::Text("PRIMARY".to_owned()),
    ];
    let page = text::page(query, &query.sources[0], &asked, (2, Some(&key))).expect("a text");
    let condition = "\nWHERE a.CUSTNMBR >= CAST(@P2 AS char(15)) AND (a.CUSTNMBR > CAST(@P2 AS \
                     char(15)) OR (a.ADRSCODE > CAST(@P3 AS char(15))))\n\
                     ORDER BY a.CUSTNMBR, a.ADRSCODE";
    assert!(page.sql.ends_with(condition), "{}", page.sql);
    let short = text::page(query, &query.sources[0], &asked, (2, Some(&key[..1])));
    assert!(short.is_none(), "the key of another query");
}

fn found(count: usize, width: usize) -> Vec<Found> {
    let found = |number: usize| {
        let key = i64::try_from(number).expect("small");
        let mut row = Map::new();
        row.insert("n".to_owned(), Value::from(key));
        row.insert("t".to_owned(), Value::from("x".repeat(width)));
        let place = Place {
            source: 0,
            key: vec![KeyValue::Int(key)],
        };
        Found { row, place }
    };
    (0..count).map(found).collect()
}

#[test]
fn a_page_ends_at_its_size_or_at_its_bytes_and_says_if_more_is_there() {
    let rows =
        |page: &Page| -> Vec<Value> { serde_json::from_slice(&page.rows_json).expect("json") };
    let question = question("customers", &Parameters::new());
    let whole = cut(&question, found(3, 1), 3).expect("a page");
    assert_eq!(
        (rows(&whole).len(), whole.next_page_token.as_str()),
        (3, "")
    );
    let part = cut(&question, found(4, 1), 3).expect("a page");
    assert_eq!(rows(&part).len(), 3);
    let place = token::read(&question, &part.next_page_token).expect("a token");
    assert_eq!(place.key, [KeyValue::Int(2)]);
    let wide = cut(&question, found(10, PAGE_BYTES / 4), 10).expect("a page");
    assert_eq!(rows(&wide).len(), 4);
    let place = token::read(&question, &wide.next_page_token).expect("a token");
    assert_eq!(place.key, [KeyValue::Int(3)]);
    let none = cut(&question, Vec::new(), 3).expect("a page");
    assert_eq!(
        (none.rows_json.as_slice(), none.next_page_token.as_str()),
        (&b"[]"[..], "")
    );
}

#[test]
fn people_are_told_what_can_be_asked() {
    let described = print::described(&[]);
    // It travels in one message.
    assert!(described.to_string().len() < 200 * 1024);
    let queries = described.as_array().expect("a list");
    let quantities = queries
        .iter()
        .find(|query| query["name"] == "item_quantities");
    let quantities = quantities.expect("item_quantities");
    let net = json!({"name": "net", "type": "0 or 1", "required": false, "default": "0"});
    assert_eq!(quantities["parameters"][3], net);
    let columns = quantities["columns"].as_array().expect("columns");
    let with = json!({"name": "available_net", "type": "decimal", "with": "net=1"});
    assert_eq!(columns.last(), Some(&with));
    assert_eq!(quantities["page_key"], json!(["ITEMNMBR", "LOCNCODE"]));
    let chain = queries.iter().find(|query| query["name"] == "sop_chain");
    assert_eq!(chain.expect("sop_chain")["parameters"][0]["required"], true);
}

fn own(sql: &str) -> Result<Own, OwnProblem> {
    let kinds = [("customer".to_owned(), "varchar(20)".to_owned())].into();
    Own::new("orders", ("", sql), &kinds, &["SOPNUMBE".to_owned()])
}

#[test]
fn an_owner_s_query_is_one_select_that_only_reads() {
    let good = "SELECT SOPNUMBE, [UPDATE] AS u, 'DROP; -- it''s' AS t FROM dbo.SOP10100 \
                WHERE CUSTNMBR = @customer AND DOCID IN (SELECT DOCID FROM dbo.SOP40200)";
    let own_query = own(good).expect("good");
    assert_eq!(own_query.name, "own.orders");
    for (sql, words) in [
        ("DELETE FROM dbo.SOP10100", "begin with SELECT"),
        (
            "WITH x AS (SELECT 1 a) SELECT a FROM x",
            "begin with SELECT",
        ),
        (
            "SELECT 1 AS SOPNUMBE; DROP TABLE dbo.RM00101",
            "without a ;",
        ),
        ("SELECT SOPNUMBE INTO x FROM dbo.SOP10100", "INTO"),
        ("SELECT SOPNUMBE FROM dbo.SOP10100 WITH (NOLOCK)", "WITH"),
        ("SELECT SOPNUMBE FROM dbo.SOP10100 (nolock)", "NOLOCK"),
        ("SELECT SOPNUMBE FROM OPENQUERY(x, 'DELETE')", "OPENQUERY"),
        ("SELECT 1 AS SOPNUMBE exec sp_who", "EXEC"),
        ("SELECT 1 AS SOPNUMBE) AS q DELETE (SELECT 1", "closed"),
        ("SELECT (1 AS SOPNUMBE", "not closed"),
        ("SELECT 1 AS SOPNUMBE -- all", "comment"),
        ("SELECT 1 AS SOPNUMBE /* all */", "comment"),
        ("SELECT 'a AS SOPNUMBE", "a ' is missing"),
        ("SELECT [a AS SOPNUMBE", "a ] is missing"),
        ("SELECT @other AS SOPNUMBE", "@other is not among"),
        ("SELECT @@VERSION AS SOPNUMBE", "is not among"),
        ("SELECT 'x@customer' AS SOPNUMBE", "no @"),
        (
            "SELECT SOPNUMBE FROM dbo.SOP10100 ORDER BY SOPNUMBE",
            "leave ORDER BY out",
        ),
    ] {
        let problem = own(sql).expect_err(sql);
        assert_eq!(problem.key, "sql");
        assert!(
            problem.problem.contains(words),
            "{sql}: {}",
            problem.problem
        );
    }
    let none = BTreeMap::new();
    let sql = ("", "SELECT 1 AS a");
    let key = ["a".to_owned()];
    let wrong = |made: Result<Own, OwnProblem>| made.expect_err("refused").key;
    assert_eq!(wrong(Own::new("1a", sql, &none, &key)), "");
    assert_eq!(wrong(Own::new("a", sql, &none, &[])), "page_key");
    assert_eq!(
        wrong(Own::new("a", sql, &none, &["a]".to_owned()])),
        "page_key"
    );
    let kinds = [("p".to_owned(), "float".to_owned())].into();
    assert_eq!(wrong(Own::new("a", sql, &kinds, &key)), "parameters.p");
}

#[test]
fn an_owner_s_query_stands_as_a_table_in_the_agent_s_own_text() {
    let own = own("SELECT SOPNUMBE FROM dbo.SOP10100 WHERE CUSTNMBR = @customer").expect("good");
    let printed = print::printed(std::slice::from_ref(&own));
    let text = printed.last().expect("a text");
    let expected = "SELECT TOP (CAST(@P1 AS int)) q.*\nFROM (\nSELECT SOPNUMBE FROM dbo.SOP10100 \
                    WHERE CUSTNMBR = CAST(@P2 AS varchar(20))\n) AS q\nORDER BY q.[SOPNUMBE]";
    assert_eq!(text.sql, expected);
}

#[test]
fn the_set_up_script_lets_changes_of_watched_tables_be_followed() {
    let script = include_str!("../../../../installer/sql/connect.sql");
    let granted = script.lines().filter_map(|line| {
        let rest = line
            .trim()
            .strip_prefix("GRANT VIEW CHANGE TRACKING ON dbo.")?;
        rest.strip_suffix(" TO connect_agent;").map(str::to_owned)
    });
    let granted: BTreeSet<_> = granted.collect();
    let tracked = statements::ALL.iter().filter_map(|statement| {
        let (_, rest) = statement.fixed().split_once("CHANGETABLE(CHANGES dbo.")?;
        rest.split_once(',').map(|(table, _)| table.to_owned())
    });
    let tracked: BTreeSet<_> = tracked.collect();
    assert!(tracked.len() > 10);
    assert_eq!(granted, tracked);
    // Whoever else uses change tracking relies on how it is set.
    let script = script.to_uppercase();
    assert!(!script.contains("ENABLE CHANGE_TRACKING") && !script.contains("SET CHANGE_TRACKING"));
}
