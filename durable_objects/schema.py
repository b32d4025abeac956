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
        """CREATE TABLE approvals (
            approval_id TEXT PRIMARY KEY, run_id TEXT NOT NULL, tool_call_id TEXT NOT NULL, request TEXT NOT NULL,
            expires_ms INTEGER NOT NULL, outcome TEXT, resolved_by TEXT
        ) WITHOUT ROWID""",
        "CREATE INDEX approvals_open ON approvals (run_id, approval_id) WHERE outcome IS NULL",
        """CREATE TABLE usage (
            day TEXT NOT NULL, agent_id TEXT NOT NULL, runs INTEGER NOT NULL, requests INTEGER NOT NULL,
            input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, tool_calls INTEGER NOT NULL,
            PRIMARY KEY (day, agent_id)
        ) WITHOUT ROWID""",
    ),
)
