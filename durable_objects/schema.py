"""The tables inside one Group Controller, as numbered steps.

Law: a step that was released is never edited; a change is a new step at the end.
"""

from typing import Final

STEPS: Final[tuple[tuple[str, ...], ...]] = (
    (
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        """CREATE TABLE events (
            seq INTEGER PRIMARY KEY,
            type TEXT NOT NULL,
            body TEXT NOT NULL,
            sender TEXT,
            client_msg_id TEXT,
            digest TEXT
        )""",
        "CREATE UNIQUE INDEX events_sent ON events (sender, client_msg_id) WHERE client_msg_id IS NOT NULL",
        # A message's present state where it differs from what was created: NULL text means deleted.
        "CREATE TABLE revisions (seq INTEGER PRIMARY KEY, text TEXT)",
        """CREATE TABLE reactions (
            seq INTEGER NOT NULL, emoji TEXT NOT NULL, user_id TEXT NOT NULL,
            PRIMARY KEY (seq, emoji, user_id)
        ) WITHOUT ROWID""",
        # At which seq a person or an agent last joined, for groups that show history only from there on.
        "CREATE TABLE joins (member_id TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE TABLE reads (user_id TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID",
        """CREATE TABLE runs (
            run_id TEXT PRIMARY KEY,
            agent_id TEXT NOT NULL,
            trigger_seq INTEGER NOT NULL,
            requested_by TEXT NOT NULL,
            status TEXT NOT NULL,
            length INTEGER NOT NULL DEFAULT 0,
            lease_until_ms INTEGER NOT NULL DEFAULT 0
        ) WITHOUT ROWID""",
        "CREATE INDEX runs_open ON runs (status, run_id) WHERE status <> 'finished'",
        "CREATE INDEX runs_by_trigger ON runs (trigger_seq)",
        """CREATE TABLE chunks (
            run_id TEXT NOT NULL, start INTEGER NOT NULL, text TEXT NOT NULL,
            PRIMARY KEY (run_id, start)
        ) WITHOUT ROWID""",
    ),
    (
        # How far from a person's message a run is, what for, and what a turn in several parts goes on with.
        "ALTER TABLE runs ADD COLUMN hop INTEGER NOT NULL DEFAULT 1",
        "ALTER TABLE runs ADD COLUMN purpose TEXT NOT NULL DEFAULT 'answer'",
        "ALTER TABLE runs ADD COLUMN parts INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE runs ADD COLUMN deferred TEXT",
        "ALTER TABLE runs ADD COLUMN usage TEXT NOT NULL DEFAULT '{}'",
        "ALTER TABLE runs ADD COLUMN message_seq INTEGER",
        "ALTER TABLE runs ADD COLUMN finished_seq INTEGER",
        """CREATE TABLE approvals (
            approval_id TEXT PRIMARY KEY, run_id TEXT NOT NULL, tool_call_id TEXT NOT NULL, request TEXT NOT NULL,
            expires_ms INTEGER NOT NULL, outcome TEXT, resolved_by TEXT
        ) WITHOUT ROWID""",
        "CREATE INDEX approvals_open ON approvals (run_id, approval_id) WHERE outcome IS NULL",
        """CREATE TABLE usage (
            day TEXT NOT NULL, agent_id TEXT NOT NULL, runs INTEGER NOT NULL, requests INTEGER NOT NULL,
            input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, tool_calls INTEGER NOT NULL,
            reported INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (day, agent_id)
        ) WITHOUT ROWID""",
        "CREATE INDEX usage_unreported ON usage (day, agent_id) WHERE reported < runs",
    ),
    (
        # Full-text search. What a message says now is read from where it stands already; the index alone is stored.
        """CREATE VIEW message_texts AS
           SELECT events.seq AS seq,
                  CASE WHEN revisions.seq IS NULL THEN json_extract(events.body, '$.data.text')
                       ELSE revisions.text END AS text
           FROM events LEFT JOIN revisions ON revisions.seq = events.seq
           WHERE events.type = 'message.created' AND (revisions.seq IS NULL OR revisions.text IS NOT NULL)""",
        """CREATE VIRTUAL TABLE message_index USING fts5(
            text, content = 'message_texts', content_rowid = 'seq', tokenize = 'unicode61 remove_diacritics 2'
        )""",
        # It is kept in batches. A message at a time it took longer than all else that is done for a message (SQLite
        # 3.46, 2026-11: 250 of 390 µs); 64 at once it is a tenth of that. `indexed` says how far it goes; whoever
        # searches first brings it up to date. What is not in it yet needs nothing when it changes.
        "CREATE TABLE indexed (seq INTEGER NOT NULL)",
        """CREATE TRIGGER messages_said AFTER INSERT ON events WHEN new.seq % 64 = 0 BEGIN
            INSERT INTO message_index (rowid, text)
                SELECT seq, text FROM message_texts WHERE seq > (SELECT seq FROM indexed) AND seq <= new.seq;
            UPDATE indexed SET seq = new.seq;
        END""",
        # An index without texts has to be told what it forgets. Nothing takes a revision back, rewrites or removes an
        # event today; it would follow all the same.
        """CREATE TRIGGER message_first_revised AFTER INSERT ON revisions
        WHEN new.seq <= (SELECT seq FROM indexed) BEGIN
            INSERT INTO message_index (message_index, rowid, text)
                SELECT 'delete', seq, json_extract(body, '$.data.text') FROM events WHERE seq = new.seq;
            INSERT INTO message_index (rowid, text) SELECT new.seq, new.text WHERE new.text IS NOT NULL;
        END""",
        """CREATE TRIGGER message_revised AFTER UPDATE ON revisions
        WHEN new.seq <= (SELECT seq FROM indexed) BEGIN
            INSERT INTO message_index (message_index, rowid, text)
                SELECT 'delete', old.seq, old.text WHERE old.text IS NOT NULL;
            INSERT INTO message_index (rowid, text) SELECT new.seq, new.text WHERE new.text IS NOT NULL;
        END""",
        """CREATE TRIGGER message_unrevised AFTER DELETE ON revisions
        WHEN old.seq <= (SELECT seq FROM indexed) BEGIN
            INSERT INTO message_index (message_index, rowid, text)
                SELECT 'delete', old.seq, old.text FROM events WHERE seq = old.seq AND old.text IS NOT NULL;
            INSERT INTO message_index (rowid, text)
                SELECT seq, json_extract(body, '$.data.text') FROM events WHERE seq = old.seq;
        END""",
        """CREATE TRIGGER message_rewritten AFTER UPDATE OF body ON events
        WHEN new.type = 'message.created' AND new.seq <= (SELECT seq FROM indexed)
            AND NOT EXISTS (SELECT 1 FROM revisions WHERE seq = new.seq) BEGIN
            INSERT INTO message_index (message_index, rowid, text)
                VALUES ('delete', old.seq, json_extract(old.body, '$.data.text'));
            INSERT INTO message_index (rowid, text) VALUES (new.seq, json_extract(new.body, '$.data.text'));
        END""",
        """CREATE TRIGGER message_removed BEFORE DELETE ON events
        WHEN old.type = 'message.created' AND old.seq <= (SELECT seq FROM indexed) BEGIN
            INSERT INTO message_index (message_index, rowid, text)
                SELECT 'delete', seq, text FROM message_texts WHERE seq = old.seq;
        END""",
        "INSERT INTO message_index (rowid, text) SELECT seq, text FROM message_texts",
        "INSERT INTO indexed (seq) SELECT coalesce(max(seq), 0) FROM events",
    ),
    (
        # The key under which the archive's chain commits to a person's words. Gone once they were erased.
        "CREATE TABLE seals (subject TEXT PRIMARY KEY, key TEXT NOT NULL) WITHOUT ROWID",
    ),
    (
        # Of people whose access was taken away: the oldest access version that still opens a socket.
        "CREATE TABLE access (user_id TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID",
        # Routing tokens that were used, where they are good for one use only.
        "CREATE TABLE used_tokens (jti TEXT PRIMARY KEY, until_s INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE INDEX used_tokens_until ON used_tokens (until_s)",
    ),
    (
        # What the part of a run that is under way has used, should it never come to an end of its own.
        "ALTER TABLE runs ADD COLUMN part_usage TEXT NOT NULL DEFAULT '{}'",
    ),
)
