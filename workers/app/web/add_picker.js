import { html } from "./html.js";
import { Plus } from "./icons.js";

/** Chooses one of those who are not in yet; shows nothing when there are none. */
export function AddPicker({ label, options, onAdd }) {
  if (options.length === 0) return null;
  const chosen = (event) => {
    const { value } = event.currentTarget;
    event.currentTarget.value = "";
    if (value) onAdd(value);
  };
  return html`<label class="add"><${Plus} /><span class="unseen">${label}</span>
    <select onChange=${chosen}><option value="">${label} …</option>
      ${options.map(({ id, name }) => html`<option key=${id} value=${id}>${name}</option>`)}</select></label>`;
}
