// The physical limit of this runtime: a Durable Object in plain JavaScript that does the same work and nothing else.

import { DurableObject } from "cloudflare:workers";
import { Table } from "./table.mjs";

export class Room extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.table = new Table(ctx.storage.sql);
  }

  fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketMessage(socket, text) {
    const { reply, event } = this.table.handle(text);
    socket.send(reply);
    if (event !== null) {
      for (const each of this.ctx.getWebSockets()) {
        each.send(event);
      }
    }
  }

  webSocketClose(socket, code) {
    socket.close(code === 1005 ? 1000 : code);
  }
}

export default {
  fetch(request, env) {
    return env.ROOM.getByName(new URL(request.url).pathname).fetch(request);
  },
};
