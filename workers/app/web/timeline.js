// The conversation from its beginning to what is being written now.

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./html.js";
import { Down } from "./icons.js";
import { dayOf, sameDay } from "./time.js";
import { Beginning } from "./beginning.js";
import { LiveRun } from "./live_run.js";
import { useJump } from "./jump.js";
import { Message } from "./message.js";
import { NoticeLine, together } from "./notice_line.js";
import { told } from "./news.js";
import { Pending } from "./pending.js";
import { readersBySeq } from "./readers.js";
import { sizeOf, threadsIn } from "./threads.js";

const NEAR_PX = 80;
const EARLIER_PX = 400;
const TOGETHER_MS = 5 * 60_000;

/** `jump` is a ref that is given the way to a message by its seq. */
export function Timeline({ room, live, me, acts, known, threads = threadsIn(room.messages), readBefore, jump, onEnd, onEarlier }) {
  const box = useRef(null);
  const [atEnd, setAtEnd] = useState(true);
  const seen = useRef(0);
  const rows = useMemo(() => rowsOf(room.messages, room.notices, readBefore, me.id), [room.messages, room.notices, readBefore]);
  const readers = useMemo(() => readersBySeq(room, me.id), [room.messages, room.reads, room.members]);
  const bySeq = useMemo(() => new Map(room.messages.map((message) => [message.seq, message])), [room.messages]);
  const goTo = useJump(box, room, onEarlier);
  if (jump) jump.current = goTo;

  const end = (value) => { if (value !== atEnd) { setAtEnd(value); onEnd?.(value); } };
  const toEnd = () => { box.current.scrollTop = box.current.scrollHeight; };
  const scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    end(scrollHeight - scrollTop - clientHeight < NEAR_PX);
    if (scrollTop < EARLIER_PX && room.earlier.more) onEarlier?.();
  };
  useStaying(box, atEnd, room);
  useEffect(() => { if (atEnd) seen.current = room.messages.at(-1)?.seq ?? 0; });
  const below = room.messages.filter(({ seq, actor }) => seq > seen.current && actor.id !== me.id).length;
  const runs = Object.values(room.runs);

  return html`<div class="timeline-frame">
    <div class="timeline" ref=${box} onScroll=${scrolled} onKeyDown=${walk} tabindex="0" role="log" aria-live="off" aria-label="Conversation">
      ${room.earlier.more ? html`<p class="muted pad" role="status">Loading earlier messages …</p>` : html`<${Beginning} room=${room} readOnly=${!acts} />`}
      <ol class="messages">
        ${rows.map((row) => (row.notices ? html`<${NoticeLine} key=${`n${row.notices[0].seq}`} events=${row.notices} agents=${room.agents} />`
          : html`<${Message} key=${row.message.seq} message=${row.message} first=${row.first} day=${row.day && dayOf(row.message.ts)} fresh=${row.fresh}
              quoted=${bySeq.get(row.message.reply_to)} thread=${threads.rootOf(row.message.seq)} ...${repliesTo(threads, row.message.seq)} mine=${row.message.actor.id === me.id} meId=${me.id} mayDelete=${room.you?.role === "owner"}
              members=${room.members} readers=${readers.get(row.message.seq)} acts=${room.status === "active" ? acts : undefined} known=${known} goTo=${goTo} />`))}
        ${runs.map((run) => html`<${LiveRun} key=${run.run_id} run=${run} room=${room} me=${me} asked=${bySeq.get(run.trigger)} known=${known} goTo=${goTo} acts=${acts} />`)}
        ${room.pending.map((message) => html`<${Pending} key=${message.client_msg_id} message=${message} live=${live} me=${me} known=${known} acts=${acts} />`)}
      </ol>
    </div>
    ${!atEnd && html`<button type="button" class="to-end" onClick=${toEnd}><${Down} />${below > 0 ? `${below} new` : "Latest"}</button>`}
  </div>`;
}

/** Keeps the end in view while one is there, and the same message in place when older ones come in above. */
function useStaying(box, atEnd, room) {
  const before = useRef({ height: 0, first: undefined });
  useLayoutEffect(() => {
    const { scrollHeight, scrollTop } = box.current;
    const first = room.messages[0]?.seq;
    if (atEnd) box.current.scrollTop = scrollHeight;
    else if (first < before.current.first) box.current.scrollTop = scrollTop + scrollHeight - before.current.height;
    before.current = { height: scrollHeight, first };
  });
  useEffect(() => {
    const watch = new ResizeObserver(() => { if (atEnd && box.current) box.current.scrollTop = box.current.scrollHeight; });
    watch.observe(box.current);
    return () => watch.disconnect();
  }, [atEnd]);
}

function rowsOf(messages, notices, readBefore, myId) {
  const rows = [];
  const noticed = noticesBefore(notices);
  let previous = null;
  let marked = !readBefore;
  for (const message of messages) {
    const between = noticed(message.seq);
    rows.push(...linesOf(between));
    const fresh = !marked && message.seq > readBefore && message.actor.id !== myId;
    marked ||= fresh;
    const day = previous === null || !sameDay(previous.ts, message.ts);
    rows.push({ message, fresh, day, first: day || fresh || between.length > 0 || !goesOn(previous, message) });
    previous = message;
  }
  const rest = noticed(Infinity);
  return [...rows, ...linesOf(rest)];
}

/** Notices in a row share a line, unless they stand out. */
function linesOf(notices) {
  const lines = [];
  for (const notice of notices) {
    const line = lines.at(-1);
    if (line && together(line.notices.at(-1), notice)) line.notices.push(notice);
    else lines.push({ notices: [notice] });
  }
  return lines;
}

/** Gives, from call to call, the notices up to a seq. The first title is no news. */
function noticesBefore(notices) {
  const left = told(notices);
  return (seq) => left.splice(0, left.findLastIndex((notice) => notice.seq < seq) + 1);
}

function goesOn(previous, message) {
  return previous !== null && previous.actor.id === message.actor.id && message.reply_to === undefined
    && Date.parse(message.ts) - Date.parse(previous.ts) < TOGETHER_MS;
}

function repliesTo(threads, seq) {
  const { count, last } = sizeOf(threads.of.get(seq));
  return { replies: count, lastReply: last };
}

/** The arrow keys go from message to message; Tab then goes into what one can do with it. */
function walk(event) {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const rows = [...event.currentTarget.querySelectorAll(".message[data-seq]")];
  if (step === undefined || rows.length === 0 || event.target.matches("textarea, input, pre")) return;
  event.preventDefault();
  const at = rows.indexOf(event.target.closest(".message"));
  rows[at === -1 ? rows.length - 1 : Math.min(rows.length - 1, Math.max(0, at + step))].focus();
}
