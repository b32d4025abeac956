// Whether an archive is whole, and who vouches for it: computed here, from its bytes, its manifest and the public keys.
//
// Law: shows nothing, believes nothing before it was computed again. The format is told in docs/archives.md.

const FORMAT = "parley-archive/1";
const PRIVATE = ["actor.name", "data.member.name", "data.reason", "data.text"];
const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const { subtle } = crypto;
const bytesOf = (text) => new TextEncoder().encode(text);

/** What a check found instead. */
export class NotWhole extends Error {}

/** Yields a sentence for each thing that holds; throws NotWhole at the first that does not. */
export async function* verifyArchive({ packed, manifest: manifestText, jwks, groupId }) {
  const { signature, ...manifest } = JSON.parse(manifestText);
  expect(manifest.format === FORMAT, `the format is not ${FORMAT}`);
  const session = await opened(manifest.certificate, "gc-session+jwt", (kid) => jwks.keys.find((key) => key.kid === kid));
  expect(session.iss === "orchestrator", "the certificate is from somebody else");
  yield "The session's certificate is signed by a key that this deployment publishes";
  const claims = await opened(signature, "gc-archive+jwt", () => session.cnf.jwk);
  expect(claims.man === base64url(await sha256(bytesOf(JSON.stringify(manifest)))), "the manifest was changed after it was signed");
  expect([claims.gid, session.gid, manifest.group_id].every((id) => id === groupId) && claims.iss === session.sub, "it was signed for another group");
  expect(session.iat <= claims.iat && claims.iat <= session.exp, "it was signed outside of the certificate's time");
  yield "The manifest is signed by that session, for this group, and unchanged since";
  await checkParts(manifest.parts, packed);
  yield `The file is the one that was signed, to the last of its ${packed.byteLength.toLocaleString()} bytes`;
  const lines = await linesOf(packed);
  expect(lines.length === manifest.count, `${manifest.count} events were promised and ${lines.length} are there`);
  yield* checkChain(manifest, lines);
}

/** Whether these lines are the events that the manifest commits to. */
export async function* checkChain(manifest, lines) {
  const keys = new Map();
  let hash = new Uint8Array(32);
  let epoch = null;
  let erased = 0;
  for (const [at, line] of lines.entries()) {
    const event = JSON.parse(line);
    const seq = at + 1;
    expect(event.seq === seq && canonical(event) === line, `event ${seq} is not the one that belongs there`);
    expect(epoch === null || event.epoch === epoch || event.type === "group.restored", `event ${seq} is of another log`);
    erased += event.digests ? 1 : 0;
    hash = await sha256(joined(hash, bytesOf(canonical(await sealed(event, manifest.seals, keys)))));
    epoch = event.epoch;
  }
  expect(hex(hash) === manifest.head && epoch === manifest.epoch, "the hash chain ends elsewhere: an event was changed");
  yield `All ${lines.length} events are there, in order, and each is bound to all before it`;
  if (erased > 0) yield `The words of ${erased} events were erased on request; their digests still hold the chain`;
}

/** What the chain hashes: keyed digests in place of what people said. */
async function sealed(event, seals, keys) {
  if (event.digests) return event;
  const copy = structuredClone(event);
  const digests = {};
  const { id } = copy.data.member ?? copy.actor;
  for (const path of PRIVATE) {
    const way = path.split(".");
    const name = way.pop();
    const holder = way.reduce((value, step) => value?.[step], copy);
    if (holder?.[name] === undefined) continue;
    if (!keys.has(id)) keys.set(id, await sealKey(seals[id]));
    digests[path] = hex(new Uint8Array(await subtle.sign("HMAC", keys.get(id), bytesOf(`${event.seq}\n${path}\n${holder[name]}`))));
    holder[name] = "";
  }
  return { ...copy, digests };
}

function sealKey(text) {
  expect(/^([0-9a-f]{2})+$/.test(text ?? ""), "an event is sealed by no key of the manifest");
  const raw = Uint8Array.from(text.match(/../g), (pair) => Number.parseInt(pair, 16));
  return subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

async function checkParts(parts, packed) {
  let start = 0;
  for (const { size_bytes: size, sha256: digest } of parts) {
    expect(hex(await sha256(packed.slice(start, start + size))) === digest, "the file is not the one that was signed");
    start += size;
  }
  expect(start === packed.byteLength, "the file is longer than what was signed");
}

async function linesOf(packed) {
  const text = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  const lines = text.split("\n");
  expect(lines.pop() === "", "the archive ends in the middle");
  return lines;
}

/** The claims of a compact JWS, once its signature holds; `keyFor` finds the key by its id. */
async function opened(token, typ, keyFor) {
  const [header, payload, signature] = token.split(".");
  const { alg, typ: found, kid } = JSON.parse(new TextDecoder().decode(fromBase64url(header)));
  expect(alg === "ES256" && found === typ, `this is no ${typ}`);
  const jwk = keyFor(kid);
  expect(jwk, "it is signed by a key that nobody publishes");
  const { kty, crv, x, y } = jwk;
  const key = await subtle.importKey("jwk", { kty, crv, x, y }, ES256, false, ["verify"]);
  expect(await subtle.verify(ES256, key, fromBase64url(signature), bytesOf(`${header}.${payload}`)), `the signature of the ${typ} does not hold`);
  return JSON.parse(new TextDecoder().decode(fromBase64url(payload)));
}

/** RFC 8785, for values without fractions. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

function expect(holds, otherwise) {
  if (!holds) throw new NotWhole(otherwise);
}

async function sha256(bytes) {
  return new Uint8Array(await subtle.digest("SHA-256", bytes));
}

function joined(one, other) {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const fromBase64url = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
