import { classes, html, useState } from "./html.js";
import { AgentTag, Avatar } from "./avatar.js";
import { EditMessage } from "./edit_message.js";
import { MessageTools } from "./message_tools.js";
import { Reactions } from "./reactions.js";
import { Reply, Thread } from "./icons.js";
import { RichText } from "./rich_text.js";
import { fullTimeOf, timeOf } from "./time.js";
import { memo } from "./memo.js";

export const Message = memo((props) => {
  const { message, first, day, fresh, quoted, mine, meId, members, readers, acts, known, goTo, replies, lastReply, thread, answersRoot } = props;
  const { seq, actor, ts, text, deleted, edited } = message;
  const [editing, setEditing] = useState(false);
  const isAgent = actor.kind === "agent";
  const save = async (next) => { if (next !== text) await acts.edit(message, next); setEditing(false); };

  return html`
    ${day && html`<li class="divider day" aria-label=${day}><span>${day}</span></li>`}
    ${fresh && html`<li class="divider new"><span>New</span></li>`}
    <li class=${classes("message", first && "first", isAgent && "of-agent", mine && "mine", deleted && "deleted")} data-seq=${seq} tabindex="-1"
      aria-label=${`${actor.name}${isAgent ? ", agent" : ""}, ${timeOf(ts)}`}>
      ${first ? html`<${Avatar} name=${actor.name} kind=${actor.kind} />`
        : html`<time class="gutter" datetime=${ts} title=${fullTimeOf(ts)} aria-hidden="true">${timeOf(ts)}</time>`}
      <div class="body">
        ${message.reply_to !== undefined && !answersRoot && html`<${Quote} seq=${message.reply_to} quoted=${quoted} goTo=${goTo} />`}
        ${first && html`<div class="head"><bdi class="name">${actor.name}</bdi>${isAgent && html`<${AgentTag} />`}
          <time datetime=${ts} title=${fullTimeOf(ts)}>${timeOf(ts)}</time></div>`}
        ${deleted ? html`<p class="gone">This message was deleted</p>`
          : editing ? html`<${EditMessage} text=${text} onSave=${save} onCancel=${() => setEditing(false)} />`
            : html`<${RichText} text=${text} known=${known} goTo=${goTo} />`}
        ${edited && !editing && html`<span class="edited">edited</span>`}
        <${Reactions} message=${message} meId=${meId} members=${members} acts=${acts} />
        ${replies > 0 && acts?.thread && html`<button type="button" class="replies" onClick=${() => acts.thread(thread)}><${Thread} />${replies === 1 ? "1 reply" : `${replies} replies`}
          <span class="muted">last ${timeOf(lastReply)}</span></button>`}
        ${readers && html`<p class="readers" title=${`Read by ${readers.map(({ name }) => name).join(", ")}`}>
          <span class="unseen">Read by ${readers.map(({ name }) => name).join(", ")}</span>
          ${readers.map((member) => html`<${Avatar} key=${member.id} name=${member.name} size="tiny" />`)}</p>`}
      </div>
      ${acts && !deleted && !editing && html`<${MessageTools} ...${props} onEdit=${() => setEditing(true)} />`}
    </li>`;
});

function Quote({ seq, quoted, goTo }) {
  const words = quoted === undefined ? "an earlier message" : quoted.deleted ? "a deleted message" : quoted.text.replace(/\s+/g, " ").slice(0, 160);
  return html`<button type="button" class="quoted" disabled=${!goTo.knows(seq)} onClick=${() => goTo(seq)}><${Reply} />
    ${quoted && html`<bdi class="name">${quoted.actor.name}</bdi>`}<span>${words}</span></button>`;
}
