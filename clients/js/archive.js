// Reading an archived group: the stored log is the same events, so the same reducer makes the conversation of it.

import { emptyRoom, reduce } from "./room.js";

/** The room that an archive's lines (one event each, from seq 1) add up to. */
export function foldArchive(text, groupId = "") {
  const events = text.split("\n").filter((line) => line.trim() !== "").map((line) => JSON.parse(line));
  const room = { ...emptyRoom(groupId), epoch: events[0]?.epoch ?? null };
  return { ...reduce(room, events), status: "archived" };
}
