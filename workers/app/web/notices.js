// Short words about what went wrong or was done, at the edge of the page.

import { classes, html, useEffect, useState } from "./html.js";
import { Alert, Check, Close } from "./icons.js";

const STAYS_MS = 7_000;
const channel = new EventTarget();
let nextId = 1;

/** Shows a sentence. */
export function say(text) {
  channel.dispatchEvent(new CustomEvent("notice", { detail: { id: nextId++, kind: "done", text } }));
}

/** Shows what an exception of the API or the socket says; anything else is our mistake and goes to the console too. */
export function complain(problem) {
  const known = problem.detail !== undefined || problem.code !== undefined;
  if (!known) console.error(problem);
  const title = problem.title ?? (known ? "That did not work" : "Something went wrong in this page");
  const text = known ? problem.detail || problem.message : problem.message;
  channel.dispatchEvent(new CustomEvent("notice", { detail: { id: nextId++, kind: "problem", title, text, code: problem.code } }));
}

export function Notices() {
  const [notices, setNotices] = useState([]);
  const drop = (id) => setNotices((all) => all.filter((notice) => notice.id !== id));
  useEffect(() => {
    const show = ({ detail }) => {
      setNotices((all) => [...all.filter(({ text }) => text !== detail.text), detail].slice(-3));
      if (detail.kind === "done") setTimeout(() => drop(detail.id), STAYS_MS);
    };
    channel.addEventListener("notice", show);
    return () => channel.removeEventListener("notice", show);
  }, []);
  return html`<div class="notices" role="status" aria-live="polite">
    ${notices.map((notice) => html`<div key=${notice.id} class=${classes("notice", notice.kind)}>
      ${notice.kind === "problem" ? html`<${Alert} />` : html`<${Check} />`}
      <div class="words">
        ${notice.title && html`<strong>${notice.title}</strong>`}
        <span>${notice.text}</span>
        ${notice.code && html`<code class="code">${notice.code}</code>`}
      </div>
      <button type="button" class="quiet square" aria-label="Dismiss" onClick=${() => drop(notice.id)}><${Close} /></button>
    </div>`)}
  </div>`;
}
