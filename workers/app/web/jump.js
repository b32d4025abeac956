// From a number to the message: what lies further back is loaded first.

import { useMemo, useRef } from "./html.js";
import { say } from "./notices.js";

const FRAMES = 30;

/** `goTo(seq)` shows a message in `box`; `goTo.knows(seq)` says whether that can be tried. */
export function useJump(box, room, loadEarlier) {
  const present = useRef(room);
  present.current = room;
  // Another function only when older messages came in: what refers to them becomes a link then.
  return useMemo(() => jumpIn(box, present, loadEarlier), [room.messages[0]?.seq, room.earlier.more]);
}

function jumpIn(box, present, loadEarlier) {
  const behind = (seq) => present.current.earlier.more && seq < (present.current.messages[0]?.seq ?? Infinity);
  const goTo = async (seq) => {
    while (loadEarlier && behind(seq)) if (!(await loadEarlier())) break;
    const row = await rowOf(box, seq);
    if (row === null) return say("That message cannot be shown: it is not part of what you may see.");
    row.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    row.focus({ preventScroll: true });
    row.classList.add("found");
    row.addEventListener("animationend", () => row.classList.remove("found"), { once: true });
  };
  goTo.knows = (seq) => present.current.messages.some((message) => message.seq === seq)
    || (loadEarlier !== undefined && seq > 0 && behind(seq));
  return goTo;
}

/** The row, given time to be drawn; null when it does not come. */
async function rowOf(box, seq) {
  for (let frame = 0; frame < FRAMES; frame += 1) {
    const row = box.current?.querySelector(`[data-seq="${seq}"]`);
    if (row) return row;
    await new Promise((go) => { setTimeout(go, 16); });
  }
  return null;
}
