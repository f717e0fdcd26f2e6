//! Finds the binaries that were built together with the running one.

use std::path::PathBuf;

use anyhow::{Context, bail};

/// Path of a built binary of this workspace.
pub fn path(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("the running binary has no path")?;
    let mut directory = own
        .parent()
        .context("the running binary has no directory")?;
    if directory.ends_with("deps") {
        directory = directory.parent().context("deps has no parent")?;
    }
    let path = directory.join(name);
    if !path.exists() {
        bail!(
            "{} is not built: run `make test` or `make demo`",
            path.display()
        );
    }
    Ok(path)
}
