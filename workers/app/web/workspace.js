// The signed-in page: groups on one side, one of them on the other.

import { classes, html, useEffect, useMemo, useState } from "./html.js";
import { AgentsDialog } from "./agents_dialog.js";
import { NewGroup } from "./new_group.js";
import { Plus } from "./icons.js";
import { Place } from "./place.js";
import { Rooms } from "./rooms.js";
import { Sidebar } from "./sidebar.js";
import { useEvents, useHash } from "./use.js";

const REFRESH_MS = 20_000;

export function Workspace({ session, onSignOut }) {
  const rooms = useMemo(() => new Rooms(session.api), [session]);
  const [dialog, setDialog] = useState(null);
  const open = /^#\/groups\/([\w-]+)$/.exec(useHash())?.[1] ?? null;
  useEvents(rooms, ["change"]);

  useEffect(() => {
    const refresh = () => { if (!document.hidden) rooms.refresh(); };
    const online = () => { rooms.online(); refresh(); };
    const offline = () => rooms.offline();
    refresh();
    const timer = setInterval(refresh, REFRESH_MS);
    const listeners = [["online", online], ["offline", offline], ["focus", refresh]];
    listeners.forEach(([name, act]) => addEventListener(name, act));
    return () => {
      clearInterval(timer);
      listeners.forEach(([name, act]) => removeEventListener(name, act));
      rooms.close();
    };
  }, [rooms]);

  const unread = (rooms.summaries ?? []).reduce((sum, { group_id: id }) => sum + rooms.unread(id), 0);
  useEffect(() => { document.title = unread > 0 ? `(${unread}) Parley` : "Parley"; }, [unread]);

  const created = async (id) => {
    setDialog(null);
    await rooms.refresh();
    location.hash = `#/groups/${id}`;
  };
  return html`<div class=${classes("workspace", open && "inside")}>
    <${Sidebar} rooms=${rooms} open=${open} me=${session.me} onNew=${() => setDialog("group")} onAgents=${() => setDialog("agents")} onSignOut=${onSignOut} />
    ${open ? html`<${Place} key=${open} id=${open} rooms=${rooms} session=${session} />`
      : html`<${Nowhere} any=${rooms.summaries?.length > 0} onNew=${() => setDialog("group")} />`}
    ${dialog === "group" && html`<${NewGroup} session=${session} onClose=${() => setDialog(null)} onDone=${created} />`}
    ${dialog === "agents" && html`<${AgentsDialog} session=${session} onClose=${() => setDialog(null)} />`}
  </div>`;
}

function Nowhere({ any, onNew }) {
  return html`<main class="nowhere"><div>
    <h2>${any ? "Choose a group" : "No groups yet"}</h2>
    <p>${any ? "Your groups are on the left. Each is one conversation that people and agents share."
      : "A group is one conversation that people and agents share. Make the first one, and bring an agent along."}</p>
    <button type="button" class="primary" onClick=${onNew}><${Plus} />New group</button>
  </div></main>`;
}
