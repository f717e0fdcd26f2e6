//! The expression language: what it knows, and its bounds.

use std::cell::{Cell, RefCell};
use std::sync::OnceLock;

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicMapPackage, BasicMathPackage,
    BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{AST, Caches, Dynamic, Engine, EvalAltResult, OptimizationLevel, Scope};

use super::functions::{self, FUNCTIONS};

/// Steps one evaluation may take: some 20 milliseconds, enough for 5,000 lines.
pub(super) const MAX_OPERATIONS: u64 = 250_000;
/// Nesting of one formula.
const MAX_DEPTH: usize = 40;
/// Nesting of closure calls.
const MAX_CALLS: usize = 8;
/// Closures in one formula.
const MAX_CLOSURES: usize = 16;
/// Bytes of all texts one operation may make.
pub(super) const MAX_TEXT: usize = 4 * 1024 * 1024;
/// Entries of all lists one operation may make.
pub(super) const MAX_ENTRIES: usize = 100_000;

/// Words of the language that formulas do without.
const OFF: &[&str] = &[
    "eval",
    "print",
    "debug",
    "import",
    "export",
    "let",
    "const",
    "fn",
    "private",
    "while",
    "loop",
    "for",
    "do",
    "until",
    "break",
    "continue",
    "return",
    "throw",
    "try",
    "catch",
    "this",
    "global",
    "Fn",
    "call",
    "curry",
    "is_shared",
    "is_def_fn",
    "is_def_var",
    "type_of",
];

/// What the parser makes of a closure that reads a variable outside it.
const CLOSURE: &str = "curry";

/// Tells whether formulas may call a function; operators are functions too.
pub(super) fn has_function(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_alphabetic() || first == '_')
        || name == CLOSURE
        || FUNCTIONS.iter().any(|function| function.name == name)
}

thread_local! {
    /// Steps of the evaluation this thread is at. The language's own count does not see the steps
    /// of closures that a list function calls.
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

thread_local! {
    /// Which function belongs to which name and kinds of arguments, as found so far: to look it up
    /// anew in every evaluation takes longer than most formulas.
    static FOUND: RefCell<(u32, Caches)> = const { RefCell::new((0, Caches::new())) };
}

/// Evaluations after which what was found is forgotten: closures of formulas that are no longer in
/// force are in it too.
const REMEMBERED: u32 = 100_000;

/// Computes a formula over a scope.
pub(super) fn evaluate(ast: &AST, scope: &mut Scope<'_>) -> Result<Dynamic, Box<EvalAltResult>> {
    STEPS.set(0);
    // Taken and put back, so that an evaluation within another would begin its own.
    let (count, mut found) = FOUND.take();
    let engine = engine();
    let mut state = engine.new_global_runtime_state();
    state.lib.push(ast.shared_lib().clone());
    #[expect(deprecated, reason = "the one way to keep what was found")]
    let result = engine.eval_statements_raw(&mut state, &mut found, scope, ast.statements());
    FOUND.replace(if count < REMEMBERED {
        (count + 1, found)
    } else {
        (0, Caches::new())
    });
    result
}

/// Counts a step; giving something stops the evaluation.
fn count_step() -> Option<Dynamic> {
    (!charge(1)).then_some(Dynamic::UNIT)
}

/// Counts the work of a helper, one step for each entry it goes through; false when it is too much.
pub(super) fn charge(entries: usize) -> bool {
    let steps = STEPS.get().saturating_add(entries as u64);
    STEPS.set(steps);
    steps <= MAX_OPERATIONS
}

/// Gives the steps of the last evaluation.
#[cfg(test)]
pub(super) fn steps() -> u64 {
    STEPS.get()
}

/// Gives the one engine.
pub(super) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(build)
}

fn build() -> Engine {
    let mut engine = Engine::new_raw();
    for module in [
        ArithmeticPackage::new().as_shared_module(),
        LogicPackage::new().as_shared_module(),
        BasicStringPackage::new().as_shared_module(),
        MoreStringPackage::new().as_shared_module(),
        BasicArrayPackage::new().as_shared_module(),
        BasicMapPackage::new().as_shared_module(),
        BasicMathPackage::new().as_shared_module(),
        BasicFnPackage::new().as_shared_module(),
    ] {
        engine.register_global_module(module);
    }
    // Without this the built-in whole-number division would win over ours.
    engine.set_fast_operators(false);
    engine.set_strict_variables(true);
    engine.set_fail_on_invalid_map_property(true);
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_max_operations(MAX_OPERATIONS);
    engine.on_progress(|_| count_step());
    engine.set_max_expr_depths(MAX_DEPTH, MAX_DEPTH);
    engine.set_max_call_levels(MAX_CALLS);
    engine.set_max_functions(MAX_CLOSURES);
    engine.set_max_modules(0);
    engine.set_max_string_size(MAX_TEXT);
    engine.set_max_array_size(MAX_ENTRIES);
    engine.set_max_map_size(MAX_ENTRIES);
    for word in OFF {
        engine.disable_symbol(*word);
    }
    functions::register(&mut engine);
    engine
}
