//! From a formula's syntax tree to its native form, where it has one.

use rhai::{
    AST, ASTFlags, ASTNode, BinaryExpr, Expr, FnCallExpr, FnPtr, ScriptFuncDef, Stmt, StmtBlock,
};

use super::super::facts::Name;
use super::calls::{self, MOST_ARGUMENTS};
use super::node::{Along, Chain, Choice, Closure, Each, Link, Node, Operator, Path, Step};
use crate::engine::value::Value;

/// Closures within closures; the language stops somewhere beyond.
const MOST_NESTING: usize = 2;

pub(super) struct Compiler<'c> {
    ast: &'c AST,
    /// What closures compute, of all of them.
    bodies: Vec<Stmt>,
    /// Names of what closures around the present place were given.
    slots: Vec<String>,
    nesting: usize,
}

impl<'c> Compiler<'c> {
    /// Compiles a formula; none where anything in it needs the language.
    pub(super) fn compile(ast: &'c AST) -> Option<Node> {
        let mut compiler = Self {
            ast,
            bodies: bodies(ast),
            slots: Vec::new(),
            nesting: 0,
        };
        compiler.statements(ast.statements())
    }

    fn statements(&mut self, statements: &[Stmt]) -> Option<Node> {
        match statements {
            [] => Some(Node::Constant(Value::Null)),
            [statement] => self.statement(statement),
            [_, _, ..] => None,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all else is the language's")]
    fn statement(&mut self, statement: &Stmt) -> Option<Node> {
        match statement {
            Stmt::Expr(expression) => self.node(expression),
            Stmt::FnCall(call, _) => self.call(call),
            Stmt::If(flow, _) => {
                let (then, otherwise): (&StmtBlock, _) = (&flow.body, &flow.branch);
                if then.statements().is_empty() {
                    return None;
                }
                Some(Node::If(Box::new(Choice {
                    when: self.node(&flow.expr)?,
                    then: self.statements(then.statements())?,
                    otherwise: self.statements(otherwise.statements())?,
                })))
            }
            _ => None,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all else is the language's")]
    fn node(&mut self, expression: &Expr) -> Option<Node> {
        Some(match expression {
            Expr::Unit(_) => Node::Constant(Value::Null),
            Expr::BoolConstant(yes, _) => Node::Constant(Value::Bool(*yes)),
            Expr::IntegerConstant(number, _) => Node::Whole(*number),
            Expr::StringConstant(text, _) => Node::Constant(Value::Text(text.to_string())),
            Expr::DynamicConstant(value, _) => {
                Node::Constant(Value::Number(value.as_decimal().ok()?))
            }
            Expr::Variable(variable, ..) if variable.2.is_empty() => self.variable(&variable.1),
            Expr::Dot(pair, flags, _) => self.chain(pair, false, *flags)?,
            Expr::Index(pair, flags, _) => self.chain(pair, true, *flags)?,
            Expr::FnCall(call, _) => self.call(call)?,
            Expr::And(parts, _) => Node::All(self.nodes(parts.iter())?),
            Expr::Or(parts, _) => Node::Any(self.nodes(parts.iter())?),
            Expr::Coalesce(parts, _) => Node::Coalesce(self.nodes(parts.iter())?),
            Expr::InterpolatedString(parts, _) => Node::Text(self.nodes(parts.iter())?),
            Expr::Array(parts, _) => list(self.nodes(parts.iter())?),
            Expr::Map(fields, _) => {
                let fields = fields.0.iter();
                let fields =
                    fields.map(|(name, value)| Some((name.name.to_string(), self.node(value)?)));
                let mut fields: Vec<(String, Node)> = fields.collect::<Option<_>>()?;
                fields.sort_by(|(a, _), (b, _)| a.cmp(b));
                Node::Map(fields)
            }
            Expr::Stmt(block) if block.statements().len() == 1 => {
                self.statements(block.statements())?
            }
            _ => return None,
        })
    }

    fn nodes<'e>(&mut self, expressions: impl Iterator<Item = &'e Expr>) -> Option<Vec<Node>> {
        expressions.map(|part| self.node(part)).collect()
    }

    fn variable(&self, name: &str) -> Node {
        match self.slots.iter().rposition(|slot| slot == name) {
            Some(slot) => Node::Slot(slot, Vec::new()),
            None => Node::Path(Box::new(Path {
                name: Name::new(name),
                steps: Vec::new(),
            })),
        }
    }

    /// Compiles an operator, or a function's call: a chain that goes on from what it is first given.
    fn call(&mut self, call: &FnCallExpr) -> Option<Node> {
        if call.is_qualified() || call.capture_parent_scope {
            return None;
        }
        match (call.name.as_str(), call.args.as_slice()) {
            ("!", [value]) => return Some(Node::Not(Box::new(self.node(value)?))),
            ("-", [value]) => return Some(Node::Minus(Box::new(self.node(value)?))),
            (name, [left, right]) => {
                if let Some(operator) = Operator::named(name) {
                    let sides = (self.node(left)?, self.node(right)?);
                    return Some(Node::Binary(operator, Box::new(sides)));
                }
            }
            (_, _) => {}
        }
        let (first, more) = call.args.split_first()?;
        let link = Link {
            optional: false,
            step: self.step(&call.name, more, variable_name(first))?,
        };
        Some(Node::Chain(Box::new(Chain {
            root: self.node(first)?,
            links: vec![link],
        })))
    }

    fn chain(&mut self, pair: &BinaryExpr, indexed: bool, flags: ASTFlags) -> Option<Node> {
        let root = self.node(&pair.lhs)?;
        let mut links = Vec::new();
        let variable = variable_name(&pair.lhs);
        self.links(&pair.rhs, indexed, flags, variable, &mut links)?;
        Some(chained(root, links))
    }

    /// Adds the links that follow; the operator before the first of them tells whether it is an
    /// index, and its flags whether the chain may end and whether it goes on.
    fn links(
        &mut self,
        expression: &Expr,
        indexed: bool,
        flags: ASTFlags,
        root: Option<&str>,
        links: &mut Vec<Link>,
    ) -> Option<()> {
        let ends = indexed && flags.intersects(ASTFlags::BREAK);
        let (part, rest) = if let Expr::Dot(pair, next, _) = expression
            && !ends
        {
            (&pair.lhs, Some((&pair.rhs, false, *next)))
        } else if let Expr::Index(pair, next, _) = expression
            && !ends
        {
            (&pair.lhs, Some((&pair.rhs, true, *next)))
        } else {
            (expression, None)
        };
        let step = if indexed {
            Step::Index(self.node(part)?)
        } else if let Expr::Property(name, _) = part {
            Step::Field(name.2.to_string())
        } else if let Expr::MethodCall(call, _) = part {
            self.step(&call.name, &call.args, root)?
        } else {
            return None;
        };
        links.push(Link {
            optional: flags.intersects(ASTFlags::NEGATED),
            step,
        });
        match rest {
            Some((rest, indexed, flags)) => self.links(rest, indexed, flags, root, links),
            None => Some(()),
        }
    }

    fn step(&mut self, name: &str, more: &[Expr], root: Option<&str>) -> Option<Step> {
        match (name, more) {
            ("reduce", [closure, first]) => {
                let closure = self.closure(closure, 2..=3, root)?;
                Some(Step::Reduce(closure, self.node(first)?))
            }
            (name, [closure]) if Each::named(name).is_some() => {
                let each = Each::named(name)?;
                Some(Step::Each(each, self.closure(closure, 1..=2, root)?))
            }
            (name, more) if more.len() < MOST_ARGUMENTS => {
                let helper = calls::helper(name, more.len() + 1)?;
                Some(Step::Call(helper, self.nodes(more.iter())?))
            }
            (_, _) => None,
        }
    }

    fn closure(
        &mut self,
        expression: &Expr,
        takes: std::ops::RangeInclusive<usize>,
        root: Option<&str>,
    ) -> Option<Closure> {
        let (function, captured) = closure_parts(expression)?;
        // The language does not let a closure read what the chain around it goes through.
        if captured.iter().any(|name| Some(*name) == root) || self.nesting == MOST_NESTING {
            return None;
        }
        let definition = self.definition(&function)?;
        let parameters = definition.params.get(captured.len()..)?;
        if !takes.contains(&parameters.len()) {
            return None;
        }
        let slot = self.slots.len();
        let names = parameters.iter().map(ToString::to_string);
        self.slots.extend(names);
        self.nesting += 1;
        let body = self.body(definition);
        let body = body.and_then(|body| self.statement(&body));
        self.nesting -= 1;
        self.slots.truncate(slot);
        Some(Closure {
            slot,
            takes: parameters.len(),
            captured: captured.len() as u64,
            body: body?,
        })
    }

    fn definition(&self, function: &FnPtr) -> Option<&'c ScriptFuncDef> {
        let mut functions = self.ast.iter_fn_def();
        let found = functions.find(|definition| definition.name == function.fn_name())?;
        Some(found)
    }

    /// Gives what a function computes. The language does not show it, but where it begins.
    fn body(&self, function: &ScriptFuncDef) -> Option<Stmt> {
        let begins = function.body.start_position();
        let mut bodies = self.bodies.iter().filter(|body| body.position() == begins);
        match (bodies.next(), bodies.next()) {
            (Some(body), None) => Some(body.clone()),
            (Some(_) | None, Some(_) | None) => None,
        }
    }
}

/// Gives the statements of closures: the tree shows them behind its own.
fn bodies(ast: &AST) -> Vec<Stmt> {
    let mut statements = Vec::new();
    ast.walk(&mut |nodes| {
        if let [ASTNode::Stmt(statement)] = nodes {
            statements.push((*statement).clone());
        }
        true
    });
    statements.split_off(ast.statements().len())
}

/// Gives the function a closure is, and the names of what it reads from around it.
#[expect(clippy::wildcard_enum_match_arm, reason = "all else is the language's")]
fn closure_parts(expression: &Expr) -> Option<(FnPtr, Vec<&str>)> {
    let (function, captured) = match expression {
        Expr::DynamicConstant(function, _) => (function, Vec::new()),
        Expr::Stmt(block) => {
            let [Stmt::Share(_), Stmt::Expr(call)] = block.statements() else {
                return None;
            };
            let Expr::FnCall(call, _) = &**call else {
                return None;
            };
            let (Expr::DynamicConstant(function, _), captured) = call.args.split_first()? else {
                return None;
            };
            let names = captured.iter().map(variable_name);
            (function, names.collect::<Option<Vec<_>>>()?)
        }
        _ => return None,
    };
    let function = function.read_lock::<FnPtr>()?.clone();
    Some((function, captured))
}

/// Joins a root and what goes on from it: fields below a fact make one path.
fn chained(mut root: Node, links: Vec<Link>) -> Node {
    // A path may only end early where nothing but the path is left to compute.
    let all = links.iter().all(|link| along(link).is_some());
    let mut links = links.into_iter().peekable();
    let steps = match &mut root {
        Node::Path(path) => Some(&mut path.steps),
        Node::Slot(_, steps) => Some(steps),
        Node::Constant(_)
        | Node::Whole(_)
        | Node::Chain(_)
        | Node::Not(_)
        | Node::Minus(_)
        | Node::Binary(..)
        | Node::All(_)
        | Node::Any(_)
        | Node::Coalesce(_)
        | Node::If(_)
        | Node::List(_)
        | Node::Map(_)
        | Node::Text(_) => None,
    };
    if let Some(steps) = steps {
        while let Some(link) = links.peek().filter(|link| all || !link.optional)
            && let Some(step) = along(link)
        {
            steps.push(step);
            links.next();
        }
    }
    let links: Vec<Link> = links.collect();
    if links.is_empty() {
        root
    } else {
        Node::Chain(Box::new(Chain { root, links }))
    }
}

/// Gives the step a link is along a path; none where it is more than that.
fn along(link: &Link) -> Option<Along> {
    let optional = link.optional;
    match &link.step {
        Step::Field(name) | Step::Index(Node::Constant(Value::Text(name))) => {
            let name = name.clone();
            Some(Along::Field { name, optional })
        }
        Step::Index(Node::Whole(place)) => {
            let place = usize::try_from(*place).ok()?;
            Some(Along::Place { place, optional })
        }
        Step::Index(_) | Step::Call(..) | Step::Each(..) | Step::Reduce(..) => None,
    }
}

fn variable_name(expression: &Expr) -> Option<&str> {
    if let Expr::Variable(variable, ..) = expression {
        Some(variable.1.as_str())
    } else {
        None
    }
}

/// Makes a list of single constants one constant. Whole numbers in it stay apart: a value has none.
fn list(nodes: Vec<Node>) -> Node {
    let constants = nodes.iter().map(|node| {
        if let Node::Constant(Value::List(_) | Value::Map(_)) = node {
            None
        } else if let Node::Constant(value) = node {
            Some(value.clone())
        } else {
            None
        }
    });
    match constants.collect::<Option<Vec<_>>>() {
        Some(values) => Node::Constant(Value::List(values)),
        None => Node::List(nodes),
    }
}
