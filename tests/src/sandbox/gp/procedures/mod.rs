//! The eConnect procedures the sandbox has, each a function over the row API.

pub mod account;
pub mod br;
pub mod call;
pub mod codes;
pub mod currency;
pub mod gl;
pub mod iv;
pub mod lookup;
pub mod note;
pub mod numbers;
pub mod pm;
pub mod rm;
pub mod signature;
pub mod sm;
pub mod sop;
pub mod update_string;

use super::error::{SqlError, Stop};
use super::heap::rows::Access;
use super::heap::work::Work;
use call::{Argument, Call, Reply};
use codes::Code;
use signature::Signature;

/// A procedure behind an XML node: it collects codes in the call.
pub type Node = fn(&mut Call<'_, '_>) -> Result<(), Stop>;
/// A procedure that is no node: it binds its arguments and answers itself.
pub type Helper = fn(&mut Work<'_>, usize, &Signature, &[Argument]) -> Result<Reply, Stop>;

/// The procedures of one of GP's series.
#[derive(Debug)]
pub struct Family {
    /// By name as GP spells it; codes of their elements count in this order.
    pub nodes: &'static [(&'static str, Node)],
    pub helpers: &'static [(&'static str, Helper)],
    pub codes: &'static [Code],
}

/// Every family; codes of elements count in this order.
pub static FAMILIES: [&Family; 7] = [
    &sop::FAMILY,
    &rm::FAMILY,
    &sm::FAMILY,
    &gl::FAMILY,
    &iv::FAMILY,
    &pm::FAMILY,
    &br::FAMILY,
];

/// What runs when a procedure is called.
#[derive(Debug, Clone, Copy)]
pub enum Body {
    Node(Node),
    Helper(Helper),
}

/// The body of a procedure, if the sandbox has it.
fn body(name: &str) -> Option<Body> {
    FAMILIES.iter().find_map(|family| {
        let node = family.nodes.iter().find(|(known, _)| *known == name);
        let helper = family.helpers.iter().find(|(known, _)| *known == name);
        node.map(|(_, run)| Body::Node(*run))
            .or(helper.map(|(_, run)| Body::Helper(*run)))
    })
}

/// The index of an account by its number string.
fn account_index(call: &mut Call<'_, '_>, text: &str) -> Result<Option<i64>, Stop> {
    let row = call.find("GL00105", &[("ACTNUMST", text.into())], Access::Committed)?;
    Ok(row.map(|row| row.int("ACTINDX")))
}

/// Calls a procedure; its codes come back in the reply, its SQL errors as errors.
pub fn call(
    work: &mut Work<'_>,
    database: usize,
    name: &str,
    arguments: &[Argument],
) -> Result<Reply, Stop> {
    let key = name.to_ascii_lowercase();
    let Some(signature) = signature::all().get(&key) else {
        return Err(
            SqlError::new(2812, format!("Could not find stored procedure '{name}'.")).into(),
        );
    };
    let body = match signature.body {
        Some(Body::Node(body)) => body,
        Some(Body::Helper(run)) => return run(work, database, signature, arguments),
        None => return Err(not_built(signature).into()),
    };
    let mut call = Call::bind(work, database, signature, arguments)?;
    body(&mut call).map_err(|stop| match stop {
        Stop::Error(error) => Stop::Error(error.in_procedure(&signature.name)),
        Stop::Blocked(holder) => Stop::Blocked(holder),
    })?;
    Ok(call.reply())
}

fn not_built(signature: &Signature) -> SqlError {
    SqlError::new(
        2812,
        format!(
            "Could not find stored procedure '{}' (sandbox: not built).",
            signature.name
        ),
    )
}
