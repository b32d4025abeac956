import { html, useEffect, useId, useLayoutEffect, useRef, useState } from "./html.js";
import { Close, Reply, Send } from "./icons.js";
import { Completion } from "./completion.js";
import { candidatesFor, mentionsIn, queryAt, withMention } from "./mentions.js";

const TYPING_EVERY_MS = 3_000;

/** `replyTo`: the seq that is answered; within a thread always the same one. */
export function Composer({ group, room, me, input, replyTo, inThread, onReplied = () => {} }) {
  const list = useId();
  const [text, setText] = useState("");
  const [query, setQuery] = useState(null);
  const [chosen, setChosen] = useState(0);
  const said = useTyping(group);
  const opening = room.epoch === null;
  const closed = opening || room.status !== "active" || group.link.name === "closed";
  const candidates = query === null ? [] : candidatesFor(query.text, room, me.id);
  const quoted = room.messages.find(({ seq }) => seq === replyTo);

  useLayoutEffect(() => {
    const { current: box } = input;
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  }, [text]);

  const changed = () => {
    const { value, selectionStart } = input.current;
    setText(value);
    setQuery(queryAt(value, selectionStart));
    setChosen(0);
    said(value.trim() !== "");
  };
  const complete = (candidate) => {
    const next = withMention(text, query, candidate.word);
    setText(next.text);
    setQuery(null);
    input.current.value = next.text;
    input.current.focus();
    input.current.setSelectionRange(next.caret, next.caret);
  };
  const submit = () => {
    if (!text.trim() || closed) return;
    group.send(text, { mentions: mentionsIn(text, room), reply_to: replyTo });
    setText("");
    setQuery(null);
    said(false);
    onReplied();
  };
  const keys = (event) => {
    if (event.isComposing) return;
    if (candidates.length > 0) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) { event.preventDefault(); return setChosen((chosen + step + candidates.length) % candidates.length); }
      if (event.key === "Enter" || event.key === "Tab") { event.preventDefault(); return complete(candidates[chosen]); }
      if (event.key === "Escape") { event.preventDefault(); return setQuery(null); }
    }
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); submit(); }
    if (event.key === "Escape" && replyTo !== null && !inThread) { event.preventDefault(); onReplied(); }
  };
  const agent = Object.values(room.agents)[0];
  const hint = opening ? "Opening the conversation …" : closed ? "This group is closed" : inThread ? "Reply in this thread" : agent ? `Write to everybody, or ask @${agent.handle}` : "Write to everybody";
  return html`<form class="composer" aria-label=${inThread ? "Write a reply" : "Write a message"} onSubmit=${(event) => { event.preventDefault(); submit(); }}>
    ${candidates.length > 0 && html`<${Completion} id=${list} candidates=${candidates} chosen=${chosen} onChoose=${complete} />`}
    ${quoted && !inThread && html`<p class="replying"><${Reply} /><span>Reply to <bdi class="name">${quoted.actor.name}</bdi> <span class="muted">${quoted.text.slice(0, 120)}</span></span>
      <button type="button" class="quiet square" aria-label="Do not reply" onClick=${onReplied}><${Close} /></button></p>`}
    <div class="box">
      <textarea ref=${input} rows="1" value=${text} placeholder=${hint} aria-label=${inThread ? "Reply" : "Message"} maxlength="16000" disabled=${closed} enterkeyhint="send"
        aria-autocomplete="list" aria-controls=${candidates.length > 0 ? list : undefined}
        aria-activedescendant=${candidates.length > 0 ? `${list}-${chosen}` : undefined}
        onInput=${changed} onKeyDown=${keys} onClick=${changed} onBlur=${() => setTimeout(() => setQuery(null), 150)}></textarea>
      <button class="send" aria-label="Send" title="Send" disabled=${closed || !text.trim()}><${Send} /></button>
    </div>
    ${!inThread && html`<p class="keys muted" aria-hidden="true"><kbd>Enter</kbd> sends · <kbd>Shift</kbd> <kbd>Enter</kbd> new line · <kbd>@</kbd> mentions</p>`}
  </form>`;
}

/** Tells the others that I am typing: again every few seconds while I do, and when I stop. */
function useTyping(group) {
  const last = useRef(0);
  const tell = (on) => {
    const now = Date.now();
    if (on ? now - last.current < TYPING_EVERY_MS : last.current === 0) return;
    last.current = on ? now : 0;
    if (group.link.name === "online") group.typing(on).catch(() => {});
  };
  useEffect(() => () => tell(false), [group]);
  return tell;
}
