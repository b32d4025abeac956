// A conversation that is over: read from its archive by the same reducer that reads a live one.

import { html, useCallback, useState } from "./html.js";
import { Back, Box, Download, Shield } from "./icons.js";
import { complain } from "./notices.js";
import { foldArchive } from "./parley/parley.js";
import { Header } from "./header.js";
import { knownNames } from "./known_names.js";
import { Panel } from "./panel.js";
import { RestoreDialog } from "./reason_dialog.js";
import { dateOf } from "./time.js";
import { Timeline } from "./timeline.js";
import { useLoaded } from "./use.js";
import { Verification } from "./verification.js";

export function Archived({ record, session: { api, me }, room, rooms, again }) {
  const path = `/groups/${record.group_id}/archive`;
  const done = record.status === "archived";
  const [aside, setAside] = useState(null);
  const [dialog, setDialog] = useState(null);
  const [read, problem] = useLoaded(async () => (done ? roomOf(await api.request("GET", path), record, me) : null), [done]);
  const shown = read ?? room;
  const back = () => { rooms.leave(record.group_id); rooms.refresh(); again(); };
  const known = useCallback(shown ? knownNames(shown, me.id) : () => undefined, [shown]);
  return html`<main class="conversation">
    <${Header} title=${record.title} record=${record} room=${shown} aside=${aside} onAside=${(name) => setAside(aside === name ? null : name)} />
    <div class="columns"><div class="middle">
      ${shown ? html`<${Timeline} room=${shown} me=${me} known=${known} />`
        : html`<div class="timeline"><p class="muted pad" role="status">${problem ? problem.detail : done ? "Reading the archive …" : ""}</p></div>`}
      <section class="over" aria-label="Archive"><${Box} />
        <p>${done ? html`<strong>Archived on ${dateOf(record.archived_at)}.</strong> Nothing can be added. The archive holds every event and is signed.`
          : html`<strong>Being archived.</strong> Nothing more can be said. The archive is written, read back and checked.`}</p>
        ${done ? html`<div class="buttons"><button type="button" onClick=${() => setDialog("check")}><${Shield} />Verify</button>
          <button type="button" onClick=${() => save(api, path, `${record.group_id}.ndjson.gz`)}><${Download} />Archive</button>
          <button type="button" onClick=${() => save(api, `${path}/manifest`, `${record.group_id}.manifest.json`)}><${Download} />Manifest</button>
          ${(record.my_role === "owner" || me.role !== "member") && html`<button type="button" onClick=${() => setDialog("restore")}><${Back} />Bring back</button>`}</div>`
          : html`<button type="button" onClick=${again}>Look again</button>`}
      </section></div>
      ${aside && shown && html`<${Panel} record=${record} room=${shown} me=${me} onClose=${() => setAside(null)} />`}
      ${dialog === "check" && html`<${Verification} api=${api} path=${path} groupId=${record.group_id} onClose=${() => setDialog(null)} />`}
      ${dialog === "restore" && html`<${RestoreDialog} title=${record.title} api=${api} path=${`/groups/${record.group_id}`} onClose=${() => setDialog(null)} onDone=${back} />`}
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
