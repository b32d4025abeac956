import { classes, html } from "./html.js";

export const EMOJI = [["👍", "thumbs up"], ["❤️", "heart"], ["😄", "laughing"], ["🎉", "party"], ["👀", "eyes"], ["✅", "done"]];
const NAMES = new Map(EMOJI);

export function Reactions({ message, meId, members, acts }) {
  const found = Object.entries(message.reactions).sort(([one], [other]) => (one < other ? -1 : 1));
  if (found.length === 0) return null;
  return html`<ul class="reactions" aria-label="Reactions">${found.map(([emoji, users]) => {
    const mine = users.includes(meId);
    const who = users.map((id) => members[id]?.name ?? "somebody who left").join(", ");
    return html`<li key=${emoji}><button type="button" class=${classes("reaction", mine && "mine")} aria-pressed=${mine ? "true" : "false"} disabled=${!acts}
      title=${who} aria-label=${`${NAMES.get(emoji) ?? emoji}, ${users.length}: ${who}`} onClick=${() => acts.react(message, emoji, !mine)}>
      <span class="emoji">${emoji}</span>${users.length}</button></li>`;
  })}</ul>`;
}
