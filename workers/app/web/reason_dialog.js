// Something that changes a group for everybody, and why: the reason becomes part of its log.

import { classes, html, useState } from "./html.js";
import { Alert } from "./icons.js";
import { Dialog } from "./dialog.js";

/** `act(reason)` does it; `children` say what it means. */
export function ReasonDialog({ title, example, keep, name, doing, danger, act, onClose, onDone, children }) {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await act(new FormData(event.currentTarget).get("reason"));
      onDone();
    } catch (found) {
      setProblem(found);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${title} onClose=${onClose}><form onSubmit=${submit}>
    <p>${children}</p>
    <label class="field"><span>Reason, for everybody to read</span><input name="reason" required maxlength="500" autofocus autocomplete="off" placeholder=${example} /></label>
    ${problem && html`<p class="problem" role="alert"><${Alert} /><span>${problem.detail}</span></p>`}
    <footer class="buttons"><button type="button" onClick=${onClose}>${keep}</button>
      <button class=${classes("primary", danger && "danger")} disabled=${busy}>${busy ? doing : name}</button></footer>
  </form><//>`;
}

export function ArchiveDialog({ title, api, path, onClose, onDone }) {
  return html`<${ReasonDialog} title="Archive this group?" example="The launch is done" keep="Keep it open" name="Archive it" doing="Archiving …" danger=${true}
    act=${(reason) => api.post(`${path}/archive`, { reason })} onClose=${onClose} onDone=${onDone}><bdi>${title}</bdi> ends for everybody: agents stop and nothing
    more can be said, until an owner brings it back. Every event is written to a signed archive that its members can read and download.<//>`;
}

export function RestoreDialog({ title, api, path, onClose, onDone }) {
  return html`<${ReasonDialog} title="Bring this group back?" example="There is more to do" keep="Leave it archived" name="Bring it back" doing="Bringing it back …"
    act=${(reason) => api.post(`${path}/restore`, { reason })} onClose=${onClose} onDone=${onDone}><bdi>${title}</bdi> goes on where it ended, with the same people and
    agents. The archive stays as it is.<//>`;
}
