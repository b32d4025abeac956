// When to come back. Law: pure.

const FIRST_MS = 500;
const LONGEST_MS = 30_000;
const SHORTEST_MS = 150;
const AFTER_RATE_LIMIT_MS = 5_000;

export const CLOSE = { expired: 4001, slow: 4008, resync: 4010, restarting: 4012, rate: 4013, archived: 4504 };

/** 4500–4999 say "do not"; every other close, and a line that just broke, says "come back". */
export function comesBack(code) {
  return !(code >= 4500 && code <= 4999);
}

/**
 * Full jitter: anywhere between almost nothing and a bound that doubles, so that a thousand clients that lost the same
 * server do not come back as one. `random` is in [0, 1).
 */
export function backoffMs(attempt, random, code = 1006) {
  if (code === CLOSE.resync || code === CLOSE.expired) return Math.round(SHORTEST_MS + random * FIRST_MS * (attempt + 1));
  const bound = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  const floor = code === CLOSE.rate ? AFTER_RATE_LIMIT_MS : SHORTEST_MS;
  return Math.round(floor + random * bound);
}
