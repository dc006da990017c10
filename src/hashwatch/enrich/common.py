"""How surprising a word is: rare words say what a post is about, common ones do not."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

UNLISTED_BITS = 16.0
CONFERENCE_BITS = 4.0

# What every conference is about, whatever its subject, in the languages of the list.
_CONFERENCE_WORDS = """
    conference conferences session sessions talk talks keynote keynotes panel panels panelist
    panelists panellist panellists speaker speakers presentation presentations presenter present
    presenting presents presented slide slides workshop workshops poster posters paper papers
    tutorial tutorials lecture lectures track tracks room rooms hall venue stage audience attendee
    attendees delegate delegates participant participants plenary programme program schedule agenda
    abstract abstracts chair moderator moderated discussion discussions debate question questions
    answer answers opening closing welcome introduction intro lightning demo booth live livestream
    stream video recording meeting meetup event events summit congress symposium devroom organisers
    organizers volunteers community team day morning afternoon today tomorrow coffee break lunch
    conferencia conferencias sesion sesiones charla charlas ponencia ponencias ponente ponentes
    mesa debate pregunta preguntas sala taller congreso jornada jornadas hoy
    conference seance seances exposé intervention interventions intervenant intervenants salle
    atelier colloque congres journee journees debat debats question table ronde matin aujourd hui
    conferencia sessao sessoes palestra palestras orador oradores painel sala oficina congresso
    hoje pergunta perguntas mesa
    konferenz sitzung vortrag vortrage vortraege redner rednerin referent referentin podium saal
    raum tagung kongress workshop diskussion frage fragen heute publikum
    conferenza sessione intervento relatore relatori sala convegno dibattito domanda oggi
    موتمر الموتمر جلسه الجلسه ندوه كلمه متحدث المتحدث المتحدثين قاعه القاعه سوال نقاش النقاش اليوم
"""
_CONFERENCE = frozenset(_CONFERENCE_WORDS.split())


@cache
def _bits_by_language() -> dict[str, dict[str, float]]:
    listed: dict[str, dict[str, float]] = {}
    text = files("hashwatch.enrich").joinpath("common_words.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        language, band, *words = line.split(" ")
        listed.setdefault(language, {}).update(dict.fromkeys(words, float(band)))
    return listed


def bits_in(folded: str, language: str) -> float:
    """In one of how many posts of a language a folded word stands, as a power of two."""
    return _bits_by_language().get(language, {}).get(folded, UNLISTED_BITS)


def bits(folded: str) -> float:
    """In one of how many posts a folded word stands, as a power of two, at most 16.

    Judged by the language that finds it most common: programmes mix languages, and do not say so.
    """
    if folded in _CONFERENCE:
        return CONFERENCE_BITS
    return min(
        (words.get(folded, UNLISTED_BITS) for words in _bits_by_language().values()),
        default=UNLISTED_BITS,
    )
