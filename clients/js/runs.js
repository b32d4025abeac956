// The text of runs under way. Offsets count Unicode code points, as Python does; JavaScript's `length` does not.

export function codePoints(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** `purpose` is "select" when the agent only decides who answers; nobody is shown such a run's words. */
export function startedRun({ run_id, agent_id, trigger, purpose = null }) {
  return { run_id, agent_id, trigger, purpose, text: "", length: 0, started_at: null };
}

/** The run with the delta's new part appended; the same run when it has all of it, or when a part before it is missing. */
export function withDelta(run, delta) {
  if (delta.offset > run.length) return run;
  const known = run.length - delta.offset;
  const fresh = known === 0 ? delta.text : [...delta.text].slice(known).join("");
  if (fresh === "") return run;
  return { ...run, text: run.text + fresh, length: run.length + codePoints(fresh) };
}

/** What `hello` says of runs: how much of each is here already. */
export function offsetsOf(runs) {
  return Object.fromEntries(Object.values(runs).map((run) => [run.run_id, run.length]));
}
