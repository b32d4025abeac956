-- The directory: who there is, which groups, which agents, where archives lie. The conversations are not here: each
-- lives in its own Group Controller.

CREATE TABLE orgs (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE people (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX people_by_org ON people (org_id, id);

-- Bearer tokens: only their SHA-256 is kept.
CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES people (id),
    sha256 TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT
) WITHOUT ROWID;
CREATE INDEX tokens_by_user ON tokens (user_id, id);

CREATE TABLE agents (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    handle TEXT NOT NULL,
    name TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    instructions TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (org_id, handle)
) WITHOUT ROWID;

-- `version` grows with every change of title, members or agents; `group_controller_id` and `session_epoch` belong to the
-- Orchestrator.
CREATE TABLE groups (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    title TEXT NOT NULL,
    is_private INTEGER NOT NULL CHECK (is_private IN (0, 1)),
    history_visibility TEXT NOT NULL DEFAULT 'all' CHECK (history_visibility IN ('all', 'since_join')),
    status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'archiving', 'archived', 'deleted')),
    version INTEGER NOT NULL DEFAULT 1,
    created_by TEXT NOT NULL REFERENCES people (id),
    created_at TEXT NOT NULL,
    archived_at TEXT,
    r2_path TEXT,
    group_controller_id TEXT,
    session_epoch INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX groups_by_org ON groups (org_id, id);

CREATE TABLE memberships (
    group_id TEXT NOT NULL REFERENCES groups (id),
    user_id TEXT NOT NULL REFERENCES people (id),
    role TEXT NOT NULL CHECK (role IN ('owner', 'member')),
    created_at TEXT NOT NULL,
    PRIMARY KEY (group_id, user_id)
) WITHOUT ROWID;
CREATE INDEX memberships_by_user ON memberships (user_id, group_id);

CREATE TABLE group_agents (
    group_id TEXT NOT NULL REFERENCES groups (id),
    agent_id TEXT NOT NULL REFERENCES agents (id),
    PRIMARY KEY (group_id, agent_id)
) WITHOUT ROWID;
CREATE INDEX group_agents_by_agent ON group_agents (agent_id, group_id);

-- Public keys of the apps that may call the Orchestrator. At least two can be alive at a time, for rotation.
CREATE TABLE app_keys (
    kid TEXT PRIMARY KEY,
    app_id TEXT NOT NULL,
    jwk TEXT NOT NULL,
    not_before TEXT NOT NULL,
    not_after TEXT,
    revoked_at TEXT
) WITHOUT ROWID;
