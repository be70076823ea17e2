"""What counts wherever the person is heard, and how the conversation goes on afterwards."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.engine import effects

SHOP = """
slots:
  name: {type: person_name, prompt: "Welcome to us. May I have your name?"}
  size: {type: enum, values: [small, large], prompt: "Small or large?"}
interrupts:
  hours: {intent: asks for opening hours, examples: [when are you open], say: We are open all day.}
  human: {goto: handoff}
  tour: {intent: wants a tour, examples: [show me around], goto: tour, return: resume}
  anew: {intent: starts over, examples: [start over], say: From the top., return: restart}
  mute: {intent: wants silence, examples: [be quiet], say: All right., return: none}
  leave: {intent: leaves, examples: [i am off], end: left}
nodes:
  a: {collect: [name, size], next: b}
  b: {say: "Anything else?", next: [{intent: wants more, examples: [yes please], goto: a}, {intent: is done, examples: [no], end: true}]}
  tour: {say: This is the shop., end: true}
  handoff: {say: I will put you through., end: handed}
"""


def test_an_answer_in_between_and_the_question_again_without_what_was_around_it(drive):
    call = drive(SHOP).hear("when are you open?")
    assert call.said == ["Welcome to us. May I have your name?", "We are open all day.", "May I have your name?"]
    assert call.of("intent.heard") == [{"intent": "hours", "by": "example", "score": 1.0}]
    assert call.hear("Ada Byron").said[-1] == "Small or large?"
    assert call.of("input.unmatched") == []


def test_one_that_leads_away_leaves_the_node(drive):
    call = drive(SHOP).hear("agent")
    assert call.ended == "handed"
    assert call.of("node.left")[0]["cause"] == {"kind": "interrupt", "interrupt": "human"}


def test_one_that_comes_back_goes_on_where_it_was(drive):
    call = drive(SHOP).hear("Ada Byron", "show me around")
    assert call.said[-2:] == ["This is the shop.", "Small or large?"]
    assert call.state["stack"] == []
    assert call.hear("large").node == "b"
    assert call.slots == {"name": "Ada Byron", "size": "large"}


def test_restart_enters_the_node_anew(drive):
    call = drive(SHOP).hear("start over")
    assert call.visited == ["a", "a"]
    assert call.said[-2:] == ["From the top.", "Welcome to us. May I have your name?"]


def test_none_says_its_words_and_waits(drive):
    call = drive(SHOP).hear("be quiet")
    assert call.said[-1] == "All right."
    assert call.hear("Ada Byron").said[-1] == "Small or large?"


def test_one_may_end_the_flow(drive):
    assert drive(SHOP).hear("I am off").ended == "left"


def test_at_a_say_that_hears_its_words_are_said_again(drive):
    call = drive(SHOP).hear("Ada Byron", "small", "when are you open")
    assert call.said[-2:] == ["We are open all day.", "Anything else?"]
    assert call.hear("no").ended == "done"


def test_the_router_is_given_interrupts_before_the_nodes_own_intents(drive):
    asked = []

    def router(text, choices):
        asked.append([choice.key for choice in choices])
        return "interrupt:hours" if "what time" in text else None

    call = drive(SHOP, router=router).hear("Ada Byron", "small", "at what time can I come")
    assert asked[-1] == [
        *(f"interrupt:{name}" for name in ("hours", "human", "tour", "anew", "mute", "leave")),
        "0",
        "1",
    ]
    assert call.of("intent.heard")[-1] == {"intent": "hours", "by": "router", "score": 1.0}
    assert call.said[-2:] == ["We are open all day.", "Anything else?"]


def test_a_bare_name_is_a_name_unless_the_router_says_otherwise(drive):
    call = drive(SHOP, router=lambda text, choices: "interrupt:human" if "person" in text else None)
    assert call.hear("Ada Byron").slots == {"name": "Ada Byron"}
    assert drive(SHOP, router=lambda text, choices: "interrupt:human").hear("Some Person").ended == "handed"


def test_an_example_is_an_interrupts_before_it_is_a_routes(drive):
    call = drive(
        """
        interrupts: {stop: {intent: stops, examples: [that is enough], goto: c}}
        nodes: {a: {say: "Well?", next: [{intent: is done, examples: [that is enough], goto: b}]}, b: {end: b}, c: {end: c}}
        """
    ).hear("that is enough")
    assert call.ended == "c"


def test_nothing_counts_while_the_flow_calls_a_tool(drive):
    call = drive(
        "interrupts: {stop: {intent: stops, examples: [stop it], goto: c}}\n"
        "nodes: {a: {run: t.slow, timeout: 5s, next: [{else: b}]}, b: {end: b}, c: {end: c}}",
        tools={"t.slow": None},
    )
    assert call.hear("stop it").wait(10).ended == "b"


# --- With a model ---------------------------------------------------------------

TALK = """
interrupts:
  hours: {intent: asks for opening hours, examples: [when are you open], say: We are open all day., cooldown_turns: 2}
  tour: {intent: wants a tour, goto: tour, return: resume}
  advice: {intent: wants advice, instruct: Advise them in one sentence.}
  human: {goto: handoff}
