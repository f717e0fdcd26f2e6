//! The parameters of procedures as the live server has them, remembered for each company.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use super::connection::SqlConnection;
use super::error::SqlError;
use super::reply::Cell;
use super::statements;
use super::values::{ParameterType, SqlValue};

/// A procedure's parameters, found by their name without case.
#[derive(Debug)]
pub(super) struct Shape {
    parameters: HashMap<String, Parameter>,
    /// Texts made before, by the names of their parameters.
    texts: Mutex<HashMap<String, Arc<CallText>>>,
}

/// A call as text: the same for every document that gives the same elements.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CallText {
    procedure: String,
    pub(super) text: String,
    /// The types its parameters are declared with: inputs first, which are sent by their place.
    pub(super) declarations: String,
    /// The outputs eConnect defines, as far as the procedure has them.
    pub(super) outputs: Vec<String>,
    /// Names and types of the inputs, in their order.
    inputs: Vec<(String, String)>,
    /// Declarations of the outputs and proofs.
    told: Vec<String>,
    /// Texts of several such calls at once, by [`TOGETHER`].
    several: [OnceLock<SeveralText>; TOGETHER.len()],
}

/// Several calls of one procedure as one text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SeveralText {
    pub(super) text: String,
    pub(super) declarations: String,
}

/// How many calls may be made in one text. Few sizes, so that few texts are prepared.
const TOGETHER: [usize; 3] = [8, 4, 2];
/// SQL Server takes 2,100 parameters.
const MOST_INPUTS: usize = 2_000;

/// What eConnect's procedures tell beside their return code.
const OUTPUTS: [&str; 2] = ["@O_iErrorState", "@oErrString"];
/// Mappings give a handful of element sets; a document cannot make memory grow with more.
const MOST_TEXTS: usize = 64;

/// One parameter, spelled as the server spells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) kind: ParameterType,
    /// The type as a declaration spells it, for instance `numeric(19,5)`.
    pub(super) declared: String,
    pub(super) output: bool,
}

/// The shapes read so far.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    known: RwLock<HashMap<String, Arc<Shape>>>,
}

impl Shape {
    pub(super) fn new(parameters: impl IntoIterator<Item = Parameter>) -> Self {
        let by_name = |p: Parameter| (p.name.to_ascii_lowercase(), p);
        Self {
            parameters: parameters.into_iter().map(by_name).collect(),
            texts: Mutex::default(),
        }
    }

    /// The call's text for parameters of this shape; made once for each set of them.
    pub(super) fn call_text(&self, procedure: &str, inputs: &[&Parameter]) -> Arc<CallText> {
        let names: Vec<_> = inputs.iter().map(|input| input.name.as_str()).collect();
        let key = names.join(",");
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = texts.get(&key) {
            return Arc::clone(text);
        }
        if texts.len() >= MOST_TEXTS {
            texts.clear();
        }
        let text = Arc::new(self.make_text(procedure, inputs));
        texts.insert(key, Arc::clone(&text));
        text
    }

    fn make_text(&self, procedure: &str, inputs: &[&Parameter]) -> CallText {
        let outputs = OUTPUTS.iter().filter_map(|name| self.named(name));
        let outputs: Vec<_> = outputs.filter(|p| p.output).collect();
        let given = inputs
            .iter()
            .enumerate()
            .map(|(place, p)| format!("{} {}", statements::input(place), p.declared));
        let told = outputs
            .iter()
            .map(|p| format!("{} {} OUTPUT", p.name, p.declared));
        let proofs = statements::PROOFS.map(|name| format!("{name} int OUTPUT"));
        let told: Vec<_> = told.chain(proofs).collect();
        let declarations: Vec<_> = given.chain(told.iter().cloned()).collect();
        let text = statements::procedure_call(
            procedure,
            inputs.iter().map(|input| input.name.as_str()),
            outputs.iter().map(|output| output.name.as_str()),
        );
        let inputs = inputs.iter().map(|p| (p.name.clone(), p.declared.clone()));
        CallText {
            procedure: procedure.to_owned(),
            text,
            declarations: declarations.join(","),
            outputs: outputs.iter().map(|output| output.name.clone()).collect(),
            inputs: inputs.collect(),
            told,
            several: Default::default(),
        }
    }

    /// The parameters that are told, by name.
    pub(super) fn inputs(&self) -> Vec<&Parameter> {
        let mut inputs: Vec<_> = self.parameters.values().filter(|p| !p.output).collect();
        inputs.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        inputs
    }

    /// The parameter of an element: `@I_v` and the element's name.
    pub(super) fn of_element(&self, element: &str) -> Option<&Parameter> {
        self.named(&format!("@I_v{element}"))
    }

    pub(super) fn named(&self, name: &str) -> Option<&Parameter> {
        self.parameters.get(&name.to_ascii_lowercase())
    }
}

impl CallText {
    /// How many of so many calls one text makes, and that text; none for a single call.
    pub(super) fn several(&self, calls: usize) -> Option<(usize, &SeveralText)> {
        let fits = |count: usize| count <= calls && count * self.inputs.len() <= MOST_INPUTS;
        let at = TOGETHER.iter().position(|count| fits(*count))?;
        let text = self.several[at].get_or_init(|| self.make_several(TOGETHER[at]));
        Some((TOGETHER[at], text))
    }

    fn make_several(&self, count: usize) -> SeveralText {
        let names: Vec<_> = self.inputs.iter().map(|(name, _)| name.as_str()).collect();
        let types = self.inputs.iter().map(|(_, declared)| declared);
        let types = types.cycle().take(count * self.inputs.len());
        let given = types
            .enumerate()
            .map(|(place, declared)| format!("{} {declared}", statements::input(place)));
        let made = format!("{} int OUTPUT", statements::MADE);
        let told = self.told.iter().cloned().chain([made]);
        let declarations: Vec<_> = given.chain(told).collect();
        SeveralText {
            text: statements::procedure_calls(&self.procedure, &names, &self.outputs, count),
            declarations: declarations.join(","),
        }
    }
}

