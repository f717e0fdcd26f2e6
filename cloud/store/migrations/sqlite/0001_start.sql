-- Global tables: worker, operator_key, ca_key. Every other table's key begins with the tenant.

CREATE TABLE worker (
    id BLOB NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL,
    lease_micros INTEGER NOT NULL,
    heartbeat INTEGER NOT NULL,
    expired INTEGER NOT NULL
) STRICT;

CREATE TABLE operator_key (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    secret_sha256 BLOB NOT NULL,
    created INTEGER NOT NULL,
    revoked INTEGER NULL
) STRICT;

CREATE TABLE ca_key (
    id BLOB NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    certificate_pem TEXT NOT NULL,
    sealed_key BLOB NOT NULL,
    created INTEGER NOT NULL,
    UNIQUE (purpose, created)
) STRICT;

CREATE TABLE tenant (
    tenant BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    wrapped_key BLOB NOT NULL,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE environment (
    tenant BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name)
) STRICT;

CREATE TABLE api_key (
    tenant BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    secret_sha256 BLOB NOT NULL,
    role TEXT NOT NULL,
    created INTEGER NOT NULL,
    revoked INTEGER NULL,
    PRIMARY KEY (tenant, id)
) STRICT;

CREATE TABLE store (
    tenant BLOB NOT NULL,
    id BLOB NOT NULL,
    environment BLOB NOT NULL,
    name TEXT NOT NULL,
    hook_key TEXT NOT NULL,
    base_url TEXT NOT NULL,
    effect_scope TEXT NOT NULL,
    flavour TEXT NOT NULL,
    nop_store_id INTEGER NOT NULL,
    installation TEXT NULL,
    time_zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    credentials BLOB NOT NULL,
    webhook_secrets BLOB NOT NULL,
    created INTEGER NOT NULL,
    paused INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, hook_key)
) STRICT;

CREATE TABLE secret (
    tenant BLOB NOT NULL,
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    updated INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT;

CREATE TABLE poll_cursor (
    tenant BLOB NOT NULL,
    store BLOB NOT NULL,
    cursor TEXT NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (tenant, store)
) STRICT, WITHOUT ROWID;
CREATE INDEX poll_cursor_due ON poll_cursor (tenant, due);

CREATE TABLE agent (
    tenant BLOB NOT NULL,
    id BLOB NOT NULL,
    environment BLOB NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    machine TEXT NOT NULL,
    created INTEGER NOT NULL,
    last_seen INTEGER NULL,
    revoked INTEGER NULL,
    PRIMARY KEY (tenant, id)
) STRICT;

CREATE TABLE agent_session (
    tenant BLOB NOT NULL,
    agent BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    replica BLOB NOT NULL,
    opened INTEGER NOT NULL,
    closed INTEGER NULL,
    PRIMARY KEY (tenant, agent)
) STRICT, WITHOUT ROWID;

CREATE TABLE enrollment_token (
    tenant BLOB NOT NULL,
    token_sha256 BLOB NOT NULL,
    agent BLOB NOT NULL,
    expires INTEGER NOT NULL,
    used INTEGER NULL,
    PRIMARY KEY (tenant, token_sha256)
) STRICT;
CREATE INDEX enrollment_token_agent ON enrollment_token (tenant, agent);

CREATE TABLE certificate (
    tenant BLOB NOT NULL,
    serial TEXT NOT NULL,
    agent BLOB NOT NULL,
    key_sha256 BLOB NOT NULL,
    issued INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    revoked INTEGER NULL,
    PRIMARY KEY (tenant, serial)
) STRICT;
CREATE INDEX certificate_agent ON certificate (tenant, agent);

CREATE TABLE company (
    tenant BLOB NOT NULL,
    id BLOB NOT NULL,
    environment BLOB NOT NULL,
    agent BLOB NOT NULL,
    database TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    incarnation TEXT NULL,
    highest_journal INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, agent, database)
) STRICT;

CREATE TABLE artifact (
    tenant BLOB NOT NULL,
    environment BLOB NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    created INTEGER NOT NULL,
    author TEXT NOT NULL,
    PRIMARY KEY (tenant, environment, kind, name, version)
) STRICT;

