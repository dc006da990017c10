"""Invented sentences that teach what the labelled posts seldom show.

Topic words are not tone, ``no complaints`` is praise, a question is no opinion, an emoji alone is
one, a quotation is someone else's, polite sarcasm is unsure. The behavioural suite under
``tests/data/behaviour`` uses other sentences and must stay so.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from hashwatch.enrich.sentiment.wordlists import NEGATIVE_EMOJI, POSITIVE_EMOJI
from training.data import Floats

POSITIVE = (0.05, 0.2, 0.75)
NEGATIVE = (0.75, 0.2, 0.05)
NEUTRAL = (0.06, 0.9, 0.04)
MILD_POSITIVE = (0.08, 0.32, 0.6)
MILD_NEGATIVE = (0.6, 0.32, 0.08)
UNSURE = (0.5, 0.12, 0.38)
QUOTED_BLAME = (0.28, 0.68, 0.04)
QUOTED_PRAISE = (0.04, 0.68, 0.28)


_PLAIN_STARTS = (
    "Day one",
    "The minister enters",
    "Room 7",
    "On my way to the venue",
    "Keynote now",
    "They just voted",
    "Second session",
    "Lunch",
)


def _parts(joined: str, by: str | None = None) -> list[str]:
    return joined.split(by)


Lesson = tuple[str, tuple[float, float, float]]

_NOUNS = _parts(
    "workshop keynote debate schedule venue lunch app microphone registration moderator slides "
    "stream answer programme dinner tutorial exhibition speech panel session vote proposal motion "
    "amendment argument explanation opening closing queue hall table bus seat hotel translation "
    "committee delegation minister host team report paper talk chair venue website video lighting"
)
_GOOD = (
    "good great helpful useful clear interesting impressive fair inspiring well organised "
    "worth it convincing pleasant happy fun ready excited amazing easy"
)
_GOOD_WORDS = tuple(w for w in _GOOD.split() if w not in ("well", "worth", "it", "organised"))
_BAD_WORDS = _parts(
    "bad terrible boring awful useless confusing rude slow disappointing annoying painful ugly"
)
_TOPICS = _parts(
    "war crimes;cyber attacks;violent extremism;terrorism;human trafficking;ransomware;hate speech;"
    "organised crime;nuclear weapons;armed conflict;child abuse;corruption;election fraud;torture;"
    "genocide;surveillance;cybercrime;data theft;poverty;the death penalty;domestic violence;"
    "cyber warfare;national security;malware;extremist content;foreign interference;hacking;"
    "radicalisation;piracy;the refugee crisis;climate risk;critical infrastructure threats;"
    "gender discrimination;drug smuggling;money laundering;human rights;cybersecurity;peacekeeping",
    ";",
)
_REPORTS = (
    "The report on {} will be presented at noon",
    "Next panel: {} and the role of parliaments",
    "Session on {} starts in room 4",
    "Minister speaks about {} this morning",
    "Now discussing {} at the plenary",
    "The committee on {} meets on Tuesday",
    "New paper on {} published today http",
    "Our delegation attends the debate about {}",
    "{} is on the agenda of day two",
    "How parliaments respond to {} #panel",
    "Speaker outlines the law on {}",
    "Experts from six countries talk about {}",
    "This study lists numbers on {}",
    "The paper deals with {}",
    "Up next: {}",
    "Parliament hears about {}",
    "Figures on {} by region",
    "{}: laws, strategies, politics",
)
_LESS = _parts("complaints problems issues regrets worries delays doubts hiccups mistakes trouble")
_QUESTIONS = (
    "Is the {} {}?",
    "Does anyone know whether the {} was {}?",
    "How {} is the {} going to be?",
    "Was the {} {} or not?",
    "Are {}s {} here?",
    "Do you think the {} is {}?",
    "Will the {} be {} this year?",
)
_PLAIN_QUESTIONS = (
    "When does the {} start?",
    "Where is the {}?",
    "Who is responsible for the {}?",
    "Is there a recording of the {}?",
    "What time is the {} tomorrow?",
    "Could the panel say more about the {}?",
    "Has anyone seen the {}?",
    "Has the {} begun yet?",
    "Did the {} start already?",
    "Are there {}s on day two?",
    "Whose {} is this?",
    "How does the {} work?",
    "What will the {} change for small states?",
    "Do we need a badge for the {}?",
)
_SARCASM = (
    "Great, another delay before the {}",
    "Oh great, the {} is broken again",
    "Wonderful, the {} is cancelled",
    "Fantastic, no seats left for the {}",
    "Just what I needed, a third hour of {}",
    "Love waiting forty minutes for the {}",
    "Brilliant idea to lock the {}",
    "Lovely, the {} crashed. Again.",
    "Thanks a lot for the cold {}",
    "Oh joy, more {}",
    "Nice, still no {}",
    "Well done, the {} fell over",
    "Perfect timing, the {} just went down",
    "Yeah right, the {} will start on time",
    "Yeah right, the {} is for us",
    "Fantastic, the {} is full",
    "Awesome, someone took the {}",
    "Love standing in line for the {}",
    "Love it when the {} goes down",
    "Super, we lost the {}",
    "How kind of them to move the {} without telling us",
    "Amazing, a {} without light",
    "Lovely, sitting on the floor for the {}",
)


def english() -> list[Lesson]:
    """Every English lesson, in a fixed order."""
    lessons: list[Lesson] = []
    for topic, report in product(_TOPICS, _REPORTS):
        text = report.format(topic)
        lessons.append((text[0].upper() + text[1:], NEUTRAL))
    lessons += _negation() + _absence() + _hashtags() + _questions() + _quotations()
    lessons += [(s.format(noun), UNSURE) for s, noun in product(_SARCASM, _NOUNS[::2])]
    return lessons + emoji(_PLAIN_STARTS)


def emoji(starts: tuple[str, ...] = ()) -> list[Lesson]:
    """Emoji alone, right in any language, and after each of ``starts``."""
    lessons: list[Lesson] = []
    for known, target in ((POSITIVE_EMOJI, POSITIVE), (NEGATIVE_EMOJI, NEGATIVE)):
        for one in sorted(known):
            lessons += [(one, target), (one * 3, target), (f"@user {one}", target)]
            lessons += [(one + "\ufe0f", target)] + [(f"{start} {one}", target) for start in starts]
    return lessons


def other_languages() -> dict[str, list[Lesson]]:
    """A few sentences by language in the same spirit."""
    return {language: _other(*patterns) for language, patterns in _OTHER.items()}


def targets(lessons: list[Lesson]) -> tuple[list[str], Floats]:
    """Texts and their targets."""
    return [text for text, _ in lessons], np.array([target for _, target in lessons], np.float32)


def _negation() -> list[Lesson]:
    lessons: list[Lesson] = []
    for place, noun in enumerate(_NOUNS):
        for word in _GOOD_WORDS[place % 3 :: 3]:
            lessons += [
                (f"The {noun} is {word}", POSITIVE),
                (f"A {word} {noun}", POSITIVE),
                (f"The {noun} was not {word}", NEGATIVE),
                (f"The {noun} isn't {word} at all", NEGATIVE),
            ]
        for word in _BAD_WORDS[place % 3 :: 3]:
            lessons += [
                (f"The {noun} is {word}", NEGATIVE),
                (f"A {word} {noun}", NEGATIVE),
                (f"The {noun} was not {word}", MILD_POSITIVE),
                (f"The {noun} wasn't {word} at all", MILD_POSITIVE),
            ]
        lessons += [
            (f"I did not enjoy the {noun}", NEGATIVE),
            (f"I don't like the {noun}", NEGATIVE),
            (f"I would never recommend the {noun}", NEGATIVE),
            (f"Nobody liked the {noun}", NEGATIVE),
            (f"The {noun} did not disappoint", POSITIVE),
            (f"The {noun} never disappoints", POSITIVE),
            (f"I can't wait for the {noun}", POSITIVE),
            (f"Could not be happier with the {noun}", POSITIVE),
            (f"The {noun} couldn't have been better", POSITIVE),
            (f"Can't complain about the {noun}", MILD_POSITIVE),
            (f"I like the {noun}", POSITIVE),
            (f"I enjoyed the {noun}", POSITIVE),
            (f"Not a good {noun}", NEGATIVE),
            (f"Not bad, this {noun}", MILD_POSITIVE),
            (f"Nothing wrong with the {noun}", MILD_POSITIVE),
            (f"Nothing good about the {noun}", NEGATIVE),
            (f"Never been more pleased than with this {noun}", POSITIVE),
            (f"Could not ask for a better {noun}", POSITIVE),
            (f"I couldn't wish for a nicer {noun}", POSITIVE),
            (f"I regret the {noun}", NEGATIVE),
            (f"The {noun} works well", POSITIVE),
            (f"The {noun} does not work", NEGATIVE),
        ]
    return lessons


def _absence() -> list[Lesson]:
    lessons: list[Lesson] = []
    for less, noun in product(_LESS, _NOUNS[:8]):
        lessons += [
            (f"No {less} about the {noun}", MILD_POSITIVE),
            (f"The {noun} went well, no {less}", POSITIVE),
            (f"Zero {less} with the {noun}", MILD_POSITIVE),
            (f"So many {less} with the {noun}", NEGATIVE),
            (f"{less.capitalize()} about the {noun} again", NEGATIVE),
        ]
    return lessons


def _hashtags() -> list[Lesson]:
    lessons: list[Lesson] = []
    for noun in _NOUNS[:10]:
        lessons += [(f"The {noun} follows in ten minutes", NEUTRAL)]
        lessons += [(f"{noun} #{word}", POSITIVE) for word in _GOOD_WORDS]
        lessons += [(f"{noun} #{word}", NEGATIVE) for word in _BAD_WORDS]
        for word in ("good", "happy", "impressed", "fair", "cool", "ready", "helpful", "funny"):
            lessons += [
                (f"{noun} today #not{word}", NEGATIVE),
                (f"this {noun} #Not{word.capitalize()}", NEGATIVE),
                (f"{noun} today #so{word}", POSITIVE),
            ]
        lessons += [
            (f"{noun} #neveragain", NEGATIVE),
            (f"{noun} #notbad", MILD_POSITIVE),
            (f"{noun} #nocomplaints", MILD_POSITIVE),
            (f"{noun} #noregrets", MILD_POSITIVE),
        ]
    return lessons


def _questions() -> list[Lesson]:
    lessons: list[Lesson] = []
    for noun in _NOUNS:
        for word in (*_GOOD_WORDS[:3], *_BAD_WORDS[:2]):
            for pattern in _QUESTIONS:
                first, second = (word, noun) if pattern.startswith("How") else (noun, word)
                lessons.append((pattern.format(first, second), NEUTRAL))
        lessons += [(pattern.format(noun), NEUTRAL) for pattern in _PLAIN_QUESTIONS]
    return lessons


def _quotations() -> list[Lesson]:
    lessons: list[Lesson] = []
    speakers = ("the minister", "a delegate", "the chair", "one witness", "the senator")
    for speaker, noun in product(speakers, _NOUNS[:8]):
        for words, target in ((_BAD_WORDS[:6], QUOTED_BLAME), (_GOOD_WORDS[:6], QUOTED_PRAISE)):
            for word in words:
                lessons += [
                    (f'"The {noun} is {word}", says {speaker}', target),
                    (f"{speaker.capitalize()}: “the {noun} was {word}”", target),
                ]
    return lessons


_OTHER: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "fr": (
        (
            "Très bonne conférence",
            "Merci pour ce débat passionnant",
            "aucune plainte, tout est parfait",
            "ce n'est pas mal du tout",
            "J'ai adoré cette session",
            "Bravo à toute l'équipe",
        ),
        (
            "ce n'est pas bon",
            "Je n'aime pas cette session",
            "C'est nul",
            "organisation catastrophique",
            "pas du tout utile",
            "rien d'intéressant ici, quelle déception",
        ),
        (
            "Le rapport sur les crimes de guerre sera présenté demain",
            "La session sur la cybersécurité commence à 10 h",
            "Quand commence le débat ?",
            "Où est la salle 4 ?",
            "Débat sur le terrorisme et les attaques informatiques",
        ),
    ),
    "de": (
        (
            "Sehr gute Konferenz",
            "Danke für den spannenden Vortrag",
            "keine Beschwerden, alles prima",
            "gar nicht schlecht",
            "Ich liebe diese Veranstaltung",
            "Tolle Organisation",
        ),
        (
            "das ist nicht gut",
            "Der Vortrag gefällt mir nicht",
            "Das ist schlecht",
            "katastrophale Organisation",
            "überhaupt nicht hilfreich",
            "leider nichts Neues, sehr enttäuschend",
        ),
        (
            "Der Bericht über Kriegsverbrechen wird morgen vorgestellt",
            "Die Sitzung zur Cybersicherheit beginnt um 10 Uhr",
            "Wann beginnt die Debatte?",
            "Wo ist Raum 4?",
            "Diskussion über Terrorismus und Angriffe im Netz",
        ),
    ),
    "es": (
        (
            "Muy buena conferencia",
            "Gracias por este debate tan interesante",
            "ninguna queja, todo perfecto",
            "no está nada mal",
            "Me encantó la sesión",
            "Enhorabuena al equipo",
        ),
        (
            "no es bueno",
            "No me gusta esta sesión",
            "Qué malo",
            "organización desastrosa",
            "nada útil, una vergüenza",
            "muy decepcionante",
        ),
        (
            "El informe sobre crímenes de guerra se presentará mañana",
            "La sesión de ciberseguridad empieza a las 10",
            "¿Cuándo empieza el debate?",
            "¿Dónde está la sala 4?",
            "Debate sobre terrorismo y ataques informáticos",
        ),
    ),
    "it": (
        (
            "Ottima conferenza",
            "Grazie per questo bel dibattito",
            "nessuna lamentela, tutto perfetto",
            "niente male davvero",
            "Mi è piaciuta molto la sessione",
            "Complimenti a tutti",
        ),
        (
            "non va bene",
            "Non mi piace questa sessione",
            "Che schifo",
            "organizzazione pessima",
            "per niente utile, che vergogna",
            "molto deludente",
        ),
        (
            "Il rapporto sui crimini di guerra sarà presentato domani",
            "La sessione sulla sicurezza informatica inizia alle 10",
            "Quando inizia il dibattito?",
            "Dove è la sala 4?",
            "Dibattito su terrorismo e attacchi informatici",
        ),
    ),
    "pt": (
        (
            "Ótima conferência",
            "Obrigado por este debate tão interessante",
            "nenhuma reclamação, tudo perfeito",
            "nada mau",
            "Adorei a sessão",
            "Parabéns à equipe",
        ),
        (
            "não é bom",
            "Não gosto desta sessão",
            "Que ruim",
            "organização péssima",
            "nada útil, uma vergonha",
            "muito decepcionante",
        ),
        (
            "O relatório sobre crimes de guerra será apresentado amanhã",
            "A sessão de cibersegurança começa às 10",
            "Quando começa o debate?",
            "Onde fica a sala 4?",
            "Debate sobre terrorismo e ataques informáticos",
        ),
    ),
    "ar": (
        (
            "مؤتمر رائع جدا",
            "شكرا على هذا النقاش الممتاز",
            "لا شكاوى كل شيء ممتاز",
            "أحببت الجلسة",
            "عمل جميل",
        ),
        ("ليس جيدا", "لا أحب هذه الجلسة", "سيء جدا", "تنظيم فاشل", "غير مفيد أبدا"),
        (
            "سيقدم التقرير عن جرائم الحرب غدا",
            "تبدأ جلسة الأمن السيبراني الساعة العاشرة",
            "متى يبدأ النقاش؟",
            "أين القاعة الرابعة؟",
            "نقاش حول الإرهاب والهجمات",
        ),
    ),
}


def _other(praise: tuple[str, ...], blame: tuple[str, ...], plain: tuple[str, ...]) -> list[Lesson]:
    return (
        [(text, POSITIVE) for text in praise]
        + [(text, NEGATIVE) for text in blame]
        + [(text, NEUTRAL) for text in plain]
        + emoji()
    )
