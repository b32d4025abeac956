// The JavaScript module as the suite's client: `node js_client.mjs`. `perform` is what a browser runs as well.

import { Api, Group } from "../js/parley.js";

/** `orders` gives parsed orders one after the other; `say` takes what was seen. */
export async function perform(orders, say) {
  let group = null;
  for await (const order of orders) {
    if (order.join) group = join(order.join, say);
    else if (order.leave) {
      group.close();
      group = null;
      say({ left: true });
    } else act(group, order, say);
  }
}

function join({ base_url: baseUrl, group_id: groupId, token }, say) {
  const group = new Group({ api: new Api({ baseUrl, token }), groupId });
  group.addEventListener("item", ({ detail: item }) => {
    if (item.type === "reset") say({ reset: item.snapshot.seq, texts: item.snapshot.messages.map(({ text }) => text) });
    else if (item.type === "run.delta") say({ delta: item.run_id, offset: item.offset, text: item.text });
    else if (item.type === "typing") say({ typing: item.user_id });
    else if (item.seq !== undefined) say({ event: item.seq, type: item.type, text: item.data.text });
  });
  group.addEventListener("link", ({ detail: { name, code, reason } }) => {
    if (name === "closed" && reason !== "left") say({ ended: { code, reason } });
  });
  group.connect();
  return group;
}

function act(group, order, say) {
  if (order.send) {
    const { text, client_msg_id } = order.send;
    group.send(text, { client_msg_id }).then(
      ({ seq }) => say({ stored: client_msg_id, seq }),
      ({ code }) => { if (code !== "closed") say({ refused: client_msg_id, code }); },
    );
  }
  if (order.approve) {
    const { approval_id, approved } = order.approve;
    group.approve(approval_id, { approved }).then(() => say({ done: "approve" }));
  }
}

async function* linesOf(stream) {
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
}

if (globalThis.process?.argv[1]?.endsWith("js_client.mjs")) {
  process.stdin.setEncoding("utf8");
  await perform(linesOf(process.stdin), (seen) => process.stdout.write(`${JSON.stringify(seen)}\n`));
}
