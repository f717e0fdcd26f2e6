//! The procedures' parameters, from the eConnect node catalogue.

use std::collections::HashMap;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::super::heap::catalogue::ParameterRow;
use super::super::value::SqlType;
use super::Body;

/// One parameter.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// The name with its `@`.
    pub name: String,
    /// The element name, without the prefix.
    pub element: String,
    /// The element name in capitals.
    pub key: String,
    pub kind: SqlType,
    pub output: bool,
    pub required: bool,
}

/// One procedure.
#[derive(Debug, Clone)]
pub struct Signature {
    pub name: String,
    pub parameters: Vec<Parameter>,
    /// What it does, if the sandbox has it.
    pub body: Option<Body>,
    /// Place of each parameter, by its lower-case name.
    places: FxHashMap<String, usize>,
}

impl Signature {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            parameters: Vec::new(),
            body: super::body(name),
            places: FxHashMap::default(),
        }
    }

    /// A parameter by its name, whatever its case.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        let place = self.places.get(&name.to_ascii_lowercase())?;
        self.parameters.get(*place)
    }

    fn push(&mut self, parameter: Parameter) {
        let name = parameter.name.to_ascii_lowercase();
        self.places.entry(name).or_insert(self.parameters.len());
        self.parameters.push(parameter);
    }

    /// What the system catalogue lists.
    pub fn rows(&self) -> Vec<ParameterRow> {
        let row = |parameter: &Parameter| ParameterRow {
            name: parameter.name.clone(),
            kind: parameter.kind,
            output: parameter.output,
        };
        self.parameters.iter().map(row).collect()
    }
}

static NODES: &str = include_str!("../../../../../proto/catalogue/nodes.csv");

/// Every procedure by its lower-case name.
pub fn all() -> &'static HashMap<String, Signature> {
    static ALL: OnceLock<HashMap<String, Signature>> = OnceLock::new();
    ALL.get_or_init(read)
}

fn read() -> HashMap<String, Signature> {
    let mut found: HashMap<String, Signature> = HashMap::new();
    let mut reader = csv::Reader::from_reader(NODES.as_bytes());
    for record in reader.records().flatten() {
        let field = |index: usize| record.get(index).unwrap_or_default();
        let (procedure, element, kind) = (field(1), field(2), field(3));
        if procedure.is_empty() || field(0) == "eConnectProcessInfo" {
            continue;
        }
        let parameter = parameter(procedure, element, kind, field(5) == "Y");
        let signature = found
            .entry(procedure.to_ascii_lowercase())
            .or_insert_with(|| Signature::new(procedure));
        signature.push(parameter);
    }
    let update_string = signature(
        "taUpdateString",
        &[
            ("@I_vERRORVALUE", SqlType::Int, false),
            ("@I_vERROR", SqlType::Char(255), false),
            ("@I_iERROR", SqlType::Char(255), true),
            ("@O_iErrorState", SqlType::Int, true),
        ],
    );
    found.insert("taupdatestring".to_owned(), update_string);
    found
}

fn signature(name: &str, parameters: &[(&str, SqlType, bool)]) -> Signature {
    let mut signature = Signature::new(name);
    for (name, kind, output) in parameters {
        signature.push(Parameter {
            name: (*name).to_owned(),
            element: (*name).to_owned(),
            key: name.to_ascii_uppercase(),
            kind: *kind,
            output: *output,
            required: !*output,
        });
    }
    signature
}

fn parameter(procedure: &str, element: &str, kind: &str, required: bool) -> Parameter {
    let output = kind.contains("OUTPUT");
    let name = if element.starts_with('@') {
        element.to_owned()
    } else if let Some(inner) = element.strip_prefix('(') {
        format!("@{}", inner.trim_end_matches(')'))
    } else {
        format!("@I_v{element}")
    };
    let element = name.trim_start_matches('@');
    let element = element.strip_prefix("I_v").unwrap_or(element).to_owned();
    Parameter {
        kind: sql_type(procedure, &element, kind),
        name,
        key: element.to_ascii_uppercase(),
        element,
        output,
        required: required && !output,
    }
}

/// The catalogue knows no exact type for some elements; the sandbox then uses the column's.
fn sql_type(procedure: &str, element: &str, kind: &str) -> SqlType {
    let plain = kind.replace("OUTPUT", "");
    if !plain.contains('?') {
        return SqlType::parse(&plain).unwrap_or(SqlType::VarChar(Some(255)));
    }
    match (procedure, element) {
        (
            _,
            "BCHSOURC"
            | "APRVLUSERID"
            | "Purchase_Item_Tax_Schedu"
            | "PRIMVNDR"
            | "Landed_Cost_Group_ID"
            | "Last_Currency_ID"
            | "VADCDPAD"
            | "VADCDSFR"
            | "CBKIDCSH"
            | "CBKIDCHK"
            | "CBKIDCRD"
            | "CRCRDNAM",
        ) => SqlType::Char(15),
        (_, "BINNMBR" | "ACNMVNDR" | "DCNUMCSH" | "DCNUMCHK" | "DCNUMCRD") => SqlType::Char(20),
        (_, "PYMNTPRI") => SqlType::Char(3),
        (_, "TXIDNMBR") => SqlType::Char(11),
        ("taUpdateCreateVendorRcd", element) if element.ends_with("ACTNUMST") => {
            SqlType::VarChar(Some(75))
        }
        (_, "BCHCOMNT") => SqlType::Char(60),
        (_, "ALTITEM1" | "ALTITEM2" | "VNDITNUM" | "MNFCTRITMNMBR" | "VOIDDESC") => {
            SqlType::Char(30)
        }
        (_, "PRCHSUOM") => SqlType::Char(8),
        (_, "VNDITDSC") => SqlType::Char(100),
        (_, "LOTTYPE") => SqlType::Char(10),
        (_, element) if element.starts_with("USCATVLS_") => SqlType::Char(10),
        (_, "TRXSOURC") => SqlType::Char(25),
        (_, "APPRVLDT" | "CASHDATE") => SqlType::DateTime,
        _ if plain.contains("smallint") => SqlType::SmallInt,
        _ => SqlType::VarChar(Some(50)),
    }
}

#[cfg(test)]
mod tests {
    use super::all;
    use crate::sandbox::gp::value::SqlType;

    #[test]
    fn knows_the_header_as_the_catalogue_lists_it() {
        let header = all()
            .get("tasophdrivcinsert")
            .expect("the header procedure");
        assert_eq!(header.name, "taSopHdrIvcInsert");
        let amount = header.parameter("@i_vdocamnt").expect("DOCAMNT");
        assert_eq!(
            (amount.kind, amount.required),
            (SqlType::Numeric(19, 5), false)
        );
        let text = header.parameter("@oErrString").expect("oErrString");
        assert!(text.output);
        assert!(all().len() > 70);
    }
}
