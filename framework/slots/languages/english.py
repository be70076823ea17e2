"""English."""
# ruff: noqa: PLR2004 - hours are what they are

from __future__ import annotations

from framework.slots.languages.base import (
    Clock,
    Coins,
    Dates,
    Figures,
    Language,
    Letters,
    Lists,
    Names,
    Numbers,
    Spans,
    numbered,
    phrases,
    table,
    vocabulary,
)
from framework.slots.tokens import Table

_SMALL = numbered(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
) | numbered("twenty thirty forty/fourty fifty sixty seventy eighty ninety", 20, 10)

NUMBERS = Numbers(
    small=_SMALL,
    hundred=frozenset({"hundred"}),
    scales={"thousand": 1000, "million": 10**6, "billion": 10**9},
    ands=frozenset({"and"}),
    spoken=(*_SMALL, "hundred", "thousand", "point", "half", "dozen"),
    articles=frozenset({"a", "an"}),
    counts={"dozen": 12, "dozens": 12, "couple": 2, "pair": 2},
    fractions={"half": 0.5, "halves": 0.5, "third": 1 / 3, "thirds": 1 / 3, "quarter": 0.25, "quarters": 0.25},
    points=frozenset({"point", "dot"}),
    minus=frozenset({"minus", "negative"}),
    oh=frozenset({"oh", "o", "nought"}),
    homophones={"for": 4, "fore": 4, "to": 2, "too": 2, "won": 1, "ate": 8, "tree": 3, "free": 3, "sicks": 6},
    none=vocabulary("none nothing nil nought"),
    one=frozenset({"one"}),
    before_one=vocabulary(
        """
        the that this no any some every another which each a an other good big small little new old large medium
        first second third last next right wrong same someone
        """
    ),
    just=frozenset({"only"}),
    after_one=vocabulary(
        """
        moment second sec minute of day thing should can could would question more time last
        """
    ),
)

DATES = Dates(
    months=numbered(
        "january/jan february/feb/febuary march/mar april/apr may june/jun july/jul august/aug "
        "september/sep/sept october/oct november/nov december/dec",
        1,
    ),
    weekdays=numbered(
        "monday/mon tuesday/tue/tues wednesday/wed/wednsday thursday/thu/thur/thurs friday/fri saturday/sat sunday/sun"
    ),
    ordinals=numbered(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth",
        1,
    )
    | {"thirtieth": 30},
    relative={
        "today": 0,
        "tonight": 0,
        "this morning": 0,
        "this afternoon": 0,
        "this evening": 0,
        "later today": 0,
        "tomorrow": 1,
        "yesterday": -1,
        "the day after tomorrow": 2,
        "day after tomorrow": 2,
        "the day before yesterday": -2,
        "day before yesterday": -2,
    },
    units={
        "day": "d",
        "days": "d",
        "week": "w",
        "weeks": "w",
        "fortnight": "f",
        "month": "m",
        "months": "m",
        "year": "y",
        "years": "y",
    },
    within=phrases("in"),
    hence=phrases("from now|from today|later|hence"),
    before=phrases(""),
    ago=phrases("ago|back|before today"),
    next=phrases("next|coming|this coming|the next|the coming|the following"),
    following=phrases("coming"),
    next_week=phrases("next week|of next week"),
    next_month=phrases("of next month|next month"),
    after_next=phrases("after next"),
    counted_from=phrases("from|after"),
    about=vocabulary("about around roughly approximately like maybe"),
    last=phrases("last|past|previous|this past"),
    bygone=phrases("last week|past"),
    this=phrases("this|on|for"),
    joins=vocabulary("of the in day"),
    leads=vocabulary("the on for by"),
    month_first=True,
    feasts=Table(
        {
            "new years day": "01-01",
            "new years": "01-01",
            "new year": "01-01",
            "valentines day": "02-14",
            "valentines": "02-14",
            "saint patricks day": "03-17",
            "good friday": "-2",
            "easter": "+0",
            "easter sunday": "+0",
            "easter monday": "+1",
            "independence day": "07-04",
            "halloween": "10-31",
            "veterans day": "11-11",
            "christmas eve": "12-24",
            "christmas": "12-25",
            "christmas day": "12-25",
            "boxing day": "12-26",
            "new years eve": "12-31",
            "thanksgiving": "11-4-3",
            "thanksgiving day": "11-4-3",
            "labor day": "09-1-0",
        }
    ),
    month_end=phrases(
        "the end of the month|end of the month|the last day of the month|the end of this month|month end"
    ),
    birth=phrases("born|date of birth|birthday|birth date|birthdate|d o b|dob"),
)

