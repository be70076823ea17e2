"""JSON Web Tokens: whose are believed, and which tricks are not."""

import base64
import hashlib
import hmac
import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from framework.errors import UserError
from framework.web.tokens import TokenError, Tokens, TokenSettings

NOW = 1_800_000_000.0
SECRET = "s" * 40
CLAIMS = {
    "iss": "https://id.example",
    "aud": "convo",
    "exp": NOW + 60,
    "sub": "ann",
    "tenant": "acme",
    "scope": "join read openid",
}
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()


def pem(key):
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def settings(**more):
    return TokenSettings(issuer="https://id.example", audience="convo", **more)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw(header, claims, sign):
    """A token as nobody's library would make it."""
    body = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{body}.{b64(sign(body.encode()))}"


@pytest.fixture
def shared():
    return Tokens(settings(secret=SECRET))


def token(key=SECRET, algorithm="HS256", headers=None, **claims):
    merged = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    return jwt.encode(merged, key, algorithm, headers)


def test_a_good_token_is_a_credential_of_its_tenant_and_of_the_scopes_that_we_know(shared):
    credential = shared.credential(token(), NOW)
    assert (credential.tenant, credential.name, credential.kind) == ("acme", "ann", "jwt")
    assert credential.scopes == {"join", "read"}
    assert credential.expires_at == NOW + 60


def test_two_people_are_counted_apart(shared):
    ids = {shared.credential(token(sub=sub, tenant=tenant), NOW).key_id for sub in "ab" for tenant in "xy"}
    assert len(ids) == 4


@pytest.mark.parametrize(
    ("claims", "word"),
    [
        ({"exp": NOW - 31}, "expired"),
        ({"exp": None}, "lacks"),
        ({"exp": "soon"}, "no number"),
        ({"exp": True}, "no number"),
        ({"exp": float("inf")}, "no number"),
        ({"exp": float("nan")}, "no number"),
        ({"nbf": NOW + 31}, "not good yet"),
        ({"iat": NOW + 31}, "future"),
        ({"iss": "https://evil.example"}, "issuer"),
        ({"iss": None}, "lacks"),
        ({"aud": "another"}, "audience"),
        ({"aud": None}, "lacks"),
        ({"tenant": None}, "tenant"),
        ({"tenant": "*"}, "tenant"),
        ({"tenant": "a:b"}, "tenant"),
        ({"tenant": ["acme"]}, "tenant"),
        ({"scope": ["join"]}, "scope"),
        ({"sub": 7}, "not good"),
    ],
)
def test_a_token_that_is_not_for_us_or_not_for_now_is_refused(shared, claims, word):
    with pytest.raises(TokenError, match=word):
        shared.credential(token(**claims), NOW)


@pytest.mark.parametrize("claims", [{"exp": NOW - 29}, {"nbf": NOW + 29}, {"iat": NOW + 29}, {"aud": ["x", "convo"]}])
def test_clocks_may_differ_by_half_a_minute(shared, claims):
    assert shared.credential(token(**claims), NOW)


def test_a_token_without_a_signature_is_refused(shared):
    for algorithm in ("none", "None", "NONE", "nOnE"):
        with pytest.raises(TokenError):
            shared.credential(raw({"alg": algorithm}, CLAIMS, lambda _: b""), NOW)


def test_a_token_under_another_algorithm_of_the_same_secret_is_refused(shared):
    for algorithm in ("HS384", "HS512"):
        with pytest.raises(TokenError, match="not accepted"):
            shared.credential(token("s" * 64, algorithm), NOW)
    with pytest.raises(TokenError):
        shared.credential(token("t" * 40), NOW)


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256"), (ED, "EdDSA")], ids=["rsa", "ec", "ed"])
def test_a_public_key_decides_the_algorithm_and_is_no_secret(key, algorithm):
    tokens = Tokens(settings(public_key=pem(key).replace("\n", "\\n")))
    assert tokens.credential(token(key, algorithm), NOW).tenant == "acme"
    # The old trick: sign with the public key, as if it were a shared secret.
    for text in (pem(key), pem(key).strip()):
        forged = raw(
            {"alg": "HS256", "typ": "JWT"},
            CLAIMS,
            lambda body, text=text: hmac.digest(text.encode(), body, hashlib.sha256),
        )
        with pytest.raises(TokenError):
            tokens.credential(forged, NOW)
    for other, name in ((RSA, "RS256"), (EC, "ES256"), (ED, "EdDSA")):
        if name != algorithm:
            with pytest.raises(TokenError):
                tokens.credential(token(other, name), NOW)
    if algorithm == "RS256":
        with pytest.raises(TokenError):
            tokens.credential(token(key, "PS256"), NOW)


@pytest.mark.parametrize(
    "headers", [{"crit": ["b64"], "b64": False}, {"crit": ["exp"]}, {"b64": False}, {"crit": []}], ids=str
)
def test_a_token_that_asks_for_an_extension_is_refused(shared, headers):
    good = shared.credential(token(), NOW)
    assert good
    forged = raw({"alg": "HS256", **headers}, CLAIMS, lambda body: hmac.digest(SECRET.encode(), body, hashlib.sha256))
    with pytest.raises(TokenError):
        shared.credential(forged, NOW)


def test_a_key_in_the_tokens_own_header_is_not_looked_at(shared):
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(EC.public_key()))
    with pytest.raises(TokenError):
        shared.credential(token(EC, "ES256", {"jwk": jwk, "jku": "https://evil.example"}), NOW)


