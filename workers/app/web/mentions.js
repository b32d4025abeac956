// @ in what one writes: whom it may mean, and whom it did mean. Law: pure.

const SHOWN = 8;

/** The unfinished mention before the caret: `{start, end, text}`; null when there is none. */
export function queryAt(text, caret) {
  const found = /(?:^|[\s(])@([\p{L}\p{N}_-]{0,40})$/u.exec(text.slice(0, caret));
  return found ? { start: caret - found[1].length - 1, end: caret, text: found[1] } : null;
}

/** Agents first: to be answered is why one types @. */
export function candidatesFor(query, { agents, members, online }, myId) {
  const wanted = query.toLowerCase();
  const agentRows = Object.values(agents).map(({ id, handle, name }) => ({ id, kind: "agent", name, word: handle }));
  const people = Object.values(members).filter(({ id }) => id !== myId)
    .map(({ id, name }) => ({ id, kind: "user", name, word: asMention(name), online: online.includes(id) }));
  return [...agentRows, ...people].filter(({ name, word }) => word && (word.toLowerCase().startsWith(wanted) || name.toLowerCase().startsWith(wanted))).slice(0, SHOWN);
}

export function withMention(text, { start, end }, word) {
  const after = text.slice(end);
  const filled = `${text.slice(0, start)}@${word}${after.startsWith(" ") ? "" : " "}`;
  return { text: filled + after, caret: filled.length + (after.startsWith(" ") ? 1 : 0) };
}

/** The structured mentions of a finished text. */
export function mentionsIn(text, { agents, members }) {
  const words = new Set([...text.matchAll(/(?<![\p{L}\p{N}_@/.])@([\p{L}\p{N}_-]{1,80})/gu)].map(([, word]) => word.toLowerCase()));
  return [
    ...Object.values(agents).filter(({ handle }) => words.has(handle)).map(({ id }) => ({ kind: "agent", id })),
    ...Object.values(members).filter(({ name }) => words.has(asMention(name).toLowerCase())).map(({ id }) => ({ kind: "user", id })),
  ].slice(0, 32);
}

/** How a person's name is typed behind an @: mentions are single words. */
export function asMention(name) {
  return name.trim().replace(/[^\p{L}\p{N}_-]+/gu, "-").replace(/^-+|-+$/g, "");
}
