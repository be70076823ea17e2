"""Spanish."""

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

_SMALL = (
    numbered(
        "cero un/uno/una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
        "diecisiete dieciocho diecinueve veinte veintiuno/veintiún/veintiuna veintidós veintitrés veinticuatro "
        "veinticinco veintiséis veintisiete veintiocho veintinueve treinta"
    )
    | numbered("treinta cuarenta cincuenta sesenta setenta ochenta noventa cien/ciento", 30, 10)
    | numbered(
        "doscientos/doscientas trescientos/trescientas cuatrocientos/cuatrocientas quinientos/quinientas "
        "seiscientos/seiscientas setecientos/setecientas ochocientos/ochocientas novecientos/novecientas",
        200,
        100,
    )
)

NUMBERS = Numbers(
    small=_SMALL,
    hundred=frozenset(),
    scales={"mil": 1000, "millon": 10**6, "millones": 10**6},
    ands=frozenset({"y"}),
    spoken=(*_SMALL, "mil", "coma", "media"),
    articles=frozenset({"un", "una"}),
    counts={"docena": 12, "docenas": 12, "par": 2, "pares": 2},
    fractions={
        "medio": 0.5,
        "media": 0.5,
        "cuarto": 0.25,
        "cuartos": 0.25,
        "tercio": 1 / 3,
        "tercios": 1 / 3,
        "mitad": 0.5,
    },
    points=frozenset({"coma", "punto", "con"}),
    minus=frozenset({"menos"}),
    none=vocabulary("ninguno ninguna ningún nada"),
    one=frozenset({"uno", "un", "una"}),
    before_one=vocabulary("cada alguno otro otra este esta ese esa de como hay tengo es para"),
    after_one=vocabulary(
        """
        momento momentito segundo minuto de vez cosa pregunta poco problema hora cita persona
        """
    ),
    glued=True,
    comma=True,
)

DATES = Dates(
    months=numbered(
        "enero/ene febrero/feb marzo/mar abril/abr mayo/may junio/jun julio/jul agosto/ago "
        "septiembre/setiembre/sep/sept octubre/oct noviembre/nov diciembre/dic",
        1,
    ),
    weekdays=numbered("lunes martes miércoles jueves viernes sábado domingo"),
    ordinals=numbered(
        "primero/primer/primera segundo/segunda tercero/tercer/tercera cuarto/cuarta quinto/quinta sexto/sexta "
        "séptimo/séptima octavo/octava noveno/novena décimo/décima",
        1,
    ),
    relative={
        "hoy": 0,
        "esta noche": 0,
        "esta tarde": 0,
        "esta mañana": 0,
        "mañana": 1,
        "ayer": -1,
        "pasado mañana": 2,
        "anteayer": -2,
        "antes de ayer": -2,
        "antier": -2,
        "de hoy en ocho": 7,
        "de hoy en quince": 14,
    },
    units={
        "dia": "d",
        "dias": "d",
        "semana": "w",
        "semanas": "w",
        "quincena": "f",
        "mes": "m",
        "meses": "m",
        "ano": "y",
        "anos": "y",
    },
    within=phrases("en|dentro de|de aquí a"),
    hence=phrases("a partir de hoy|a partir de ahora|más tarde|después"),
    before=phrases("hace"),
    ago=phrases("atrás"),
    next=phrases("próximo|el próximo|próxima"),
    following=phrases("que viene|próximo"),
    next_week=phrases(
        """
        de la próxima semana|la próxima semana|de la semana que viene|la semana que viene
        """
    ),
    next_month=phrases("del próximo mes|del mes que viene|del mes próximo"),
    after_next=phrases(""),
    counted_from=phrases("a partir del|a partir de|después del|después de"),
    about=vocabulary("unos unas aproximadamente como"),
    last=phrases("pasado|último|el último|el pasado"),
    bygone=phrases("pasado|de la semana pasada|último"),
    this=phrases("este|el|para el|el día"),
    joins=vocabulary("de del en el mes año"),
    leads=vocabulary("el día para"),
    feasts=Table(
        {
            "año nuevo": "01-01",
            "reyes": "01-06",
            "san valentín": "02-14",
            "viernes santo": "-2",
            "jueves santo": "-3",
            "pascua": "+0",
            "domingo de pascua": "+0",
            "lunes de pascua": "+1",
            "día del trabajo": "05-01",
            "todos los santos": "11-01",
            "halloween": "10-31",
            "nochebuena": "12-24",
            "navidad": "12-25",
            "nochevieja": "12-31",
            "fin de año": "12-31",
        }
    ),
    month_end=phrases("fin de mes|final de mes|finales de mes|último día del mes|el último día del mes"),
    birth=phrases(
        """
        nací|nacido|nacida|fecha de nacimiento|cumpleaños|born|birthday|date of birth|dob
        """
    ),
)

