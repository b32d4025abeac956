// The conversation from its beginning to what is being written now.

import { html, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./html.js";
import { Down } from "./icons.js";
import { dayOf, sameDay } from "./time.js";
import { Beginning } from "./beginning.js";
import { LiveRun } from "./live_run.js";
import { asMention } from "./mentions.js";
import { Message } from "./message.js";
import { NoticeLine } from "./notice_line.js";
import { Pending } from "./pending.js";
import { readersBySeq } from "./readers.js";

const NEAR_PX = 80;
const EARLIER_PX = 400;
const TOGETHER_MS = 5 * 60_000;

export function Timeline({ room, live, me, acts, readBefore, onEnd, onEarlier }) {
  const box = useRef(null);
  const [atEnd, setAtEnd] = useState(true);
  const seen = useRef(0);
  const rows = useMemo(() => rowsOf(room.messages, room.notices, readBefore, me.id), [room.messages, room.notices, readBefore]);
  const readers = useMemo(() => readersBySeq(room, me.id), [room.messages, room.reads, room.members]);
  const known = useCallback(knownNames(room, me), [room.members, room.agents]);
  const bySeq = useMemo(() => new Map(room.messages.map((message) => [message.seq, message])), [room.messages]);
  const present = useRef(bySeq);
  present.current = bySeq;
  // Another function only when older messages came in: what refers to them becomes a link then.
  const goTo = useMemo(() => goToIn(box, present), [room.messages[0]?.seq]);

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
    <div class="timeline" ref=${box} onScroll=${scrolled} tabindex="0" role="log" aria-live="off" aria-label="Conversation">
      ${room.earlier.more ? html`<p class="muted pad" role="status">Loading earlier messages …</p>` : html`<${Beginning} room=${room} readOnly=${!acts} />`}
      <ol class="messages">
        ${rows.map((row) => (row.notices ? html`<${NoticeLine} key=${`n${row.notices[0].seq}`} events=${row.notices} />`
          : html`<${Message} key=${row.message.seq} message=${row.message} first=${row.first} day=${row.day && dayOf(row.message.ts)} fresh=${row.fresh}
              quoted=${bySeq.get(row.message.reply_to)} mine=${row.message.actor.id === me.id} meId=${me.id} mayDelete=${room.you?.role === "owner"}
              members=${room.members} readers=${readers.get(row.message.seq)} acts=${room.status === "active" ? acts : undefined} known=${known} goTo=${goTo} />`))}
        ${runs.map((run) => html`<${LiveRun} key=${run.run_id} run=${run} agent=${room.agents[run.agent_id]} asked=${bySeq.get(run.trigger)}
            known=${known} goTo=${goTo} onCancel=${acts?.cancel} />`)}
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
    if (between.length > 0) rows.push({ notices: between });
    const fresh = !marked && message.seq > readBefore && message.actor.id !== myId;
    marked ||= fresh;
    const day = previous === null || !sameDay(previous.ts, message.ts);
    rows.push({ message, fresh, day, first: day || fresh || between.length > 0 || !goesOn(previous, message) });
    previous = message;
  }
  const rest = noticed(Infinity);
  return rest.length > 0 ? [...rows, { notices: rest }] : rows;
}

/** Gives, from call to call, the notices up to a seq. The first title is no news. */
function noticesBefore(notices) {
  const left = notices.filter(({ seq }) => seq > 1);
  return (seq) => left.splice(0, left.findLastIndex((notice) => notice.seq < seq) + 1);
}

function goesOn(previous, message) {
  return previous !== null && previous.actor.id === message.actor.id && message.reply_to === undefined
    && Date.parse(message.ts) - Date.parse(previous.ts) < TOGETHER_MS;
}

function knownNames(room, me) {
  return (name) => {
    const lower = name.toLowerCase();
    if (Object.values(room.agents).some(({ handle }) => handle === lower)) return "agent";
    const person = Object.values(room.members).find((member) => asMention(member.name).toLowerCase() === lower);
    return person && (person.id === me.id ? "you" : "user");
  };
}

function goToIn(box, present) {
  const goTo = (seq) => {
    const found = box.current?.querySelector(`[data-seq="${seq}"]`);
    found?.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    found?.focus({ preventScroll: true });
  };
  goTo.knows = (seq) => present.current.has(seq);
  return goTo;
}
