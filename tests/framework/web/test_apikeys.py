"""API keys: what is handed out, what is kept, and what is believed."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from framework.web.apikeys import KeyRecord, KeyText, hash_of, issue

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ID = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=10, max_size=32)
SECRET = st.text("abcXYZ019_-", min_size=32, max_size=128)


def made(**more):
    return issue("web", tenant="acme", scopes=("join", "read"), now=NOW, **more)


def test_a_key_has_a_form_that_scanners_can_find_and_256_random_bits():
    key, _ = made()
    assert re.fullmatch(r"convo_[a-z0-9]{10,}_[A-Za-z0-9_-]{43}", key.text)
    assert len({made()[0].secret for _ in range(100)}) == 100


def test_what_is_kept_of_a_key_is_not_the_key():
    key, record = made()
    kept = record.model_dump_json()
    assert key.secret not in kept
    assert record.hash == hash_of(key.secret)
    assert KeyRecord.model_validate_json(kept) == record


def test_neither_a_secret_nor_its_hash_is_in_a_representation():
    key, record = made()
    assert key.secret not in repr(key)
    assert key.secret not in str(key)
    assert record.hash not in repr(record)


def test_a_record_fits_its_own_secret_only():
    key, record = made()
    other, _ = made()
    assert record.fits(key.secret)
    assert not record.fits(other.secret)
    assert not record.fits(record.hash)
    assert not record.fits("")


def test_a_key_ends_when_its_days_are_over_or_it_is_revoked():
    _, record = made(days=2)
    assert record.problem(NOW.timestamp()) == ""
    assert record.problem((NOW + timedelta(days=2)).timestamp()) == "this key has expired"
    assert "revoked" in record.revoked(NOW).problem(NOW.timestamp())
    assert record.revoked(NOW).revoked().revoked_at == NOW


def test_a_key_becomes_a_credential_of_its_tenant():
    _, record = made(days=1)
    credential = record.credential()
    assert (credential.tenant, credential.name, credential.kind) == ("acme", "web", "key")
    assert credential.scopes == {"join", "read"}
    assert credential.expires_at == (NOW + timedelta(days=1)).timestamp()


@pytest.mark.parametrize(
    "change",
    [
        {"tenant": ""},
        {"tenant": "a:b"},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"hash": "md5:00"},
        {"key_id": "x"},
        {"created_at": "2026-05-01T12:00:00"},
        {"name": ""},
    ],
)
def test_a_record_that_says_something_odd_is_none(change):
    _, record = made()
    with pytest.raises(ValidationError):
        KeyRecord.model_validate(record.model_dump(mode="json") | change)


@given(ID, SECRET)
def test_every_key_that_has_the_form_is_read_back_in_its_parts(key_id, secret):
    assert KeyText.parse(KeyText(key_id, secret).text) == (key_id, secret)


@given(st.text(max_size=300))
def test_no_text_makes_reading_a_key_fail(text):
    found = KeyText.parse(text)
    assert found is None or found.text == text


@given(ID, SECRET, st.sampled_from([" {}", "{} ", "{}\n", "{}\0", "x{}", "{}.", "{}ä"]))
def test_a_key_with_something_around_it_is_none(key_id, secret, form):
    text = form.format(KeyText(key_id, secret).text)
    found = KeyText.parse(text)
    assert found is None
