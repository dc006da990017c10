"""The interface's language: words by gettext catalogues, figures and times by CLDR.

A message is marked where it stands, in English, with `say`, `plural` or `N_`; templates and the
scripts of pages use the same names. ``make messages`` collects them into ``catalogues/*.po``, which
are read when somebody first asks for the language. Which language is spoken is a context variable,
set for each request; everywhere else it is English.

Two more languages serve tests: ``en-XA`` is English with every letter accented, 40% longer, in
brackets, and ``ar-XB`` is the same from right to left. What is not marked stands out in both.
"""

from hashwatch.wording.figures import (
    day,
    days_between,
    fixed,
    full_day,
    full_weekday,
    language_name,
    moment,
    money,
    number,
    percent,
    signed,
    time_of_day,
    weekday,
)
from hashwatch.wording.language import (
    CLOSES,
    ENGLISH,
    LANGUAGES,
    OPENS,
    PSEUDO,
    PSEUDO_RIGHT_TO_LEFT,
    choose,
    direction,
    is_known,
    pseudo,
    speaking,
    spoken,
)
from hashwatch.wording.words import (
    N_,
    age,
    catalogue,
    for_scripts,
    gettext,
    joined,
    ngettext,
    npgettext,
    pgettext,
    plural,
    read_catalogue,
    say,
    span,
)

__all__ = [
    "CLOSES",
    "ENGLISH",
    "LANGUAGES",
    "N_",
    "OPENS",
    "PSEUDO",
    "PSEUDO_RIGHT_TO_LEFT",
    "age",
    "catalogue",
    "choose",
    "day",
    "days_between",
    "direction",
    "fixed",
    "for_scripts",
    "full_day",
    "full_weekday",
    "gettext",
    "is_known",
    "joined",
    "language_name",
    "moment",
    "money",
    "ngettext",
    "npgettext",
    "number",
    "percent",
    "pgettext",
    "plural",
    "pseudo",
    "read_catalogue",
    "say",
    "signed",
    "span",
    "speaking",
    "spoken",
    "time_of_day",
    "weekday",
]
