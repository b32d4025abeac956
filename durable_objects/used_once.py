"""What was used once and must not be used again, for as long as somebody might accept it.

Law: pure; time is an argument. Nothing is forgotten before every verifier would refuse it for its age.
"""

from typing import Final

from shared.ports import Sql

# Whoever asks has looked at its own clock before, and may have waited for keys or for the directory since.
MARGIN_S: Final = 60


class UsedOnce:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._swept_s = 0
        sql.execute("CREATE TABLE IF NOT EXISTS used (jti TEXT PRIMARY KEY, until_s INTEGER NOT NULL) WITHOUT ROWID")
        sql.execute("CREATE INDEX IF NOT EXISTS used_until ON used (until_s)")

    def claim(self, jti: str, until_s: int, now_s: int) -> bool:
        """True the first time a `jti` is shown; it is remembered until `until_s` and a margin."""
        if now_s != self._swept_s:
            self._swept_s = now_s
            self._sql.run("DELETE FROM used WHERE until_s < ?", now_s - MARGIN_S)
        return self._sql.run("INSERT INTO used (jti, until_s) VALUES (?, ?) ON CONFLICT DO NOTHING", jti, until_s)
