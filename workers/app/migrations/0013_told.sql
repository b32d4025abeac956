-- What the groups know already. A change counts once it is here, and then the groups are told; whoever was to tell them may
-- have been cut off. What is behind is found by these, and caught up with every minute.

ALTER TABLE groups ADD COLUMN told_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE people ADD COLUMN told_access INTEGER NOT NULL DEFAULT 0;
UPDATE groups SET told_version = version;
UPDATE people SET told_access = access_version;
CREATE INDEX groups_behind ON groups (id) WHERE told_version < version AND status = 'active';
CREATE INDEX people_behind ON people (id) WHERE told_access < access_version;
