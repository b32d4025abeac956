-- Where an org's own servers want to be told what happens. `events` is a JSON list. The secret stands here as it is:
-- an HMAC is made with the secret itself.
CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    label TEXT NOT NULL,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    secret TEXT NOT NULL,
    enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX webhooks_by_org ON webhooks (org_id, id);
