// Older messages, made from pages of the log that are read backwards.
//
// A page holds events, not messages as they stand: an edit may lie hundreds of events behind what it edits. So reading
// goes back from the snapshot without a hole, and what happened to messages not loaded yet is remembered until they are.

import { changeMessage, created, insertAt, placeOf } from "./messages.js";

/** `earlier` with this event remembered for its target. Of two, the newer counts; `age` says which one this is. */
export function rememberLater(earlier, event, age) {
  const { target } = event.data;
  const known = earlier.later[target] ?? { words: null, reactions: {} };
  const next = { ...known, reactions: { ...known.reactions } };
  if (event.type === "reaction.changed") {
    const key = `${event.data.emoji} ${event.actor.id}`;
    if (age === "newest" || !(key in next.reactions)) next.reactions[key] = event;
  } else if (age === "newest" || next.words === null) {
    next.words = event;
  }
  return { ...earlier, later: { ...earlier.later, [target]: next } };
}

/** Takes a `history` reply into the room; `before` is what was asked for. */
export function foldEarlier(draft, { before, events, more }, isNotice) {
  if (before !== draft.state.earlier.before) return;
  let { earlier } = draft.state;
  const messages = draft.own("messages");
  const oldest = messages[0]?.seq ?? before;
  const notices = [];
  for (const event of events.toReversed()) {
    if (isNotice(event)) notices.unshift(event);
    if (event.type === "message.created" && event.seq < oldest) insertAt(messages, withLater(event, earlier.later[event.seq]));
    else if (CHANGES.has(event.type) && placeOf(messages, event.data.target) === -1) {
      earlier = rememberLater(earlier, event, "older");
    }
  }
  const later = Object.fromEntries(Object.entries(earlier.later).filter(([seq]) => placeOf(messages, Number(seq)) === -1));
  draft.set("earlier", { before: events[0]?.seq ?? before, more, later });
  const known = new Set(draft.state.notices.map(({ seq }) => seq));
  draft.set("notices", [...notices.filter(({ seq }) => !known.has(seq)), ...draft.state.notices]);
}

const CHANGES = new Set(["message.edited", "message.deleted", "reaction.changed"]);

function withLater(event, later) {
  let message = created(event);
  if (later === undefined) return message;
  for (const reaction of Object.values(later.reactions)) message = changeMessage(message, reaction);
  return later.words === null ? message : changeMessage(message, later.words);
}