NAMES = Names(
    strong=phrases(
        """
        my name is|my names|my full name is|the name is|the names|name is|my first name is|call me|you can call me
        they call me|people call me|my last name is|my surname is|i am called|im called|i go by|put it under
        the name of|under the name|under the name of|my name would be|its under|name
        """
    ),
    weak=phrases(
        """
        under|i am|im|this is|its|it is|that is|thats|that would be|youre speaking with|youre speaking to
        you are speaking with
        it would be
        """
    ),
    tails=phrases(
        """
        is my last name|is my surname|is my first name|is my family name
        speaking|here|calling|is my name|is the name|is speaking|on the line|on the phone|is calling
        """
    ),
    titles=vocabulary("mr mrs ms miss mister dr doctor sir madam professor prof"),
    particles=vocabulary(
        """
        van von der den de del della di da la le du dos das el al bin ibn ten ter y st saint
        """
    ),
    spelled=phrases("as in|for|like|as"),
    given=phrases("first name is|first name|given name is|given name"),
    family=phrases("last name is|last name|surname is|surname|family name is|family name"),
    surnames=vocabulary("small best love good day little close long young hill"),
    stops=vocabulary(
        """
        a an the this that these those here there it its i im me my mine we us our you your yours he him his she her
        they them their who whom whose which what when where why how is am are was were be been being isnt arent
        wasnt do does did dont doesnt didnt done doing have has had havent hasnt ive youve weve having can could
        cannot cant couldnt would wouldnt id youd hed shed wed theyd ill youll shall should shouldnt might must may
        not no nor yes yeah yep nope ok okay sure please thanks thank sorry and or but if then than so because as at
        by for from in into of off on onto out over to too up down with without about after before again against all
        any anybody anyone anything both each either every everybody everyone everything few first last less little
        lot lots many maybe more most much neither never new next nobody none nothing now often old once one only
        other others own perhaps possible probably quite rather really right same second several some somebody
        someone something soon still such two three four five six seven eight nine ten eleven twelve twenty thirty
        forty fifty hundred thousand today tomorrow tonight yesterday very way well also always already almost
        another away back bad best better big call called calling came cancel change check close come coming days
        different doctor else end enough even ever example fact far feel find fine food forget free friend gave get
        gets getting give given go goes going gone good got great half hand hang happen happened happy hard hear
        heard hello hey hi help hold home hope hot hour hours house idea important interested just keep kind knew
        know known large late later leave left let lets like likes liked line listen listening live long look
        looking lost love made make makes making mean means meant meet mind minute moment money month months morning
        move name named names need needs needed nice night number numbers oh open opening order ordered ordering
        pardon part pay people person phone pick place play point problem put question questions quick read ready
        real reason remember repeat rest run said sales say saying says see seem send service set show small
        somewhere sort sound speak speaking spell spelled start started stay stop stuff sweet take taken taking talk
        tell thing things think thinking thought till time times tired told took town try trying turn understand
        until use used using wait waiting wake walk want wanted wants warm watch water weather week weeks went
        whatever while whole wish wonder wondering word words work working world wrong year years yet yourself
        appointment appointments booking book booked reservation reserve pizza pizzas hungry hurt hurts sick pain
        cold headache busy driving alone afraid glad confused asking aware unsure welcome available certain excited
        bored sad angry mad cat cats dog dogs car cars sun rain raining sunny blue red yellow black delivery address
        email medium extra cheese tomato music song news movie film football game bus train plane bring brought eat
        drink coffee tea sleep buy cost costs cheap expensive pretty ugly beautiful whatsoever um uh er erm hmm huh
        ah wow actually basically literally honestly clearly nicely kindly agent human operator manager
        representative goodbye bye refuse prefer skip pass secret private business worry course exactly correct
        incorrect true false
        """
    ),
    endings=("ing", "tion", "tions", "ness", "ment", "ments", "ful", "less", "ously", "ably", "ible", "able"),
)


