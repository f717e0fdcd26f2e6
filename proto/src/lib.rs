//! The contract between cloud and agent: tunnel messages and the eConnect document language.

#![warn(missing_docs)]

mod convert;
pub mod econnect;

/// The tunnel's gRPC messages and services, generated from `connect/tunnel/v1/tunnel.proto`.
pub mod tunnel {
    #[expect(
        clippy::all,
        clippy::pedantic,
        clippy::allow_attributes,
        missing_docs,
        reason = "generated code"
    )]
    pub mod v1 {
        tonic::include_proto!("connect.tunnel.v1");
    }
}
