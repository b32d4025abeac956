"""What somebody would build in Python without this runtime: FastAPI, uvicorn and sqlite3 in one process."""

import json
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()
rooms: dict[str, "Room"] = {}


class Room:
    def __init__(self, path: Path) -> None:
        self.sockets: set[WebSocket] = set()
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)"
        )

    def handle(self, text: str) -> tuple[str, str | None]:
        """The reply to a frame, and the event that it became."""
        frame = json.loads(text)
        send = frame.get("send")
        if send is None:
            head = self._database.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
            return json.dumps({"id": frame["id"], "ok": {"head": head}}), None
        seq = self._database.execute("INSERT INTO events (body) VALUES (?) RETURNING seq", (send["text"],)).fetchone()[
            0
        ]
        event = {"type": "message.created", "seq": seq, "ts": datetime.now(UTC).isoformat(), "data": send}
        return json.dumps({"id": frame["id"], "ok": {"seq": seq}}), json.dumps(event)


@app.websocket("/rooms/{name}")  # type: ignore[untyped-decorator]  # FastAPI is not in the environment of the checks
async def room(socket: WebSocket, name: str) -> None:
    here = rooms.setdefault(name, Room(Path(sys.argv[2]) / f"{name}.sqlite"))
    await socket.accept()
    here.sockets.add(socket)
    try:
        while True:
            reply, event = here.handle(await socket.receive_text())
            await socket.send_text(reply)
            if event is not None:
                for each in list(here.sockets):
                    await each.send_text(event)
    except WebSocketDisconnect:
        here.sockets.discard(socket)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
