// Whether what is shown is live. Nothing is claimed that the line does not know.

import { html } from "./html.js";
import { Alert, Signal } from "./icons.js";
import { useEvents, useNow } from "./use.js";

export function LineState({ group }) {
  useEvents(group, ["link"]);
  const now = useNow(1000);
  const { link, state } = group;
  if (link.name === "online" || (link.name === "connecting" && state.epoch === null)) {
    return state.status === "archiving" ? html`<p class="line" role="status"><${Signal} /><span>This group is being archived. Nothing more can be said.</span></p>` : null;
  }
  if (link.name === "closed") return html`<p class="line final" role="alert"><${Alert} /><span>${FINAL[link.code] ?? "The connection was closed and will not come back by itself."}</span></p>`;
  const seconds = link.name === "waiting" ? Math.max(0, Math.ceil((link.retryAt - now) / 1000)) : 0;
  const what = navigator.onLine ? "Not connected." : "You are offline.";
  const next = link.name === "waiting" && seconds > 0 ? ` Next try in ${seconds} s.` : " Trying to reach the group …";
  return html`<p class="line" role="status"><${Signal} /><span><strong>${what}</strong> What you write is sent once the line is back.<span aria-hidden="true">${next}</span></span>
    ${link.name === "waiting" && seconds > 1 && html`<button type="button" class="small" onClick=${() => group.online()}>Try now</button>`}</p>`;
}

const FINAL = {
  4500: "Your sign-in is not accepted any more. Sign out and in again.",
  4501: "This page and the server do not understand each other. Reload the page.",
  4503: "You are no longer in this group. What you see is what was said until then.",
  4504: "This group is archived.",
};