CREATE TABLE revision (
    tenant BLOB NOT NULL,
    environment BLOB NOT NULL,
    number INTEGER NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (tenant, environment, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE revision_pin (
    tenant BLOB NOT NULL,
    environment BLOB NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant, environment, number, kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    tenant BLOB NOT NULL,
    id BLOB NOT NULL,
    environment BLOB NOT NULL,
    store BLOB NOT NULL,
    source TEXT NOT NULL,
    delivery TEXT NOT NULL,
    topic TEXT NOT NULL,
    entity TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    occurred INTEGER NOT NULL,
    received INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, store, delivery)
) STRICT;

-- One row for each key with unfinished work. A lane is idle and due, idle and waiting (due is
-- null), or held by a worker; head is the place of the job it works on.
CREATE TABLE lane (
    tenant BLOB NOT NULL,
    lane_group BLOB NOT NULL,
    lane_key TEXT NOT NULL,
    next_number INTEGER NOT NULL,
    head INTEGER NOT NULL,
    due INTEGER NULL,
    worker BLOB NULL,
    epoch INTEGER NULL,
    claimed INTEGER NULL,
    command BLOB NULL,
    gate_kind TEXT NULL,
    gate_target BLOB NULL,
    parked INTEGER NULL,
    held INTEGER NOT NULL,
    PRIMARY KEY (tenant, lane_group, lane_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX lane_ready ON lane (tenant, lane_group, due) WHERE worker IS NULL AND due IS NOT NULL;
CREATE INDEX lane_due ON lane (tenant, due) WHERE worker IS NULL AND due IS NOT NULL;
CREATE INDEX lane_worker ON lane (tenant, worker) WHERE worker IS NOT NULL;
CREATE INDEX lane_gate ON lane (tenant, gate_kind, gate_target, parked) WHERE gate_kind IS NOT NULL;

CREATE TABLE job (
    tenant BLOB NOT NULL,
    lane_group BLOB NOT NULL,
    lane_key TEXT NOT NULL,
    number INTEGER NOT NULL,
    event BLOB NOT NULL,
    run BLOB NULL,
    PRIMARY KEY (tenant, lane_group, lane_key, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
    tenant BLOB NOT NULL,
    id BLOB NOT NULL,
    environment BLOB NOT NULL,
    event BLOB NOT NULL,
    store BLOB NOT NULL,
    company BLOB NULL,
    entity TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    workflow TEXT NOT NULL,
    workflow_version INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    lane_group BLOB NOT NULL,
    lane_key TEXT NOT NULL,
    state TEXT NOT NULL,
    summary TEXT NOT NULL,
    snapshot BLOB NOT NULL,
    gp_key TEXT NULL,
    started INTEGER NOT NULL,
    finished INTEGER NULL,
    failure TEXT NULL,
    failure_code TEXT NULL,
    fingerprint TEXT NULL,
    replay_of BLOB NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX run_state ON run (tenant, state, id);
CREATE INDEX run_entity ON run (tenant, store, entity, entity_id, id);

CREATE TABLE step (
    tenant BLOB NOT NULL,
    run BLOB NOT NULL,
    number INTEGER NOT NULL,
    step TEXT NOT NULL,
    kind TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL,
    started INTEGER NOT NULL,
    finished INTEGER NULL,
    failure TEXT NULL,
    PRIMARY KEY (tenant, run, number)
) STRICT;

-- Bodies, compressed: of steps (owner is the run) and of commands (owner is the document's id).
CREATE TABLE payload (
    tenant BLOB NOT NULL,
    owner BLOB NOT NULL,
    number INTEGER NOT NULL,
    part TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (tenant, owner, number, part)
) STRICT;

CREATE TABLE command (
    tenant BLOB NOT NULL,
    id BLOB NOT NULL,
    agent BLOB NOT NULL,
    company BLOB NOT NULL,
    database TEXT NOT NULL,
    run BLOB NOT NULL,
    lane_group BLOB NOT NULL,
    lane_key TEXT NOT NULL,
    effect_key TEXT NOT NULL,
    document BLOB NOT NULL,
    body BLOB NOT NULL,
    created INTEGER NOT NULL,
    answered INTEGER NULL,
    result BLOB NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX command_open ON command (tenant, agent, id) WHERE answered IS NULL;
CREATE INDEX command_run ON command (tenant, run);

CREATE TABLE link (
    tenant BLOB NOT NULL,
    company BLOB NOT NULL,
    kind TEXT NOT NULL,
    store BLOB NOT NULL,
    store_key TEXT NOT NULL,
    gp_key TEXT NOT NULL,
    complete INTEGER NOT NULL,
    written_sha256 BLOB NULL,
    run BLOB NOT NULL,
    updated INTEGER NOT NULL,
    PRIMARY KEY (tenant, company, kind, store, store_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_gp ON link (tenant, company, kind, gp_key);
CREATE INDEX link_run ON link (tenant, run);

CREATE TABLE gate (
    tenant BLOB NOT NULL,
    kind TEXT NOT NULL,
    target BLOB NOT NULL,
    reason TEXT NOT NULL,
    closed INTEGER NOT NULL,
    probe INTEGER NULL,
    probes INTEGER NOT NULL,
    PRIMARY KEY (tenant, kind, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE transfer_blob (
    tenant BLOB NOT NULL,
    sha256 BLOB NOT NULL,
    content BLOB NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (tenant, sha256)
) STRICT;

CREATE TABLE audit_head (
    tenant BLOB NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    tenant BLOB NOT NULL,
    seq INTEGER NOT NULL,
    happened INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
) STRICT;
