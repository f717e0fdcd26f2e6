//! Which paths a formula reads, found in its syntax tree.

use rhai::{AST, ASTNode, Expr, Stmt};

/// Gives the paths below the known variables, each once, in reading order.
pub(super) fn of(ast: &AST, known: &[String]) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    ast.walk(&mut |nodes| {
        if let Some(path) = path_at(nodes)
            && known.iter().any(|name| *name == root(&path))
            && !paths.contains(&path)
        {
            paths.push(path);
        }
        true
    });
    paths
}

/// Gives the name of a function the language does not have, if one is called.
pub(super) fn unknown_function(ast: &AST) -> Option<String> {
    let mut unknown = None;
    ast.walk(&mut |nodes| {
        let Some(
            ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _))
            | ASTNode::Stmt(Stmt::FnCall(call, _)),
        ) = nodes.last()
        else {
            return true;
        };
        if !super::language::has_function(&call.name) {
            unknown = Some(call.name.to_string());
        }
        unknown.is_none()
    });
    unknown
}

fn root(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or_default()
}

/// Gives the whole path where the last node is the variable it begins with.
fn path_at(nodes: &[ASTNode]) -> Option<String> {
    let (ASTNode::Expr(expression), before) = nodes.split_last()? else {
        return None;
    };
    let mut path = variable(expression)?;
    if let Some(ASTNode::Expr(Expr::Dot(pair, ..) | Expr::Index(pair, ..))) = before.last()
        && std::ptr::eq(&raw const pair.lhs, std::ptr::from_ref(*expression))
    {
        let indexed = matches!(before.last(), Some(ASTNode::Expr(Expr::Index(..))));
        follow(&pair.rhs, indexed, &mut path);
    }
    Some(path)
}

fn variable(expression: &Expr) -> Option<String> {
    if let Expr::Variable(name, ..) = expression {
        Some(name.1.to_string())
    } else {
        None
    }
}

/// Adds the properties and constant indices that follow; stops at a method call.
fn follow(expression: &Expr, indexed: bool, path: &mut String) {
    if let Expr::Dot(pair, ..) | Expr::Index(pair, ..) = expression {
        follow(&pair.lhs, indexed, path);
        follow(&pair.rhs, matches!(expression, Expr::Index(..)), path);
    } else if let Expr::Property(name, _) = expression {
        path.push('.');
        path.push_str(&name.2);
    } else if let (true, Expr::IntegerConstant(index, _)) = (indexed, expression) {
        path.push('[');
        path.push_str(&index.to_string());
        path.push(']');
    } else if let (true, Expr::StringConstant(name, _)) = (indexed, expression) {
        path.push('.');
        path.push_str(name);
    }
}
