"""German."""
# ruff: noqa: PLR2004 - numbers are what this module is about

from __future__ import annotations

from functools import lru_cache

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

_UNITS = numbered(
    "null ein/eins zwei/zwo drei vier fünf/fuenf sechs sieben acht neun zehn elf zwölf/zwoelf dreizehn vierzehn "
    "fünfzehn/fuenfzehn sechzehn siebzehn achtzehn neunzehn"
)
_TENS = numbered("zwanzig dreißig vierzig fünfzig/fuenfzig sechzig siebzig achtzig neunzig", 20, 10)
_SMALL = _UNITS | _TENS | numbered("eine/einen/einem/einer/eines", 1)
_SCALES = (("tausend", 1000), ("hundert", 100))
_PLAIN: dict[str, float] = {**_UNITS, **_TENS, "anderthalb": 1.5}
_HALVES = {"einhalb": 0.5, "einviertel": 0.25}


@lru_cache(maxsize=4096)
def compound(word: str) -> float | None:
    """A number written as one word.

    >>> compound("neunzehnhundertfunfundachtzig"), compound("dreieinhalb"), compound("hund")
    (1985, 3.5, None)
    """
    if word in _PLAIN:
        return _PLAIN[word]
    for ending, more in _HALVES.items():
        if word.endswith(ending) and (whole := compound(word.removesuffix(ending))) is not None:
            return whole + more
    for name, scale in _SCALES:
        if name in word:
            return _scaled(word, name, scale)
    unit, _, ten = word.partition("und")
    if 0 < _UNITS.get(unit, 0) < 10 and ten in _TENS:
        return _TENS[ten] + _UNITS[unit]
    return None


def _scaled(word: str, name: str, scale: int) -> float | None:
    head, _, tail = word.partition(name)
    times = compound(head) if head else 1
    tail = tail.removeprefix("und") if compound(tail) is None else tail
    rest = compound(tail) if tail else 0
    if times is None or rest is None or rest >= scale:
        return None
    return times * scale + rest


_ORDINALS = numbered("erste zweite dritte vierte fünfte sechste siebte achte neunte zehnte elfte zwölfte", 1)
_IRREGULAR = {"siebent": 7} | {word[:-1]: value for word, value in _ORDINALS.items()}


@lru_cache(maxsize=4096)
def ordinal(word: str) -> int | None:
    """An ordinal up to the thirty-first, in any case.

    >>> ordinal("dritten"), ordinal("einundzwanzigster"), ordinal("besten")
    (3, 21, None)
    """
    for ending in ("en", "er", "es", "em", "e"):
        stem = word.removesuffix(ending)
        if stem == word:
            continue
        if stem in _IRREGULAR:
            return _IRREGULAR[stem]
        for mark in ("st", "t"):
            value = compound(stem.removesuffix(mark)) if stem.endswith(mark) else None
            if value is not None and 1 <= value <= 31:
                return int(value)
    return None


NUMBERS = Numbers(
    small=_SMALL,
    hundred=frozenset({"hundert"}),
    scales={"tausend": 1000, "million": 10**6, "millionen": 10**6},
    ands=frozenset({"und"}),
    spoken=(*_SMALL, "hundert", "tausend", "komma", "halb"),
    articles=vocabulary("ein eine einen einem einer eines"),
    counts={"dutzend": 12},
    fractions={
        "halb": 0.5,
        "halbe": 0.5,
        "halben": 0.5,
        "halbes": 0.5,
        "viertel": 0.25,
        "drittel": 1 / 3,
        "dreiviertel": 0.75,
        "halfte": 0.5,
    },
    points=frozenset({"komma", "punkt"}),
    minus=frozenset({"minus"}),
    none=vocabulary("keine keins keiner keinen nichts gar"),
    one=vocabulary("ein eine einen einem einer eines"),
    before_one=vocabulary("noch so was wie irgend ist habe das hier"),
    after_one=vocabulary("moment sekunde minute frage mal bisschen paar termin problem stunde"),
    glued=True,
    comma=True,
    compound=compound,
)

