// Who is signed in: a bearer token, in this tab or, when wished, on this machine.

import { Api } from "./parley/parley.js";

const KEY = "parley.token";

export function storedToken() {
  return sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
}

/** Whether it is to outlive this tab. */
export function tokenIsKept() {
  return localStorage.getItem(KEY) !== null;
}

export function forgetToken() {
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
}

/** The person behind the token, and the API as that person. Throws Problem. */
export async function signIn(token, { keep = false } = {}) {
  const api = new Api({ baseUrl: location.origin, token });
  const me = await api.get("/me");
  (keep ? localStorage : sessionStorage).setItem(KEY, token);
  return { api, me };
}

/** Demo people of a local deployment; none anywhere else. */
export async function localPeople() {
  try {
    return (await new Api({ baseUrl: location.origin }).get("/local-people")).people;
  } catch {
    return [];
  }
}
