//! Stories of the tunnel, told by a client over real TLS against a real database.

mod enrolment;
mod harness;
mod sessions;
mod watching;
mod work;
