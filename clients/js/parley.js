// Parley's client: one import for a program, the web page and the tests.
export { Api, Problem } from "./api.js";
export { backoffMs, comesBack } from "./backoff.js";
export { CommandRefused, Group } from "./group.js";
export { foldArchive } from "./archive.js";
export { Closed } from "./items.js";
export { emptyRoom, gapIn, reduce, TYPING_LIFE_MS } from "./room.js";
export { codePoints } from "./runs.js";