impl Shapes {
    /// What is known of a procedure, without asking the server.
    pub(super) fn known(&self, procedure: &str) -> Option<Arc<Shape>> {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(procedure)
            .cloned()
    }

    /// Asks the server and remembers the answer.
    pub(super) async fn load(
        &self,
        connection: &mut SqlConnection,
        procedure: &str,
    ) -> Result<Option<Arc<Shape>>, SqlError> {
        let name = SqlValue::Text(format!("dbo.{procedure}"));
        let rows = connection
            .query(&statements::PROCEDURE_PARAMETERS, vec![name])
            .await?;
        let parameters: Vec<_> = rows.iter().filter_map(|row| parameter(row)).collect();
        let shape = (!parameters.is_empty()).then(|| Arc::new(Shape::new(parameters)));
        // A missing one is asked for again next time: somebody may install it.
        if let Some(shape) = &shape {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            known.insert(procedure.to_owned(), Arc::clone(shape));
        }
        Ok(shape)
    }

    /// Forgets everything, as after an error that shows a difference.
    pub(super) fn forget(&self) {
        self.known
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

fn parameter(row: &[Cell]) -> Option<Parameter> {
    let [name, kind, max_length, precision, scale, output] = row else {
        return None;
    };
    let number = |cell: &Cell| cell.int().unwrap_or_default();
    let kind = kind.text().unwrap_or_default();
    let (length, precision, scale) = (number(max_length), number(precision), number(scale));
    Some(Parameter {
        name: name.text()?.to_owned(),
        kind: ParameterType::from_server(kind, length, precision, scale),
        declared: declaration(kind, length, precision, scale),
        output: number(output) != 0,
    })
}

fn declaration(kind: &str, max_length: i64, precision: i64, scale: i64) -> String {
    let kind = kind.to_ascii_lowercase();
    match (kind.as_str(), max_length) {
        ("char" | "varchar" | "nchar" | "nvarchar", -1) => format!("{kind}(max)"),
        ("char" | "varchar", length) => format!("{kind}({length})"),
        ("nchar" | "nvarchar", length) => format!("{kind}({})", length / 2),
        ("numeric" | "decimal", _) => format!("{kind}({precision},{scale})"),
        ("text", _) => "varchar(max)".to_owned(),
        ("ntext", _) => "nvarchar(max)".to_owned(),
        _ => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_made_once_for_a_set_of_parameters() {
        let parameter = |name: &str, output| Parameter {
            name: name.to_owned(),
            kind: ParameterType::Int,
            declared: "int".to_owned(),
            output,
        };
        let shape = Shape::new([
            parameter("@I_vA", false),
            parameter("@I_vB", false),
            parameter("@O_iErrorState", true),
        ]);
        let text = |elements: &[&str]| {
            let found = elements.iter().filter_map(|name| shape.of_element(name));
            shape.call_text("taX", &found.collect::<Vec<_>>())
        };
        let first = text(&["A", "B"]);
        assert!(Arc::ptr_eq(&first, &text(&["A", "B"])));
        assert_ne!(first, text(&["B"]));
        assert!(
            first
                .declarations
                .starts_with("@p1 int,@p2 int,@O_iErrorState int OUTPUT,")
        );
        for element in 0..200 {
            let extra = parameter(&format!("@I_v{element}"), false);
            shape.call_text("taX", &[&extra]);
        }
        assert!(shape.texts.lock().expect("texts").len() <= MOST_TEXTS);
    }

    #[test]
    fn several_calls_are_one_text_with_inputs_of_their_own() {
        let parameter = |name: &str, declared: &str, output| Parameter {
            name: name.to_owned(),
            kind: ParameterType::Int,
            declared: declared.to_owned(),
            output,
        };
        let shape = Shape::new([
            parameter("@I_vA", "int", false),
            parameter("@I_vB", "char(9)", false),
            parameter("@O_iErrorState", "int", true),
        ]);
        let inputs = ["A", "B"].map(|name| shape.of_element(name).expect("there"));
        let text = shape.call_text("taX", &inputs);
        assert!(text.several(1).is_none());
        for (calls, together) in [(2, 2), (3, 2), (5, 4), (9, 8), (1_000, 8)] {
            assert_eq!(text.several(calls).map(|(count, _)| count), Some(together));
        }
        let (_, two) = text.several(2).expect("two");
        assert!(
            two.declarations
                .starts_with("@p1 int,@p2 char(9),@p3 int,@p4 char(9),@O_iErrorState int OUTPUT,")
        );
        assert!(two.declarations.ends_with(",@connect_made int OUTPUT"));
        // No more parameters than the server takes.
        let many = (0..600).map(|at| parameter(&format!("@I_vE{at}"), "int", false));
        let shape = Shape::new(many);
        let inputs = shape.inputs();
        let text = shape.call_text("taY", &inputs);
        assert_eq!(text.several(9).map(|(count, _)| count), Some(2));
    }

    #[test]
    fn types_are_declared_as_the_server_has_them() {
        assert_eq!(declaration("char", 15, 0, 0), "char(15)");
        assert_eq!(declaration("nvarchar", 40, 0, 0), "nvarchar(20)");
        assert_eq!(declaration("varchar", -1, 0, 0), "varchar(max)");
        assert_eq!(declaration("numeric", 9, 19, 5), "numeric(19,5)");
        assert_eq!(declaration("tinyint", 1, 3, 0), "tinyint");
        assert_eq!(declaration("datetime", 8, 23, 3), "datetime");
    }
}
