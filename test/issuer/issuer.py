#!/usr/bin/python3
# An issuer of tokens, by python3-jwcrypto.  Each line of standard input is a JSON object, and is
# answered by a line:
#   {"key": KID, "kind": "EdDSA" | "ES256" | "RS256", "size": BITS}   makes a key: its public JWK
#   {"sign": KID, "claims": OBJECT or TEXT}                           a token
#   {"sign": KID, "claims": ..., "header": OBJECT or TEXT}            with this header instead
# A text is signed as it is.  With a header of one's own the signature is what the key makes.
import json
import sys

from jwcrypto import jwa, jwk, jwt
from jwcrypto.common import base64url_encode

KINDS = {"EdDSA": {"kty": "OKP", "crv": "Ed25519"}, "ES256": {"kty": "EC", "crv": "P-256"}, "RS256": {"kty": "RSA"}}
keys = {}


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value)


for line in sys.stdin:
    asked = json.loads(line)
    if "key" in asked:
        kind = dict(KINDS[asked["kind"]])
        if kind["kty"] == "RSA":
            kind["size"] = asked.get("size", 2048)
        key = jwk.JWK.generate(kid=asked["key"], **kind)
        keys[asked["key"]] = (asked["kind"], key)
        print(key.export_public(), flush=True)
        continue
    kind, key = keys[asked["sign"]]
    if "header" not in asked and not isinstance(asked["claims"], str):
        token = jwt.JWT(header={"alg": kind, "kid": asked["sign"], "typ": "JWT"}, claims=asked["claims"])
        token.make_signed_token(key)
        print(token.serialize(), flush=True)
        continue
    header = asked.get("header", {"alg": kind, "kid": asked["sign"]})
    signed = base64url_encode(as_text(header)) + "." + base64url_encode(as_text(asked["claims"]))
    signature = jwa.JWA.signing_alg(kind).sign(key, signed.encode())
    print(signed + "." + base64url_encode(signature), flush=True)
