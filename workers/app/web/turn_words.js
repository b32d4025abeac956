// How agents take turns, in words: `[value, name, what it means]`.

export const POLICIES = [
  ["mention", "When mentioned", "An agent answers when somebody writes its @handle"],
  ["all", "Every agent", "All agents answer each message that names none of them"],
  ["round_robin", "In turn", "One agent answers each message, the next one the next"],
  ["selector", "One is chosen", "An agent reads each message and decides who answers"],
  ["silent", "Nobody", "Agents stay silent, also when they are mentioned"],
];
export const ON_BUSY = [
  ["queue", "Answers it afterwards"], ["merge", "Answers it together with what else came in"],
  ["interrupt", "Stops and turns to it"], ["drop", "Leaves it unanswered"],
];

export const policyName = (policy) => POLICIES.find(([value]) => value === policy)?.[1] ?? policy;
