// Which messages answer which. Law: pure. A thread is named by the seq of the message that it hangs from.

/** `of`: seq of the first message → the answers, and the answers to those; `rootOf`: the thread that a message is in. */
export function threadsIn(messages) {
  const roots = new Map();
  const of = new Map();
  // An answer always has a greater seq than what it answers, so that one pass is enough.
  for (const message of messages) {
    if (message.reply_to === undefined) continue;
    const root = roots.get(message.reply_to) ?? message.reply_to;
    roots.set(message.seq, root);
    of.set(root, [...(of.get(root) ?? []), message]);
  }
  return { of, rootOf: (seq) => roots.get(seq) ?? seq };
}

/** How much was answered, as two plain values: `{count, last}`. */
export function sizeOf(answers = []) {
  const standing = answers.filter(({ deleted }) => !deleted);
  return { count: standing.length, last: standing.at(-1)?.ts };
}
