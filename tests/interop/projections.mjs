// Reads the `data` of server-sent events, one a line, and says whether the readers that are published for them agree.
//   node projections.mjs ag-ui|ai-sdk < lines        prints {"ok": true, "text": …} or {"ok": false, "why": …}
import { readFileSync } from "node:fs";

const lines = readFileSync(0, "utf8").split("\n").filter(Boolean);

async function agUi() {
  const { EventSchemas } = await import("@ag-ui/core/schemas");
  const { verifyEvents } = await import("@ag-ui/client");
  const { from, lastValueFrom, toArray } = await import("rxjs");
  const events = lines.map((line) => EventSchemas.parse(JSON.parse(line)));
  const seen = await lastValueFrom(from(events).pipe(verifyEvents(false), toArray()));
  return seen.filter((event) => event.type === "TEXT_MESSAGE_CONTENT").map((event) => event.delta).join("");
}

async function aiSdk() {
  const { parseJsonEventStream, readUIMessageStream, uiMessageChunkSchema } = await import("ai");
  const source = new Blob([lines.map((line) => `data: ${line}\n\n`).join("")]).stream();
  const chunks = parseJsonEventStream({ stream: source, schema: uiMessageChunkSchema }).pipeThrough(
    new TransformStream({
      transform(result, controller) {
        if (!result.success) throw result.error;
        controller.enqueue(result.value);
      },
    }),
  );
  const failures = [];
  let last;
  const onError = (error) => failures.push(String(error));
  for await (const message of readUIMessageStream({ stream: chunks, onError })) last = message;
  if (failures.length) throw new Error(failures.join("; "));
  if (last.parts.some((part) => part.type === "text" && part.state !== "done")) throw new Error("a text part is left open");
  return last.parts.filter((part) => part.type === "text").map((part) => part.text).join("");
}

try {
  const text = await { "ag-ui": agUi, "ai-sdk": aiSdk }[process.argv[2]]();
  console.log(JSON.stringify({ ok: true, text }));
} catch (error) {
  console.log(JSON.stringify({ ok: false, why: String(error?.message ?? error) }));
}
