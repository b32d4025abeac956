// What agents and people write, as a tree of plain nodes. Law: pure, no HTML anywhere, time linear in the text's length.
//
// A node is a string or {type, …}: block types "p" "code" "quote" "list" "heading" "rule", inline types "strong" "em"
// "del" "tick" "link" "break" "mention" "ref".

const LINK = /^(https?:\/\/|mailto:)/i;
const BARE = /https?:\/\/[^\s<>"'`]+/iy;
const NAMED = /\[([^\]\n]{1,500})\]\(([^)\s]{1,2000})\)/y;
const MENTION = /@([\p{L}\p{N}_-]{1,80})/uy;
const REF = /#(\d{1,15})\b/y;
const TAIL = ".,;:!?)]*_~";
const WORD = /[\p{L}\p{N}_]/u;
const PAIRS = [["**", "strong"], ["__", "strong"], ["~~", "del"], ["*", "em"], ["_", "em"]];
const DEPTH = 6;

export function safeHref(text) {
  if (!LINK.test(text)) return null;
  try {
    return new URL(text).href;
  } catch {
    return null;
  }
}

export function parseMarkdown(text) {
  return blocks(text.replaceAll("\r\n", "\n").split("\n"), 0);
}

function blocks(lines, depth) {
  const found = [];
  for (let at = 0; at < lines.length;) {
    const [node, next] = fence(lines, at) ?? heading(lines, at) ?? quote(lines, at, depth) ?? list(lines, at, depth) ?? paragraph(lines, at);
    if (node) found.push(node);
    at = next;
  }
  return found;
}

function fence(lines, at) {
  const start = /^ {0,3}(```+|~~~+)\s*([\w+#.-]*)/.exec(lines[at]);
  if (!start) return null;
  let end = at + 1;
  while (end < lines.length && !lines[end].trimStart().startsWith(start[1])) end += 1;
  return [{ type: "code", language: start[2], text: lines.slice(at + 1, end).join("\n") }, end + 1];
}

function heading(lines, at) {
  const found = /^ {0,3}(#{1,6})\s+(\S.*)$/.exec(lines[at]);
  if (found) return [{ type: "heading", level: found[1].length, children: inline(found[2]) }, at + 1];
  return /^ {0,3}(---+|\*\*\*+|___+)\s*$/.test(lines[at]) ? [{ type: "rule" }, at + 1] : null;
}

function quote(lines, at, depth) {
  let end = at;
  while (end < lines.length && /^ {0,3}>/.test(lines[end])) end += 1;
  if (end === at || depth >= DEPTH) return null;
  const inner = lines.slice(at, end).map((line) => line.replace(/^ {0,3}> ?/, ""));
  return [{ type: "quote", children: blocks(inner, depth + 1) }, end];
}

const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])\s+(\S.*)$/;

function list(lines, at, depth) {
  const first = ITEM.exec(lines[at]);
  if (!first || depth >= DEPTH) return null;
  const ordered = /\d/.test(first[2]);
  const items = [];
  let end = at;
  for (; end < lines.length; end += 1) {
    const item = ITEM.exec(lines[end]);
    if (item && /\d/.test(item[2]) === ordered) items.push([item[3]]);
    else if (items.length > 0 && /^(\t| {2,})\S/.test(lines[end])) items.at(-1).push(lines[end].replace(/^(\t| {2,4})/, ""));
    else break;
  }
  const start = ordered ? Number.parseInt(first[2], 10) : undefined;
  return [{ type: "list", ordered, start, items: items.map((item) => tight(blocks(item, depth + 1))) }, end];
}

/** An item of one paragraph needs no paragraph. */
function tight(nodes) {
  return nodes[0]?.type === "p" ? [...nodes[0].children, ...nodes.slice(1)] : nodes;
}

function paragraph(lines, at) {
  let end = at;
  while (end < lines.length && lines[end].trim() !== "" && (end === at || !startsBlock(lines[end]))) end += 1;
  if (end === at) return [null, at + 1];
  return [{ type: "p", children: inline(lines.slice(at, end).join("\n")) }, end];
}

function startsBlock(line) {
  return /^ {0,3}(```|~~~|>|#{1,6}\s|[-*+]\s+\S)/.test(line);
}

export function inline(text, depth = 0) {
  const found = [];
  const without = new Set(); // marks that have no partner in the rest
  let plain = "";
  const flush = () => { if (plain) found.push(plain); plain = ""; };
  for (let at = 0; at < text.length;) {
    const hit = token(text, at, depth, without);
    if (hit === null) {
      plain += text[at];
      at += 1;
    } else {
      if (typeof hit[0] === "string") plain += hit[0];
      else { flush(); found.push(hit[0]); }
      at = hit[1];
    }
  }
  flush();
  return found;
}

function token(text, at, depth, without) {
  switch (text[at]) {
    case "\n": return [{ type: "break" }, at + 1];
    case "\\": return /[\\`*_~[\]#@>-]/.test(text[at + 1] ?? "") ? [text[at + 1], at + 2] : null;
    case "`": return tick(text, at, without);
    case "*": case "_": case "~": return pair(text, at, depth, without);
    case "[": return named(text, at, depth);
    case "h": case "H": return bare(text, at);
    case "@": return before(text, at) ? null : matched(MENTION, text, at, ([, name]) => ({ type: "mention", name }));
    case "#": return before(text, at) ? null : matched(REF, text, at, ([, seq]) => ({ type: "ref", seq: Number(seq) }));
    default: return null;
  }
}

function matched(pattern, text, at, make) {
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  const node = found && make(found);
  return node ? [node, at + found[0].length] : null;
}

function before(text, at) {
  return at > 0 && WORD.test(text[at - 1]);
}

function tick(text, at, without) {
  const end = without.has("`") ? -1 : text.indexOf("`", at + 1);
  if (end === -1) without.add("`");
  return end > at + 1 ? [{ type: "tick", text: text.slice(at + 1, end) }, end + 1] : null;
}

function pair(text, at, depth, without) {
  if (depth >= DEPTH) return null;
  for (const [mark, type] of PAIRS) {
    if (without.has(mark) || !text.startsWith(mark, at) || /\s/.test(text[at + mark.length] ?? " ")) continue;
    if (mark[0] === "_" && before(text, at)) continue;
    const end = text.indexOf(mark, at + mark.length + 1);
    if (end === -1) without.add(mark);
    else if (!/\s/.test(text[end - 1])) return [{ type, children: inline(text.slice(at + mark.length, end), depth + 1) }, end + mark.length];
  }
  return null;
}

function named(text, at, depth) {
  if (depth >= DEPTH) return null;
  return matched(NAMED, text, at, ([, label, to]) => {
    const href = safeHref(to);
    return href && { type: "link", href, children: [label] };
  });
}

function bare(text, at) {
  if (before(text, at)) return null;
  BARE.lastIndex = at;
  const found = withoutTail(BARE.exec(text)?.[0] ?? "");
  const href = found && safeHref(found);
  return href ? [{ type: "link", href, children: [found] }, at + found.length] : null;
}

/** An address at the end of a sentence does not contain its full stop. */
function withoutTail(address) {
  let end = address.length;
  while (end > 0 && TAIL.includes(address[end - 1])) end -= 1;
  return address.slice(0, end);
}
