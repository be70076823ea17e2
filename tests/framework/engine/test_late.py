"""Words that were said before a question could be heard do not answer it."""

from framework.engine import inputs

FLOW = """
slots:
  name: {type: text, prompt: Who are you?, confirm: readback}
  size: {type: enum, values: [small, large]}
  day: {type: boolean, prompt: Shall it be today?}
nodes:
  a: {collect: [name, day], next: b}
  b: {end: three}
"""


class Line:
    """A call in which each thing that the bot says is heard, or is not."""

    def __init__(self, call):
        self.call = call
        self.call.channel = "voice"
        self.waiting = []
        call._say = self._say
        call.start()

    def _say(self, effect):
        self.call.said.append(effect.text)
        self.waiting.append(effect)
        return []

    def bot(self, *, heard):
        """What the bot was saying was heard, or cut off before a word of it was."""
        for say in self.waiting:
            self.call.happens(
                inputs.Spoken(
                    at=self.call.now,
                    say=say.say,
                    generated=say.text,
                    spoken=say.text if heard else "",
                    interrupted=not heard,
                )
            )
        self.waiting.clear()
        return self

    def person(self, text):
        self.call.hear(text)
        return self


def test_the_rest_of_an_answer_does_not_answer_the_next_question(drive):
    line = Line(drive(FLOW, start=False))
    line.bot(heard=True).person("Ada Byron")
    line.bot(heard=False).person("yes that is right")
    assert line.call.slots == {}
    assert line.call.said[-1] == line.call.said[-2]
    line.bot(heard=True).person("yes that is right")
    assert line.call.slots == {"name": "Ada Byron"}


def test_a_correction_in_the_rest_of_an_answer_counts(drive):
    line = Line(drive(FLOW, start=False))
    line.bot(heard=True).person("Ada Byron")
    line.bot(heard=False).person("no, Ada Lovelace")
    line.bot(heard=True).person("yes")
    assert line.call.slots == {"name": "Ada Lovelace"}


def test_a_value_that_the_rest_of_an_answer_names_counts(drive):
    line = Line(drive(FLOW, start=False))
    line.bot(heard=True).person("Ada Byron")
    line.bot(heard=True).person("yes")
    line.bot(heard=False).person("and a large one")
    assert line.call.slots == {"name": "Ada Byron", "size": "large"}
    assert line.call.said[-1] == "Shall it be today?"


def test_twice_in_a_row_it_is_taken_as_the_answer(drive):
    line = Line(drive(FLOW, start=False))
    line.bot(heard=True).person("Ada Byron")
    line.bot(heard=False).person("yes")
    line.bot(heard=False).person("yes")
    assert line.call.slots == {"name": "Ada Byron"}


def test_who_speaks_first_is_not_late(drive):
    line = Line(drive(FLOW, start=False))
    line.bot(heard=False).person("Ada Byron")
    line.bot(heard=True).person("yes")
    assert line.call.slots == {"name": "Ada Byron"}


def test_who_speaks_over_a_question_answers_it(drive):
    line = Line(drive(FLOW, start=False))
    line.bot(heard=True).person("Ada Byron")
    say = line.waiting.pop()
    cut = inputs.Spoken(at=0, say=say.say, generated=say.text, spoken=say.text.split()[0], interrupted=True)
    line.call.happens(cut)
    line.person("yes")
    assert line.call.slots == {"name": "Ada Byron"}


def test_in_a_chat_nothing_is_late(drive):
    call = drive(FLOW, start=False)
    line = Line(call)
    call.state["session"]["channel"] = "text"
    line.bot(heard=True).person("Ada Byron").person("yes")
    assert call.slots == {"name": "Ada Byron"}