NAMES = Names(
    strong=phrases(
        """
        me llamo|mi nombre es|mi nombre completo es|mi apellido es|el nombre es|nombre es|llámeme|llámame
        puede llamarme|a nombre de|al nombre de|le habla|te habla|me dicen|mi nombre|nombre
        """
    ),
    weak=phrases("soy|yo soy|habla usted con|hablas con|habla|es|aquí"),
    tails=phrases("es mi apellido|es mi nombre|al habla|al aparato|al teléfono|es mi nombre|para servirle|a la orden"),
    titles=vocabulary("señor señora señorita sr sra srta don doña doctor doctora dr dra"),
    particles=vocabulary("de del la las los y e da dos van von san santa"),
    spelled=phrases("como en|como|de"),
    given=phrases("nombre es|nombre|nombre de pila"),
    family=phrases("apellido es|apellido|apellidos"),
    surnames=vocabulary("bueno delgado rico feo bueno gran"),
    stops=vocabulary(
        """
        el la los las un una unos unas lo al del de que qué quien quién cual cuál cuando cuándo donde dónde como
        cómo por para con sin sobre en a y o u e ni pero si sí no yo tú él ella usted ustedes nosotros ellos ellas
        me te se nos les le mi mis tu tus su sus este esta esto estos estas ese esa eso esos esas aquel aquella aquí
        allí ahí es soy eres somos son era fue ser estar estoy está están estaba hay haber he ha han hago hace hacer
        tengo tiene tienes tener quiero quiere quieres quería quisiera querer puedo puede puedes podría poder voy va
        vas vamos ir sé sabe saber digo dice decir dijo dígame necesito necesita gusta gustaría prefiero creo pienso
        parece muy más menos mucho mucha muchos poco poca bien mal mejor peor bueno buena buenos buenas malo gran
        grande pequeño todo toda todos todas nada nadie algo alguien alguno alguna ninguno ninguna otro otra cada
        mismo ahora hoy mañana ayer siempre nunca ya aún todavía también tampoco quizás quizá tal vez entonces luego
        después antes gracias favor hola adiós perdón perdone disculpe claro vale correcto exacto seguro cierto
        verdad falso tiempo día días año años hora horas semana mes veces cosa cosas persona gente casa trabajo
        nombre número cita citas reserva reservar pedido pedir pizza pizzas cancelar cambiar llamar llamada hablar
        pregunta problema ayuda ayudar importante urgente enfermo enferma dolor duele cansado listo lista perdido
        dos tres cuatro cinco seis siete ocho nueve diez veinte treinta cien mil lindo bonito bonita feo caro barato
        frío calor sol lluvia perro gato coche carro dinero precio cuesta comer comida beber agua café tarde noche
        temprano espera espere momento segundo minuto significa refiere entiendo entender repita repetir importa
        deseo cuánto cuánta cuántos cuántas servicio cliente agente operador humano abierto cerrado dirección correo
        teléfono
        """
    ),
    endings=("ando", "iendo", "mente", "ción", "ciones"),
)

_PARTS_OF_DAY = ((6, "de la madrugada"), (12, "de la mañana"), (20, "de la tarde"), (24, "de la noche"))


def _spanish_time(hour: int, minute: int) -> str:
    if minute == 0 and hour in {0, 12}:
        return "mediodía" if hour else "medianoche"
    part = next(words for until, words in _PARTS_OF_DAY if hour < until)
    figures = f"{hour % 12 or 12}:{minute:02}" if minute else f"{hour % 12 or 12}"
    return f"{'la' if hour % 12 == 1 else 'las'} {figures} {part}"


