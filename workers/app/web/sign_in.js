import { html, useEffect, useState } from "./html.js";
import { Alert, Mark } from "./icons.js";
import { Avatar } from "./avatar.js";
import { localPeople, signIn } from "./session.js";

export function SignIn({ onDone }) {
  const [people, setPeople] = useState([]);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => { localPeople().then(setPeople); }, []);

  const enter = async (token, keep) => {
    setBusy(true);
    setProblem(null);
    try {
      onDone(await signIn(token, { keep }));
    } catch (found) {
      setProblem(found);
      setBusy(false);
    }
  };
  const submit = (event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    enter(form.get("token").trim(), form.has("keep"));
  };

  return html`<main class="sign-in">
    <div class="brand"><span class="logo"><${Mark} /></span>
      <h1>Parley</h1></div>
    <p class="lead">A room where people and AI agents talk, and nothing that was said gets lost.</p>
    ${people.length > 0 && html`<section aria-labelledby="demo">
      <h2 id="demo">Come in as</h2>
      <ul class="choices">${people.map(({ name, token }) => html`<li key=${name}>
        <button type="button" class="choice" disabled=${busy} onClick=${() => enter(token, false)}>
          <${Avatar} name=${name} /><span><bdi>${name}</bdi></span></button></li>`)}</ul>
      <p class="hint">Demo people of this machine. Open a second window to be two of them.</p>
    </section>`}
    <section aria-labelledby="token-title">
      <h2 id="token-title">${people.length > 0 ? "Or use a token" : "Sign in"}</h2>
      <form onSubmit=${submit}>
        <label class="field"><span>Access token</span>
          <input name="token" type="password" required autocomplete="current-password" spellcheck="false" placeholder="prl_…"
            aria-describedby=${problem ? "sign-in-problem" : undefined} /></label>
        <label class="check"><input name="keep" type="checkbox" /><span>Stay signed in on this device</span></label>
        ${problem && html`<p class="problem" id="sign-in-problem" role="alert"><${Alert} />
          <span>${problem.status === 401 ? "This token is not known here, or it has expired." : problem.detail}</span></p>`}
        <button class="primary wide" disabled=${busy}>${busy ? "Signing in …" : "Sign in"}</button>
      </form>
      <p class="hint">An owner or admin of your organisation makes tokens.</p>
    </section>
  </main>`;
}
