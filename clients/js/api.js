// The App's REST API: one method a request, problem details as exceptions.

/** A request that was refused, or never arrived (`status` 0, `code` "unreachable"). */
export class Problem extends Error {
  constructor({ status, code, title, detail, retryAfterMs = null, requestId = null }) {
    super(detail || title);
    this.name = "Problem";
    Object.assign(this, { status, code, title, detail, retryAfterMs, requestId });
  }

  /** Whether the same request may well succeed a little later. */
  get temporary() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export class Api {
  #fetch;

  constructor({ baseUrl = "", token, fetch: fetching = (...args) => globalThis.fetch(...args) } = {}) {
    this.baseUrl = baseUrl.replace(/\/$/, "");
    this.token = token;
    this.#fetch = fetching;
  }

  get(path) { return this.json("GET", path); }
  post(path, body = {}) { return this.json("POST", path, body); }
  patch(path, body) { return this.json("PATCH", path, body); }
  delete(path) { return this.json("DELETE", path); }

  async json(method, path, body) {
    return (await this.request(method, path, body)).json();
  }

  /** The response of a request that went well. Throws Problem. */
  async request(method, path, body) {
    const headers = { Accept: "application/json" };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const options = { method, headers, cache: "no-store" };
    if (body !== undefined) options.body = JSON.stringify(body);
    let response;
    try {
      response = await this.#fetch(this.baseUrl + path, options);
    } catch {
      throw new Problem({
        status: 0, code: "unreachable", title: "The server cannot be reached", detail: "Check the connection and try again.",
      });
    }
    if (!response.ok) throw await problemOf(response);
    return response;
  }

  /** All items of a paged list. */
  async all(path, key) {
    const items = [];
    for (let after = ""; after !== null;) {
      const page = await this.get(`${path}${path.includes("?") ? "&" : "?"}limit=100${after ? `&after=${encodeURIComponent(after)}` : ""}`);
      items.push(...page[key]);
      after = page.next;
    }
    return items;
  }
}

async function problemOf(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // Not ours: something between us and the App answered.
  }
  const seconds = Number(response.headers.get("Retry-After"));
  return new Problem({
    status: response.status,
    code: body.code ?? `http_${response.status}`,
    title: body.title ?? "The request failed",
    detail: body.detail ?? `The server answered with status ${response.status}.`,
    retryAfterMs: body.retry_after_ms ?? (seconds > 0 ? seconds * 1000 : null),
    requestId: body.request_id ?? null,
  });
}
