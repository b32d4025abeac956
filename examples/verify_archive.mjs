// node verify_archive.mjs ARCHIVE.ndjson.gz MANIFEST.json JWKS.json: whether an archive is whole (docs/archives.md).
import { createHash, createHmac, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
const [packed, manifestText, jwksText] = process.argv.slice(2).map((path) => readFileSync(path));
const sha256 = (...chunks) => chunks.reduce((hash, chunk) => hash.update(chunk), createHash("sha256")).digest();
const expect = (holds, otherwise) => holds || (() => { throw new Error(otherwise); })();

function canonical(value) { // RFC 8785
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

function opened(token, typ, jwk) { // the claims of a compact JWS; `jwk` finds the key by its id
  const [header, payload] = token.split(".").slice(0, 2).map((part) => JSON.parse(Buffer.from(part, "base64url")));
  expect(header.alg === "ES256" && header.typ === typ, `not a ${typ}`);
  const key = createPublicKey({ key: jwk(header.kid) ?? {}, format: "jwk" });
  const [, signed, signature] = token.match(/^(.+)\.(.+)$/);
  expect(verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url")), `${typ}: signature`);
  return payload;
}

function seal(event, seals) { // what the chain hashes: digests in place of words
  if (event.digests) return event;
  const [copy, digests] = [structuredClone(event), {}];
  const key = Buffer.from(seals[(copy.data.member ?? copy.actor).id], "hex");
  for (const path of ["actor.name", "data.member.name", "data.reason", "data.text"]) {
    const [, way, name] = path.match(/^(.+)\.(.+)$/);
    const holder = way.split(".").reduce((value, step) => value?.[step], copy);
    if (holder?.[name] === undefined) continue;
    digests[path] = createHmac("sha256", key).update(`${event.seq}\n${path}\n${holder[name]}`).digest("hex");
    holder[name] = "";
  }
  return { ...copy, digests };
}

try {
  const { signature, ...unsigned } = JSON.parse(manifestText);
  const session = opened(unsigned.certificate, "gc-session+jwt", (kid) => JSON.parse(jwksText).keys.find((key) => key.kid === kid));
  const claims = opened(signature, "gc-archive+jwt", () => session.cnf.jwk);
  expect(claims.man === sha256(JSON.stringify(unsigned)).toString("base64url"), "the manifest was changed after it was signed");
  expect(new Set([claims.gid, session.gid, unsigned.group_id]).size === 1 && claims.iss === session.sub, "signed for another group");
  expect(session.iss === "orchestrator" && session.iat <= claims.iat && claims.iat <= session.exp, "signed outside the certificate's time");
  const lines = gunzipSync(packed).toString().split("\n");
  expect(lines.pop() === "" && lines.length === unsigned.count, `${unsigned.count} events promised, ${lines.length} there`);
  let [hash, epoch] = [Buffer.alloc(32), JSON.parse(lines[0]).epoch];
  lines.forEach((line, at) => {
    const event = JSON.parse(line);
    expect(canonical(event) === line && event.seq === at + 1, `seq ${at + 1}: not the event that belongs there`);
    expect(event.epoch === epoch || event.type === "group.restored", `seq ${at + 1}: another epoch without a restoration`);
    [hash, epoch] = [sha256(hash, canonical(seal(event, unsigned.seals))), event.epoch];
  });
  expect(hash.toString("hex") === unsigned.head && epoch === unsigned.epoch, "the chain ends elsewhere: an event was changed");
  expect(sha256(packed).toString("hex") === unsigned.parts[0].sha256, "the file is not the one that was signed");
  console.log(`whole: ${lines.length} events of ${unsigned.group_id}, chain ends in ${unsigned.head}`);
} catch (problem) {
  console.log(`not whole: ${problem.message}`);
  process.exitCode = 1;
}
