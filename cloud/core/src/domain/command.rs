//! A piece of work for an agent, as a row that any replica may create.

use super::ids::{AgentId, CommandId, CompanyId, PayloadId, RunId, TenantId};
use super::lane::LaneKey;
use super::time::Micros;

/// A command not yet answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Owner.
    pub tenant: TenantId,
    /// Names the attempt.
    pub id: CommandId,
    /// Who carries it out.
    pub agent: AgentId,
    /// In which company.
    pub company: CompanyId,
    /// INTERID of the company.
    pub database: String,
    /// The run that waits for it.
    pub run: RunId,
    /// The lane to wake.
    pub lane: LaneKey,
    /// Identity of what it brings about.
    pub effect_key: String,
    /// The eConnect document.
    pub document: PayloadId,
    /// Ready-made body: protobuf of `connect.tunnel.v1.Command` without the document's bytes.
    pub body: Vec<u8>,
    /// When it was made.
    pub created: Micros,
}
