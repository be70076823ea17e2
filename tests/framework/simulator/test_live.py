"""Scenarios in the words of Pipecat's eval harness."""

import yaml
from pipecat.evals.scenario import EvalScenarioFile

from framework.simulator.live import pipecat

TEXT = """
name: shop
tools: {pizza.price: {result: {total: 9}}}
scenarios:
  - name: it
    turns:
      - expect: [{text: "Small or large?"}, {node: ask}]
      - {user: large, interrupts: 300ms, expect: [{text_matches: "[0-9] euros"}, {event: function_call, name: go}, {slots: {size: large}}]}
      - {press: "12#"}
"""


def test_what_pipecat_can_say_is_said_and_the_rest_is_counted(read, tmp_path):
    (case,) = read(TEXT).cases
    for voice in (False, True):
        made, left = pipecat(case.scenario, voice=voice)
        assert left == 2
        path = tmp_path / "live.yaml"
        path.write_text(yaml.safe_dump({"name": "live", "scenarios": [made]}))
        (scenario,) = EvalScenarioFile.load(path).scenarios
        assert [len(turn.expect) for turn in scenario.turns] == [1, 2, 0]
        assert scenario.turns[1].send_after.delay_ms == 300
        assert scenario.turns[2].dtmf == "12#"
        assert scenario.user_audio == voice
