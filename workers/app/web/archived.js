// A conversation that is over: read from its archive by the same reducer that reads a live one.

import { html, useState } from "./html.js";
import { Box, Download } from "./icons.js";
import { complain } from "./notices.js";
import { foldArchive } from "./parley/parley.js";
import { Header } from "./header.js";
import { Panel } from "./panel.js";
import { dateOf } from "./time.js";
import { Timeline } from "./timeline.js";
import { useLoaded } from "./use.js";

export function Archived({ record, session: { api, me }, room, again }) {
  const path = `/groups/${record.group_id}/archive`;
  const done = record.status === "archived";
  const [panel, setPanel] = useState(false);
  const [read, problem] = useLoaded(async () => (done ? roomOf(await api.request("GET", path), record, me) : null), [done]);
  const shown = read ?? room;
  return html`<main class="conversation">
    <${Header} title=${record.title} record=${record} room=${shown} onPanel=${() => setPanel(!panel)} panel=${panel} />
    <div class="columns"><div class="middle">
      ${shown ? html`<${Timeline} room=${shown} me=${me} />`
        : html`<div class="timeline"><p class="muted pad" role="status">${problem ? problem.detail : done ? "Reading the archive …" : ""}</p></div>`}
      <section class="over" aria-label="Archive"><${Box} />
        <p>${done ? html`<strong>Archived on ${dateOf(record.archived_at)}.</strong> Nothing can be added. The archive holds every event and is signed.`
          : html`<strong>Being archived.</strong> Nothing more can be said. The archive is written, read back and checked.`}</p>
        ${done ? html`<div class="buttons"><button type="button" onClick=${() => save(api, path, `${record.group_id}.ndjson.gz`)}><${Download} />Archive</button>
          <button type="button" onClick=${() => save(api, `${path}/manifest`, `${record.group_id}.manifest.json`)}><${Download} />Manifest</button></div>`
          : html`<button type="button" onClick=${again}>Look again</button>`}
      </section></div>
      ${panel && shown && html`<${Panel} record=${record} room=${shown} me=${me} onClose=${() => setPanel(false)} />`}
    </div></main>`;
}

async function roomOf(response, record, me) {
  const stream = response.body.pipeThrough(new DecompressionStream("gzip"));
  const room = foldArchive(await new Response(stream).text(), record.group_id);
  return { ...room, you: room.members[me.id] ?? null };
}

/** A download needs the token in a header, so it goes through memory. */
async function save(api, path, name) {
  try {
    const url = URL.createObjectURL(await (await api.request("GET", path)).blob());
    Object.assign(document.createElement("a"), { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (problem) {
    complain(problem);
  }
}
