//! Compiles the tunnel's protobuf without protoc.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let proto = "connect/tunnel/v1/tunnel.proto";
    println!("cargo::rerun-if-changed={proto}");
    let descriptors = protox::compile([proto], ["."])?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
