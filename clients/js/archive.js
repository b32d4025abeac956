// Reading an archived group: the stored log is the same events, so the same reducer makes the conversation of it.

import { emptyRoom, reduce } from "./room.js";

/** The room that an archive's lines (one event each, from seq 1) add up to. */
export function foldArchive(text, groupId = "") {
  const events = text.split("\n").filter((line) => line.trim() !== "").map((line) => JSON.parse(line));
  let room = emptyRoom(groupId);
  // A group that was restored went on in another epoch.
  for (let start = 0, end; start < events.length; start = end) {
    const { epoch } = events[start];
    end = events.findIndex((event, at) => at > start && event.epoch !== epoch);
    if (end === -1) end = events.length;
    room = reduce({ ...room, epoch }, events.slice(start, end));
  }
  return { ...room, status: "archived" };
}
