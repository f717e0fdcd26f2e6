//! Compiles the tunnel's protobuf without protoc, and the catalogue's CSV files into tables.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

type Failure = Box<dyn Error>;

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script its folder this way only"
)]
fn main() -> Result<(), Failure> {
    compile_tunnel()?;
    let out = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    let out = Path::new(&out);
    fs::write(out.join("catalogue.rs"), catalogue()?)?;
    fs::write(out.join("errors.rs"), errors()?)?;
    Ok(())
}

fn compile_tunnel() -> Result<(), Failure> {
    let proto = "connect/tunnel/v1/tunnel.proto";
    println!("cargo::rerun-if-changed={proto}");
    let descriptors = protox::compile([proto], ["."])?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}

fn catalogue() -> Result<String, Failure> {
    let mut source = String::new();
    write_types(&mut source, &rows("catalogue/types.csv")?)?;
    let (numbers, nodes): (Vec<Row>, Vec<Row>) = rows("catalogue/nodes.csv")?
        .into_iter()
        .partition(|row| row["node"] == "(number proc)");
    write_nodes(&mut source, &nodes)?;
    write_number_procedures(&mut source, &numbers)?;
    Ok(source)
}

type Row = BTreeMap<String, String>;

fn rows(path: &str) -> Result<Vec<Row>, Failure> {
    println!("cargo::rerun-if-changed={path}");
    Ok(csv::Reader::from_path(path)?
        .deserialize()
        .collect::<Result<_, _>>()?)
}

/// Groups rows by a column, which sorts the groups by name and keeps the rows' order.
fn grouped<'a>(rows: &'a [Row], column: &str) -> BTreeMap<&'a str, Vec<&'a Row>> {
    let mut groups: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        groups.entry(&row[column]).or_default().push(row);
    }
    groups
}

fn write_types(out: &mut String, rows: &[Row]) -> Result<(), Failure> {
    writeln!(
        out,
        "pub(super) static TRANSACTION_TYPES: &[TransactionType] = &["
    )?;
    for (name, mut children) in grouped(rows, "transaction_type") {
        // The reader keeps the places already used in one 64-bit word.
        assert!(children.len() <= 64, "{name} has too many children");
        children.sort_by_key(|row| row["position"].parse::<usize>().unwrap_or(usize::MAX));
        writeln!(out, "TransactionType {{ name: {name:?}, children: &[")?;
        for row in children {
            let (child, wrapper) = (&row["child_element"], row["kind"] == "wrapper");
            let node = if wrapper {
                &row["repeated_node"]
            } else {
                child
            };
            writeln!(
                out,
                "Child {{ name: {child:?}, wrapper: {wrapper}, node: {node:?} }},"
            )?;
        }
        writeln!(out, "] }},")?;
    }
    writeln!(out, "];")?;
    Ok(())
}

fn write_nodes(out: &mut String, rows: &[Row]) -> Result<(), Failure> {
    writeln!(out, "pub(super) static NODES: &[NodeSpec] = &[")?;
    for (name, elements) in grouped(rows, "node") {
        let procedure = optional(&elements[0]["proc"]);
        writeln!(
            out,
            "NodeSpec {{ name: {name:?}, procedure: {procedure}, elements: &["
        )?;
        let (outputs, inputs): (Vec<&Row>, Vec<&Row>) =
            elements.into_iter().partition(|row| is_output(row));
        inputs
            .into_iter()
            .try_for_each(|row| write_element(out, row))?;
        writeln!(out, "], outputs: &[")?;
        outputs
            .into_iter()
            .try_for_each(|row| write_element(out, row))?;
        writeln!(out, "] }},")?;
    }
    writeln!(out, "];")?;
    Ok(())
}

