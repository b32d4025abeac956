import { html, useState } from "./html.js";
import { Alert } from "./icons.js";
import { Dialog } from "./dialog.js";

export function ArchiveDialog({ title, api, path, onClose, onDone }) {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await api.post(`${path}/archive`, { reason: new FormData(event.currentTarget).get("reason") });
      onDone();
    } catch (found) {
      setProblem(found);
      setBusy(false);
    }
  };
  return html`<${Dialog} title="Archive this group?" onClose=${onClose}><form onSubmit=${submit}>
    <p><bdi>${title}</bdi> ends for everybody: agents stop, nothing more can be said, and this cannot be undone. Every event is written
      to a signed archive that its members can read and download.</p>
    <label class="field"><span>Reason, part of the archive</span><input name="reason" required maxlength="500" autofocus autocomplete="off" placeholder="The launch is done" /></label>
    ${problem && html`<p class="problem" role="alert"><${Alert} /><span>${problem.detail}</span></p>`}
    <footer class="buttons"><button type="button" onClick=${onClose}>Keep it open</button>
      <button class="primary danger" disabled=${busy}>${busy ? "Archiving …" : "Archive for good"}</button></footer>
  </form><//>`;
}
