-- Who may come in. `access_version` grows with everything that takes access away from a person: credentials made under an
-- older one are no longer good anywhere.
ALTER TABLE people ADD COLUMN disabled_at TEXT;
ALTER TABLE people ADD COLUMN access_version INTEGER NOT NULL DEFAULT 0;

-- The people that an external identity provider knows by names of its own.
CREATE TABLE identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES people (id),
    created_at TEXT NOT NULL,
    PRIMARY KEY (issuer, subject)
) WITHOUT ROWID;
CREATE INDEX identities_by_user ON identities (user_id);
