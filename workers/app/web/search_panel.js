// What was said, found by its words.

import { html, useEffect, useRef, useState } from "./html.js";
import { Aside } from "./aside.js";
import { AgentTag, Avatar } from "./avatar.js";
import { Search } from "./icons.js";
import { piecesOf } from "./marks.js";
import { dayOf, timeOf } from "./time.js";

const PAUSE_MS = 250;
const NOTHING = { asked: "", hits: [], more: false };

export function SearchPanel({ api, groupId, goTo, onClose }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState(NOTHING);
  const [problem, setProblem] = useState(null);
  const turn = useRef(0);
  const input = useRef(null);
  const asked = text.trim();
  useEffect(() => { input.current.focus(); }, []);

  const ask = async (before) => {
    const mine = ++turn.current;
    const query = new URLSearchParams({ q: asked, ...(before ? { before } : {}) });
    try {
      const page = await api.get(`/groups/${groupId}/search?${query}`);
      if (mine !== turn.current) return;
      setFound((known) => ({ asked, hits: before ? [...known.hits, ...page.hits] : page.hits, more: page.more }));
      setProblem(null);
    } catch (refused) {
      if (mine === turn.current) setProblem(refused);
    }
  };
  useEffect(() => {
    turn.current += 1;
    setProblem(null);
    if (asked === "") return setFound(NOTHING);
    const timer = setTimeout(ask, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [asked]);

  return html`<${Aside} id="search" title="Search this group" onClose=${onClose} class="searching">
    <form role="search" onSubmit=${(event) => { event.preventDefault(); if (asked) ask(); }}>
      <${Search} /><input ref=${input} type="search" aria-label="Search for words" placeholder="Words that were said" maxlength="200" autocomplete="off"
        value=${text} onInput=${(event) => setText(event.currentTarget.value)} />
    </form>
    <p class="hint" role="status">${statusOf(asked, found, problem)}</p>
    <ol class="hits">${found.hits.map((hit) => html`<${Hit} key=${hit.seq} hit=${hit} goTo=${goTo} />`)}</ol>
    ${found.more && html`<button type="button" class="wide" onClick=${() => ask(found.hits.at(-1).seq)}>Show older ones</button>`}
  <//>`;
}

function statusOf(asked, found, problem) {
  if (problem) return problem.status === 422 ? "Type at least one whole word." : problem.detail;
  if (asked === "") return "Each word is found by its beginning; words in “double quotes” exactly as they stand.";
  if (asked !== found.asked) return "Searching …";
  if (found.hits.length === 0) return "Nothing with these words was said here.";
  return `${found.hits.length}${found.more ? "+" : ""} ${found.hits.length === 1 ? "message" : "messages"}, the newest first`;
}

function Hit({ hit: { seq, ts, actor, text, marks }, goTo }) {
  return html`<li><button type="button" class="hit" onClick=${() => goTo(seq)}>
    <${Avatar} name=${actor.name} kind=${actor.kind} size="small" />
    <span class="who"><span class="head"><bdi class="name">${actor.name}</bdi>${actor.kind === "agent" && html`<${AgentTag} />`}
        <time datetime=${ts}>${dayOf(ts)}, ${timeOf(ts)}</time></span>
      <span class="words">${piecesOf(text, marks).map((piece) => (piece.marked ? html`<mark>${piece.text}</mark>` : piece.text))}</span></span>
  </button></li>`;
}
