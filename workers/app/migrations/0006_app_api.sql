-- What the App keeps for calls beyond the contract.

-- A deleted agent stays as a row: what it said and used goes on being its own. It leaves its handle to others.
ALTER TABLE agents ADD COLUMN deleted_at TEXT;

-- Answers to requests with an Idempotency-Key, for as long as that key stands for them. `status` is NULL until there is
-- one. `answer` is sealed: it may hold a token, and of those only digests are kept.
CREATE TABLE kept_answers (
    subject TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    asked_ms INTEGER NOT NULL,
    status INTEGER,
    answer TEXT,
    PRIMARY KEY (subject, key)
) WITHOUT ROWID;
CREATE INDEX kept_answers_by_time ON kept_answers (asked_ms);

-- What agents used, in totals a day (UTC): a group reports them as they stand, so that hearing them twice changes nothing.
CREATE TABLE usage (
    org_id TEXT NOT NULL REFERENCES orgs (id),
    group_id TEXT NOT NULL REFERENCES groups (id),
    agent_id TEXT NOT NULL,
    day TEXT NOT NULL,
    runs INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    tool_calls INTEGER NOT NULL,
    PRIMARY KEY (group_id, agent_id, day)
) WITHOUT ROWID;
CREATE INDEX usage_by_org ON usage (org_id, day);