def _english_time(hour: int, minute: int) -> str:
    if minute == 0 and hour in {0, 12}:
        return "noon" if hour else "midnight"
    figures = f"{hour % 12 or 12}:{minute:02}" if minute else f"{hour % 12 or 12}"
    return f"{figures} {'PM' if hour >= 12 else 'AM'}"


CLOCK = Clock(
    leads=phrases("at|by|around|about|at around|at about|for|from|say|after|before|until|till"),
    whole=phrases("oclock|o clock|hours|hundred hours"),
    half_past=phrases("half past|half after|half"),
    half_to=phrases(""),
    quarter=phrases("quarter|a quarter|one quarter"),
    three_quarters=phrases(""),
    minutes=vocabulary("minute minutes min"),
    past=phrases("past|after"),
    to=phrases("to|of|till|before|til|until"),
    plus=phrases(""),
    minus=phrases(""),
    half=frozenset(),
    fixed=Table({"noon": 720, "midday": 720, "midnight": 0, "noontime": 720, "lunchtime": 720, "lunch time": 720}),
    parts=table(
        am="am|a m|in the morning|this morning|tomorrow morning|morning|before noon|in the early morning",
        pm="pm|p m|in the afternoon|this afternoon|afternoon|in the evening|this evening|evening|tonight|"
        "tomorrow evening",
        night="at night|night",
        noon="noon|midday",
    ),
    now=phrases("now|right now|right away|straight away|immediately|this minute|as soon as possible|asap"),
    say=_english_time,
)

SPANS = Spans(
    units=table(
        s="second|seconds|sec|secs|s",
        i="minute|minutes|min|mins|m",
        h="hour|hours|hr|hrs|h",
        d="day|days|night|nights|d",
        w="week|weeks",
        f="fortnight|fortnights",
        m="month|months",
        y="year|years|yr|yrs",
    ),
    whole=Table({"all day": "P1D", "the whole day": "P1D", "overnight": "P1D", "the entire day": "P1D"}),
    of=vocabulary("of a an the"),
    ands=frozenset({"and"}),
)