_DAYS = numbered("montag dienstag mittwoch donnerstag freitag samstag/sonnabend sonntag")
_DAY_PARTS = {
    "morgen": "am",
    "vormittag": "am",
    "mittag": "noon",
    "nachmittag": "pm",
    "abend": "pm",
    "nacht": "night",
}

DATES = Dates(
    months=numbered(
        "januar/jänner/jan februar/feber/feb märz/maerz/mär april/apr mai juni/juno/jun juli/julei/jul august/aug "
        "september/sep/sept oktober/okt november/nov dezember/dez",
        1,
    ),
    weekdays=numbered(
        "montag/montags dienstag/dienstags mittwoch/mittwochs donnerstag/donnerstags freitag/freitags "
        "samstag/sonnabend/samstags sonntag/sonntags"
    )
    | {f"{day}{part}": place for day, place in _DAYS.items() for part in _DAY_PARTS},
    ordinals={},
    ordinal=ordinal,
    relative={
        "heute": 0,
        "heute abend": 0,
        "heute nachmittag": 0,
        "heute mittag": 0,
        "heute morgen": 0,
        "heute früh": 0,
        "heute vormittag": 0,
        "morgen": 1,
        "gestern": -1,
        "übermorgen": 2,
        "uebermorgen": 2,
        "vorgestern": -2,
        "morgen früh": 1,
    },
    units={
        "tag": "d",
        "tage": "d",
        "tagen": "d",
        "woche": "w",
        "wochen": "w",
        "monat": "m",
        "monate": "m",
        "monaten": "m",
        "jahr": "y",
        "jahre": "y",
        "jahren": "y",
    },
    within=phrases("in"),
    hence=phrases("ab heute|später|von heute an"),
    before=phrases("vor"),
    ago=phrases("her"),
    next=phrases(
        """
        nächsten|nächster|nächste|nächstem|kommenden|kommender|kommende|am nächsten|am kommenden
        """
    ),
    following=phrases("darauf"),
    next_week=phrases(
        """
        nächste woche|nächster woche|kommende woche|kommender woche|in der nächsten woche|der nächsten woche
        """
    ),
    next_month=phrases("nächsten monats|des nächsten monats|kommenden monats|im nächsten monat"),
    after_next=phrases("übernächsten|übernächster|übernächste"),
    counted_from=phrases("ab|nach"),
    about=vocabulary("etwa ungefähr circa rund zirka"),
    last=phrases("letzten|letzter|letzte|vergangenen|vorigen|am letzten|am vergangenen"),
    bygone=phrases("letzte woche|letzter woche|vergangene woche"),
    this=phrases("diesen|dieser|am|für|an diesem|den"),
    dotted=True,
    joins=vocabulary("des der den im am vom monats jahr jahres"),
    leads=vocabulary("am der den dem vom zum für"),
    feasts=Table(
        {
            "neujahr": "01-01",
            "neujahrstag": "01-01",
            "heilige drei könige": "01-06",
            "valentinstag": "02-14",
            "karfreitag": "-2",
            "ostern": "+0",
            "ostersonntag": "+0",
            "ostermontag": "+1",
            "himmelfahrt": "+39",
            "christi himmelfahrt": "+39",
            "pfingsten": "+49",
            "pfingstmontag": "+50",
            "tag der arbeit": "05-01",
            "tag der deutschen einheit": "10-03",
            "halloween": "10-31",
            "allerheiligen": "11-01",
            "nikolaus": "12-06",
            "heiligabend": "12-24",
            "weihnachten": "12-25",
            "erster weihnachtstag": "12-25",
            "zweiter weihnachtstag": "12-26",
            "silvester": "12-31",
        }
    ),
    month_end=phrases("ende des monats|am ende des monats|monatsende|am monatsende|zum monatsende|letzter des monats"),
    birth=phrases("geboren|geburtsdatum|geburtstag|born|birthday|date of birth|dob"),
)

