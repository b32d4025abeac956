// A small language model behind the streaming half of OpenAI's chat completions, for this machine only.
// Started by `tools/llm/served.py` inside the folder that has node-llama-cpp; prints its port once it answers.

import { createServer } from "node:http";
import { getLlama, LlamaChatSession } from "node-llama-cpp";

const [modelPath, threads] = process.argv.slice(2);
// As many threads as there are cores would leave none to the stack that is measured beside it.
const llama = await getLlama({ gpu: false, build: "never", logLevel: "error" });
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({ contextSize: 4096, threads: Number(threads) });
const sequence = context.getSequence();
let turn = Promise.resolve();
let last = "";

function history(messages) {
  return messages.map(({ role, content }) =>
    role === "assistant" ? { type: "model", response: [content] } : { type: role, text: content },
  );
}

async function complete(body, response) {
  const { messages, max_tokens: maxTokens = 48 } = body;
  // Nothing of the question before is reused: every answer costs what a first one does.
  await sequence.clearHistory();
  const session = new LlamaChatSession({ contextSequence: sequence, autoDisposeSequence: false });
  session.setChatHistory(history(messages.slice(0, -1)));
  const send = (chunk) => response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  const abort = new AbortController();
  response.on("close", () => abort.abort());
  const before = sequence.tokenMeter.getState();
  try {
    const { stopReason } = await session.promptWithMeta(messages.at(-1).content, {
      maxTokens,
      temperature: 0,
      signal: abort.signal,
      stopOnAbortSignal: true,
      onTextChunk: (content) => send({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }),
    });
    const used = sequence.tokenMeter.diff(before);
    const finish_reason = stopReason === "maxTokens" ? "length" : "stop";
    send({ choices: [{ index: 0, delta: {}, finish_reason }] });
    const usage = { prompt_tokens: used.usedInputTokens, completion_tokens: used.usedOutputTokens };
    send({ choices: [], usage });
    response.end("data: [DONE]\n\n");
  } finally {
    session.dispose();
  }
}

const server = createServer(async (request, response) => {
  if (request.method === "GET") {
    response.end(last);
    return;
  }
  let text = "";
  for await (const chunk of request) text += chunk;
  last = text;
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.flushHeaders();
  turn = turn.then(() => complete(JSON.parse(text), response)).catch((error) => response.destroy(error));
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
