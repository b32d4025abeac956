// One live group: what was said, what is being said, the place to say something, and what stands beside it.

import { html, useCallback, useEffect, useMemo, useRef, useState } from "./html.js";
import { Announcer } from "./announcer.js";
import { Composer } from "./composer.js";
import { Header } from "./header.js";
import { knownNames } from "./known_names.js";
import { LineState } from "./line_state.js";
import { Panel } from "./panel.js";
import { SearchPanel } from "./search_panel.js";
import { ThreadPanel } from "./thread_panel.js";
import { Timeline } from "./timeline.js";
import { threadsIn } from "./threads.js";
import { complain } from "./notices.js";
import { useReadBefore, useReadMarker } from "./reading.js";
import { useGroup, useShortcut } from "./use.js";

const WIDE = "(min-width: 1080px)";

export function Conversation({ group, record, session, rooms, again }) {
  const room = useGroup(group);
  // "people", "search", the seq of a thread's first message, or null.
  const [aside, setAside] = useState(matchMedia(WIDE).matches ? "people" : null);
  const [replyTo, setReplyTo] = useState(null);
  const [atEnd, setAtEnd] = useState(true);
  const input = useRef(null);
  const jump = useRef(null);
  const { me, api } = session;
  const readBefore = useReadBefore(room);
  useReadMarker(group, room, atEnd);
  useEffect(() => { if (group.link.name === "online" && room.earlier.more) group.loadEarlier().catch(() => {}); }, [group, room.epoch]);

  const earlier = useCallback(() => group.loadEarlier().catch(() => false), [group]);
  const acts = useMemo(() => ({
    ...actsOn(group), thread: setAside, reply: (message) => { setReplyTo(message.seq); input.current?.focus(); },
  }), [group]);
  const known = useCallback(knownNames(room, me.id), [room.members, room.agents]);
  const threads = useMemo(() => threadsIn(room.messages), [room.messages]);
  const toggle = (name) => setAside(aside === name ? null : name);
  useShortcut("k", () => setAside("search"));
  const live = group.link.name === "online";
  const close = () => { setAside(null); input.current?.focus(); };
  const goTo = useMemo(() => fromAside(jump, setAside), []);

  return html`<main class="conversation">
    <${Header} title=${room.title || record?.title} record=${record} room=${room} live=${live} aside=${aside} onAside=${toggle} searchable=${true} />
    <div class="columns"><div class="middle">
      <${LineState} group=${group} />
      ${room.epoch === null ? html`<div class="timeline"><p class="muted pad" role="status">Opening the conversation …</p></div>`
        : html`<${Timeline} room=${room} live=${live} me=${me} acts=${acts} known=${known} threads=${threads} readBefore=${readBefore} jump=${jump}
            onEnd=${setAtEnd} onEarlier=${earlier} />`}
      <${Announcer} room=${room} me=${me} />
      <${Typing} room=${room} live=${live} me=${me} />
      <${Composer} group=${group} room=${room} me=${me} input=${input} replyTo=${replyTo} onReplied=${() => setReplyTo(null)} />
    </div>
    ${aside === "people" && html`<${Panel} record=${record} room=${room} live=${live} me=${me} session=${session} rooms=${rooms} again=${again} onClose=${close} />`}
    ${aside === "search" && html`<${SearchPanel} api=${api} groupId=${group.groupId} goTo=${goTo} onClose=${close} />`}
    ${typeof aside === "number" && html`<${ThreadPanel} key=${aside} group=${group} room=${room} me=${me} root=${aside} threads=${threads} known=${known}
      acts=${{ ...acts, thread: undefined, reply: undefined }} goTo=${goTo} onClose=${close} />`}
    </div></main>`;
}

function Typing({ room, live, me }) {
  const typing = !live ? [] : Object.keys(room.typing).filter((id) => id !== me.id).map((id) => room.members[id]?.name).filter(Boolean);
  return html`<p class="typing" role="status">${typing.length > 0 && html`<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>
    <span>${sentence(typing)}</span>`}</p>`;
}

function sentence(names) {
  if (names.length > 2) return `${names.length} people are typing`;
  return `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} typing`;
}

/** The way to a message from beside the conversation; where that lies over the conversation, it gets out of the way. */
function fromAside(jump, setAside) {
  const goTo = (seq) => {
    if (!matchMedia(WIDE).matches) setAside(null);
    return jump.current?.(seq);
  };
  goTo.knows = (seq) => jump.current?.knows(seq) ?? false;
  return goTo;
}

/** What one can do in a group; the same object for its life, so that messages need not render again. */
function actsOn(group) {
  const told = (promise) => promise.then(() => true, (problem) => { complain(problem); return false; });
  return {
    react: (message, emoji, on) => told(group.react(message.seq, emoji, on)),
    edit: (message, text) => told(group.edit(message.seq, text)),
    delete: (message) => told(group.delete(message.seq)),
    cancel: (runId) => told(group.cancelRun(runId)),
    approve: (id, approved, reason) => told(group.approve(id, { approved, reason })),
    retry: (id) => { group.retry(id); },
    forget: (id) => group.forget(id),
  };
}
