-- Erasing a person. `erased_at`: their name, tokens and identities are gone for good, and nobody enables them again.

ALTER TABLE people ADD COLUMN erased_at TEXT;

-- The groups a person ever was in, since memberships go when somebody leaves. `erased_at`: that group's log has been
-- rewritten. Nothing here is removed before the person's words are.
CREATE TABLE attendances (
    user_id TEXT NOT NULL REFERENCES people (id),
    group_id TEXT NOT NULL REFERENCES groups (id),
    erased_at TEXT,
    PRIMARY KEY (user_id, group_id)
) WITHOUT ROWID;

-- A trigger, so that no way of becoming a member can forget it.
CREATE TRIGGER attended AFTER INSERT ON memberships BEGIN
    INSERT OR IGNORE INTO attendances (user_id, group_id) VALUES (new.user_id, new.group_id);
END;

-- Who left a group before this table was there is not known any more: everybody of the org may have been in it.
INSERT INTO attendances (user_id, group_id)
    SELECT people.id, groups.id FROM people JOIN groups ON groups.org_id = people.org_id WHERE groups.status <> 'deleted';
