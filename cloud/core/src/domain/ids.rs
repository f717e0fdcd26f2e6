//! Identifiers: UUID version 7, made by the process's one id generator.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

id! {
    /// A customer organisation.
    TenantId,
    /// `test` or `production` inside a tenant.
    EnvironmentId,
    /// A nopCommerce storefront.
    StoreId,
    /// An installed agent.
    AgentId,
    /// A GP company database behind an agent.
    CompanyId,
    /// A rule that sends a store's work to a company.
    RouteId,
    /// A key for the web API.
    ApiKeyId,
    /// A stored event.
    EventId,
    /// A change seen in GP.
    ChangeId,
    /// One workflow version working on one event.
    RunId,
    /// One attempt at a piece of work for an agent.
    CommandId,
    /// A compressed body in the payload table.
    PayloadId,
    /// A worker process for as long as it lives.
    WorkerId,
}
