-- The end of a group: the last hash of its archive's chain, and when it was deleted. What is left of a deleted group is
-- its id, these two and who it belonged to: enough to tell a true copy of its archive from a forged one.

ALTER TABLE groups ADD COLUMN archive_head TEXT;
ALTER TABLE groups ADD COLUMN deleted_at TEXT;