CLOCK = Clock(
    leads=phrases(
        "a las|a la|las|la|sobre las|sobre la|hacia las|hacia la|a eso de las|desde las|para las|de las|como a las"
    ),
    whole=phrases("en punto|horas|hora|h|hs|hrs"),
    half_past=phrases(""),
    half_to=phrases(""),
    quarter=phrases("un cuarto|cuarto"),
    three_quarters=phrases(""),
    minutes=vocabulary("minuto minutos"),
    past=phrases(""),
    to=phrases("para las|para la"),
    plus=phrases("y|con"),
    minus=phrases("menos"),
    half=frozenset({"media"}),
    fixed=Table(
        {
            "mediodia": 720,
            "al mediodia": 720,
            "a mediodia": 720,
            "medianoche": 0,
            "a medianoche": 0,
            "a la medianoche": 0,
        }
    ),
    parts=table(
        am="am|a m|de la mañana|por la mañana|de la madrugada|esta mañana|de madrugada",
        pm="pm|p m|de la tarde|por la tarde|esta tarde|en la tarde|del mediodía",
        night="de la noche|por la noche|esta noche|en la noche",
    ),
    now=phrases("ahora|ahora mismo|ya|en este momento|inmediatamente|cuanto antes|lo antes posible"),
    say=_spanish_time,
)

SPANS = Spans(
    units=table(
        s="segundo|segundos|seg|s",
        i="minuto|minutos|min|mins|m",
        h="hora|horas|h|hr|hs",
        d="día|días|noche|noches|d",
        w="semana|semanas",
        f="quincena|quincenas",
        m="mes|meses",
        y="año|años",
    ),
    whole=Table({"todo el día": "P1D", "el día entero": "P1D", "toda la noche": "P1D"}),
    of=vocabulary("de"),
    ands=vocabulary("y con"),
    quarters=frozenset({"cuarto"}),
)

LETTERS = Letters(
    names=table(
        b="be",
        c="ce",
        d="de",
        f="efe",
        g="ge",
        h="hache",
        j="jota",
        k="ka",
        l="ele",
        m="eme",
        n="ene",
        ñ="eñe",
        p="pe",
        q="cu",
        r="erre|ere",
        s="ese",
        t="te",
        v="uve|ve",
        w="uve doble|doble u|doble ve",
        x="equis",
        y="i griega|ye",
        z="zeta",
    ),
    code=table(
        a="alfa",
        b="bravo",
        c="charlie",
        d="delta",
        e="eco",
        f="foxtrot",
        g="golf",
        h="hotel",
        i="india",
        j="julieta",
        k="kilo",
        l="lima",
        m="mike",
        n="noviembre",
        o="oscar",
        p="papa",
        q="quebec",
        r="romeo",
        s="sierra",
        t="tango",
        u="uniforme",
        v="victor",
        w="whisky",
        x="rayos",
        y="yanqui",
        z="zulu",
    ),
    as_in=phrases("como en|como|de"),
    spelled=phrases("se escribe|se deletrea|deletreado|lo deletreo|escrito"),
    at=phrases("arroba|at"),
    dot=phrases("punto"),
    symbols=table(
        **{"_": "guion bajo|barra baja|subrayado", "-": "guion|guion medio|menos|raya", "+": "más|signo más"}
    ),
    joined=phrases("todo junto|junto|todo en minúsculas|en minúsculas|minúsculas|todo minúsculas|sin espacios"),
    mail=phrases(
        """
        mi correo es|mi correo electrónico es|mi email es|mi e mail es|correo electrónico|el correo es|la dirección es
        mi dirección es|puede escribirme a|escríbame a|puede enviarlo a|envíelo a|es|sería|apunte|mi correo|correo
        """
    ),
    signs={"@": "arroba", ".": "punto", "_": "guion bajo", "-": "guion", "+": "más", "'": "apóstrofo"},
)

COINS = Coins(
    major=table(
        USD="dólar|dólares|dólares estadounidenses|dólares americanos",
        GBP="libra|libras|libras esterlinas",
        EUR="euro|euros",
        JPY="yen|yenes",
        CHF="franco suizo|francos suizos|francos",
        MXN="peso mexicano|pesos mexicanos",
        ARS="pesos argentinos",
        COP="pesos colombianos",
        CLP="pesos chilenos",
        PEN="soles|sol",
    )
    | {"pesos": "MXN", "peso": "MXN", "pavos": "", "pavo": ""},
    minor=table(GBP="penique|peniques") | {"céntimo": "", "céntimos": "", "centavo": "", "centavos": ""},
    points=frozenset({"con"}),
    grand=Table({"k": 1000}),
    default="EUR",
    said={
        "EUR": ("euro", "euros", "céntimos"),
        "USD": ("dólar", "dólares", "centavos"),
        "MXN": ("peso", "pesos", "centavos"),
    },
)

