"""A plugin's settings come from the environment under its own prefix; what is wrong is named, never shown."""

from typing import Annotated

import pytest
from pydantic import Field, HttpUrl, SecretStr

from framework.errors import MissingExtraError, UserError
from framework.plugins.settings import Settings, described, read


class CrmSettings(Settings):
    """How to reach the CRM."""

    url: HttpUrl
    """Where it is."""

    token: SecretStr
    timeout_s: Annotated[float, Field(gt=0)] = 3.0
    queues: tuple[str, ...] = ()


GIVEN = {"CRM_URL": "https://crm.example", "CRM_TOKEN": "t0p"}


def test_the_environment_is_read_under_the_plugins_prefix():
    settings = read(CrmSettings, "crm", {}, {**GIVEN, "CRM_QUEUES": '["a", "b"]', "CRM_TIMEOUT_S": "1.5"})
    assert (str(settings.url), settings.timeout_s, settings.queues) == ("https://crm.example/", 1.5, ("a", "b"))
    assert settings.token.get_secret_value() == "t0p"
    assert "t0p" not in repr(settings)


def test_the_environment_has_the_last_word_over_the_file():
    settings = read(CrmSettings, "crm", {"timeout_s": 9, "token": "file", "queues": ["x"]}, GIVEN)
    assert (settings.timeout_s, settings.token.get_secret_value(), settings.queues) == (9, "t0p", ("x",))


def test_all_that_is_missing_is_named_in_full_at_once():
    with pytest.raises(MissingExtraError, match="`CRM_URL` is not set; `CRM_TOKEN` is not set") as caught:
        read(CrmSettings, "crm", {}, {})
    assert caught.value.where == "plugin `crm`"
    assert "`url` under `plugins: {settings: {crm: …}}` in `convo.yaml`" in caught.value.fix


def test_a_secret_is_never_asked_for_in_a_file():
    with pytest.raises(MissingExtraError) as caught:
        read(CrmSettings, "crm", {}, {"CRM_URL": "https://crm.example"})
    assert caught.value.fix == "Set the environment variable `CRM_TOKEN`."


def test_a_wrong_value_is_named_and_not_shown():
    with pytest.raises(UserError, match="`CRM_TIMEOUT_S`") as caught:
        read(CrmSettings, "crm", {}, {**GIVEN, "CRM_TIMEOUT_S": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_an_unknown_setting_offers_the_nearest():
    with pytest.raises(UserError, match="there is no setting `timout_s`") as caught:
        read(CrmSettings, "crm", {"timout_s": 1}, GIVEN)
    assert "`timeout_s`" in caught.value.fix


def test_a_dash_in_a_plugins_name_is_an_underscore_in_its_variables():
    assert read(CrmSettings, "big-crm", {}, {"BIG_CRM_URL": "https://x.example", "BIG_CRM_TOKEN": "x"})


def test_settings_are_described_for_people_without_secrets():
    rows = {row.name: row for row in described(CrmSettings, "crm")}
    assert (rows["url"].variable, rows["url"].description, rows["url"].required) == ("CRM_URL", "Where it is.", True)
    assert (rows["token"].secret, rows["token"].default) == (True, None)
    assert rows["timeout_s"].default == 3.0
