//! What mappings may use: the catalogue of transforms and that of functions in formulas.

use axum::Json;
use connect_core::engine::expression;
use connect_core::engine::transform::{self, Entry, Example, Parameter, ParameterKind};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api::auth::Viewer;
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::api::view::word;

/// A transform.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TransformView {
    /// As mappings call it.
    pub name: &'static str,
    /// Where people look for it: `text`, `numbers`, `dates`, `addresses`, ...
    pub group: String,
    /// A few words.
    pub title: &'static str,
    /// What it does and when it refuses.
    pub description: &'static str,
    /// What it works on: `text`, `number`, `date`, `instant`, `list`, `group`.
    pub takes: String,
    /// What it makes.
    pub gives: String,
    /// What it can be told, the most important first.
    pub parameters: Vec<ParameterView>,
    /// How it is used.
    pub examples: Vec<ExampleView>,
}

/// Something a transform can be told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParameterView {
    /// Its name.
    pub name: &'static str,
    /// `text`, `count`, `whole`, `number`, `choice`, `pattern`, `zone`, `names` or `rows`.
    pub kind: &'static str,
    /// The words to choose from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<&'static str>,
    /// The largest number it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
    /// Whether it must be said.
    pub required: bool,
    /// What holds when it is not said.
    #[schema(value_type = Option<Object>)]
    pub default: Option<Value>,
    /// Whether `{"formula": ...}` may stand there.
    pub takes_formula: bool,
    /// For people.
    pub description: &'static str,
}

/// A use of a transform.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExampleView {
    /// As a mapping has it.
    #[schema(value_type = Object)]
    pub transform: Value,
    /// What goes in.
    #[schema(value_type = Object)]
    pub from: Value,
    /// What comes out.
    #[schema(value_type = Option<Object>)]
    pub gives: Option<Value>,
    /// The code of the refusal, where nothing comes out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refuses: Option<&'static str>,
}

/// A function that formulas may call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FunctionView {
    /// Its name.
    pub name: &'static str,
    /// Where people look for it: `lists`, `rules`, `numbers`, `text`, `addresses`, `dates`.
    pub group: String,
    /// How it is called.
    pub call: &'static str,
    /// What it gives.
    pub description: &'static str,
    /// A formula that calls it.
    pub example: &'static str,
    /// What the example gives.
    #[schema(value_type = Object)]
    pub gives: Value,
}

/// Lists the functions that formulas may call.
#[utoipa::path(
    get, path = "/functions", tag = "mappings",
    responses((status = 200, body = Page<FunctionView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list_functions(_caller: Viewer) -> Json<Page<FunctionView>> {
    let functions = expression::functions().iter();
    let functions = functions.map(|function| FunctionView {
        name: function.name,
        group: word(function.group),
        call: function.call,
        description: function.says,
        example: function.example,
        gives: read(function.gives),
    });
    Json(Page::whole(functions.collect()))
}

/// Lists the transforms that mappings may use.
#[utoipa::path(
    get, path = "/transforms", tag = "mappings",
    responses((status = 200, body = Page<TransformView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list(_caller: Viewer) -> Json<Page<TransformView>> {
    Json(Page::whole(transform::entries().map(view).collect()))
}

fn view(entry: &Entry) -> TransformView {
    TransformView {
        name: entry.name,
        group: word(entry.group),
        title: entry.title,
        description: entry.says,
        takes: word(entry.takes),
        gives: word(entry.gives),
        parameters: entry.parameters.iter().map(parameter).collect(),
        examples: entry.examples.iter().map(example).collect(),
    }
}

fn parameter(parameter: &Parameter) -> ParameterView {
    let (kind, choices, most) = match parameter.kind {
        ParameterKind::Text => ("text", Vec::new(), None),
        ParameterKind::Count(most) => ("count", Vec::new(), Some(most)),
        ParameterKind::Whole(most) => ("whole", Vec::new(), Some(most)),
        ParameterKind::Number => ("number", Vec::new(), None),
        ParameterKind::Choice(words) => ("choice", words.to_vec(), None),
        ParameterKind::Pattern => ("pattern", Vec::new(), None),
        ParameterKind::Zone => ("zone", Vec::new(), None),
        ParameterKind::Names => ("names", Vec::new(), None),
        ParameterKind::Rows => ("rows", Vec::new(), None),
    };
    ParameterView {
        name: parameter.name,
        kind,
        choices,
        most,
        required: parameter.default.is_none(),
        default: parameter.default.map(read),
        takes_formula: parameter.kind.takes_formula(),
        description: parameter.says,
    }
}

fn example(example: &Example) -> ExampleView {
    ExampleView {
        transform: read(example.written),
        from: read(example.from),
        gives: example.gives.ok().map(read),
        refuses: example.gives.err(),
    }
}

/// The catalogue's own JSON.
fn read(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| json!(json))
}
