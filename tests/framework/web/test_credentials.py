"""Who is asking, and whose sessions exist for them."""

import pytest

from framework.web.credentials import LOCAL, SCOPES, Credential
from framework.web.ports import RefusedError

READER = Credential(key_id="a", name="a", tenant="acme", scopes=frozenset({"read"}))
OPERATOR = Credential(key_id="o", name="o", tenant="*", scopes=frozenset(SCOPES))


def test_a_credential_may_what_its_scopes_say_and_no_more():
    assert READER.may("read")
    assert not READER.may("join")
    assert not READER.may("admin")
    assert not READER.may("public")


def test_a_tenant_sees_its_own_and_a_platform_operator_everyones():
    assert READER.sees("acme")
    assert not READER.sees("other")
    assert not READER.sees("*")
    assert OPERATOR.sees("acme")
    assert OPERATOR.sees("other")


def test_what_is_new_belongs_to_the_credentials_tenant():
    assert READER.tenant_for() == "acme"
    assert READER.tenant_for("acme") == "acme"
    assert OPERATOR.tenant_for() == "default"
    assert OPERATOR.tenant_for("other") == "other"
    assert LOCAL.tenant_for() == "default"


@pytest.mark.parametrize(
    ("who", "asked", "status"), [(READER, "other", 403), (READER, "*", 403), (OPERATOR, "a:b", 422)]
)
def test_nobody_makes_anything_for_a_tenant_that_is_not_theirs_or_is_none(who, asked, status):
    with pytest.raises(RefusedError) as refused:
        who.tenant_for(asked)
    assert refused.value.status == status


@pytest.mark.parametrize("asked", ["*", "", "a b", "a:b", "a}", "-a", "a\n", "ä", "a" * 65])
def test_no_odd_name_becomes_a_tenant(asked):
    operator = Credential(key_id="o", name="o", tenant="*")
    if asked:
        with pytest.raises(RefusedError):
            operator.tenant_for(asked)