LETTERS = Letters(
    names=table(
        a="ay|eh",
        b="bee|be",
        c="see|sea|cee",
        d="dee",
        e="ee",
        f="eff|ef",
        g="gee",
        h="aitch|haitch",
        j="jay",
        k="kay",
        l="el|ell",
        m="em",
        n="en",
        o="oh",
        p="pee|pea",
        q="cue|queue",
        r="are|ar",
        s="ess",
        t="tee|tea",
        u="you",
        v="vee",
        w="doubleu|double you|double u",
        x="ex",
        y="why|wye",
        z="zee|zed",
    ),
    code=table(
        a="alpha|alfa",
        b="bravo",
        c="charlie",
        d="delta",
        e="echo",
        f="foxtrot",
        g="golf",
        h="hotel",
        i="india",
        j="juliet|juliett",
        k="kilo",
        l="lima",
        m="mike",
        n="november",
        o="oscar",
        p="papa",
        q="quebec",
        r="romeo",
        s="sierra",
        t="tango",
        u="uniform",
        v="victor",
        w="whiskey|whisky",
        x="xray|x ray",
        y="yankee",
        z="zulu",
    ),
    as_in=phrases("as in|for|like|as"),
    spelled=phrases(
        """
        spelled|spelt|it is spelled|it spelled|thats spelled|its spelled|spelling is|spelling|its spelt
        that is spelled|i spell it
        """
    ),
    at=phrases("at|at sign"),
    dot=phrases("dot|point|period|full stop"),
    symbols=table(
        **{"_": "underscore|under score", "-": "dash|hyphen|minus", "+": "plus|plus sign", "'": "apostrophe"}
    ),
    joined=phrases(
        """
        all one word|one word|all lowercase|all lower case|lowercase|lower case|all small letters|no spaces|all together
        """
    ),
    mail=phrases(
        """
        my email is|my email address is|my e mail is|my e mail address is|email is|email|e mail|the email is
        the address is|my address is|you can send it to|send it to|you can reach me at|reach me at|its|it is|thats
        that is
        thatd be|i am at
        you can email me at|email me at|the email address is|use
        """
    ),
    signs={"@": "at", ".": "dot", "_": "underscore", "-": "dash", "+": "plus", "'": "apostrophe"},
)

COINS = Coins(
    major=table(
        USD="us dollar|us dollars|american dollars",
        GBP="pound|pounds|pounds sterling|quid|sterling",
        EUR="euro|euros",
        JPY="yen",
        CHF="swiss franc|swiss francs|francs|franc",
        CAD="canadian dollars",
        AUD="australian dollars",
        MXN="pesos|peso",
        INR="rupee|rupees",
    )
    | {"dollar": "USD", "dollars": "USD", "bucks": "", "buck": ""},
    minor=table(GBP="pence|penny|p") | {"cent": "", "cents": ""},
    points=frozenset(),
    grand=Table({"grand": 1000, "k": 1000, "m": 10**6}),
    default="USD",
    said={
        "USD": ("dollar", "dollars", "cents"),
        "EUR": ("euro", "euros", "cents"),
        "GBP": ("pound", "pounds", "pence"),
    },
)

FIGURES = Figures(
    times=Table({"double": 2, "triple": 3, "treble": 3, "quadruple": 4}),
    plus=frozenset({"plus"}),
    between=phrases("and then|then|dash|hyphen|space|um|uh|er|and|pause|area code|slash|minus"),
)

LISTS = Lists(
    ands=phrases("and|and also|plus|and then|as well as|with|also|then|and a|and an"),
    also=vocabulary("another"),
)


