//! Stories told through tiberius against a running sandbox.
