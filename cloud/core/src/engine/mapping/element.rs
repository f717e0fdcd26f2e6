//! The rule of one element, compiled and checked against what the element takes.

use connect_proto::econnect::catalogue::{self, ElementSpec, NodeSpec};
use connect_proto::econnect::value::SqlType;

use super::model::{ElementRule, Missing};
use super::source::Source;
use crate::engine::expression::Expression;
use crate::engine::problem::Problems;
use crate::engine::schema::FieldKind;
use crate::engine::transform::{self, Kind};

#[derive(Debug)]
pub(super) struct CompiledElement {
    pub(super) spec: &'static ElementSpec,
    pub(super) source: Source,
    pub(super) when: Option<Expression>,
    pub(super) missing: Missing,
    pub(super) transforms: Vec<transform::Compiled>,
    pub(super) repair: String,
}

impl CompiledElement {
    /// Compiles a rule, noting what is wrong with it.
    pub(super) fn compile(
        rule: &ElementRule,
        node: &NodeSpec,
        spec: &'static ElementSpec,
        location: &str,
        known: &[String],
        problems: &mut Problems,
    ) -> Option<Self> {
        let when = problems.optional(&format!("{location}.when"), rule.when.as_ref(), known);
        let source = Source::compile(rule, location, known, problems);
        let transforms = transform::compile(&rule.transforms, location, known, problems);
        check_missing(rule, node, spec, location, problems);
        let source = source?;
        if let Source::Constant(text) = &source
            && transforms.is_empty()
        {
            check_constant(text, node, spec, location, problems);
        }
        check_kind(&source, &transforms, spec, location, problems);
        if rule.repair.is_empty() {
            check_length(&source, &transforms, spec, location, problems);
        }
        Some(Self {
            spec,
            source,
            when,
            missing: rule.missing.clone(),
            transforms,
            repair: rule.repair.clone(),
        })
    }
}

fn check_missing(
    rule: &ElementRule,
    node: &NodeSpec,
    spec: &ElementSpec,
    location: &str,
    problems: &mut Problems,
) {
    let location = format!("{location}.missing");
    match &rule.missing {
        Missing::Default(text) => check_constant(text, node, spec, &location, problems),
        Missing::Keep if !keeps(spec) => {
            let own = spec.default.unwrap_or("what it likes");
            let message = format!("GP keeps nothing here: without it the procedure takes {own}");
            problems.add(&location, message);
        }
        Missing::Empty if !spec.sql_type.is_text() => {
            problems.add(&location, "a number or date cannot be empty");
        }
        Missing::Omit | Missing::Keep | Missing::Empty | Missing::Error => {}
    }
}

/// Tells whether GP keeps what it has where the element is absent.
fn keeps(spec: &ElementSpec) -> bool {
    spec.default
        .is_some_and(|default| default.starts_with("NULL"))
}

fn check_constant(
    text: &str,
    node: &NodeSpec,
    spec: &ElementSpec,
    location: &str,
    problems: &mut Problems,
) {
    if !text.is_empty() {
        if let Err(error) = spec.sql_type.check(text) {
            problems.add(location, format!("\"{text}\": {error}"));
        }
    } else if !spec.sql_type.is_text() {
        problems.add(location, "a number or date cannot be empty");
    } else if spec.required && !catalogue::takes_number(node.name, spec.name) {
        problems.add(location, "a required element cannot be empty");
    }
}

/// Tells whether what comes out at the end is what the element takes.
fn check_kind(
    source: &Source,
    transforms: &[transform::Compiled],
    spec: &ElementSpec,
    location: &str,
    problems: &mut Problems,
) {
    let field = match source {
        Source::Path(path) => problems.field(path.text()),
        Source::Expression(formula) => formula.path().and_then(|path| problems.field(path)),
        Source::Constant(_)
        | Source::Template { .. }
        | Source::Lookup { .. }
        | Source::Concat { .. }
        | Source::Today(_) => None,
    };
    let kind = field.map(|field| match field.kind {
        FieldKind::Text => Kind::Text,
        FieldKind::Number | FieldKind::YesNo => Kind::Number,
        FieldKind::Instant => Kind::Instant,
        FieldKind::Group => Kind::Group,
        FieldKind::List => Kind::List,
    });
    if let (Some(kind), Some(first)) = (kind, transforms.first())
        && !first.takes().takes(kind)
    {
        let message = format!("`{}` cannot take {}", first.shown(), kind.shown());
        problems.add(location, message);
    }
    let made_by = match (source, transforms.last()) {
        (_, Some(last)) => Some((last.gives(), format!("`{}`", last.shown()))),
        (_, None) => kind.map(|kind| (kind, format!("`{}`", source.shown()))),
    };
    let Some((gives, what)) = made_by else {
        return;
    };
    let (wanted, advice) = wanted(spec.sql_type);
    let single = !matches!(gives, Kind::List | Kind::Group);
    let fits = match wanted {
        Kind::Text => single,
        Kind::Number | Kind::Date | Kind::Instant | Kind::List | Kind::Group => gives == wanted,
    };
    if !fits {
        let (wanted, gives) = (wanted.shown(), gives.shown());
        problems.add(
            location,
            format!("takes {wanted}, {what} gives {gives}: {advice}"),
        );
    }
}

fn wanted(sql_type: SqlType) -> (Kind, &'static str) {
    match sql_type {
        SqlType::Char(_) | SqlType::Varchar(_) | SqlType::Text | SqlType::UnconfirmedText => {
            (Kind::Text, "name a single field")
        }
        SqlType::Numeric { .. }
        | SqlType::Tinyint
        | SqlType::Smallint
        | SqlType::Int
        | SqlType::Bigint
        | SqlType::UnconfirmedInteger => (Kind::Number, "end with `number`"),
        SqlType::Datetime => (Kind::Date, "end with `read_date` or `local_date`"),
    }
}

/// Warns where a field may hold more characters than the element keeps. A rule with a `repair` of
/// its own knows.
fn check_length(
    source: &Source,
    transforms: &[transform::Compiled],
    spec: &ElementSpec,
    location: &str,
    problems: &mut Problems,
) {
    let keeps = match spec.sql_type {
        SqlType::Char(keeps) | SqlType::Varchar(keeps) => keeps,
        SqlType::Text
        | SqlType::Tinyint
        | SqlType::Smallint
        | SqlType::Int
        | SqlType::Bigint
        | SqlType::Numeric { .. }
        | SqlType::Datetime
        | SqlType::UnconfirmedText
        | SqlType::UnconfirmedInteger => return,
    };
    let cut = transforms
        .iter()
        .rev()
        .find_map(transform::Compiled::longest);
    if let Some(cut) = cut {
        if cut > usize::from(keeps) {
            problems.add(
                location,
                format!("is cut to {cut} characters, GP keeps {keeps}"),
            );
        }
        return;
    }
    let Source::Path(path) = source else { return };
    let path = path.text();
    let Some(field) = problems
        .field(path)
        .filter(|field| field.kind == FieldKind::Text)
    else {
        return;
    };
    if field.longest.is_none_or(|longest| longest > keeps) {
        let have = field
            .longest
            .map_or_else(|| "any number of".to_owned(), |longest| longest.to_string());
        let message = format!(
            "`{path}` may have {have} characters, GP keeps {keeps}: cut it with `truncate`, or \
             say in `repair` what people should do"
        );
        problems.warn(location, message);
    }
}