ENGLISH = Language(
    tag="en",
    numbers=NUMBERS,
    dates=DATES,
    names=NAMES,
    clock=CLOCK,
    spans=SPANS,
    letters=LETTERS,
    coins=COINS,
    figures=FIGURES,
    lists=LISTS,
    yes=vocabulary("yes yeah yep yup yah yea aye yess"),
    no=vocabulary("no nope nah nay naw"),
    yes_phrases=phrases(
        """
        thatd be great|thatd be nice|thatd be good|thatd be lovely|that would be great|that would be nice
        that would be good|that would be lovely|youre right|you are right|its correct|its right|its fine|its true
        its ok|its okay|its perfect|its good|do it|lets do it|looks right|i confirm|thats what i said
        thats what i want|yes|yeah|yep|yup|sure|sure thing|sure is|ok|okay|k|correct|right|exactly|absolutely
        definitely|certainly|indeed|affirmative|of course|thats right|that is right|thats correct|that is correct
        you bet|you got it|youve got it|i do|i am|i have|i would|i will|i did|i can|it is|it was|it does|they are
        we do|we are|we would|please do|please|yes please|go ahead|sounds good|sounds great|sounds right|sounds fine
        why not|uh huh|mm hmm|mhm|uhhuh|fine|thats fine|that is fine|that works|that works for me|works for me
        perfect|great|good|very good|all right|alright|i think so|i guess so|i guess|i suppose so|i believe so|true
        thats true|that is true|very much|by all means|i agree|agreed|confirmed|confirm|yes i do|yes it is
        yes that is|id like that|i would like that|id love to|i would love to|id love that|gladly|happy to
        id be happy to|yes of course|totally|for sure|no problem|thats it|that is it|thats me|that is me|it sure is
        you betcha|thats a yes|sounds good to me|okay then|ok then
        looks good|thats good|that is good|precisely|thats perfect|thats great|quite right|most certainly
        right you are|spot on|ten four|roger|without a doubt|obviously|naturally
        """
    ),
    no_phrases=phrases(
        """
        nothing like that|id prefer not to|i would prefer not to|no|nope|nah|not really|not at all|no thanks
        no thank you|no way|never|negative|wrong|incorrect|thats wrong
        that is wrong|thats not right|that is not right|thats not correct|that is not correct|thats incorrect
        that is incorrect|thats not it|that isnt right|that isnt correct|i dont|i do not|im not|i am not|i havent
        i have not|i wouldnt|i would not|i wont|i will not|i cant|i cannot|i didnt|i did not|it isnt|it is not
        its not|it doesnt|it wasnt|we dont|we are not|they arent|they are not|dont|do not|please dont
        i dont think so|i dont believe so|absolutely not|of course not|certainly not|definitely not|not exactly
        not quite|not yet|not now|not today|not right now|not this time|not that i know|not that i know of
        rather not|id rather not|i would rather not|false|thats false|not true|thats not true|that is not true
        not correct|not right|nothing|none|by no means|not in the least|under no circumstances|no sir|no maam
        no siree|i think not|i guess not|i suppose not|not me|not a chance|hell no|i disagree|unfortunately not
        im afraid not|i dont want to|i do not want to|i dont want that|i dont need that|no need|thats not me
        that is not me|probably not|sure not
        """
    ),
    polite=phrases("please|ok|okay|right|great|good|very good|fine|perfect|all right|alright|k|true"),
    unsure=phrases(
        """
        no idea|no one|no clue|no matter|no wonder|no more|no longer|no comment|no doubt|yes or no|yes and no
        no or yes|i dont know|not sure|im not sure|i am not sure|maybe|perhaps|yeah right|no entiendo
        """
    ),
    fillers=phrases(
        """
        anyway|hum|um|uh|er|erm|hmm|hm|mm|ah|oh|well|so|please|thanks|thank you|ok|okay|hi|hello|hey|good morning
        good afternoon|good evening|right|you know|like|i mean|sure|sir|madam|maam|just|then|now|very much|yes|yeah
        yep|i think|i guess|i suppose|lets see|let me see|let me think|id say|i would say|kindly|alright|all right
        actually|of course|certainly
        """
    ),
    asking=phrases(
        """
        what|whats|why|where|wheres|who|whos|when|whens|how|hows|which one|do you|does|did you|are you|are there
        is there|is it|is that|is the|will you|whose|have you|do i|am i|can you tell|could you tell|can you explain
        could you explain|tell me
        """
    ),
    proposing=phrases("what about|how about|why not|what if we say|shall we say"),
    declines=phrases(
        """
        rather not|prefer not|i wont say|i wont tell|i will not say|i will not tell|dont want to say
        dont want to tell|do not want to say|do not want to tell|dont want to give|do not want to give
        dont want to answer|do not want to answer|dont want to share|do not want to share|dont wish to
        do not wish to|not going to tell|not going to say|not going to give|none of your business|no comment
        i refuse|refuse to|rather keep that|thats private|that is private|thats personal|not telling you
        wont give you|not comfortable|cant tell you|cannot tell you|cant give you that|skip this|skip that|skip it
        skip the question|skip this question|lets skip|id like to skip|not your business|not your concern
        """
    ),
    corrections=phrases(
        """
        i meant to say|i meant|i mean|i actually meant|actually|correction|scratch that|make that|make it
        change that to|change it to|change to|i said|it should be|it should say|should be|lets make that
        lets make it|i would rather have|id rather have|its actually|rather|instead|let me correct that
        let me rephrase|my mistake|sorry i meant|sorry i mean|that should be|i wanted to say
        """
    ),
    repairs=phrases(
        """
        no|no wait|wait|wait no|sorry|sorry no|no sorry|i mean|i meant|or rather|rather|actually|no actually
        scratch that|make that|no make that|correction|oops|no i mean|no i meant|excuse me|pardon
        """
    ),
    negations=phrases(
        """
        not|not a|not an|not the|without|without a|without the|no|never|isnt|isnt a|dont want|dont want a
        dont want the|do not want|do not want a|do not want the|dont like|instead of|instead of a|instead of the
        rather than|anything but|wasnt|except|hate|other than|not in
        """
    ),
    alternatives=frozenset({"or"}),
    links=vocabulary(
        """
        is be should would will shall was are to for the as of on equals its it a an at must set make my number size
        """
    ),
    nouns=vocabulary("one option choice number answer"),
    final=vocabulary("last latter"),
    middle=phrases("middle|middle one|in the middle|one in the middle"),
    hesitations=phrases("hum|um|uh|er|erm|hmm|hm|mm|uhm|umm|ah"),
    suffixes=("est", "es", "s"),
    sentences={
        "readback": "I have {value}. Is that right?",
        "implicit": "{value}, got it.",
        "apology": "I'm sorry, something went wrong on my side.",
        "not_understood": "Sorry, I didn't get that.",
        "closing": "Thank you, goodbye.",
        "ask_again": "Could you say that again, please?",
        "still_there": "Are you still there?",
        "take_your_time": "Of course, take your time.",
        "limit": "I'm sorry, we have run out of time. Goodbye.",
        "ask_text": "What is the {name}?",
        "ask_number": "What is the {name}?",
        "ask_boolean": "{name}: yes or no?",
        "ask_enum": "Which {name} would you like?",
        "ask_date": "What is the date for {name}?",
        "ask_your_name": "May I have your name?",
        "ask_name": "What is the name of the {name}?",
        "too_small": "It has to be at least {limit}.",
        "too_large": "It can be at most {limit}.",
        "not_whole": "It has to be a whole number.",
        "too_short": "That is too short.",
        "too_long": "That is too long.",
        "wrong_form": "That doesn't have the right form.",
        "no_such_day": "There is no such day.",
        "too_early": "It can't be before {limit}.",
        "too_late": "It can't be after {limit}.",
        "which_day": "I need the day, the month and the year.",
        "ask_time": "At what time: {name}?",
        "ask_datetime": "On which day and at what time: {name}?",
        "ask_duration": "How long: {name}?",
        "ask_money": "What is the amount for {name}?",
        "ask_phone": "What is the phone number?",
        "ask_postal_code": "What is the postal code?",
        "ask_email": "What is the email address?",
        "ask_digits": "What are the digits of the {name}?",
        "ask_list": "Which {name} would you like?",
        "too_soon": "It can't be before {limit}.",
        "too_far": "It can't be after {limit}.",
        "which_time": "I need the time as well.",
        "which_date": "I need the day as well.",
        "at": "{day} at {time}",
        "no_phone": "That doesn't look like a whole phone number.",
        "no_code": "That doesn't look like a whole postal code.",
        "no_email": "That doesn't look like a whole email address.",
        "count_digits": "It has to be {count} digits.",
        "wrong_digits": "That number can't be right.",
        "other_currency": "Please tell me in {currency}.",
        "too_many": "It can be at most {limit}.",
        "masked_end": "the one ending in {end}",
        "masked_email": "an address at {domain}",
        "masked": "what you told me",
        "masked_date": "a day in {year}",
        "or": "or",
        "to": "to",
        "yes": "yes",
        "no": "no",
    },
)