fn write_element(out: &mut String, row: &Row) -> Result<(), Failure> {
    let meaning = optional(row["meaning"].trim_start_matches("(unconfirmed)").trim());
    let length = match row["length"].as_str() {
        "" | "?" => "None".to_owned(),
        digits => format!("Some({})", digits.parse::<u16>()?),
    };
    writeln!(
        out,
        "ElementSpec {{ name: {:?}, sql_type: {}, length: {length}, required: {}, \
         default: {}, meaning: {meaning} }},",
        row["element"].trim_matches(['(', ')']),
        sql_type(&row["sql_type"])?,
        row["required"] == "Y",
        optional(&row["default"]),
    )?;
    Ok(())
}

fn write_number_procedures(out: &mut String, rows: &[Row]) -> Result<(), Failure> {
    writeln!(
        out,
        "pub(super) static NUMBER_PROCEDURES: &[NumberProcedure] = &["
    )?;
    for (name, parameters) in grouped(rows, "proc") {
        writeln!(out, "NumberProcedure {{ name: {name:?}, parameters: &[")?;
        for row in parameters {
            writeln!(
                out,
                "NumberParameter {{ name: {:?}, sql_type: {}, output: {}, confirmed: {} }},",
                row["element"],
                sql_type(&row["sql_type"])?,
                is_output(row),
                row["evidence"] != "unconfirmed",
            )?;
        }
        writeln!(out, "] }},")?;
    }
    writeln!(out, "];")?;
    Ok(())
}

fn errors() -> Result<String, Failure> {
    let mut out = "pub(super) static ERRORS: &[ErrorInfo] = &[\n".to_owned();
    for row in rows("catalogue/errors.csv")? {
        writeln!(
            out,
            "ErrorInfo {{ code: {}, procedure: {:?}, meaning: {:?}, class: ErrorClass::{}, \
             element: {}, repair: {:?} }},",
            row["code"].parse::<i32>()?,
            row["procedure"],
            row["meaning"],
            error_class(&row["class"])?,
            optional(&row["element"]),
            row["repair"],
        )?;
    }
    out.push_str("];\n");
    Ok(out)
}

fn error_class(text: &str) -> Result<&'static str, Failure> {
    Ok(match text {
        "busy" => "Busy",
        "unavailable" => "Unavailable",
        "authentication" => "Authentication",
        "invalid_data" => "InvalidData",
        "business_rule" => "BusinessRule",
        "duplicate" => "Duplicate",
        "bug" => "Bug",
        other => return Err(format!("unknown error class {other:?} in the catalogue").into()),
    })
}

fn is_output(row: &Row) -> bool {
    row["sql_type"].ends_with(" OUTPUT")
}

fn optional(text: &str) -> String {
    if text.is_empty() {
        "None".to_owned()
    } else {
        format!("Some({text:?})")
    }
}

/// Writes a SQL type of the file as a `SqlType`; a question mark there means unconfirmed.
fn sql_type(text: &str) -> Result<String, Failure> {
    let text = text.trim_end_matches(" OUTPUT");
    let (name, size) = match text.split_once('(') {
        Some((name, rest)) => (name, rest.trim_end_matches(')')),
        None => (text, ""),
    };
    Ok(match name {
        "char" => format!("SqlType::Char({})", size.parse::<u16>()?),
        "varchar" => format!("SqlType::Varchar({})", size.parse::<u16>()?),
        "numeric" => {
            let (precision, scale) = size.split_once(',').ok_or("numeric without a scale")?;
            let (precision, scale): (u8, u8) = (precision.parse()?, scale.parse()?);
            format!("SqlType::Numeric {{ precision: {precision}, scale: {scale} }}")
        }
        "tinyint" => "SqlType::Tinyint".to_owned(),
        "smallint" => "SqlType::Smallint".to_owned(),
        "int" => "SqlType::Int".to_owned(),
        "datetime" => "SqlType::Datetime".to_owned(),
        "char?" => "SqlType::UnconfirmedText".to_owned(),
        "smallint|tinyint?" => "SqlType::UnconfirmedInteger".to_owned(),
        other => return Err(format!("unknown SQL type {other:?} in the catalogue").into()),
    })
}
