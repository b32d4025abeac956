// Where in a text the words are that somebody looked for. Law: pure; places are counted in code points, as the server does.

const BEFORE = 48;
const LONGEST = 260;

/** The text around the first place, in pieces: `[{text, marked}]`. */
export function piecesOf(text, marks) {
  const points = [...text];
  const first = marks[0]?.start ?? 0;
  const start = first > BEFORE * 2 ? first - BEFORE : 0;
  const end = Math.min(points.length, start + LONGEST);
  const cut = (from, to) => points.slice(from, to).join("").replace(/\s+/g, " ");
  const pieces = start > 0 ? [{ text: "… ", marked: false }] : [];
  let at = start;
  for (const mark of marks) {
    if (mark.start < at || mark.end > end) continue;
    pieces.push({ text: cut(at, mark.start), marked: false }, { text: cut(mark.start, mark.end), marked: true });
    at = mark.end;
  }
  pieces.push({ text: cut(at, end) + (end < points.length ? " …" : ""), marked: false });
  return pieces.filter((piece) => piece.text !== "");
}
