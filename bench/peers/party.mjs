// Cloudflare's own room library, with hibernation on.

import { routePartykitRequest, Server } from "partyserver";
import { Table } from "./table.mjs";

export class Main extends Server {
  static options = { hibernate: true };

  onStart() {
    this.table = new Table(this.ctx.storage.sql);
  }

  onMessage(connection, text) {
    const { reply, event } = this.table.handle(text);
    connection.send(reply);
    if (event !== null) {
      this.broadcast(event);
    }
  }
}

export default {
  async fetch(request, env) {
    return (await routePartykitRequest(request, env)) ?? new Response("no such room", { status: 404 });
  },
};
