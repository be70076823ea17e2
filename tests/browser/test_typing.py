"""A person who types, in a real browser."""

import re


async def test_the_clinic_flow_is_completed_by_typing(serve, browse):
    sight = await browse((await serve()).url)
    await sight.part("type").click()
    await sight.state("connected", 60)
    await sight.said("May I have your full name?")
    await sight.type("my name is Ada Lovelace")
    await sight.said("Is that right?")
    await sight.type("yes")
    await sight.said("date of birth")
    await sight.type("the tenth of December 1985")
    await sight.node("help")
    assert await sight.slots() == {"patient_name": "Ada Lovelace", "born": "1985-12-10", "verified": "true"}
    lit = sight.page.locator("#graph .current")
    assert await lit.get_attribute("data-node") == "help"
    turn = await sight.said("Is that right?")
    assert re.fullmatch(r"\d+\.\d\d s", await turn.get_by_test_id("latency").inner_text())
    await sight.type("that is all, goodbye")
    await sight.said("Goodbye")
    await sight.state("ended")
    await sight.said("The conversation is finished.", who="end")
    assert sight.page.failures == []


async def test_another_bot_can_be_picked_and_its_flow_is_drawn(serve, browse):
    sight = await browse((await serve()).url)
    await sight.part("bot-select").select_option("pizza")
    await sight.page.wait_for_selector("#graph [data-node=order]")
    await sight.part("type").click()
    await sight.said("Which pizza would you like?", within_s=60)
    await sight.type("a large pepperoni pizza please")
    await sight.said("How many?")
    assert (await sight.slots())["size"] == "large"


async def test_keys_are_pressed_on_the_page_and_a_transfer_says_whom_it_would_dial(serve, browse):
    sight = await browse((await serve(PRETEND_OUTCOME="busy")).url)
    await sight.part("bot-select").select_option("front")
    await sight.part("type").click()
    await sight.said("Press 12 for the desk.", within_s=60)
    await sight.part("keypad").locator("summary").click()
    await sight.part("key-1").click()
    await sight.part("key-2").click()
    await sight.said("Would dial desk (+15550100) and tell them: “Wants the desk.”", who="transfer")
    await sight.said("They are busy. Goodbye.")
    await sight.state("ended")
    assert await sight.part("keypad").is_hidden()
    assert sight.page.failures == []


async def test_hanging_up_ends_the_session(serve, browse):
    sight = await browse((await serve()).url)
    await sight.part("type").click()
    await sight.state("connected", 60)
    await sight.part("end").click()
    await sight.state("ended")
    await sight.part("type").wait_for()


async def test_without_a_microphone_the_page_says_so_and_lets_one_type(serve, browse):
    sight = await browse((await serve()).url)
    await sight.part("talk").click()
    await sight.state("connected", 60)
    assert await sight.part("way").inner_text() == "text"
    assert "microphone" in await sight.part("notice").inner_text()
    await sight.said("May I have your full name?")


async def test_a_runner_that_goes_away_is_said_to_be_lost(serve, browse):
    served = await serve()
    sight = await browse(served.url)
    await sight.part("type").click()
    await sight.said("May I have your full name?", within_s=60)
    served.process.kill()
    await sight.state("error")
    assert "lost" in await sight.part("notice").inner_text()


async def test_what_one_types_is_never_taken_for_markup(serve, browse):
    sight = await browse((await serve()).url)
    await sight.part("type").click()
    await sight.said("May I have your full name?", within_s=60)
    await sight.type("<img src=x onerror=document.title='owned'>")
    await sight.said("<img src=x", who="user")
    assert await sight.page.title() == "Convo"


async def test_everything_can_be_done_from_the_keyboard(serve, browse):
    sight = await browse((await serve()).url)
    await sight.page.wait_for_selector("#type:enabled")
    await sight.part("type").focus()
    await sight.page.keyboard.press("Enter")
    await sight.said("May I have your full name?", within_s=60)
    await sight.page.keyboard.type("Ada Lovelace")
    await sight.page.keyboard.press("Enter")
    await sight.said("Is that right?")


async def test_every_control_has_a_name_for_those_who_do_not_see_it(serve, browse):
    sight = await browse((await serve()).url)
    nameless = await sight.page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, [role=img], [tabindex]')].filter(one =>
            !(one.innerText?.trim() || one.getAttribute('aria-label') || one.labels?.length)).map(one => one.outerHTML)"""
    )
    assert nameless == []


async def test_a_gateway_with_keys_asks_for_one_and_then_works(serve, browse):
    served = await serve(key=True)
    sight = await browse(served.url)
    await sight.page.fill("#token", served.key)
    await sight.page.keyboard.press("Enter")
    await sight.part("type").click()
    await sight.said("May I have your full name?", within_s=60)


async def test_a_runner_by_itself_has_the_page_too(serve, browse):
    sight = await browse((await serve(alone=True)).url)
    await sight.part("type").click()
    await sight.said("May I have your full name?", within_s=60)


async def test_a_runner_with_a_token_asks_for_it_and_then_works(serve, browse):
    sight = await browse((await serve(alone=True, CONVO_RUNNER_TOKEN="s3cret")).url)
    await sight.page.fill("#token", "s3cret")
    await sight.page.keyboard.press("Enter")
    await sight.part("type").click()
    await sight.said("May I have your full name?", within_s=60)


async def test_the_page_fits_a_telephone(serve, browse):
    sight = await browse((await serve()).url, viewport={"width": 360, "height": 740})
    wide = await sight.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360
