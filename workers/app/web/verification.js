// Checking an archive before one's eyes: each thing that holds gets its own line.

import { classes, html, useState } from "./html.js";
import { Alert, Check } from "./icons.js";
import { Dialog } from "./dialog.js";
import { verifyArchive } from "./verify_archive.js";

export function Verification({ api, path, groupId, onClose }) {
  const [{ held, state, problem }, setResult] = useState({ held: [], state: "ready", problem: null });
  const check = async () => {
    const found = [];
    setResult({ held: [], state: "busy", problem: null });
    try {
      for await (const sentence of verifyArchive({ ...(await downloads(api, path)), groupId })) {
        found.push(sentence);
        setResult({ held: [...found], state: "busy", problem: null });
      }
      setResult({ held: found, state: "whole", problem: null });
    } catch (error) {
      setResult({ held: found, state: "broken", problem: error.detail ?? error.message });
    }
  };
  return html`<${Dialog} title="Is this archive whole?" onClose=${onClose}>
    <p>Your browser downloads the archive, its manifest and the public keys of this deployment, and computes everything again. It takes nobody's word.</p>
    <ul class="checks" aria-live="polite">
      ${held.map((sentence) => html`<li key=${sentence}><${Check} /><span>${sentence}</span></li>`)}
      ${state === "broken" && html`<li class="broken" role="alert"><${Alert} /><span><strong>This archive is not to be trusted:</strong> ${problem}.</span></li>`}
    </ul>
    ${state === "whole" && html`<p class="verdict" role="status"><${Check} /><strong>This archive is whole, and nothing in it was changed.</strong></p>`}
    <footer class="buttons"><button type="button" onClick=${onClose}>Close</button>
      <button type="button" class=${classes(state !== "whole" && "primary")} disabled=${state === "busy"} onClick=${check}>${state === "ready" ? "Check it now" : state === "busy" ? "Checking …" : "Check again"}</button></footer>
  <//>`;
}

async function downloads(api, path) {
  const [archive, manifest, jwks] = await Promise.all([
    api.request("GET", path), api.request("GET", `${path}/manifest`), api.get("/.well-known/jwks.json"),
  ]);
  return { packed: await archive.arrayBuffer(), manifest: await manifest.text(), jwks };
}
