-- Which key of the Orchestrator certified a group's session last. When that is believed no more, the session is opened
-- anew; of one from before this column nobody knows, so it is opened anew as well.
ALTER TABLE groups ADD COLUMN session_kid TEXT;
