// A model provider with an OpenAI-compatible API that writes the time into every token. Prints its port.
// Model `steady-N-S`: N tokens a second for S seconds. Model `once`: one token, at once.

import { createServer } from "node:http";

const piece = (content) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`;
const END = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })}\n\ndata: [DONE]\n\n`;

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  const { model } = JSON.parse(Buffer.concat(chunks).toString());
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
  const [, perSecond, seconds] = /^steady-(\d+)-(\d+)$/.exec(model) ?? [null, 1, 0];
  const count = Math.max(1, perSecond * seconds);
  const started = performance.now();
  for (let number = 0; number < count; number++) {
    const due = started + (number * 1000) / perSecond;
    if (due > performance.now()) {
      await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
    }
    response.write(piece(`${Date.now()} `));
  }
  response.end(END);
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
process.stdin.resume().on("end", () => process.exit(0));