@given(st.text(max_size=200))
def test_no_text_makes_reading_a_token_fail(text):
    with pytest.raises(TokenError):
        Tokens(settings(secret=SECRET)).credential(text, NOW)


@given(st.data())
def test_a_token_that_was_changed_anywhere_is_refused(data):
    good = token()
    place = data.draw(st.integers(0, len(good) - 1))
    letter = data.draw(st.sampled_from("ABCabc019-_."))
    changed = good[:place] + letter + good[place + 1 :]
    parts = [base64.urlsafe_b64decode(part + "==") for part in good.split(".")]
    try:
        same = [base64.urlsafe_b64decode(part + "==") for part in changed.split(".")] == parts
    except ValueError:
        same = False
    if same:  # the last letter of base64 has bits that mean nothing
        return
    with pytest.raises(TokenError):
        Tokens(settings(secret=SECRET)).credential(changed, NOW)


def test_a_huge_token_is_refused_unread(shared):
    with pytest.raises(TokenError, match="too long"):
        shared.credential(token(padding="x" * 9000), NOW)


def test_a_refusal_repeats_nothing_of_the_token(shared):
    offered = token(tenant="a:b s3cret")
    with pytest.raises(TokenError) as refused:
        shared.credential(offered, NOW)
    assert "s3cret" not in str(refused.value)
    assert offered not in str(refused.value)


# --- Key sets ---------------------------------------------------------------


def jwk(key, kid, **more):
    kind = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return json.loads(kind.to_jwk(key.public_key())) | {"kid": kid} | more


def write(path, *keys):
    path.write_text(json.dumps({"keys": list(keys)}))


def test_a_key_set_is_asked_by_name_and_read_again_when_it_changes(tmp_path):
    path = tmp_path / "jwks.json"
    write(path, jwk(RSA, "old"))
    tokens = Tokens(settings(jwks_file=path))
    assert tokens.credential(token(RSA, "RS256"), NOW)
    assert tokens.credential(token(RSA, "RS256", {"kid": "old"}), NOW)
    with pytest.raises(TokenError, match="not known"):
        tokens.credential(token(EC, "ES256", {"kid": "new"}), NOW)
    write(path, jwk(RSA, "old"), jwk(EC, "new"))
    assert tokens.credential(token(EC, "ES256", {"kid": "new"}), NOW)
    with pytest.raises(TokenError, match="not known"):
        tokens.credential(token(RSA, "RS256"), NOW)  # which of the two isn't said
    with pytest.raises(TokenError):
        tokens.credential(token(RSA, "RS256", {"kid": "new"}), NOW)
    path.write_text("{")
    assert tokens.credential(token(EC, "ES256", {"kid": "new"}), NOW)


@pytest.mark.parametrize(
    "keys",
    [
        [{"kty": "oct", "k": "c2VjcmV0", "kid": "a"}],
        [{"kty": "RSA", "kid": "a"}],
        [jwk(EC, "a", alg="HS256")],
        [jwk(RSA, "a", alg="PS256")],
        [7],
        ["x"],
    ],
    ids=["secret", "broken", "wrong algorithm", "another algorithm", "number", "text"],
)
def test_a_key_set_with_something_odd_in_it_is_refused_at_the_start(tmp_path, keys):
    write(tmp_path / "jwks.json", *keys)
    with pytest.raises(UserError):
        Tokens(settings(jwks_file=tmp_path / "jwks.json"))


# --- Settings ---------------------------------------------------------------


def test_without_a_key_no_token_is_good():
    tokens = Tokens(TokenSettings.read({}))
    assert not tokens.configured
    with pytest.raises(TokenError):
        tokens.credential(token(), NOW)


@pytest.mark.parametrize(
    ("given", "variable"),
    [
        ({"CONVO_JWT_SECRET": "short"}, "CONVO_JWT_SECRET"),
        ({"CONVO_JWT_SECRET": SECRET, "CONVO_JWT_ISSUER": ""}, "CONVO_JWT_ISSUER"),
        ({"CONVO_JWT_SECRET": SECRET, "CONVO_JWT_AUDIENCE": ""}, "CONVO_JWT_AUDIENCE"),
        ({"CONVO_JWT_SECRET": SECRET, "CONVO_JWT_PUBLIC_KEY": pem(RSA)}, "CONVO_JWT_PUBLIC_KEY"),
        ({"CONVO_JWT_PUBLIC_KEY": "not a key"}, "CONVO_JWT_PUBLIC_KEY"),
        ({"CONVO_JWT_PUBLIC_KEY": pem(rsa.generate_private_key(65537, 1024))}, "CONVO_JWT_PUBLIC_KEY"),
        ({"CONVO_JWT_PUBLIC_KEY": pem(ec.generate_private_key(ec.SECP256K1()))}, "CONVO_JWT_PUBLIC_KEY"),
        ({"CONVO_JWT_JWKS_FILE": "/nonexistent/jwks.json"}, "CONVO_JWT_JWKS_FILE"),
    ],
)
def test_settings_that_would_be_unsafe_stop_the_start(given, variable):
    base = {"CONVO_JWT_ISSUER": "https://id.example", "CONVO_JWT_AUDIENCE": "convo"}
    with pytest.raises(UserError) as told:
        Tokens(TokenSettings.read(base | given))
    assert variable in str(told.value)
    assert SECRET not in str(told.value)


def test_the_secret_is_in_no_representation():
    assert SECRET not in repr(settings(secret=SECRET))