NAMES = Names(
    strong=phrases(
        """
        ich heiße|ich heisse|mein name ist|mein name lautet|mein vollständiger name ist|der name ist|name ist
        hier spricht|es spricht|nennen sie mich|nenn mich|mein nachname ist|mein vorname ist|auf den namen
        unter dem namen|name
        """
    ),
    weak=phrases("ich bin|ich bins|hier ist|das ist|es ist|bin|sie sprechen mit"),
    tails=phrases(
        """
        ist mein nachname|ist mein vorname|ist mein familienname|am apparat|ist mein name|mein name|spricht|hier
        am telefon
        """
    ),
    titles=vocabulary("herr frau herrn fräulein dr doktor prof professor"),
    particles=vocabulary("von van der den de zu zum zur vom la di und"),
    spelled=phrases("wie in|wie|für|von"),
    given=phrases("vorname ist|vorname"),
    family=phrases("nachname ist|nachname|familienname ist|familienname"),
    surnames=vocabulary("klein groß weiß lang kurz jung alt neu schön gut kalt warm"),
    stops=vocabulary(
        """
        der die das den dem des ein eine einen einem einer eines kein keine keinen ich du er sie es wir ihr ihnen
        uns euch mich dich sich mir dir ihm mein meine meinen meinem meiner dein deine sein seine unser unsere euer
        ihre ihren dieser diese dieses diesen jener jede jeder jedes alle alles was wer wen wem wie wo wann warum
        wieso weshalb welche welcher welches und oder aber denn weil dass ob wenn als also doch nur noch schon sehr
        auch nicht nichts nie niemals immer oft manchmal vielleicht wahrscheinlich natürlich sicher klar genau
        richtig falsch ja nein nee ok okay bitte danke tut leid entschuldigung hallo guten tag morgen abend heute
        gestern jetzt gleich später dann da dort hier hin her in im an am auf aus bei mit nach von vom vor zu zum
        zur über unter zwischen durch für gegen ohne um bis seit ist bin bist sind seid war waren wäre wird werden
        wurde worden habe hast hat haben hatte hätte hätten kann kannst können könnte könnten muss müssen möchte
        möchten mag mögen will wollen wollte soll sollen sollte darf dürfen mache macht machen gemacht gehe geht
        gehen gegangen komme kommt kommen sage sagt sagen gesagt weiß wissen meint meinte gemeint brauche braucht
        brauchen nehme nehmen gib geben gibt sehen sehe hören höre verstehe verstehen verstanden sprechen reden
        fragen frage antwort wetter schön schlecht gut besser groß klein viel wenig mehr weniger alt neu kalt warm
        müde krank hunger durst schmerzen termin termine absagen verschieben buchen bestellen bestellung pizza zeit
        uhr stunde minute sekunde moment augenblick woche monat jahr tage name namen nummer zahl adresse straße haus
        auto hund katze geld preis kostet kosten teuer billig essen trinken wasser kaffee problem hilfe helfen
        wichtig egal fertig bereit beschäftigt interessiert zwei drei vier fünf sechs sieben acht neun zehn zwanzig
        hundert tausend mensch person berater mitarbeiter arzt ärztin doktor warten warte lassen lass heißt heißen
        bedeutet wirklich ganz so etwas jemand niemand irgendwas wieder weg los weiter zurück spät früh bald
        """
    ),
    endings=("ung", "ungen", "heit", "keit", "lich", "liche", "lichen", "isch", "ische"),
)


def _german_time(hour: int, minute: int) -> str:
    if minute == 0 and hour in {0, 12}:
        return "12 Uhr mittags" if hour else "Mitternacht"
    part = "" if not 0 < hour < 7 else " nachts" if hour < 5 else " morgens"
    return f"{hour} Uhr{f' {minute}' if minute else ''}{part}"


