//! `diagnose`: the doctor's checks, for the cloud.

use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::{Check, Diagnosis};

use crate::doctor::Doctor;

/// Runs every check.
pub(super) async fn run(doctor: &Doctor) -> Outcome {
    let check = |finding: crate::sqlserver::Finding| Check {
        name: finding.name,
        passed: finding.passed,
        detail: finding.detail,
        repair: finding.repair,
    };
    let checks = doctor.examine().await.into_iter().map(check).collect();
    Outcome::Diagnosis(Diagnosis { checks })
}
