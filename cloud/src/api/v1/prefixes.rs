//! Keeps two stores from writing under the same numbers: customers and orders of a company begin with a prefix for each store.

use std::collections::HashMap;

use connect_core::domain::artifact::{ArtifactKind, Route};
use connect_core::domain::ids::EnvironmentId;
use serde_json::Value;

use super::artifacts;
use crate::api::Shared;
use crate::api::auth::Caller;
use crate::error::{Error, ErrorKind};

const SETTINGS: [&str; 2] = ["customer.prefix", "order_number.prefix"];

/// What is about to be published.
pub(super) enum Change<'c> {
    /// A route under its name.
    Route(&'c str, &'c Route),
    /// A profile under its name.
    Profile(&'c str, &'c Value),
}

/// Refuses a change by which two stores would share customers or order numbers in a company.
pub(super) async fn check(
    shared: &Shared,
    caller: &Caller,
    environment: EnvironmentId,
    change: Change<'_>,
) -> Result<(), Error> {
    let mut in_force = InForce::read(shared, caller, environment).await?;
    let touched = |name: &str, route: &Route| match change {
        Change::Route(changed, _) => name == changed,
        Change::Profile(changed, _) => route.profile == changed,
    };
    match change {
        Change::Route(name, route) => {
            in_force.routes.insert(name.to_owned(), route.clone());
        }
        Change::Profile(name, body) => {
            in_force.profiles.insert(name.to_owned(), body.clone());
        }
    }
    let mut error = Error::new(
        ErrorKind::Unprocessable,
        "prefix_taken",
        "two stores must not write under the same numbers in one company",
    );
    for (name, route) in &in_force.routes {
        if !touched(name, route) {
            continue;
        }
        for (setting, other) in in_force.clashes(route) {
            let field = match change {
                Change::Route(..) => "profile".to_owned(),
                Change::Profile(..) => format!("body.{setting}"),
            };
            let message = format!(
                "{setting} is that of route {other}, which another store of this company goes by"
            );
            error = error.with_field(field, message);
        }
    }
    if error.fields.is_empty() {
        Ok(())
    } else {
        Err(error)
    }
}

struct InForce {
    routes: HashMap<String, Route>,
    profiles: HashMap<String, Value>,
}

impl InForce {
    async fn read(
        shared: &Shared,
        caller: &Caller,
        environment: EnvironmentId,
    ) -> Result<Self, Error> {
        let of = |kind| artifacts::in_force(shared, caller, environment, kind);
        let mut found = Self {
            routes: HashMap::new(),
            profiles: HashMap::new(),
        };
        for artifact in of(ArtifactKind::Route).await? {
            let route = serde_json::from_str(&artifact.body).map_err(Error::internal)?;
            found.routes.insert(artifact.name, route);
        }
        for artifact in of(ArtifactKind::Profile).await? {
            let body = serde_json::from_str(&artifact.body).map_err(Error::internal)?;
            found.profiles.insert(artifact.name, body);
        }
        Ok(found)
    }

    /// The settings that a route shares with another store's, and that store's route.
    fn clashes(&self, route: &Route) -> Vec<(&'static str, &str)> {
        let mut clashes = Vec::new();
        for (name, other) in &self.routes {
            let apart = other.store == route.store || other.company != route.company;
            if apart || !route.enabled || !other.enabled {
                continue;
            }
            for setting in SETTINGS {
                let ours = self.prefix(route, setting);
                if ours.is_some() && ours == self.prefix(other, setting) {
                    clashes.push((setting, name.as_str()));
                }
            }
        }
        clashes
    }

    /// GP's keys know no case and no blanks at the end. One customer for all has no prefix.
    fn prefix(&self, route: &Route, setting: &str) -> Option<String> {
        let profile = self.profiles.get(&route.profile)?;
        if setting == "customer.prefix" && profile["customer"]["strategy"] == "single" {
            return None;
        }
        let (part, field) = setting.split_once('.')?;
        let prefix = profile[part][field].as_str().unwrap_or_default();
        Some(prefix.trim_end().to_uppercase())
    }
}
