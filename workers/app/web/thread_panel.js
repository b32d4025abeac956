// One message and what was answered to it, beside the conversation.

import { html, useEffect, useRef } from "./html.js";
import { Aside } from "./aside.js";
import { Composer } from "./composer.js";
import { Message } from "./message.js";

export function ThreadPanel({ group, room, me, root, threads, known, acts, goTo, onClose }) {
  const input = useRef(null);
  const end = useRef(null);
  const first = room.messages.find(({ seq }) => seq === root);
  const answers = threads.of.get(root) ?? [];
  const bySeq = new Map(room.messages.map((message) => [message.seq, message]));
  useEffect(() => { end.current?.scrollIntoView({ block: "nearest" }); }, [answers.length]);
  useEffect(() => { input.current?.focus(); }, [root]);
  const shown = first ? [first, ...answers] : answers;
  const open = room.status === "active" ? acts : undefined;
  return html`<${Aside} id="thread" title="Thread" onClose=${onClose} class="thread">
    <div class="thread-log" role="log" aria-live="off" aria-label="Thread" tabindex="0">
      ${!first && html`<p class="hint">The message that this thread hangs from lies further back.
        <button type="button" class="small" onClick=${() => goTo(root)}>Load it</button></p>`}
      <ol class="messages">${shown.map((message, at) => html`
        ${at === 1 && first && html`<li class="divider" aria-hidden="true"><span>${answers.length === 1 ? "1 reply" : `${answers.length} replies`}</span></li>`}
        <${Message} key=${message.seq} message=${message} first=${true} quoted=${bySeq.get(message.reply_to)} answersRoot=${message.reply_to === root}
          mine=${message.actor.id === me.id} meId=${me.id} mayDelete=${room.you?.role === "owner"} members=${room.members} acts=${open} known=${known} goTo=${goTo} />`)}</ol>
      <span ref=${end}></span>
    </div>
    <${Composer} group=${group} room=${room} me=${me} input=${input} replyTo=${root} inThread=${true} />
  <//>`;
}
