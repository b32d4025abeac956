"""ES256, RS256 and fresh keys on the host, over `cryptography`: the counterpart of shared/edge/crypto.py."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from shared.keys import PrivateKey, b64url

_COORDINATE_BYTES = 32


class HostEs256:
    """The `Es256` port of shared.tokens."""

    def sign(self, private_pem: str, message: bytes) -> bytes:
        key = serialization.load_pem_private_key(private_pem.encode(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("not an EC key")
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(_COORDINATE_BYTES) + s.to_bytes(_COORDINATE_BYTES)

    def verify(self, public_pem: str, message: bytes, signature: bytes) -> bool:
        r, s = signature[:_COORDINATE_BYTES], signature[_COORDINATE_BYTES:]
        der = encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
        try:
            key = serialization.load_pem_public_key(public_pem.encode())
            if not isinstance(key, ec.EllipticCurvePublicKey):
                return False
            key.verify(der, message, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            return False  # ValueError: a point that is not on the curve
        return True


class HostRs256:
    """The `Rs256` port of shared.tokens."""

    def verify(self, public_pem: str, message: bytes, signature: bytes) -> bool:
        try:
            key = serialization.load_pem_public_key(public_pem.encode())
            if not isinstance(key, rsa.RSAPublicKey):
                return False
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True


def new_private_key() -> PrivateKey:
    """A fresh P-256 key."""
    numbers = ec.generate_private_key(ec.SECP256R1()).private_numbers()
    public = numbers.public_numbers
    x, y, d = (n.to_bytes(_COORDINATE_BYTES) for n in (public.x, public.y, numbers.private_value))
    return PrivateKey(x=b64url(x), y=b64url(y), d=b64url(d))
