// How far I have read: what is marked as new, and what the others are told.

import { useEffect, useRef } from "./html.js";

const READ_AFTER_MS = 600;

/** Where I had read to when the conversation was opened: the line above what is new stays while I read. */
export function useReadBefore(room) {
  const before = useRef(null);
  if (before.current === null && room.you !== null) before.current = room.reads[room.you.id] ?? 0;
  return before.current;
}

/** Says what I have read, once it was before my eyes for a moment. */
export function useReadMarker(group, room, atEnd) {
  const last = room.messages.at(-1)?.seq ?? 0;
  const read = room.you === null ? 0 : room.reads[room.you.id] ?? 0;
  const due = atEnd && last > read && room.status === "active" && group.link.name === "online";
  useEffect(() => {
    if (!due) return undefined;
    let timer;
    const soon = () => {
      clearTimeout(timer);
      if (!document.hidden) timer = setTimeout(() => group.read(last).catch(() => {}), READ_AFTER_MS);
    };
    soon();
    document.addEventListener("visibilitychange", soon);
    return () => { clearTimeout(timer); document.removeEventListener("visibilitychange", soon); };
  }, [group, due, last]);
}
