// The npm package `jose` as the other side: one JSON list of requests on stdin, one JSON list of answers on stdout.

import { text } from "node:stream/consumers";
import { calculateJwkThumbprint, createLocalJWKSet, importJWK, jwtVerify, SignJWT } from "jose";

const answers = {
  async sign({ header, claims, jwk }) {
    return new SignJWT(claims).setProtectedHeader(header).sign(await importJWK(jwk, "ES256"));
  },
  async verify({ token, jwks, typ, issuer, audience, now_s }) {
    const options = { algorithms: ["ES256"], typ, issuer, audience, currentDate: new Date(now_s * 1000) };
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(jwks), options);
    return { claims: payload, header: protectedHeader };
  },
  async thumbprint({ jwk }) {
    return calculateJwkThumbprint(jwk);
  },
};

async function answer(request) {
  try {
    return { ok: await answers[request.ask](request) };
  } catch (error) {
    return { error: error.code ?? error.name };
  }
}

const requests = JSON.parse(await text(process.stdin));
process.stdout.write(JSON.stringify(await Promise.all(requests.map(answer))));
