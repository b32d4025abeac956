// What an address leads to: a live conversation, an archived one, a door to join through, or nothing.

import { html, useEffect, useState } from "./html.js";
import { Archived } from "./archived.js";
import { Conversation } from "./conversation.js";
import { Back, Open } from "./icons.js";
import { complain } from "./notices.js";
import { useEvents, useLoaded } from "./use.js";

export function Place({ id, rooms, session }) {
  const [record, problem, again] = useLoaded(() => session.api.get(`/groups/${id}`), [id]);
  const inside = record?.my_role != null && record.status === "active";
  const group = inside ? rooms.enter(id) : rooms.group(id);
  // Somebody else may have archived it, or brought it back.
  const listed = rooms.summaries?.find(({ group_id: one }) => one === id)?.status;
  useEffect(() => { if (record && listed && listed !== record.status) again(); }, [listed]);

  if (problem && !group) return html`<${Message} title=${problem.status === 404 ? "There is no such group" : problem.title}
    text=${problem.status === 404 ? "It does not exist, or it is private and you are not in it." : problem.detail}>
    ${problem.temporary && html`<button type="button" onClick=${again}>Try again</button>`}<//>`;
  const over = group !== undefined && isOver(group) && record?.status === "archived";
  if (group && !over) return html`<${Live} group=${group} record=${record} session=${session} rooms=${rooms} again=${again} />`;
  if (!record) return html`<main class="nowhere"><p class="muted" role="status">Opening …</p></main>`;
  if (record.my_role === null) return html`<${Door} record=${record} session=${session} rooms=${rooms} again=${again} />`;
  // The same component with and without the room that was just left, so that what one had begun there goes on.
  return html`<${Archived} record=${record} session=${session} room=${over ? group.state : undefined} rooms=${rooms} again=${again} />`;
}

function isOver({ state, link }) {
  return state.status !== "active" && link.name === "closed";
}

/** Follows a live group until its line ends for good. */
function Live({ group, record, session, rooms, again }) {
  useEvents(group, ["link", "state"]);
  const { link, state } = group;
  const over = isOver(group);
  useEffect(() => { if (over || (link.name === "closed" && link.code === 4503)) again(); }, [over, link.name]);
  if (link.name === "closed" && link.code !== 4504 && state.epoch === null) {
    return html`<${Message} title="This group cannot be opened" text="You may have been removed, or your sign-in is no longer valid." />`;
  }
  return html`<${Conversation} group=${group} record=${record} session=${session} rooms=${rooms} again=${again} />`;
}

function Door({ record, session, rooms, again }) {
  const [busy, setBusy] = useState(false);
  const archived = record.status !== "active";
  const join = async () => {
    setBusy(true);
    try {
      await session.api.post(`/groups/${record.group_id}/join`);
      rooms.leave(record.group_id);
      await rooms.refresh();
      again();
    } catch (problem) {
      complain(problem);
      setBusy(false);
    }
  };
  const people = record.members.length === 1 ? "1 person" : `${record.members.length} people`;
  const agents = record.agents.length === 0 ? "" : ` and ${record.agents.map(({ handle }) => `@${handle}`).join(", ")}`;
  return html`<${Message} icon=${Open} title=${record.title}
    text=${archived ? "This public group is archived. Only those who were in it can read it."
      : `A public group with ${people}${agents}. Join to read what was said and to take part.`}>
    ${!archived && html`<button type="button" class="primary" disabled=${busy} onClick=${join}>${busy ? "Joining …" : "Join this group"}</button>`}<//>`;
}

function Message({ title, text, icon: MessageIcon, children }) {
  return html`<main class="nowhere"><div>
    ${MessageIcon && html`<span class="big"><${MessageIcon} /></span>`}
    <h2><bdi>${title}</bdi></h2><p>${text}</p>${children}
    <a class="back-link" href="#/"><${Back} />All groups</a></div></main>`;
}
