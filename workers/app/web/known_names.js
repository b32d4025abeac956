import { asMention } from "./mentions.js";

/** Says of a name behind an @ who that is: "agent", "user", "you" or nothing. Law: pure. */
export function knownNames({ agents, members }, myId) {
  return (name) => {
    const lower = name.toLowerCase();
    if (Object.values(agents).some(({ handle }) => handle === lower)) return "agent";
    const person = Object.values(members).find((member) => asMention(member.name).toLowerCase() === lower);
    return person && (person.id === myId ? "you" : "user");
  };
}