nodes:
  a:
    instruct: Help.
    tools: [t.find]
    next: [{intent: is done, name: bye, goto: b}]
  b: {end: true}
  tour: {say: This is the shop., end: true}
  handoff: {end: handed}
"""


def scripted(*turns):
    left = list(turns)
    return lambda _driver: left.pop(0) if left else ["Hm."]


def talk(drive, *turns):
    return drive(TALK, tools={"t.find": lambda _: {}}, model=scripted(["Hello."], *turns))


def test_a_model_is_offered_interrupts_after_its_tools_and_before_the_nodes_intents(drive):
    call = talk(drive)
    assert [offer.name for offer in call.offered] == ["t_find", "hours", "tour", "advice", "human", "bye"]


def test_a_model_that_calls_one_has_its_words_said_and_goes_on(drive):
    call = talk(drive, [("hours", {})], ["Anything else?"]).hear("when are you open")
    assert call.said == ["Hello.", "We are open all day.", "Anything else?"]
    assert call.of("intent.heard") == [{"intent": "hours", "by": "model", "score": 1.0}]


def test_a_place_that_is_come_back_to_has_its_task_and_functions_again(drive):
    call = talk(drive, [("tour", {})], ["Where were we?"]).hear("show me")
    assert call.said == ["Hello.", "This is the shop.", "Where were we?"]
    assert call.offered[-1].name == "bye"
    assert call.messages[-2] == {"role": "developer", "content": "Help."}
    assert call.node == "a"


def test_a_model_is_told_what_to_do_about_one(drive):
    call = talk(drive, [("advice", {})], ["Take the large one."]).hear("what would you do")
    assert {"role": "developer", "content": "Advise them in one sentence."} in call.messages
    assert call.said == ["Hello.", "Take the large one."]


def test_one_that_cools_down_is_refused_for_so_many_turns(drive):
    call = talk(drive, *[turn for _ in range(4) for turn in ([("hours", {})], ["Well."])])
    call.hear("one", "two", "three", "four")
    answers = [m["content"].get("code") for m in call.messages if m["role"] == "tool"]
    assert answers == [None, "not_available", "not_available", None]


def test_in_one_turn_an_interrupt_is_before_an_intent_and_an_intent_before_a_function(drive):
    assert talk(drive, [("bye", {}), ("human", {})]).hear("stop").ended == "handed"
    call = drive(
        "slots: {n: integer}\nnodes: {a: {instruct: Help., tools: [{name: t.find, next: [{outcome: done, goto: c}]}], "
        "next: [{intent: is done, name: bye, goto: b}]}, b: {end: b}, c: {end: c}}",
        tools={"t.find": lambda _: {}},
        model=scripted(["Hello."], [("t_find", {}), ("bye", {})]),
    )
    assert call.hear("stop").ended == "b"


def test_a_condition_of_a_route_is_before_a_function_and_stands_among_intents_where_it_is_written(drive):
    text = (
        "slots: {n: integer}\nnodes: {a: {instruct: Help., tools: [{name: t.find, save: {n: result.n}, next: [{goto: c}]}], "
        "next: [{intent: is first, name: first, goto: b}, {if: slots.n == 7, goto: d}, {intent: is last, name: last, goto: c}]}, "
        "b: {end: b}, c: {end: c}, d: {end: d}}"
    )
    for calls, end in (((("t_find"),), "d"), (("t_find", "first"), "b"), (("t_find", "last"), "d")):
        model = scripted(["Hello."], [(name, {}) for name in calls])
        call = drive(text, tools={"t.find": lambda _: {"n": 7}}, model=model).hear("go")
        assert (calls, call.ended) == (calls, end)


def test_where_no_model_converses_one_says_a_single_thing_and_the_question_comes_again(drive):
    call = drive(
        """
        slots: {n: {type: integer, prompt: How many?}}
        interrupts: {joke: {intent: wants a joke, examples: [tell me a joke], instruct: Tell a joke.}}
        nodes: {a: {collect: n, end: true}}
        """,
        model=scripted(["Knock knock."]),
    ).hear("tell me a joke")
    assert call.said == ["How many?", "Knock knock.", "How many?"]
    assert call.offered == ()
    assert call.messages[-3] == {"role": "developer", "content": "Tell a joke."}
    assert call.hear("3").ended == "done"


def test_who_speaks_over_such_an_aside_is_heard(drive):
    call = drive(
        """
        slots: {n: {type: integer, prompt: How many?}}
        interrupts: {joke: {intent: wants a joke, examples: [tell me a joke], instruct: Tell a joke.}}
        nodes: {a: {collect: n, end: true}}
        """,
        start=False,
    )
    call._runmodel = lambda effect: []
    assert call.start().hear("tell me a joke", "3").ended == "done"


# --- Of themselves ----------------------------------------------------------------


def test_an_event_breaks_in_where_its_data_fit(drive):
    call = drive(
        """
        events: {doctor.available: {doctor: person_name, minutes: integer}}
        slots: {n: {type: integer, prompt: How many?}}
        interrupts: {free: {event: doctor.available, where: event.minutes < 5, say: "{{ event.doctor }} is free."}}
        nodes: {a: {collect: n, end: true}}
        """
    )
    call.arrive("doctor.available", doctor="Ada", minutes=20)
    assert call.said == ["How many?"]
    call.arrive("doctor.available", doctor="Ada", minutes=2)
    assert call.said == ["How many?", "Ada is free.", "How many?"]


def test_an_event_is_an_interrupts_before_it_is_a_routes(drive):
    call = drive(
        """
        events: {ring: {}}
        interrupts: {stop: {event: ring, goto: c}}
        nodes: {a: {wait: for it, next: [{event: ring, goto: b}]}, b: {end: b}, c: {end: c}}
        """
    )
    assert call.arrive("ring").ended == "c"


def test_a_condition_counts_when_it_comes_to_hold_and_again_when_it_has_not_in_between(drive):
    call = drive(
        """
        slots: {n: integer, m: {type: integer, prompt: M?}}
        interrupts: {many: {if: slots.n > 3, say: That is a lot.}}
        nodes: {a: {collect: m, end: true}}
        """
    )
    for n in (1, 5, 6, 2, 7):
        call.order("set", slots={"n": n})
    assert call.said.count("That is a lot.") == 2


# --- Where they count ---------------------------------------------------------------


def test_nodes_and_a_nodes_own_list_say_where_one_counts(drive):
    text = """
    interrupts:
      x: {intent: x, examples: [x], end: x, nodes: [a]}
      y: {intent: y, examples: [y], end: y}
    nodes:
      a: {say: A, next: [{intent: go on, goto: b}]}
      b: {say: B, interrupts: [x], next: [{intent: go on, goto: c}]}
      c: {say: C, interrupts: false, next: [{intent: go on, goto: a}]}
    """
    assert drive(text).hear("x").ended == "x"
    call = drive(text).hear("go on", "x", "y", "go on", "x", "y")
    assert (call.node, call.ended) == ("c", None)
    assert call.hear("go on", "y").ended == "y"


def test_a_cool_one_counts_again_after_its_turns(drive):
    call = drive(
        "interrupts: {x: {intent: x, examples: [x], say: X., cooldown_turns: 2}}\n"
        "nodes: {a: {say: A, next: [{intent: go on, end: true}]}}"
    ).hear("x", "x", "x", "x")
    assert call.said.count("X.") == 2


CHILD = """
slots: {n: {type: integer, prompt: How many?}}
interrupts: {hours: {intent: asks for hours, examples: [when], say: The child's.}}
nodes: {a: {collect: n, end: counted}}
"""


def test_in_a_subflow_the_sessions_interrupts_count_and_its_own_come_first(drive):
    call = drive(
        """
        slots: {who: {type: text, default: Ada}}
        interrupts:
          hours: {intent: asks for hours, examples: [when], say: The parent's.}
          name: {intent: asks for the name, examples: [who], say: "It is {{ slots.who }}."}
          human: {goto: handoff}
        nodes: {a: {subflow: child, next: b}, b: {end: true}, handoff: {end: handed}}
        """,
        flows={"child": CHILD},
    )
    call.hear("when", "who")
    assert call.said[1::2] == ["The child's.", "It is Ada."]
    call.hear("agent")
    assert (call.ended, call.state["stack"]) == ("handed", [])


def test_one_of_the_session_breaks_into_a_subflow_and_comes_back_to_its_question(drive):
    call = drive(
        """
        slots: {who: {type: text, default: Ada}}
        interrupts: {tour: {intent: wants a tour, examples: [show me around], goto: tour, return: resume}}
        nodes:
          a: {subflow: child, next: b}
          b: {say: Done., end: true}
          tour: {say: "This way, {{ slots.who }}.", set: {who: Bob}, next: [{else: shop}]}
          shop: {say: "This is the shop, {{ slots.who }}.", end: true}
        """,
        flows={"child": CHILD},
    ).hear("show me around")
    assert call.said[-3:] == ["This way, Bob.", "This is the shop, Bob.", "How many?"]
    assert len(call.state["stack"]) == 1
    call.hear("3")
    assert (call.ended, call.slots["who"]) == ("done", "Bob")


def test_an_interrupt_may_run_a_flow_and_come_back(drive):
    call = drive(
        """
        slots: {m: {type: integer, prompt: M?}}
        interrupts: {count: {intent: counts, examples: [count], subflow: child}}
        nodes: {a: {collect: m, end: true}}
        """,
        flows={"child": CHILD},
    ).hear("count")
    assert call.said[-1] == "How many?"
    assert json.loads(json.dumps(call.state)) == call.state
    call.hear("3")
    assert call.said[-1] == "M?"
    assert call.hear("4").slots == {"m": 4}


# --- Built in ------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["could you repeat that, please?", "Pardon?", "Sorry, what did you say?"])
def test_the_question_is_repeated_on_demand(drive, words):
    call = drive(SHOP).hear(words)
    assert call.said == ["Welcome to us. May I have your name?"] * 2
    assert call.of("intent.heard") == [{"intent": "repeat", "by": "example", "score": 1.0}]


def test_words_of_a_subflow_that_are_used_in_turn_are_repeated_as_they_were_said(drive):
    flows = {
        "inner": """
    nodes:
      a: {say: [Tea or coffee?, Coffee or tea?], next: [{intent: likes tea, examples: [tea], end: true}]}
    """
    }
    call = drive("nodes: {a: {subflow: inner, next: b}, b: {subflow: inner, next: end}, end: {end: true}}", flows=flows)
    call.hear("tea")
    assert call.said == ["Tea or coffee?", "Coffee or tea?"]

    call.hear("Pardon?")

    assert call.said[2:] == ["Coffee or tea?"]


def test_who_asks_for_a_moment_gets_it(drive):
    call = drive(SHOP, channel="voice").hear("hold on a second")
    assert call.said[-1] == "Of course, take your time."
    call.wait(119)
    assert call.of("input.missing") == []
    assert len(call.wait(12).of("input.missing")) == 1


def test_after_the_moment_the_ladder_begins_at_its_foot_and_no_limit_has_come_nearer(drive):
    call = drive(SHOP.replace("a: {", "a: {no_input: [{after: 6s, say: Hello?}, {after: 8s, say: Anybody?}], "))
    call.hear("one moment").wait(127)
    assert call.said[-1] == "Hello?"
    assert call.wait(8.1).said[-1] == "Anybody?"
    assert call.wait(30).ended is None
    assert call.wait(30).ended == "limit"


def test_at_a_models_node_a_moment_is_given_too_and_the_model_answers(drive):
    call = talk(drive, ["Sure."]).hear("one moment please")
    assert call.said == ["Hello.", "Sure."]
    assert call.wait(100).of("input.missing") == []


def test_the_slot_set_last_is_corrected_from_anywhere(drive):
    text = (
        "slots: {size: {type: enum, values: [small, large], prompt: Which size?}}\n"
        "nodes:\n"
        "  a: {collect: size, next: b}\n"
        '  b: {say: "So {{ slots.size }}. Shall I go on?", next: [{intent: go on, end: true}]}\n'
    )
    call = drive(text).hear("small", "no, I meant large")
    assert call.slots == {"size": "large"}
    assert call.said[-2:] == ["Large, got it.", "Shall I go on?"]
    call = drive("interrupts: {correct: false}\n" + text).hear("small", "no, I meant large")
    assert call.slots == {"size": "small"}


@pytest.mark.parametrize(("words", "name"), [("pardon", "repeat"), ("hold on", "hold")])
def test_what_is_built_in_can_be_replaced_and_removed(drive, words, name):
    flow = "slots: {n: {type: integer, prompt: How many?}}\nnodes: {a: {collect: n, end: true}}\n"
    assert drive(flow).hear(words).of("intent.heard")[0]["intent"] == name
    assert drive(flow + f"interrupts: {{{name}: {{say: Mine.}}}}").hear(words).said[1] == "Mine."
    assert drive(flow + f"interrupts: {{{name}: false}}").hear(words).of("intent.heard") == []


def test_a_person_is_asked_for_in_vain_where_no_flow_says_who(drive):
    call = drive("slots: {n: {type: integer, prompt: How many?}}\nnodes: {a: {collect: n, end: true}}").hear("agent")
    assert call.of("intent.heard") == []


def test_a_yes_to_what_was_read_back_is_no_interrupt(drive):
    call = drive(
        """
        slots: {n: {type: integer, prompt: How many?, confirm: readback}}
        interrupts: {x: {intent: agrees, examples: ["yes"], goto: b}}
        nodes: {a: {collect: n, end: true}, b: {end: interrupted}}
        """
    )
    assert call.hear("3", "yes").ended == "done"


def test_a_flowconfig_has_none(drive):
    nodes = "nodes: {a: {task_messages: [{role: developer, content: Help.}], functions: []}}"
    call = drive(nodes, pipecat=True).hear("hold on").wait(100)
    assert call.of("intent.heard") == call.of("input.missing") == []


# --- The law of what comes first ----------------------------------------------------------

RANKED = """
events: {bell: {}}
slots: {n: integer}
limits: {turns: 1, goto: limited}
interrupts: {broken: {if: slots.n == 7, goto: interrupted}}
nodes:
  a:
    instruct: Help.
    functions: []
    next: [{intent: is unlikely, name: unlikely, goto: intended}, {if: slots.n > 5, goto: routed}]
  ordered: {end: order, entry: operator}
  limited: {end: limit}
  interrupted: {end: interrupt}
  routed: {end: route}
  intended: {end: function}
"""


@settings(max_examples=40, deadline=None)
@given(present=st.sets(st.sampled_from(["limit", "interrupt", "route"]), min_size=1))
def test_an_order_is_before_a_limit_a_limit_before_an_interrupt_and_an_interrupt_before_a_route(built, present):
    """Whatever is true at the moment of a person's turn: the first in the order of causes decides."""
    n = 7 if "interrupt" in present else 6 if "route" in present else 1
    turns = 1 if "limit" in present else 100
    call = built(RANKED.replace("turns: 1,", f"turns: {turns},"), model=lambda _: ["Hm."])
    call.hear("first") if "limit" in present else None
    call.state = {**call.state, "slots": {"n": n}}  # all becomes true at once
    call.hear("now")
    assert call.ended == next(cause for cause in ("limit", "interrupt", "route") if cause in present)
    assert len(call.of("node.left")) == 2


def test_effects_of_an_interrupt_are_spoken_before_what_follows(drive):
    call = drive(SHOP).hear("show me around")
    says = [e.text for _, wanted in call.record for e in wanted if isinstance(e, effects.Say)]
    assert says == ["Welcome to us. May I have your name?", "This is the shop.", "May I have your name?"]
