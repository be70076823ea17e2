"""Whatever stands in a flow file, checking it ends in diagnostics, and what has no errors can be drawn."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.documents import render_json
from framework.flows.check import check, check_reading, examine_file
from framework.flows.export import as_json, mermaid

KEYS = st.sampled_from([
    "say", "instruct", "collect", "run", "with", "save", "timeout", "filler", "next", "end", "tools", "attempts", "no_match", "sample",
    "set", "clear", "entry", "task_messages", "functions", "pre_actions", "respond_immediately", "actions", "if", "outcome", "intent",
    "examples", "name", "goto", "else", "emit", "type", "prompt", "values", "min", "default", "after", "as", "enter", "transition_to",
    "field", "cases", "role", "content", "a", "b", "en", "es", "x-y", "wait", "event", "nxt",
])  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 9), st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.sampled_from(["a", "b", "s", "slots.s", "{{ slots.s }}", "{{ slots.s + }}", "{{ result.x }}", "slots.s > 3", "done", "6s", "x.y",
                     "**hi**", "{{", "", "session.visits >= 3", "operator", "text", "integer", "enum", "developer"]),
)  # fmt: skip
VALUES = st.recursive(LEAVES, lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS, v, max_size=4), max_leaves=12)
NODES = st.dictionaries(
    st.sampled_from(["a", "b", "c"]), st.dictionaries(KEYS, VALUES, max_size=5) | VALUES, max_size=3
)
TOP = st.sampled_from(
    ["slots", "limits", "defaults", "tools", "global_functions", "languages", "personality", "on_error", "timers", "x"]
)


@given(st.booleans(), NODES | VALUES, st.dictionaries(TOP, VALUES, max_size=4), LEAVES)
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_flow_is_checked_to_the_end(tmp_path_factory, ours, nodes, top, first):
    path = tmp_path_factory.mktemp("flow") / "x.json"
    path.write_text(
        json.dumps({**({"flow": "x"} if ours else {}), "initial_node": first, "nodes": nodes, **top}, indent=1)
    )
    found = check(path)
    json.loads(render_json(found))
    reading = examine_file(path)
    if reading.loaded:
        assert as_json(reading.loaded.flow)["nodes"]
        assert mermaid(reading.loaded.flow)
        assert check_reading(reading) == found
