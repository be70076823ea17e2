"""`convo lsp` as an editor meets it: a process that is asked over standard input and output."""

import asyncio
import socket
import sys
from contextlib import suppress

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from .conftest import FLOW, PLUGIN, WAIT_S, Editor

NAME = "flows/x.yaml"

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_problems_come_as_one_types_and_go_when_they_are_mended(editor):
    editor.open(NAME)
    assert await editor.problems(NAME) == []
    editor.change(NAME, FLOW.replace("goto: bye}\n", "goto: by}\n").replace("weather.now", "weather.nwo"))
    first, second = await editor.problems(NAME)
    assert (first.code, first.severity, first.source) == ("FLW010", types.DiagnosticSeverity.Error, "convo")
    assert editor.taken(first.range, NAME) == "by"
    assert "`bye`" in first.message
    assert (second.code, editor.taken(second.range, NAME)) == ("TLS001", "weather.nwo")
    editor.change(NAME, FLOW)
    assert await editor.problems(NAME) == []


async def test_columns_are_those_of_the_editor_whatever_stands_before(editor):
    editor.open(NAME, FLOW.replace("slots.who,", "slots.whoo,"))
    (found,) = await editor.problems(NAME)
    begin = found.range.start
    assert editor.taken(types.Range(begin, types.Position(begin.line, begin.character + 10)), NAME) == "slots.whoo"


async def test_other_open_files_are_checked_as_they_are_held(editor):
    editor.open(NAME, FLOW.replace("say: Goodbye.", "say: {en: Bye.}"))
    assert await editor.problems(NAME) == []
    editor.open("personalities/ava.yaml")
    assert await editor.problems("personalities/ava.yaml") == []
    editor.change("personalities/ava.yaml", editor.texts["personalities/ava.yaml"].replace("[en]", "[en, fr]"))
    await editor.until(NAME, "FLW026")


async def test_a_part_shows_what_is_wrong_where_it_is_included(editor):
    (editor.folder / "flows/parts").mkdir()
    (editor.folder / "flows/parts/words.yaml").write_text("Goodbye.\n")
    editor.open(NAME, FLOW.replace("Goodbye.", "!include parts/words.yaml"))
    assert await editor.problems(NAME) == []
    (editor.folder / NAME).write_text(editor.texts[NAME])
    editor.open("flows/parts/words.yaml", "'**Goodbye.**'\n")
    assert [d.code for d in await editor.problems("flows/parts/words.yaml")] == ["VOX001"]


async def test_files_that_are_none_of_ours_are_left_alone(editor):
    editor.open("docker-compose.yaml", "services: {web: {image: x}}\n")
    assert await editor.problems("docker-compose.yaml") == []
    editor.open("notes.yaml", "a: [\n")
    assert await editor.problems("notes.yaml") == []


async def labels(editor, **place):
    found = await editor.client.text_document_completion_async(types.CompletionParams(**place))
    return [item.label for item in found.items]


