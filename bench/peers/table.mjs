// What both JavaScript peers do with a frame: insert it, number it, write the reply and the event.

export class Table {
  constructor(sql) {
    this.sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)");
  }

  /** `{reply, event}`; no event for a hello. */
  handle(text) {
    const { id, send } = JSON.parse(text);
    if (send === undefined) {
      const { head } = this.sql.exec("SELECT coalesce(max(seq), 0) AS head FROM events").one();
      return { reply: JSON.stringify({ id, ok: { head } }), event: null };
    }
    const { seq } = this.sql.exec("INSERT INTO events (body) VALUES (?) RETURNING seq", send.text).one();
    const event = { type: "message.created", seq, ts: new Date().toISOString(), data: send };
    return { reply: JSON.stringify({ id, ok: { seq } }), event: JSON.stringify(event) };
  }
}
