import assert from "node:assert/strict";
import { test } from "node:test";
import { inline, parseMarkdown, safeHref } from "../../workers/app/web/markdown.js";
import { candidatesFor, mentionsIn, queryAt, withMention } from "../../workers/app/web/mentions.js";

const p = (...children) => [{ type: "p", children }];

test("only addresses that cannot run anything become links", () => {
  for (const evil of ["javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "//evil.example", "/groups", "blob:x"]) {
    assert.equal(safeHref(evil), null, evil);
    assert.ok(!JSON.stringify(parseMarkdown(`[x](${evil}) ${evil}`)).includes('"link"'), evil);
  }
  assert.equal(safeHref("https://a.example/?q=1"), "https://a.example/?q=1");
  assert.equal(safeHref("mailto:a@b.example"), "mailto:a@b.example");
});

test("HTML is text", () => {
  assert.deepEqual(parseMarkdown('<img src=x onerror="alert(1)">'), p('<img src=x onerror="alert(1)">'));
});

test("what agents write", () => {
  assert.deepEqual(parseMarkdown("# Title\n\nOne **two** *three* `four` ~~five~~\n- a\n- b\n\n> said\n\n```js\n**x**\n```"), [
    { type: "heading", level: 1, children: ["Title"] },
    { type: "p", children: ["One ", { type: "strong", children: ["two"] }, " ", { type: "em", children: ["three"] }, " ", { type: "tick", text: "four" }, " ", { type: "del", children: ["five"] }] },
    { type: "list", ordered: false, start: undefined, items: [["a"], ["b"]] },
    { type: "quote", children: [{ type: "p", children: ["said"] }] },
    { type: "code", language: "js", text: "**x**" },
  ]);
});

test("an unfinished text, as a run streams it, is never lost", () => {
  const text = "Look: **bold [x](https://a.example) and\n\n```py\ncode *x*";
  for (let cut = 0; cut <= text.length; cut += 1) {
    const shown = plain(parseMarkdown(text.slice(0, cut)));
    assert.ok(shown.includes(text.slice(0, cut).match(/Look/) ? "Look" : ""));
  }
});

test("names with underscores, lone stars and prices stay as they are", () => {
  for (const same of ["snake_case_name", "2 * 3 * 4", "a ** b", "5 ~ 6", "#", "@", "mail me at a@b.example"]) assert.deepEqual(parseMarkdown(same), p(same));
});

test("links, mentions and message numbers", () => {
  assert.deepEqual(inline("see https://a.example/x, @scribe (#12)"), ["see ", { type: "link", href: "https://a.example/x", children: ["https://a.example/x"] }, ", ", { type: "mention", name: "scribe" }, " (", { type: "ref", seq: 12 }, ")"]);
});

test("an address ends before the signs that end a sentence", () => {
  for (const tail of [".", "!)", "…?", "_*~", "]"]) {
    const [link] = inline(`https://a.example/x_1${tail.replace("…", ",")}`);
    assert.deepEqual(link, { type: "link", href: "https://a.example/x_1", children: ["https://a.example/x_1"] });
  }
});

test("a hostile text costs no more than its length", () => {
  const started = performance.now();
  for (const piece of ["**a", "_a", "`", "[", "[a](", "> ", "- ", "~~", "*_", "http://", "@", "#1", "\\", "``` ", "1. "]) {
    parseMarkdown(piece.repeat(20_000));
    parseMarkdown(`${piece}\n`.repeat(5_000));
  }
  parseMarkdown(`http://a.example${"!".repeat(100_000)}b`);
  assert.ok(performance.now() - started < 5_000);
});

const room = {
  agents: { agt_s: { id: "agt_s", handle: "scribe", name: "Scribe" } },
  members: { usr_a: { id: "usr_a", name: "Ada" }, usr_g: { id: "usr_g", name: "Grace B. Hopper" } },
  online: ["usr_a"],
};

test("an @ offers agents first, then the others", () => {
  assert.deepEqual(queryAt("hi @sc", 6), { start: 3, end: 6, text: "sc" });
  assert.equal(queryAt("a@b", 3), null);
  assert.deepEqual(candidatesFor("", room, "usr_a").map(({ word }) => word), ["scribe", "Grace-B-Hopper"]);
  assert.deepEqual(withMention("hi @sc you", queryAt("hi @sc you", 6), "scribe"), { text: "hi @scribe you", caret: 11 });
});

test("mentions are structured whether completed or typed", () => {
  assert.deepEqual(mentionsIn("@Scribe and @grace-b-hopper, not me@ada", room), [{ kind: "agent", id: "agt_s" }, { kind: "user", id: "usr_g" }]);
});

function plain(nodes) {
  return nodes.map((node) => (typeof node === "string" ? node : node.text ?? plain(node.children ?? node.items?.flat() ?? []))).join("");
}
