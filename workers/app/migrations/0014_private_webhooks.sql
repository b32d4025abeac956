-- Webhooks that are told what is said in private groups: who of the org's owners let them, and when. Of all others, those
-- that were there before included, what happens in private groups arrives without its words.

ALTER TABLE webhooks ADD COLUMN private_by TEXT REFERENCES people (id);
ALTER TABLE webhooks ADD COLUMN private_at TEXT;
