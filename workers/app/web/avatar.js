// Who is who at a glance: people are round and carry initials, agents are square and carry a face.

import { classes, html } from "./html.js";
import { Agent } from "./icons.js";

const HUES = 7;

export function Avatar({ name, kind = "user", size = "", online }) {
  const label = online === undefined ? undefined : online ? "online" : "offline";
  return html`<span class=${classes("avatar", size, kind === "user" ? `person hue-${hueOf(name)}` : kind)} aria-hidden="true">
    ${kind === "agent" ? html`<${Agent} />` : initials(name)}
    ${label && html`<span class=${`dot ${label}`}></span>`}
  </span>`;
}

export function AgentTag() {
  return html`<span class="tag agent">Agent</span>`;
}

export function initials(name) {
  const words = name.trim().split(/\s+/).map((word) => [...word][0] ?? "");
  return (words.length > 1 ? words[0] + words.at(-1) : words[0] ?? "?").toUpperCase();
}

function hueOf(name) {
  let sum = 0;
  for (const char of name) sum = (sum * 31 + char.codePointAt(0)) >>> 0;
  return sum % HUES;
}
