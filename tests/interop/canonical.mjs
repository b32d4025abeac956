// RFC 8785 by the language it was made from: JSON.stringify is how it writes strings and numbers (§3.2.2).
// Texts of JSON in, one a line of a JSON array; their canonical forms out, likewise.

const byUtf16 = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function canonical(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return "[" + value.map(canonical).join(",") + "]";
  const members = Object.keys(value).sort(byUtf16);
  return "{" + members.map((name) => JSON.stringify(name) + ":" + canonical(value[name])).join(",") + "}";
}

let input = "";
for await (const chunk of process.stdin.setEncoding("utf8")) input += chunk;
process.stdout.write(JSON.stringify(JSON.parse(input).map((text) => canonical(JSON.parse(text)))));
