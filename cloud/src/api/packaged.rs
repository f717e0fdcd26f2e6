//! The workflows and mappings that come with the product; every new environment starts with them.

use connect_core::domain::artifact::ArtifactKind;
use connect_store::NewArtifact;

const PACKAGED: [(ArtifactKind, &str, &str); 2] = [
    (
        ArtifactKind::Workflow,
        "order_to_sop",
        include_str!("../../templates/order_to_sop.workflow.json"),
    ),
    (
        ArtifactKind::Mapping,
        "order_to_sop",
        include_str!("../../templates/order_to_sop.mapping.json"),
    ),
];

/// All of them, ready to publish.
pub(crate) fn artifacts() -> Vec<NewArtifact> {
    let publish = |(kind, name, body): (ArtifactKind, &str, &str)| NewArtifact {
        kind,
        name: name.to_owned(),
        body: body.to_owned(),
    };
    PACKAGED.into_iter().map(publish).collect()
}