@lru_cache(maxsize=256)
def _times(word: str) -> int | None:
    value = compound(word.removesuffix("mal")) if word.endswith("mal") and word != "mal" else None
    return None if value is None else int(value)


CLOCK = Clock(
    leads=phrases("um|gegen|so gegen|so um|ab|bis|etwa um|ungefähr um|kurz nach|kurz vor|für"),
    whole=phrases("uhr|h"),
    half_past=phrases(""),
    half_to=phrases("halb"),
    quarter=phrases("viertel|ein viertel"),
    three_quarters=phrases("dreiviertel|drei viertel"),
    minutes=vocabulary("minute minuten"),
    past=phrases("nach"),
    to=phrases("vor"),
    plus=phrases(""),
    minus=phrases(""),
    half=frozenset(),
    fixed=Table({"mittag": 720, "mittags": 720, "mitternacht": 0, "am mittag": 720}),
    parts=table(
        am="morgens|vormittags|früh|am vormittag|am morgen|in der früh|vormittag|heute morgen|heute früh|morgen früh",
        pm="nachmittags|abends|am nachmittag|am abend|nachmittag|abend|heute abend|heute nachmittag",
        night="nachts|in der nacht|nacht|heute nacht",
        noon="mittags|mittag",
    )
    | {f"{day}{part}": half for day in _DAYS for part, half in _DAY_PARTS.items()},
    now=phrases("jetzt|jetzt gleich|sofort|gleich|jetzt sofort|so schnell wie möglich"),
    say=_german_time,
)

SPANS = Spans(
    units=table(
        s="sekunde|sekunden|sek|s",
        i="minute|minuten|min|m",
        h="stunde|stunden|std|h",
        d="tag|tage|tagen|nacht|nächte|nächten|d",
        w="woche|wochen",
        m="monat|monate|monaten",
        y="jahr|jahre|jahren",
    ),
    whole=Table(
        {"den ganzen tag": "P1D", "ein ganzer tag": "P1D", "einen ganzen tag": "P1D", "über nacht": "P1D"}
        | {"viertelstunde": "PT15M", "dreiviertelstunde": "PT45M", "halbstunde": "PT30M", "dreiviertel stunde": "PT45M"}
    ),
    of=frozenset(),
    ands=frozenset({"und"}),
)

LETTERS = Letters(
    names=table(
        b="be",
        c="ce|ze",
        d="de",
        f="ef",
        g="ge",
        h="ha",
        j="jot",
        k="ka",
        l="el",
        m="em",
        n="en",
        p="pe",
        q="ku",
        r="er",
        s="es",
        t="te",
        v="vau",
        w="we",
        x="ix",
        y="ypsilon",
        z="zett|zet",
    ),
    code=table(
        a="anton|aachen|alfa",
        b="berta|berlin|bravo",
        c="cäsar|cottbus|chemnitz",
        d="dora|düsseldorf|delta",
        e="emil|essen",
        f="friedrich|frankfurt",
        g="gustav|goslar",
        h="heinrich|hamburg",
        i="ida|ingelheim",
        j="julius|jena",
        k="kaufmann|köln|konrad",
        l="ludwig|leipzig",
        m="martha|münchen",
        n="nordpol|nürnberg",
        o="otto|offenbach",
        p="paula|potsdam",
        q="quelle|quickborn",
        r="richard|rostock",
        s="samuel|siegfried|salzwedel",
        t="theodor|tübingen",
        u="ulrich|unna",
        v="viktor|völklingen",
        w="wilhelm|wuppertal",
        x="xanthippe|xanten",
        z="zacharias|zeppelin|zwickau",
    ),
    as_in=phrases("wie in|wie|für|von"),
    spelled=phrases("das schreibt man|schreibt man|geschrieben|das schreibt sich|buchstabiert|ich buchstabiere"),
    at=phrases("at|ät|klammeraffe|affenschwanz|et"),
    dot=phrases("punkt"),
    symbols=table(**{"_": "unterstrich", "-": "minus|bindestrich|strich", "+": "plus"}),
    joined=phrases("zusammengeschrieben|alles klein|alles kleingeschrieben|kleingeschrieben|zusammen|ein wort"),
    mail=phrases(
        """
        meine e mail ist|meine email ist|meine mail ist|meine e mail adresse ist|meine e mail adresse lautet
        meine mailadresse ist|die adresse ist|die adresse lautet|die e mail ist|schreiben sie mir an|schicken sie es an
        das ist|es ist|das wäre|e mail|email|meine adresse ist|meine email adresse ist|meine emailadresse ist
        """
    ),
    signs={"@": "at", ".": "punkt", "_": "unterstrich", "-": "minus", "+": "plus", "'": "apostroph"},
    fold={"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"},
)

