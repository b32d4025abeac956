// Not a peer: a server without work. It hands its sockets frames that were made beforehand, as fast as they are taken:
// what the load generator reads and checks here is the most that it could have measured anywhere.
// Prints its port. The first `send` on any socket starts it; the path says how many events each socket is shown.

import { createHash } from "node:crypto";
import { createServer } from "node:http";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const CLOSE = 0x88;
const rooms = new Map();

function frame(text) {
  const payload = Buffer.from(text);
  const head = payload.length < 126 ? Buffer.from([0x81, payload.length]) : Buffer.from([0x81, 126, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([head, payload]);
}

function start(room) {
  const ts = new Date().toISOString();
  const events = [];
  const replies = [];
  for (let seq = 1; seq <= room.count; seq++) {
    const data = { client_msg_id: `${room.run}-${seq - 1}`, text: `${seq - 1} ${room.padding}` };
    events.push(frame(JSON.stringify({ type: "message.created", seq, ts, data })));
    replies.push(frame(JSON.stringify({ id: seq, ok: { seq } })));
  }
  room.sockets[0].write(Buffer.concat(replies));
  for (const socket of room.sockets) {
    socket.write(Buffer.concat(events));
  }
}

const server = createServer();
server.on("upgrade", (request, socket) => {
  const key = request.headers["sec-websocket-key"];
  const accept = createHash("sha1").update(key + GUID).digest("base64");
  const room = rooms.get(request.url) ?? { sockets: [], count: Number(request.url.split("/").at(-1)), started: false };
  rooms.set(request.url, room);
  room.sockets.push(socket);
  socket.setNoDelay(true);
  socket.on("error", () => {});
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  socket.on("data", (data) => {
    const text = data.toString("latin1");
    if (data[0] === CLOSE) {
      socket.end();
    } else if (text.includes('"hello"')) {
      socket.write(frame('{"id":0,"ok":{"head":0}}'));
    } else if (!room.started && text.includes('"send"')) {
      room.started = true;
      room.run = /"client_msg_id":"(.*?)-\d+"/.exec(text)[1];
      room.padding = /"text":"\d+ (x*)"/.exec(text)[1];
      start(room);
    }
  });
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
process.stdin.resume().on("end", () => process.exit(0));
