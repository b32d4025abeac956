// One live group: what was said, what is being said, and the place to say something.

import { html, useCallback, useEffect, useMemo, useRef, useState } from "./html.js";
import { Announcer } from "./announcer.js";
import { Composer } from "./composer.js";
import { Header } from "./header.js";
import { LineState } from "./line_state.js";
import { Panel } from "./panel.js";
import { Timeline } from "./timeline.js";
import { complain } from "./notices.js";
import { useGroup } from "./use.js";

const READ_AFTER_MS = 600;
const WIDE = "(min-width: 1080px)";

export function Conversation({ group, record, session, rooms, again }) {
  const room = useGroup(group);
  const [panel, setPanel] = useState(matchMedia(WIDE).matches);
  const [replyTo, setReplyTo] = useState(null);
  const [atEnd, setAtEnd] = useState(true);
  const input = useRef(null);
  const readBefore = useReadBefore(room);
  useReadMarker(group, room, atEnd);
  useEffect(() => { if (group.link.name === "online" && room.earlier.more) group.loadEarlier().catch(() => {}); }, [group, room.epoch]);

  const reply = useCallback((message) => { setReplyTo(message.seq); input.current?.focus(); }, []);
  const acts = useMemo(() => actsOn(group, reply), [group]);
  const live = group.link.name === "online";
  const typing = !live ? [] : Object.keys(room.typing).filter((id) => id !== session.me.id).map((id) => room.members[id]?.name).filter(Boolean);

  return html`<main class="conversation">
    <${Header} title=${room.title || record?.title} record=${record} room=${room} live=${live} panel=${panel} onPanel=${() => setPanel(!panel)} />
    <div class="columns"><div class="middle">
      <${LineState} group=${group} />
      ${room.epoch === null ? html`<div class="timeline"><p class="muted pad" role="status">Opening the conversation …</p></div>`
        : html`<${Timeline} room=${room} live=${live} me=${session.me} acts=${acts} readBefore=${readBefore} onEnd=${setAtEnd}
            onEarlier=${() => group.loadEarlier().catch(() => {})} />`}
      <${Announcer} messages=${room.messages} me=${session.me} />
      <p class="typing" role="status">${typing.length > 0 && html`<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>
        <span>${sentence(typing)}</span>`}</p>
      <${Composer} group=${group} room=${room} me=${session.me} input=${input} replyTo=${replyTo} onReplied=${() => setReplyTo(null)} />
    </div>
    ${panel && html`<${Panel} record=${record} room=${room} live=${live} me=${session.me} session=${session} rooms=${rooms} again=${again} onClose=${() => setPanel(false)} />`}
    </div></main>`;
}

function sentence(names) {
  if (names.length > 2) return `${names.length} people are typing`;
  return `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} typing`;
}

/** What one can do with a message; the same object for the life of the group, so that messages need not render again. */
function actsOn(group, reply) {
  const told = (promise) => promise.catch(complain);
  return {
    reply,
    react: (message, emoji, on) => told(group.react(message.seq, emoji, on)),
    edit: (message, text) => told(group.edit(message.seq, text)),
    delete: (message) => told(group.delete(message.seq)),
    cancel: (runId) => told(group.cancelRun(runId)),
    retry: (id) => { group.retry(id); },
    forget: (id) => group.forget(id),
  };
}

/** Where I had read to when the conversation was opened: the line above what is new stays while I read. */
function useReadBefore(room) {
  const before = useRef(null);
  if (before.current === null && room.you !== null) before.current = room.reads[room.you.id] ?? 0;
  return before.current;
}

/** Says what I have read, once it was before my eyes for a moment. */
function useReadMarker(group, room, atEnd) {
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
