// Markdown nodes as elements. Text becomes text nodes, nothing else: no string of a message is ever parsed as HTML.

import { html } from "./html.js";
import { memo } from "./memo.js";
import { parseMarkdown } from "./markdown.js";

/** `known` says of a mention's name who that is ("agent", "user", "you" or nothing); `goTo` shows a message by its seq. */
export const RichText = memo(({ text, known, goTo }) => html`<div class="rich">${shown(parseMarkdown(text), { known, goTo })}</div>`);

function shown(nodes, context) {
  return nodes.map((node) => (typeof node === "string" ? node : SHOW[node.type](node, context)));
}

const SHOW = {
  p: (node, context) => html`<p>${shown(node.children, context)}</p>`,
  heading: (node, context) => html`<p class="heading">${shown(node.children, context)}</p>`,
  rule: () => html`<hr />`,
  quote: (node, context) => html`<blockquote>${shown(node.children, context)}</blockquote>`,
  code: (node) => html`<pre tabindex="0"><code>${node.text}</code></pre>`,
  list: (node, context) => {
    const items = node.items.map((item) => html`<li>${shown(item, context)}</li>`);
    return node.ordered ? html`<ol start=${node.start}>${items}</ol>` : html`<ul>${items}</ul>`;
  },
  strong: (node, context) => html`<strong>${shown(node.children, context)}</strong>`,
  em: (node, context) => html`<em>${shown(node.children, context)}</em>`,
  del: (node, context) => html`<del>${shown(node.children, context)}</del>`,
  tick: (node) => html`<code>${node.text}</code>`,
  break: () => html`<br />`,
  link: (node, context) => html`<a href=${node.href} target="_blank" rel="noopener noreferrer nofollow">${shown(node.children, context)}</a>`,
  mention: ({ name }, { known }) => {
    const kind = known?.(name);
    return kind ? html`<span class=${`mention ${kind}`}>@${name}</span>` : `@${name}`;
  },
  ref: ({ seq }, { goTo }) => (goTo?.knows(seq)
    ? html`<button type="button" class="ref" onClick=${() => goTo(seq)} aria-label=${`Show message ${seq}`}>#${seq}</button>`
    : `#${seq}`),
};
