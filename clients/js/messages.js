// Messages as they stand now. Law: pure; lists are sorted by seq, which is the order everybody sees.

/** The message that a `message.created` event is, before anything happened to it. Erased words are deleted ones. */
export function created({ seq, ts, actor, data, run_id, digests }) {
  const message = { seq, ts, actor, text: data.text, edited: false, deleted: digests !== undefined, reactions: {} };
  if (data.reply_to !== undefined) message.reply_to = data.reply_to;
  if (run_id !== undefined) message.run_id = run_id;
  return message;
}

/** The message after an edit, a deletion or a reaction. */
export function changeMessage(message, { type, actor, data }) {
  if (message.deleted) return message;
  switch (type) {
    case "message.edited": return { ...message, text: data.text, edited: true };
    case "message.deleted": return { ...message, text: "", edited: false, deleted: true, reactions: {} };
    case "reaction.changed": return { ...message, reactions: reacted(message.reactions, data.emoji, actor.id, data.on) };
    default: return message;
  }
}

/** The message once its author was erased. */
export function erased(message) {
  return { ...message, actor: { ...message.actor, name: "" }, text: "", edited: false, deleted: true, reactions: {} };
}

/** A notice without the name and the words of somebody who was erased. */
export function erasedNotice(event, userId) {
  const { actor, data } = event;
  if ((data.member ?? actor).id !== userId) return event;
  const blank = { ...data, ...(data.member && { member: { ...data.member, name: "" } }) };
  if (blank.reason !== undefined) blank.reason = "";
  return { ...event, actor: actor.id === userId ? { ...actor, name: "" } : actor, data: blank };
}

/** Who reacted with what; users in the order of their ids, as a snapshot has them. */
export function reacted(reactions, emoji, userId, on) {
  const others = (reactions[emoji] ?? []).filter((id) => id !== userId);
  const users = on ? [...others, userId].sort() : others;
  const { [emoji]: _, ...rest } = reactions;
  return users.length > 0 ? { ...rest, [emoji]: users } : rest;
}

/** Its index, or -1. */
export function placeOf(messages, seq) {
  const at = lowerBound(messages, seq);
  return messages[at]?.seq === seq ? at : -1;
}

export function insertAt(messages, message) {
  const at = lowerBound(messages, message.seq);
  if (messages[at]?.seq !== message.seq) messages.splice(at, 0, message);
}

function lowerBound(messages, seq) {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (messages[middle].seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