async def completed(editor, before, after=""):
    """What is offered behind `before`, which stands in the place of the last node's line."""
    text = FLOW.replace(
        "  bye: {say: Goodbye., end: true}\n", f"{before}§{after}\n  bye: {{say: Goodbye., end: true}}\n"
    )
    editor.texts[NAME] = text.replace("§", "")
    if NAME in editor.numbers:
        editor.change(NAME, editor.texts[NAME])
    else:
        editor.open(NAME, editor.texts[NAME])
    at = text.index("§")
    line = text.count("\n", 0, at)
    position = types.Position(line, len(text[text.rfind("\n", 0, at) + 1 : at].encode("utf-16-le")) // 2)
    return await labels(editor, text_document=types.TextDocumentIdentifier(editor.uri(NAME)), position=position)


COMPLETIONS = {
    "a node in a route": ("  z: {say: hi, next: [{goto: ", "}]}", "ask greet look bye z", "size weather.now"),
    "a node half written": ("  z:\n    say: hi\n    next: lo", "", "look", "size"),
    "a node in braces that are still open": ("  z: {say: hi, next: ", "", "look ask", "size"),
    "a slot in a list": ("  z: {collect: [", "]}", "size who", "ask"),
    "a slot that is set": ("  z:\n    set:\n      ", "", "size who", "ask"),
    "a tool": ("  z: {run: weather.", "}", "weather.now", "ask"),
    "a tool in a list": ("  z:\n    instruct: x\n    tools:\n      - wea", "", "weather.now name with save", "ask"),
    "an argument": ("  z: {run: weather.now, with: {", "}}", "city days", "size"),
    "a personality": ("  z: {say: hi, personality: ", "}", "ava", "ask"),
    "a transfer": ("  z: {transfer: ", "}", "frontdesk", "ask"),
    "a subflow": ("  z: {subflow: ", "}", "x", "ask"),
    "an interrupt": ("  z: {instruct: x, interrupts: [", "]}", "human repeat cancel", "ask"),
    "keys of a node": ("  z:\n    say: hi\n    ", "", "collect instruct run next", "say goto slots"),
    "keys of a node in braces": ("  z: {say: hi, ", "}", "collect next", "say goto"),
    "keys of a route": ("  z:\n    say: hi\n    next:\n      - ", "", "goto else if outcome", "collect slots"),
    "more keys of a route": ("  z:\n    say: hi\n    next:\n      - if: slots.who\n        ", "", "goto say set", "collect if"),
    "outcomes of the verb": ("  z: {run: weather.now, next: [{outcome: ", "}]}", "done error timeout", "exhausted"),
    "a word of a few": ("  z: {instruct: x, context_strategy: ", "}", "append reset summarize", "ask"),
    "true and false": ("  z: {instruct: x, respond_immediately: ", "}", "true false", "ask"),
    "a slot in a text": ('  z: {say: "Hi {{ slots.', '"}', "size who", "slots ask"),
    "a slot in a text that is open": ('  z: {say: "Hi {{ slots.wh', "", "who", "ask"),
    "a slot in a plain expression": ("  z: {next: [{if: slots.", ", goto: ask}]}", "size who", "ask"),
    "the beginning of an expression": ('  z: {say: "{{ ', ' }}"}', "slots session upper personality", "size"),
    "a field of the session": ('  z: {say: "{{ session.', ' }}"}', "turns language visits", "size"),
}  # fmt: skip


async def test_what_may_stand_at_a_place_is_offered(editor):
    wrong = {}
    for name, (before, after, wanted, unwanted) in COMPLETIONS.items():
        offered = await completed(editor, before, after)
        missing, extra = set(wanted.split()) - set(offered), set(unwanted.split()) & set(offered)
        if missing or extra:
            wrong[name] = (missing, extra, offered[:12])
    assert wrong == {}


async def test_slot_types_and_their_options_are_offered(editor):
    for before, wanted in (("  new: ", "date"), ("  new: {type: ", "person_name"), ("  new: {type: date, ", "prefer")):
        text = FLOW.replace("  who: person_name\n", f"  who: person_name\n{before}§\n")
        editor.open(NAME, text.replace("§", "")) if NAME not in editor.numbers else editor.change(
            NAME, text.replace("§", "")
        )
        at = text.index("§")
        position = types.Position(text.count("\n", 0, at), len(text[text.rfind("\n", 0, at) + 1 : at]))
        assert wanted in await labels(
            editor, text_document=types.TextDocumentIdentifier(editor.uri(NAME)), position=position
        )


async def test_what_is_chosen_replaces_the_word_that_was_begun(editor):
    editor.open(NAME, FLOW.replace("run: weather.now", "run: weather.no"))
    place = editor.at(NAME, "weather.no", into=len("weather.no"))
    found = await editor.client.text_document_completion_async(types.CompletionParams(**place))
    item = next(item for item in found.items if item.label == "weather.now")
    assert editor.taken(item.text_edit.range, NAME) == "weather.no"
    assert "weather is like" in item.documentation.value


async def told(editor, part, **how):
    found = await editor.client.text_document_hover_async(types.HoverParams(**editor.at(NAME, part, **how)))
    return found and found.contents.value


async def test_keys_tools_slots_and_nodes_say_what_they_are(editor):
    editor.open(NAME)
    assert "Slots to ask for" in await told(editor, "collect")
    tool = await told(editor, "weather.now", into=9)
    assert "Say what the weather is like in a city." in tool
    assert "`city` (string) Where." in tool
    slot = await told(editor, "slots.size", into=7)
    assert "How large it is." in slot
    assert "enum" in slot
    assert "**node** `bye`: say" in await told(editor, "goto: bye", into=7)
    assert await told(editor, "Goodbye") is None


async def test_names_lead_to_where_they_are_defined(editor):
    editor.open(NAME)
    editor.open("convo.yaml")

    async def led(part, name=NAME, **how):
        params = types.DefinitionParams(**editor.at(name, part, **how))
        (place,) = await editor.client.text_document_definition_async(params)
        return place.uri, place.range.start.line

    assert await led("goto: bye", into=6) == (
        editor.uri(NAME),
        FLOW.split("\n").index("  bye: {say: Goodbye., end: true}"),
    )
    assert await led("slots.size", into=8) == (editor.uri(NAME), 3)
    assert await led("ava", into=1) == (editor.uri("personalities/ava.yaml"), 0)
    assert await led("flow: x", name="convo.yaml", into=6) == (editor.uri(NAME), 0)
    uri, line = await led("weather.now", into=2)
    assert uri == editor.uri("plugins/weather/__init__.py")
    assert "@tool" in PLUGIN.split("\n")[line]


async def test_a_node_and_a_slot_are_renamed_wherever_they_stand(editor):
    editor.open(NAME)

    async def renamed(part, name, **how):
        params = types.RenameParams(new_name=name, **editor.at(NAME, part, **how))
        return editor.changed(await editor.client.text_document_rename_async(params), NAME)

    assert await renamed("goto: bye", "the end", into=7) == FLOW.replace("goto: bye", "goto: the end").replace(
        "else: bye", "else: the end"
    ).replace("  bye:", "  the end:")
    assert await renamed("who", "caller") == FLOW.replace("who", "caller")
    place = await editor.client.text_document_prepare_rename_async(types.PrepareRenameParams(**editor.at(NAME, "who")))
    assert place.placeholder == "who"


@pytest.mark.parametrize(
    ("part", "name", "why"),
    [
        ("who", "Not a slot", "lower-case"),
        ("who", "size", "already"),
        ("weather.now", "x", "tool"),
        ("Goodbye", "x", "no name"),
    ],
)
async def test_what_can_not_be_renamed_says_why(part, name, why, editor):
    editor.open(NAME)
    with pytest.raises(JsonRpcException, match=why):
        await editor.client.text_document_rename_async(types.RenameParams(new_name=name, **editor.at(NAME, part)))


async def test_an_input_is_renamed_in_the_flows_that_give_it(editor):
    inner = "flow: inner\nslots: {who: text, size: text}\ninputs: [who]\noutputs: [size]\ninitial_node: a\nnodes:\n  a: {collect: [size], end: true}\n"
    outer = FLOW.replace(
        "  bye: {",
        '  sub:\n    subflow: inner\n    with: {who: "{{ slots.who }}"}\n    save: {who: result.size}\n    next: bye\n  bye: {',
    )
    (editor.folder / "flows/inner.yaml").write_text(inner)
    editor.open("flows/inner.yaml")
    editor.open(NAME, outer)
    params = types.RenameParams(new_name="caller", **editor.at("flows/inner.yaml", "who"))
    edit = await editor.client.text_document_rename_async(params)
    assert editor.changed(edit, "flows/inner.yaml") == inner.replace("who", "caller")
    assert editor.changed(edit, NAME) == outer.replace("with: {who:", "with: {caller:")
    params = types.RenameParams(new_name="large", **editor.at("flows/inner.yaml", "size"))
    edit = await editor.client.text_document_rename_async(params)
    assert editor.changed(edit, NAME) == outer.replace("result.size", "result.large")


SCENARIOS = """\
name: x
scenarios:
  - name: small
    turns:
      - {user: small, expect: [{node: bye, slots: {size: small}, path: [ask, bye]}]}
    finally: {visited: [bye], slots: {who: null}}
  - name: another
    flow: other
    turns:
      - {user: hi, expect: [{node: bye}]}
"""


async def test_scenarios_follow_when_a_node_or_slot_is_renamed(editor):
    name = "flows/tests/x.yaml"
    (editor.folder / "flows/tests").mkdir()
    (editor.folder / name).write_text(SCENARIOS)
    editor.open(NAME)
    editor.open(name, SCENARIOS)
    edit = await editor.client.text_document_rename_async(
        types.RenameParams(new_name="end", **editor.at(NAME, "goto: bye", into=7))
    )
    about, rest = SCENARIOS.split("  - name: another")
    assert editor.changed(edit, name) == about.replace("bye", "end") + "  - name: another" + rest
    edit = await editor.client.text_document_rename_async(
        types.RenameParams(new_name="large", **editor.at(name, "size"))
    )
    assert editor.changed(edit, name) == SCENARIOS.replace("slots: {size", "slots: {large")
    assert "  large: {type: enum" in editor.changed(edit, NAME)
    (place,) = await editor.client.text_document_definition_async(types.DefinitionParams(**editor.at(name, "bye")))
    assert place.uri == editor.uri(NAME)
    assert {"greet", "ask"} <= set(await labels(editor, **editor.at(name, "node: bye", into=6)))


async def test_a_file_has_an_outline(editor):
    editor.open(NAME)
    params = types.DocumentSymbolParams(types.TextDocumentIdentifier(editor.uri(NAME)))
    found = {symbol.name: symbol for symbol in await editor.client.text_document_document_symbol_async(params)}
    assert list(found) == ["flow", "personality", "slots", "defaults", "initial_node", "nodes"]
    assert [(child.name, child.detail) for child in found["nodes"].children] == [
        ("greet", "say"), ("ask", "collect"), ("look", "run"), ("bye", "say"),
    ]  # fmt: skip
    ask = found["nodes"].children[1]
    assert ask.range.start == ask.selection_range.start
    assert editor.taken(ask.selection_range, NAME) == "ask"


async def test_references_are_all_places_of_a_name(editor):
    editor.open(NAME)
    context = types.ReferenceContext(include_declaration=True)
    params = types.ReferenceParams(context=context, **editor.at(NAME, "bye"))
    found = await editor.client.text_document_references_async(params)
    assert [editor.taken(place.range, NAME) for place in found] == ["bye"] * (FLOW.count("bye") - FLOW.count("Goodbye"))


async def offered(editor, found, only=None):
    params = types.CodeActionParams(
        types.TextDocumentIdentifier(editor.uri(NAME)), found.range, types.CodeActionContext([found], only=only)
    )
    return {action.title: action for action in await editor.client.text_document_code_action_async(params)}


async def test_a_problem_is_mended_or_ignored_by_an_action(editor):
    editor.open(
        NAME, FLOW.replace("{say: Goodbye., end: true}", "{say: '**bye**'}").replace("next: ask}", "next: aks}")
    )
    aks, dead, spoken = await editor.problems(NAME)
    assert (aks.code, dead.code, spoken.code) == ("FLW010", "FLW012", "VOX001")
    done = await offered(editor, aks)
    assert editor.changed(done["Mend FLW010: Did you mean `ask`?"].edit, NAME) == editor.texts[NAME].replace(
        "aks", "ask"
    )
    assert "Ignore FLW010 here" not in done
    done = await offered(editor, spoken)
    text = editor.changed(done["Ignore VOX001 here"].edit, NAME)
    assert text.endswith("{say: '**bye**'}  # convo: ignore VOX001\n")
    editor.change(NAME, text)
    aks, dead = await editor.problems(NAME)
    done = await offered(editor, dead)
    editor.change(NAME, editor.changed(done["Ignore FLW012 here"].edit, NAME))
    assert editor.texts[NAME].endswith("{say: '**bye**'}  # convo: ignore VOX001, FLW012\n")
    assert [d.code for d in await editor.problems(NAME)] == ["FLW010"]
    done = await offered(editor, aks, only=[types.CodeActionKind.SourceFixAll])
    editor.change(NAME, editor.changed(done["Mend all that is safe to mend"].edit, NAME))
    assert await editor.problems(NAME) == []


BROKEN = {
    "nothing": "",
    "a tab": "flow: x\n\tnodes: {}\n",
    "an open quote": FLOW.replace('"Hello', '"Hello\n'),
    "open braces": FLOW.replace("next: ask}", "next: ask"),
    "wrong kinds": "flow: [x]\nslots: 3\nnodes: [a, {b: c}]\ninitial_node: {}\n",
    "an alias of nothing": FLOW.replace("next: ask}", "next: *nowhere}"),
    "signs": "flow: x\nnodes: {a: {say: \x07}}\n%%%\n",
    "two documents": FLOW + "---\n" + FLOW,
    "half a pair of units": FLOW.replace("𠮷", "\ud83c"),
    "a list": "- flow: x\n- nodes\n",
}


@pytest.mark.parametrize("name", BROKEN)
async def test_every_question_about_a_broken_file_is_answered(name, editor):
    editor.open(NAME)
    assert await editor.problems(NAME) == []
    text = BROKEN[name].encode("utf-8", "replace").decode()
    editor.change(NAME, text)
    await editor.problems(NAME)
    document = types.TextDocumentIdentifier(editor.uri(NAME))
    client, lines = editor.client, text.split("\n")
    for line in range(0, len(lines) + 1, 3):
        position = types.Position(line, len(lines[line]) // 2 if line < len(lines) else 7)
        await client.text_document_completion_async(types.CompletionParams(document, position))
        await client.text_document_hover_async(types.HoverParams(document, position))
        await client.text_document_definition_async(types.DefinitionParams(document, position))
        with suppress(JsonRpcInvalidParams):  # refused with a sentence, or done where a name stands
            await client.text_document_rename_async(types.RenameParams(document, types.Position(line, 999), "???"))
    await client.text_document_document_symbol_async(types.DocumentSymbolParams(document))
    everything = types.Range(types.Position(0, 0), types.Position(999, 0))
    await client.text_document_code_action_async(
        types.CodeActionParams(document, everything, types.CodeActionContext([]))
    )
    editor.change(NAME, FLOW)
    assert await editor.problems(NAME) == []


async def test_names_are_known_while_another_line_is_broken(editor):
    text = FLOW.replace("  greet: {", "  greet: {{{").replace("- {else: look}", "- {else: }")
    editor.open(NAME, text)
    offered = await labels(editor, **editor.at(NAME, "{else: ", into=7))
    assert {"ask", "look", "bye"} <= set(offered)


async def test_documents_that_are_no_files_are_no_trouble(editor):
    document = types.TextDocumentItem("untitled:one", "yaml", 1, FLOW)
    editor.client.text_document_did_open(types.DidOpenTextDocumentParams(document))
    asked = types.HoverParams(types.TextDocumentIdentifier("untitled:one"), types.Position(0, 0))
    assert await editor.client.text_document_hover_async(asked) is None


async def test_a_closed_file_counts_as_it_is_saved(editor):
    editor.open(NAME, FLOW.replace("goto: bye}", "goto: by}", 1))
    assert len(await editor.problems(NAME)) == 1
    document = types.TextDocumentIdentifier(editor.uri(NAME))
    editor.client.text_document_did_close(types.DidCloseTextDocumentParams(document))
    params = await asyncio.wait_for(editor.told.get(), WAIT_S)
    assert list(params.diagnostics) == []
    editor.open(NAME)
    assert await editor.problems(NAME) == []


async def test_a_tool_that_is_written_meanwhile_is_known(editor):
    editor.open(NAME, FLOW.replace("weather.now", "weather.later"))
    assert [d.code for d in await editor.problems(NAME)] == ["TLS001"]
    plugin = editor.folder / "plugins/weather/__init__.py"
    plugin.write_text(plugin.read_text().replace("async def now", "async def later").replace("add(now)", "add(later)"))
    async with asyncio.timeout(WAIT_S):
        found = ["TLS001"]
        while found:
            document = types.TextDocumentIdentifier(editor.uri(NAME))
            editor.client.text_document_did_save(types.DidSaveTextDocumentParams(document))
            found = [d.code for d in await editor.problems(NAME)]


async def test_it_leaves_when_the_editor_says_so(project):
    editor = Editor(project)
    result = await editor.start()
    assert result.server_info.name == "convo"
    assert result.capabilities.text_document_sync.change == types.TextDocumentSyncKind.Full
    assert await editor.stop() == 0
    await editor.client.stop()


async def test_it_leaves_when_the_editor_is_gone(project):
    editor = Editor(project)
    await editor.start()
    server = editor.client._server
    server.stdin.close()
    assert await asyncio.wait_for(server.wait(), WAIT_S) is not None
    await editor.client.stop()


async def test_it_listens_at_a_port_of_this_machine(project):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "framework", "lsp", "--tcp", str(port), cwd=str(project)
    )
    try:
        client = LanguageClientAt()
        async with asyncio.timeout(WAIT_S):
            while not await client.reached(port):
                assert process.returncode is None
        params = types.InitializeParams(capabilities=types.ClientCapabilities())
        result = await asyncio.wait_for(client.client.initialize_async(params), WAIT_S)
        assert result.server_info.name == "convo"
        await client.client.shutdown_async(None)
        client.client.exit(None)
        assert await asyncio.wait_for(process.wait(), WAIT_S) == 0
        await client.client.stop()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


class LanguageClientAt:
    """A client that comes by a port."""

    def __init__(self):
        from pygls.lsp.client import LanguageClient

        self.client = LanguageClient("an editor", "1")

    async def reached(self, port):
        try:
            await self.client.start_tcp("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
            return False
        return True
