/** Under which message each other member has stopped reading: seq → members. Law: pure. */
export function readersBySeq({ messages, reads, members }, myId) {
  const found = new Map();
  for (const [id, position] of Object.entries(reads)) {
    const member = members[id];
    if (member === undefined || id === myId) continue;
    const last = messages.findLast(({ seq }) => seq <= position);
    if (last) found.set(last.seq, [...(found.get(last.seq) ?? []), member]);
  }
  return found;
}