COINS = Coins(
    major=table(
        EUR="euro|euros",
        USD="dollar|us dollar",
        GBP="pfund|britische pfund",
        JPY="yen",
        CHF="schweizer franken|franken|fränkli",
    ),
    minor=table(CHF="rappen", GBP="pence") | {"cent": "", "cents": ""},
    points=frozenset(),
    grand=Table({"k": 1000}),
    default="EUR",
    said={
        "EUR": ("Euro", "Euro", "Cent"),
        "USD": ("Dollar", "Dollar", "Cent"),
        "CHF": ("Franken", "Franken", "Rappen"),
    },
)

FIGURES = Figures(
    times=Table(
        {"doppel": 2, "zweimal die": 2, "zweimal": 2, "zwei mal die": 2}
        | {"dreimal die": 3, "dreimal": 3, "drei mal die": 3, "drei mal": 3, "viermal die": 4}
    ),
    plus=frozenset({"plus"}),
    between=phrases("und dann|dann|strich|bindestrich|äh|ähm|und|die|schrägstrich|vorwahl"),
)

LISTS = Lists(
    ands=phrases("und|und auch|plus|und dann|sowie|mit|auch|dazu|und noch"),
    also=vocabulary("noch"),
    times=_times,
)


GERMAN = Language(
    tag="de",
    numbers=NUMBERS,
    dates=DATES,
    names=NAMES,
    clock=CLOCK,
    spans=SPANS,
    letters=LETTERS,
    coins=COINS,
    figures=FIGURES,
    lists=LISTS,
    yes=vocabulary("ja jawohl jep jo jup yes jap jaja"),
    no=vocabulary("nein nee nö ne nope neinein"),
    yes_phrases=phrases(
        """
        ja|klar|na klar|aber klar|genau|ganz genau|richtig|stimmt|das stimmt|korrekt|sicher|sicherlich|natürlich
        auf jeden fall|auf alle fälle|gern|gerne|sehr gern|sehr gerne|in ordnung|okay|ok|passt|das passt
        selbstverständlich|einverstanden|doch|das ist richtig|das ist korrekt|freilich|absolut|aber ja|gut|sehr gut
        perfekt|bestimmt|eben|exakt|so ist es|das ist so|alles klar|geht klar|wunderbar|super|prima|meinetwegen
        von mir aus|ich denke schon|ich glaube schon|ich glaube ja|ja bitte|bitte|ja gerne|ja genau|mach ich
        aber sicher doch|jawoll|mhm|das wäre super|warum nicht|klingt gut
        das bin ich|bin ich|wahr|das ist wahr|jederzeit|unbedingt|definitiv|gewiss|würde ich gern|würde ich gerne
        das wäre schön|das wäre toll|machen sie das|bestätigt
        """
    ),
    no_phrases=phrases(
        """
        nein|nein danke|auf keinen fall|keinesfalls|falsch|stimmt nicht|das stimmt nicht|nicht wirklich|eher nicht
        lieber nicht|niemals|nie|keineswegs|das ist falsch|das ist nicht richtig|natürlich nicht|sicher nicht
        gar nicht|überhaupt nicht|leider nicht|leider nein|das ist nicht korrekt|nicht richtig|nicht ganz|noch nicht
        jetzt nicht|heute nicht|ich glaube nicht|ich denke nicht|unwahr|nicht wahr|auf gar keinen fall|bloß nicht
        bestimmt nicht|passt nicht|das passt nicht|nicht nötig|danke nein|will ich nicht|möchte ich nicht
        nichts dergleichen|eigentlich nicht|kein bedarf|das bin ich nicht|bin ich nicht|keine|keins|ich nicht
        auch nicht|nichts
        """
    ),
    polite=phrases("bitte|gut|sehr gut|ok|okay|super|prima|eben|wunderbar|perfekt|alles klar"),
    unsure=phrases(
        """
        keine ahnung|ich weiß nicht|weiß nicht|weiss nicht|ich weiss nicht|ja oder nein|ja und nein|nein oder ja
        vielleicht|jein|bin nicht sicher|ich bin nicht sicher|ich bin mir nicht sicher
        """
    ),
    fillers=phrases(
        """
        äh|ähm|hm|hmm|also|na|naja|nun|tja|ach|oh|bitte|danke|vielen dank|danke schön|hallo|guten tag|guten morgen
        guten abend|ja|okay|ok|mal|eben|gern|gerne|ich glaube|ich denke|ich meine|so|dann|jetzt|grüß gott|servus
        moin|klar|genau|sagen wir|herr|frau|mm|um
        """
    ),
    asking=phrases(
        """
        was|warum|wieso|weshalb|wo|wer|wen|wem|wann|wie|wieviel|welche|welcher|welches|welchen|gibt es|haben sie
        hast du|sind sie|bist du|können sie mir sagen|kannst du mir sagen|ist das|ist es|ist der|ist die|woher|wohin
        womit|wozu|darf ich fragen
        """
    ),
    proposing=phrases("wie wäre es mit|wie wärs mit|was ist mit|wie wäre"),
    declines=phrases(
        """
        möchte ich nicht sagen|möchte ich nicht angeben|möchte ich lieber nicht|will ich nicht sagen|lieber nicht
        sage ich nicht|sag ich nicht|geht sie nichts an|geht dich nichts an|keine angabe|ich möchte nicht sagen
        ich möchte das nicht|ich möchte nicht antworten|verweigere|das ist privat|ist privat|das ist persönlich
        kein kommentar|möchte nicht antworten|verrate ich nicht|sage ich ihnen nicht|überspringen
        möchte ich nicht beantworten|will ich nicht beantworten|kann ich nicht sagen|das behalte ich für mich
        """
    ),
    corrections=phrases(
        """
        ich meinte|ich meine|ich wollte sagen|eigentlich|doch lieber|lieber|vielmehr|korrektur|besser gesagt
        genauer gesagt|quatsch|ändern sie das auf|ändern sie es auf|machen sie|es sollte heißen|es muss heißen
        ich habe gesagt|ich sagte|stattdessen|sondern
        """
    ),
    repairs=phrases(
        """
        nein|nein warte|nein warten sie|moment|entschuldigung|nein entschuldigung|quatsch|ich meine|ich meinte
        nein ich meinte|äh nein|besser|besser gesagt|doch lieber|lieber|nein doch lieber|vielmehr|sondern|korrektur
        sorry|eigentlich|verzeihung|pardon
        """
    ),
    negations=phrases(
        """
        nicht|nicht der|nicht die|nicht das|nicht den|kein|keine|keinen|keiner|ohne|ohne die|ohne den|statt|anstatt
        außer|nein|nie|nicht ein|nicht eine|nicht einen|anstelle|weder|noch
        """
    ),
    alternatives=frozenset({"oder"}),
    links=vocabulary(
        """
        ist soll sollte sein wird war wäre die der das den dem ein eine einen für auf am beträgt lautet gleich mein
        meine
        """
    ),
    nouns=vocabulary("option nummer möglichkeit wahl antwort"),
    final=vocabulary("letzte letzter letztes letzten letztere"),
    middle=phrases("in der mitte|mittlere|mittleren|mittlerer"),
    hesitations=phrases("äh|ähm|hm|hmm|mm|öh|ehm|öhm"),
    suffixes=("sten", "ste", "en", "er", "es", "em", "e", "n", "s"),
    sentences={
        "readback": "Ich habe {value} notiert. Ist das richtig?",
        "implicit": "{value}, verstanden.",
        "apology": "Entschuldigung, bei mir ist etwas schiefgegangen.",
        "not_understood": "Das habe ich leider nicht verstanden.",
        "closing": "Vielen Dank, auf Wiederhören.",
        "ask_again": "Können Sie das bitte wiederholen?",
        "still_there": "Sind Sie noch da?",
        "take_your_time": "Gern, lassen Sie sich Zeit.",
        "limit": "Entschuldigung, unsere Zeit ist um. Auf Wiederhören.",
        "ask_text": "Bitte nennen Sie mir: {name}.",
        "ask_number": "Bitte nennen Sie mir die Zahl: {name}.",
        "ask_boolean": "{name}: ja oder nein?",
        "ask_enum": "Bitte wählen Sie: {name}.",
        "ask_date": "Bitte nennen Sie mir das Datum: {name}.",
        "ask_your_name": "Wie ist bitte Ihr Name?",
        "ask_name": "Bitte nennen Sie mir den Namen: {name}.",
        "too_small": "Es müssen mindestens {limit} sein.",
        "too_large": "Es dürfen höchstens {limit} sein.",
        "not_whole": "Es muss eine ganze Zahl sein.",
        "too_short": "Das ist zu kurz.",
        "too_long": "Das ist zu lang.",
        "wrong_form": "Das hat nicht die richtige Form.",
        "no_such_day": "Diesen Tag gibt es nicht.",
        "too_early": "Es kann nicht vor dem {limit} sein.",
        "too_late": "Es kann nicht nach dem {limit} sein.",
        "which_day": "Ich brauche Tag, Monat und Jahr.",
        "ask_time": "Um wie viel Uhr: {name}?",
        "ask_datetime": "An welchem Tag und um wie viel Uhr: {name}?",
        "ask_duration": "Wie lange: {name}?",
        "ask_money": "Bitte nennen Sie mir den Betrag: {name}.",
        "ask_phone": "Wie ist bitte die Telefonnummer?",
        "ask_postal_code": "Wie ist bitte die Postleitzahl?",
        "ask_email": "Wie ist bitte die E-Mail-Adresse?",
        "ask_digits": "Bitte nennen Sie mir die Ziffern: {name}.",
        "ask_list": "Bitte wählen Sie: {name}.",
        "too_soon": "Es kann nicht vor {limit} sein.",
        "too_far": "Es kann nicht nach {limit} sein.",
        "which_time": "Ich brauche auch die Uhrzeit.",
        "which_date": "Ich brauche auch den Tag.",
        "at": "{day} um {time}",
        "no_phone": "Das scheint keine vollständige Telefonnummer zu sein.",
        "no_code": "Das scheint keine vollständige Postleitzahl zu sein.",
        "no_email": "Das scheint keine vollständige E-Mail-Adresse zu sein.",
        "count_digits": "Es müssen {count} Ziffern sein.",
        "wrong_digits": "Diese Nummer kann nicht stimmen.",
        "other_currency": "Bitte nennen Sie es mir in {currency}.",
        "too_many": "Es dürfen höchstens {limit} sein.",
        "masked_end": "die auf {end} endet",
        "masked_email": "eine Adresse bei {domain}",
        "masked": "Ihre Angabe",
        "masked_date": "ein Tag im Jahr {year}",
        "or": "oder",
        "to": "bis",
        "yes": "ja",
        "no": "nein",
    },
)
