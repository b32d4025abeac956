import { html, useEffect, useState } from "./html.js";
import { Notices, complain } from "./notices.js";
import { forgetToken, signIn, storedToken, tokenIsKept } from "./session.js";
import { SignIn } from "./sign_in.js";
import { Workspace } from "./workspace.js";

export function App() {
  const [session, setSession] = useState(null);
  const [trying, setTrying] = useState(storedToken() !== null);

  useEffect(() => {
    if (!trying) return;
    signIn(storedToken(), { keep: tokenIsKept() }).then(setSession, (problem) => {
      if (problem.status === 401) forgetToken();
      complain(problem);
    }).finally(() => setTrying(false));
  }, []);

  const signOut = () => { forgetToken(); location.hash = ""; setSession(null); };
  return html`
    ${session ? html`<${Workspace} session=${session} onSignOut=${signOut} />`
      : trying ? html`<p class="alone muted" role="status">Signing in …</p>` : html`<${SignIn} onDone=${setSession} />`}
    <${Notices} />`;
}