FIGURES = Figures(
    times=Table({"doble": 2, "triple": 3}),
    plus=frozenset({"mas"}),
    between=phrases("y luego|luego|guion|espacio|eh|y|el|después|y después|prefijo"),
)

LISTS = Lists(
    ands=phrases("y|y también|más|y además|con|también|e|y luego|además de"),
    also=vocabulary("otra otro"),
)


SPANISH = Language(
    tag="es",
    numbers=NUMBERS,
    dates=DATES,
    names=NAMES,
    clock=CLOCK,
    spans=SPANS,
    letters=LETTERS,
    coins=COINS,
    figures=FIGURES,
    lists=LISTS,
    yes=vocabulary("sip claro yes"),
    no=vocabulary("no nop nones"),
    yes_phrases=phrases(
        """
        sí|sí sí|sí claro|sí por favor|sí gracias|sí señor|sí señora|sí quiero|sí es|sí así es|sí correcto|sí exacto
        sí eso es|claro|claro que sí|por supuesto|por supuesto que sí|desde luego|vale|de acuerdo|correcto|correcta
        exacto|exactamente|así es|eso es|está bien|esta bien|cómo no|ya lo creo|efectivamente|en efecto|perfecto
        afirmativo|cierto|es cierto|verdad|es verdad|verdadero|bueno|seguro|por favor|ok|okay|sin duda|es correcto
        eso es correcto|está correcto|muy bien|me parece bien|adelante|encantado|encantada|con gusto|con mucho gusto
        cabal|dale|venga|creo que sí|supongo que sí|me gustaría|lo soy|soy yo|lo es|sí lo es|sí lo soy|me encantaría
        eso mismo|supongo que está bien|ajá|por qué no|confirmo|confirmado|naturalmente|obvio|genial|estupendo
        """
    ),
    no_phrases=phrases(
        """
        ni en sueños|nada de eso|no|no no|no gracias|para nada|claro que no|qué va|en absoluto|de ninguna manera
        de ningún modo|nunca|jamás
        incorrecto|incorrecta|negativo|mejor no|no lo creo|creo que no|falso|es falso|no es correcto|no es cierto
        no es verdad|no está bien|no es así|eso no es|no exactamente|por supuesto que no|desde luego que no
        no quiero|no por ahora|ahora no|todavía no|aún no|no mucho|la verdad no|la verdad es que no|realmente no
        tampoco|ni hablar|está mal|eso está mal|no es eso|no señor|no señora|nada|ninguno|preferiría no|no soy yo
        en realidad no|supongo que no
        """
    ),
    polite=phrases("por favor|bueno|ok|okay|perfecto|muy bien|vale|seguro|venga|genial"),
    no_is_not=True,
    unsure=phrases(
        """
        no sé|no lo sé|no se|no lo se|ni idea|no tengo idea|no estoy seguro|no estoy segura|sí o no|sí y no|tal vez
        quizás|no entiendo|no le oigo|no te oigo|no oigo|no le escucho|no escucho|no se oye|no le he oído|no entendí
        no te entiendo|no le entiendo|no importa|no hay problema
        """
    ),
    fillers=phrases(
        """
        eh|em|pues|bueno|este|a ver|hola|buenos días|buenas tardes|buenas noches|buenas|gracias|muchas gracias
        por favor|sí|ok|vale|entonces|mire|oiga|señor|señora|creo que|creo|digamos|ahora|claro|perfecto|de acuerdo
        mm|ah|oh|hmm|um|uh|quizá
        """
    ),
    asking=phrases(
        """
        qué|cuál|cuáles|por qué|dónde|quién|quiénes|cuándo|cómo|cuánto|cuánta|cuántos|cuántas|a qué|de qué|hay
        tienen|tiene usted|me puede decir|puede decirme|me podría decir|está abierto|es posible|a cómo
        """
    ),
    proposing=phrases(
        "como una|como un|como unos|como unas|que sean|que sea|qué tal|qué le parece|qué te parece|por qué no"
    ),
    declines=phrases(
        """
        prefiero no|preferiría no|no quiero decir|no se lo quiero decir|no quiero decirlo|no quiero dar
        no quiero responder|no quiero contestar|no se lo digo|no te lo digo|no es asunto suyo|no es asunto tuyo
        no le importa|es privado|eso es privado|es personal|me niego|sin comentarios|no deseo|no voy a decir
        no voy a dar|no puedo decir|no puedo decirlo|no se lo voy a decir|saltar|sáltelo|omitir|paso
        """
    ),
    corrections=phrases(
        """
        quise decir|quería decir|quiero decir|me refería a|me refiero a|en realidad es|en realidad|digo|mejor dicho
        más bien|corrección|corrijo|cámbielo a|cambia a|cambie a|que sea|mejor|perdón quise decir|debería ser
        debe ser|ponga|dije
        """
    ),
    repairs=phrases(
        """
        no|no espere|no espera|espere|espera|perdón|no perdón|perdone|digo|no digo|quise decir|quiero decir|mejor
        mejor dicho|no mejor|más bien|disculpe|corrección|en realidad|me equivoqué
        """
    ),
    negations=phrases(
        """
        no|no un|no una|no el|no la|no es|sin|no quiero|no quiero un|no quiero una|no quiero la|no quiero el
        en vez de|en lugar de|ni|excepto|menos|nunca
        """
    ),
    alternatives=frozenset({"o", "u"}),
    links=vocabulary(
        """
        es sea será de del la el los las un una en para a por son era fue debe ser igual mi
        """
    ),
    nouns=vocabulary("opción número alternativa"),
    final=vocabulary("último última"),
    middle=phrases("del medio|medio|en medio|del centro|en el medio"),
    hesitations=phrases("eh|em|mm|hmm|ehm|este|mmm"),
    suffixes=("os", "as", "es", "s", "o", "a"),
    sentences={
        "readback": "Tengo {value}. ¿Es correcto?",
        "implicit": "{value}, entendido.",
        "apology": "Lo siento, ha habido un problema por mi parte.",
        "not_understood": "Perdone, no le he entendido.",
        "closing": "Gracias, hasta luego.",
        "ask_again": "¿Puede repetirlo, por favor?",
        "still_there": "¿Sigue ahí?",
        "take_your_time": "Claro, tómese su tiempo.",
        "limit": "Lo siento, se nos ha acabado el tiempo. Hasta luego.",
        "ask_text": "Dígame, por favor: {name}.",
        "ask_number": "Dígame el número, por favor: {name}.",
        "ask_boolean": "{name}: ¿sí o no?",
        "ask_enum": "Elija, por favor: {name}.",
        "ask_date": "Dígame la fecha, por favor: {name}.",
        "ask_your_name": "¿Me dice su nombre, por favor?",
        "ask_name": "Dígame el nombre, por favor: {name}.",
        "too_small": "Tiene que ser {limit} como mínimo.",
        "too_large": "Puede ser {limit} como máximo.",
        "not_whole": "Tiene que ser un número entero.",
        "too_short": "Es demasiado corto.",
        "too_long": "Es demasiado largo.",
        "wrong_form": "No tiene la forma correcta.",
        "no_such_day": "Ese día no existe.",
        "too_early": "No puede ser antes del {limit}.",
        "too_late": "No puede ser después del {limit}.",
        "which_day": "Necesito el día, el mes y el año.",
        "ask_time": "¿A qué hora: {name}?",
        "ask_datetime": "¿Qué día y a qué hora: {name}?",
        "ask_duration": "¿Cuánto tiempo: {name}?",
        "ask_money": "Dígame el importe, por favor: {name}.",
        "ask_phone": "¿Cuál es el número de teléfono?",
        "ask_postal_code": "¿Cuál es el código postal?",
        "ask_email": "¿Cuál es la dirección de correo?",
        "ask_digits": "Dígame las cifras, por favor: {name}.",
        "ask_list": "Elija, por favor: {name}.",
        "too_soon": "No puede ser antes de {limit}.",
        "too_far": "No puede ser después de {limit}.",
        "which_time": "Necesito también la hora.",
        "which_date": "Necesito también el día.",
        "at": "{day} a {time}",
        "no_phone": "No parece un número de teléfono completo.",
        "no_code": "No parece un código postal completo.",
        "no_email": "No parece una dirección de correo completa.",
        "count_digits": "Tienen que ser {count} cifras.",
        "wrong_digits": "Ese número no puede ser correcto.",
        "other_currency": "Dígamelo en {currency}, por favor.",
        "too_many": "Pueden ser {limit} como máximo.",
        "masked_end": "el que termina en {end}",
        "masked_email": "una dirección en {domain}",
        "masked": "lo que me ha dicho",
        "masked_date": "un día de {year}",
        "or": "o",
        "to": "a",
        "yes": "sí",
        "no": "no",
    },
)
