"""The page with a drawn flow, as one works with it: no network, keys, zoom, and the text of a node."""

from pathlib import Path

import pytest

from framework.flows import load
from framework.flows.drawing import picture
from framework.flows.drawing.page import Sheet, page

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def clinic(tmp_path, browse):
    """The clinic's page."""
    loaded = load(ROOT / "flows/clinic.yaml")
    (tmp_path / "clinic.html").write_text(page([Sheet(picture=picture(loaded.flow), source=loaded.source)]), "utf-8")
    sight = await browse((tmp_path / "clinic.html").as_uri(), viewport={"width": 1400, "height": 900})
    yield sight.page
    assert sight.page.failures == []


async def scale(page):
    return int((await page.inner_text(".scale")).rstrip("%"))


async def test_a_click_on_a_node_shows_its_text_and_lights_its_ways(clinic):
    await clinic.locator("[data-name=verify]").click()
    assert await clinic.inner_text("#panel-title") == "verify"
    assert "run: patients.verify" in await clinic.inner_text("#panel pre")
    assert await clinic.locator(".way.lit").count() >= 5
    await clinic.locator("#panel .wayrow", has_text="help").first.click()
    assert await clinic.inner_text("#panel-title") == "help"
    await clinic.keyboard.press("Escape")
    assert await clinic.locator("#panel").is_hidden()


async def test_one_goes_from_node_to_node_by_keys(clinic):
    await clinic.locator("[data-name=greet]").focus()
    await clinic.keyboard.press("ArrowRight")
    assert await clinic.evaluate("document.activeElement.dataset.name") == "identify"
    await clinic.keyboard.press("Enter")
    assert await clinic.inner_text("#panel-title") == "identify"


async def test_it_is_moved_and_made_larger_by_wheel_and_keys(clinic):
    before = await scale(clinic)
    await clinic.mouse.move(600, 500)
    await clinic.keyboard.press("+")
    assert await scale(clinic) > before
    where = await clinic.locator("[data-name=greet]").bounding_box()
    await clinic.mouse.wheel(120, 0)
    await clinic.wait_for_function(
        "x => document.querySelector('[data-name=greet]').getBoundingClientRect().x < x", arg=where["x"] - 60
    )
    await clinic.keyboard.press("1")
    assert await scale(clinic) == 100


async def test_a_node_is_found_by_its_name(clinic):
    await clinic.keyboard.press("/")
    await clinic.keyboard.type("hand")
    await clinic.keyboard.press("Enter")
    assert await clinic.inner_text("#panel-title") == "handoff"


async def test_light_and_dark_are_switched(clinic):
    colour = "getComputedStyle(document.body).backgroundColor"
    before = await clinic.evaluate(colour)
    await clinic.locator("[data-do=theme]").click()
    assert await clinic.evaluate(colour) != before


async def test_what_a_file_says_is_never_run(tmp_path, browse):
    name = "<img src=x onerror=document.title='hacked'>"
    file = tmp_path / "flow.json"
    file.write_text('{"flow": "x", "initial_node": "%s", "nodes": {"%s": {"say": "%s", "end": true}}}' % ((name,) * 3))
    loaded = load(file)
    (tmp_path / "x.html").write_text(page([Sheet(picture=picture(loaded.flow), source=loaded.source)]), "utf-8")
    sight = await browse((tmp_path / "x.html").as_uri())
    await sight.page.locator(".card").first.click()
    assert await sight.page.inner_text("#panel-title") == name
    assert await sight.page.locator("img").count() == 0
    assert "hacked" not in await sight.page.title()


async def test_one_steps_through_a_conversation(tmp_path, browse):
    loaded = load(ROOT / "flows/clinic.yaml")
    beat = {
        "why": ["`slots.verified` is true."],
        "time": "",
        "flow": 0,
        "slots": {},
        "from": None,
        "to": None,
        "key": "",
    }
    entries = [
        {**beat, "kind": "bot", "text": "Hello", "title": "The bot speaks", "node": "greet"},
        {**beat, "kind": "user", "text": "Ada", "title": "The person speaks", "node": "identify", "slots": {"a": 1}},
        {**beat, "kind": "move", "text": "on", "title": "From `identify`", "node": "identify", "from": "identify", "to": "verify", "key": "next/1"},
    ]  # fmt: skip
    story = {"title": "A call", "remark": "The same.", "same": True, "entries": entries}
    written = page([Sheet(picture=picture(loaded.flow), source=loaded.source)], story=story)
    (tmp_path / "call.html").write_text(written, "utf-8")
    sight = await browse((tmp_path / "call.html").as_uri(), viewport={"width": 1400, "height": 900})
    shown = sight.page
    assert await shown.inner_text("#count") == "1 of 3"
    assert await shown.get_attribute(".card.now", "data-name") == "greet"
    await shown.keyboard.press("ArrowRight")
    assert await shown.inner_text("#slots") == "a\t1"
    await shown.locator("#story [data-do=next]").click()
    assert await shown.locator(".way.taking").get_attribute("data-key") == "next/1"
    assert await shown.inner_text("#why-body") == "slots.verified is true."
    await shown.locator("#talk li").first.click()
    assert await shown.inner_text("#count") == "1 of 3"
    assert sight.page.failures == []
