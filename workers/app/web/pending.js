// A message of mine that the group has not stored yet, or has refused.

import { html } from "./html.js";
import { Alert, Clock } from "./icons.js";
import { Avatar } from "./avatar.js";
import { RichText } from "./rich_text.js";

export function Pending({ message, live, me, known, acts }) {
  const { error, client_msg_id: id } = message;
  return html`<li class=${`message first pending ${error ? "refused" : ""}`}>
    <${Avatar} name=${me.name} />
    <div class="body">
      <div class="head"><bdi class="name">${me.name}</bdi>
        <span class="state">${error ? html`<${Alert} />Not sent: ${error.message}` : html`<${Clock} />${live ? "Sending" : "Waiting for the connection"}`}</span></div>
      <${RichText} text=${message.text} known=${known} />
      ${error && acts && html`<p class="buttons"><button type="button" class="small" onClick=${() => acts.retry(id)}>Send again</button>
        <button type="button" class="small" onClick=${() => acts.forget(id)}>Discard</button></p>`}
    </div></li>`;
}
