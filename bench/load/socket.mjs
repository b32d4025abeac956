// A WebSocket client that costs as little as possible: the load generator must not be what is measured.
// Text frames from RFC 6455 alone. The masking key is zero, which the RFC allows and which spares the masking.

import { randomBytes } from "node:crypto";
import { connect } from "node:net";

const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;
const FIN = 0x80;
const MASKED = 0x80;

export class Socket {
  #stream;
  #rest = null;
  closed = false;
  onText = () => {};
  onClose = () => {};

  constructor(stream) {
    this.#stream = stream;
  }

  /** Resolves once the server has upgraded. `url` is ws://…; `protocols` are offered. */
  static open(url, protocols = []) {
    const { hostname, port, pathname, search } = new URL(url);
    const stream = connect({ host: hostname, port: Number(port), noDelay: true });
    const offered = protocols.length > 0 ? `Sec-WebSocket-Protocol: ${protocols.join(", ")}\r\n` : "";
    stream.write(
      `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n${offered}\r\n`,
    );
    return new Promise((resolve, reject) => {
      let head = Buffer.alloc(0);
      const read = (chunk) => {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) {
          return;
        }
        stream.off("data", read);
        const status = head.toString("latin1", 0, head.indexOf("\r\n"));
        if (!status.startsWith("HTTP/1.1 101")) {
          reject(new Error(`${url.split("?")[0]}: ${status}`));
          return;
        }
        const socket = new Socket(stream);
        stream.on("data", (data) => socket.#read(data));
        stream.on("close", () => socket.#ended());
        resolve(socket);
        if (head.length > end + 4) {
          socket.#read(head.subarray(end + 4));
        }
      };
      stream.on("data", read);
      stream.on("error", reject);
    });
  }

  send(text) {
    this.#stream.write(frame(TEXT, Buffer.from(text)));
  }

  /** Resolves once the server has closed as well: what it does about a parting is over then. */
  close() {
    const gone = this.closed ? Promise.resolve() : new Promise((resolve) => this.#stream.once("close", resolve));
    if (!this.closed) {
      this.#stream.write(frame(CLOSE, Buffer.from([0x03, 0xe8])));
    }
    return gone;
  }

  #read(data) {
    let buffer = this.#rest === null ? data : Buffer.concat([this.#rest, data]);
    let at = 0;
    for (;;) {
      const found = header(buffer, at);
      if (found === null || buffer.length < found.start + found.length) {
        break;
      }
      at = found.start + found.length;
      this.#frame(found.opcode, buffer.subarray(found.start, at));
    }
    this.#rest = at === buffer.length ? null : buffer.subarray(at);
  }

  #frame(opcode, payload) {
    switch (opcode) {
      case FIN | TEXT:
        this.onText(payload);
        break;
      case FIN | PING:
        this.#stream.write(frame(PONG, payload));
        break;
      case FIN | CLOSE:
        this.#stream.end();
        break;
      case FIN | PONG:
        break;
      default:
        throw new Error(`a frame that no server here sends: ${opcode}`);
    }
  }

  #ended() {
    this.closed = true;
    this.onClose();
  }
}

/** First byte, payload's start and length of the frame at `at`; null when not all of its header is there. */
function header(buffer, at) {
  const have = buffer.length - at;
  if (have < 2) {
    return null;
  }
  const opcode = buffer[at];
  const short = buffer[at + 1];
  if (short < 126) {
    return { opcode, start: at + 2, length: short };
  }
  if (short === 126) {
    return have < 4 ? null : { opcode, start: at + 4, length: buffer.readUInt16BE(at + 2) };
  }
  return have < 10 ? null : { opcode, start: at + 10, length: Number(buffer.readBigUInt64BE(at + 2)) };
}

function frame(opcode, payload) {
  const head = payload.length < 126 ? Buffer.alloc(6) : Buffer.alloc(8);
  if (payload.length >= 65536) {
    throw new Error("the load generator sends no long frames");
  }
  head[0] = FIN | opcode;
  if (payload.length < 126) {
    head[1] = MASKED | payload.length;
  } else {
    head[1] = MASKED | 126;
    head.writeUInt16BE(payload.length, 2);
  }
  return Buffer.concat([head, payload]);
}
