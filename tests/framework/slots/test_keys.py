"""Every type says how keys of a telephone answer it, and how a sensitive value is read back."""

from datetime import date

import pytest

from framework.slots.base import Found, Hearing, Refused

TODAY = date(2026, 11, 21)


@pytest.fixture
def press(types):
    """What a type makes of keys: the value, `Refused`, or None."""

    def press(name, pressed, language="en", **options):
        slot_type = types[name]
        heard = slot_type.keys(pressed, slot_type.Options.model_validate(options), Hearing(language, TODAY))
        if isinstance(heard, Found):
            assert (heard.start, heard.end) == (0, len(pressed))
            return heard.value
        return heard

    return press


def test_one_is_yes_and_two_is_no(press):
    assert press("boolean", "1") is True
    assert press("boolean", "2#") is False
    assert press("boolean", "3") is None


def test_a_value_is_chosen_by_its_place_in_the_list(press):
    assert press("enum", "2", values=["small", "large"]) == "large"
    assert press("enum", "3", values=["small", "large"]) is None
    assert press("enum", "10#", values=[f"v{n}" for n in range(1, 13)]) == "v10"


def test_a_star_is_the_point_of_a_number_and_the_minus_of_a_whole_one(press):
    assert press("number", "12*50#") == 12.5
    assert press("integer", "12#") == 12
    assert press("integer", "*3#") == -3
    assert press("integer", "1*2") is None
    assert isinstance(press("integer", "12#", max=10), Refused)


@pytest.mark.parametrize(
    ("language", "pressed"), [("en", "03041985"), ("en-GB", "04031985"), ("de", "04031985"), ("es", "040385")]
)
def test_a_day_is_pressed_in_the_order_in_which_people_write_it(press, language, pressed):
    assert press("date", pressed, language, prefer="past") == "1985-03-04"


def test_a_day_that_does_not_exist_or_is_out_of_bounds_is_refused(press):
    assert isinstance(press("date", "02302026"), Refused)
    assert isinstance(press("date", "01012020", min="today"), Refused)
    assert press("date", "123") is None


def test_times_lengths_and_amounts_are_pressed(press):
    assert press("time", "0930") == press("time", "930#") == "09:30"
    assert press("time", "1530") == "15:30"
    assert press("time", "2560") is None
    assert isinstance(press("time", "0700", min="08:00"), Refused)
    assert press("datetime", "120120260930") == "2026-12-01T09:30"
    assert press("datetime", "011220260930", "de") == "2026-12-01T09:30"
    assert isinstance(press("datetime", "023020260930"), Refused)
    assert press("duration", "90#") == press("duration", "1*30#") == "PT1H30M"
    assert press("money", "12*50#") == {"amount": 12.5, "currency": "USD"}
    assert press("money", "20#", currency="EUR") == {"amount": 20, "currency": "EUR"}


def test_numbers_of_all_kinds_are_pressed(press):
    assert press("digits", "0042#") == "0042"
    assert isinstance(press("digits", "42#", length=4), Refused)
    assert press("phone", "4155552671#") == "+14155552671"
    assert press("phone", "*442079460958#") == "+442079460958"
    assert isinstance(press("phone", "12#"), Refused)
    assert press("postal_code", "94107") == "94107"
    assert press("postal_code", "94107", region="GB") is None
    assert press("list", "1*2*2#", of={"type": "enum", "values": ["a", "b"]}) == ["a", "b", "b"]


@pytest.mark.parametrize("name", ["text", "person_name", "email"])
def test_words_cannot_be_pressed(press, name):
    assert press(name, "123#") is None


def test_types_say_how_many_keys_are_enough(types):
    hearing = Hearing("en", TODAY)
    assert types["boolean"].presses(None, hearing) == 1
    assert types["enum"].presses(types["enum"].Options(values=["a", "b"]), hearing) == 1
    assert types["enum"].presses(types["enum"].Options(values=[f"v{n}" for n in range(12)]), hearing) == 0
    assert types["date"].presses(types["date"].Options(), hearing) == 8
    assert types["time"].presses(types["time"].Options(), hearing) == 4
    assert types["digits"].presses(types["digits"].Options(length=6), hearing) == 6
    assert types["digits"].presses(types["digits"].Options(length=[15, 16]), hearing) == 0
    assert types["postal_code"].presses(types["postal_code"].Options(region="DE"), hearing) == 5
    assert types["integer"].presses(types["integer"].Options(), hearing) == 0


@pytest.mark.parametrize("language", ["en", "es", "de"])
def test_a_masked_value_does_not_tell_the_value(types, language):
    for name, value in {"text": "secret", "integer": 4711, "enum": "large", "boolean": True}.items():
        masked = types[name].masked(value, None, language)
        assert masked
        assert str(value) not in masked
    assert types["digits"].masked("4111111111111142", None, language).endswith(("4 2", "4 2 endet"))
    assert "4711" not in types["digits"].masked("4711", None, language)
    assert types["phone"].masked("+14155552671", None, language).endswith(("7 1", "7 1 endet"))
    assert "ada" not in types["email"].masked("ada@example.com", None, language)
    assert "12" not in types["money"].masked({"amount": 12, "currency": "USD"}, None, language)
    assert types["person_name"].masked("Ada King-Noel", None, language) == "A. K."
    assert "1985" in types["date"].masked("1985-03-04", None, language)
    assert "03" not in types["date"].masked("1985-03-04", None, language)
