"""ES256 and fresh keys in the Workers runtime.

Law: mathematics only; what a signature means is `shared.tokens`' business. node:crypto signs and verifies synchronously
(about 0.1 ms each, workerd 2026-11); a call that would return a Buffer fails at the border, so text is asked for.
"""

import secrets
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from shared.edge.js import js_object, node_module, now_ms
from shared.ids import MakeId, id_maker
from shared.keys import PrivateKey, b64url, b64url_bytes

_NONCE_BYTES = 12
make_id: MakeId = id_maker(now_ms, secrets.token_bytes)


def new_jti() -> str:
    """A credential's unique number: 128 random bits."""
    return b64url(secrets.token_bytes(16))


class NodeEs256:
    """The `Es256` port over node:crypto."""

    def __init__(self) -> None:
        self._crypto: Any = node_module("crypto")

    def sign(self, private_pem: str, message: bytes) -> bytes:
        options = js_object({"key": private_pem, "dsaEncoding": "ieee-p1363"})
        return b64url_bytes(self._crypto.createSign("SHA256").update(message.decode()).sign(options, "base64url"))

    def verify(self, public_pem: str, message: bytes, signature: bytes) -> bool:
        options = js_object({"key": public_pem, "dsaEncoding": "ieee-p1363"})
        try:
            verifier = self._crypto.createVerify("SHA256").update(message.decode())
            return bool(verifier.verify(options, b64url(signature), "base64url"))
        except JsException:
            return False  # a point that is not on the curve, say: not a signature of that key


class NodeRs256:
    """The `Rs256` port over node:crypto."""

    def __init__(self) -> None:
        self._crypto: Any = node_module("crypto")

    def verify(self, public_pem: str, message: bytes, signature: bytes) -> bool:
        try:
            verifier = self._crypto.createVerify("RSA-SHA256").update(message.decode())
            return bool(verifier.verify(public_pem, b64url(signature), "base64url"))
        except JsException:
            return False


class WebAesGcm:
    """AES-256-GCM over WebCrypto: 12 fresh bytes, then the text with its tag."""

    async def seal(self, key: bytes, text: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = await js.crypto.subtle.encrypt(_aes_gcm(nonce), await _aes_key(key), to_js(text))
        return nonce + bytes(sealed.to_bytes())

    async def open(self, key: bytes, sealed: bytes) -> bytes | None:
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            text = await js.crypto.subtle.decrypt(_aes_gcm(nonce), await _aes_key(key), to_js(rest))
        except JsException:
            return None
        return bytes(text.to_bytes())


def _aes_gcm(nonce: bytes) -> Any:
    options = js_object({"name": "AES-GCM"})
    options.iv = to_js(nonce)
    return options


async def _aes_key(key: bytes) -> Any:
    return await js.crypto.subtle.importKey("raw", to_js(key), "AES-GCM", False, js.Array.of("encrypt", "decrypt"))


async def new_private_key() -> PrivateKey:
    """A fresh P-256 key from WebCrypto."""
    algorithm = js_object({"name": "ECDSA", "namedCurve": "P-256"})
    pair = await js.crypto.subtle.generateKey(algorithm, True, js.Array.of("sign", "verify"))
    jwk = await js.crypto.subtle.exportKey("jwk", pair.privateKey)
    return PrivateKey(x=jwk.x, y=jwk.y, d=jwk.d)
