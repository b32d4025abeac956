// The page's pure parts: threads, places in texts, and what is worth a line.

import assert from "node:assert/strict";
import { test } from "node:test";

import { piecesOf } from "../../workers/app/web/marks.js";
import { told } from "../../workers/app/web/news.js";
import { sizeOf, threadsIn } from "../../workers/app/web/threads.js";

test("answers to answers are in the thread of the first message", () => {
  const { of, rootOf } = threadsIn([{ seq: 1 }, { seq: 2 }, { seq: 3, reply_to: 1 }, { seq: 5, reply_to: 3 }, { seq: 6, reply_to: 2 }]);
  assert.deepEqual(of.get(1).map(({ seq }) => seq), [3, 5]);
  assert.deepEqual([1, 2, 3, 5, 6].map(rootOf), [1, 2, 1, 1, 2]);
});

test("a thread whose first message is not loaded hangs from its seq", () => {
  const { of, rootOf } = threadsIn([{ seq: 30, reply_to: 4 }, { seq: 31, reply_to: 30 }]);
  assert.equal(rootOf(31), 4);
  assert.equal(of.get(4).length, 2);
});

test("deleted answers are not counted", () => {
  assert.deepEqual(sizeOf([{ deleted: false, ts: "a" }, { deleted: true, ts: "b" }]), { count: 1, last: "a" });
  assert.deepEqual(sizeOf(), { count: 0, last: undefined });
});

test("marks are counted in code points", () => {
  const pieces = piecesOf("🥘🥘 soup, please", [{ start: 3, end: 7 }]);
  assert.deepEqual(pieces.filter(({ marked }) => marked), [{ text: "soup", marked: true }]);
  assert.equal(pieces.map(({ text }) => text).join(""), "🥘🥘 soup, please");
});

test("a long text is cut around what was found", () => {
  const pieces = piecesOf(`${"a ".repeat(400)}needle${" b".repeat(400)}`, [{ start: 800, end: 806 }]);
  assert.equal(pieces.find(({ marked }) => marked).text, "needle");
  assert.ok(pieces.map(({ text }) => text).join("").length < 300);
});

test("an answer knows its question, a change what was before, and the first title is no news", () => {
  const asked = { seq: 4, type: "approval.requested", data: { approval_id: "a", tool: "t" } };
  const lines = told([
    { seq: 1, type: "group.updated", data: { title: "One" } }, asked,
    { seq: 5, type: "approval.resolved", data: { approval_id: "a" } }, { seq: 6, type: "group.updated", data: { title: "Two" } },
  ]);
  assert.deepEqual(lines.map(({ seq }) => seq), [5, 6]);
  assert.equal(lines[0].question, asked);
  assert.equal(lines[1].before.title, "One");
});
