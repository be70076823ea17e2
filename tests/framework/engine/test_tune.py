"""Languages, personalities, voices and stacks of nodes: what is said, what a model reads, what is to be tuned."""

from framework.engine import expect
from framework.personalities.model import Personality

FLOW = """
languages: [en, es]
slots: {n: {type: integer, prompt: {en: How many?, es: ¿Cuántos?}, reprompt: {en: A number., es: Un número.}}}
nodes:
  a: {say: {en: "Hello {{ session.language }}", es: "Hola {{ session.language }}"}, next: [{intent: spanish, examples: [español], goto: b}]}
  b: {languages: [es], collect: [n], next: c}
  c: {instruct: {en: Help., es: Ayuda.}, sample: {en: Well., es: Bueno.}, next: [{intent: german, goto: d}, {intent: luigi, goto: e}]}
  d: {languages: [de, fr], say: {de: Guten Tag., es: Hola.}, next: [{intent: on, examples: [on], goto: c}]}
  e: {personality: luigi, voice: deep, stack: fast, instruct: "Be {{ personality.name }}.", tools: [other.look], next: [{intent: on, goto: c}]}
"""
LUIGI = Personality(
    personality="luigi", name={"en": "Luigi", "es": "Luis"}, role={"en": "You are Luigi.", "es": "Eres Luis."},
    tools={"block": ["other.*"]},
)  # fmt: skip


def talking(drive, **more):
    return drive(FLOW, cast={"luigi": LUIGI}, tools={"other.look": lambda _: {}}, **more)


def test_a_node_with_one_language_switches_the_session_to_it(drive):
    call = talking(drive).hear("español")
    assert call.said == ["Hello en", "¿Cuántos?"]
    assert expect.expects(call.plan, call.state).language == "es"
    call.hear("hm")
    assert call.said[-1] == "Un número."
    assert [(one.language, one.personality) for one in call.tuned] == [("es", "neutral")]


def test_the_language_stays_where_it_is_spoken_and_is_the_first_where_not(drive):
    call = talking(drive).hear("español", "tres")
    assert (call.node, call.messages[-2]["content"], call.role.splitlines()[-1]) == ("c", "Ayuda.", "Speak Spanish.")
    call.order("goto", node="d")
    assert call.said[-1] == "Guten Tag."
    assert call.tuned[-1].language == "de"
    call.order("goto", node="b")
    assert call.tuned[-1].language == "es"


def test_a_region_is_no_other_language(drive):
    call = talking(drive, start=False).start(language="es-MX")
    assert call.said == ["Hola es-MX"]
    call.hear("español")
    assert [one.language for one in call.tuned] == ["es-MX"]
    assert call.said[-1] == "¿Cuántos?"


def test_somebody_else_speaks_at_a_node_with_another_voice_and_stack(drive):
    call = talking(drive).hear("español", "tres").order("goto", node="e")
    assert call.role.startswith("Eres Luis.")
    assert call.messages[-2]["content"] == "Be Luis."
    assert "other_look" not in [offer.name for offer in call.offered]
    one = call.tuned[-1]
    assert (one.personality, one.voice, one.stack) == ("luigi", "deep", "fast")
    call.order("goto", node="c")
    one = call.tuned[-1]
    assert (one.personality, one.voice, one.stack) == ("neutral", None, None)
    assert not call.role.startswith("Eres Luis.")


def test_defaults_hold_for_all_nodes_that_say_nothing_else(drive):
    call = drive("""
        defaults: {voice: calm, personality: luigi}
        nodes:
          a: {say: "{{ personality.name }}", next: [{intent: on, examples: [on], goto: b}]}
          b: {say: Loud., voice: loud, next: [{intent: on, goto: a}]}
        """, cast={"luigi": LUIGI})  # fmt: skip
    assert call.said == ["Luigi"]
    call.hear("on")
    assert [(one.personality, one.voice) for one in call.tuned] == [("luigi", "calm"), ("luigi", "loud")]


def test_nothing_is_tuned_where_no_node_wants_it(drive):
    assert drive("nodes: {a: {say: Hi., next: b}, b: {say: Bye., end: true}}").tuned == []


def test_a_subflow_in_another_language_switches_to_it(drive):
    flows = {"sub": "languages: [es]\nnodes: {a: {say: {es: Hola.}, end: true}}"}
    call = drive(
        "languages: [en, es]\nnodes: {a: {subflow: sub, next: b}, b: {say: {en: Bye., es: Adiós.}, end: true}}",
        flows=flows,
    )
    assert call.said == ["Hola.", "Adiós."]
