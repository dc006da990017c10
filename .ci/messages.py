"""Collects the interface's messages into the catalogues: `make messages`.

New messages come without a translation, those no longer used go. With ``check`` nothing is written:
what is missing, fuzzy, no longer used or has other placeholders than the English is listed.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).parent.parent / "src" / "hashwatch"
CATALOGUES = PACKAGE / "catalogues"
METHODS = [
    ("**/static/vendor/**", "ignore"),
    ("**.py", "python"),
    ("serve/templates/**.html", "jinja2"),
    ("serve/static/*.js", "javascript"),
]
KEYWORDS = {
    "_": None, "gettext": None, "say": None, "N_": None, "said": None,
    "ngettext": (1, 2), "plural": (2, 3),
    "pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|%")
# A plain space before ; : ! ? » or after «, and the straight apostrophe.
_UNSPACED = re.compile(r" [;:!?»]|« |[a-zà-ÿ]'[a-zà-ÿ]")
_TAG = re.compile(r"</?[a-z]+[^>]*>")


def collect() -> Catalog:
    """Every message of Python, templates and scripts, with the files that it stands in."""
    found = Catalog(project="hashwatch", charset="utf-8", fuzzy=False)
    options = {"serve/templates/**.html": {"trimmed": "true", "silent": "false"}}
    for path, line, message, _comments, context in extract_from_dir(
        PACKAGE, METHODS, options, KEYWORDS
    ):
        found.add(message, locations=[(Path(path).as_posix(), line)], context=context)
    return found


def merged(old: bytes, language: str) -> Catalog:
    """A catalogue brought up to date with `collect`."""
    catalogue = read_po(io.BytesIO(old), locale=language)
    catalogue.update(collect(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    for message in catalogue:
        message.locations = sorted({(path, 0) for path, _ in message.locations})
    return catalogue


def written(catalogue: Catalog) -> bytes:
    """A catalogue as its file holds it, in the order of the messages, so that merges are easy."""
    text = io.BytesIO()
    write_po(text, catalogue, width=0, sort_output=True, include_lineno=False)
    return text.getvalue()


def problems(catalogue: Catalog) -> Iterator[str]:
    """What is wrong with the translations."""
    for message in catalogue:
        if not message.id:
            continue
        given = message.string if isinstance(message.string, tuple) else (message.string,)
        forms = catalogue.num_plurals if message.pluralizable else 1
        if len(given) != forms or not all(given):
            yield f"not translated: {message.id!r}"
        elif message.fuzzy:
            yield f"fuzzy: {message.id!r}"
        elif any(_parts(form) != _parts(one) for form, one in _pairs(message, given)):
            yield f"other placeholders or tags: {message.id!r} → {message.string!r}"
        elif catalogue.locale and catalogue.locale.language == "fr":
            for form in given:
                if _UNSPACED.search(_TAG.sub("", form)):
                    yield f"needs espaces insécables or ’: {form!r}"


def _pairs(message: Message, given: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Each form with the English that it stands for; a singular may leave its number out."""
    if not message.pluralizable:
        yield given[0], message.id
        return
    yield given[0], message.id[1] if "%(count)s" in given[0] else message.id[0]
    for form in given[1:]:
        yield form, message.id[1]


def _parts(text: str) -> tuple[list[str], list[str]]:
    return sorted(_PLACEHOLDER.findall(text)), sorted(_TAG.findall(text))


def main(check: bool) -> int:
    """Writes the catalogues, or says what is wrong with them."""
    wrong = []
    for path in sorted(CATALOGUES.glob("*.po")):
        old = path.read_bytes()
        catalogue = merged(old, path.stem)
        if not check:
            path.write_bytes(written(catalogue))
        elif written(catalogue) != old:
            wrong.append(f"{path.name}: not up to date: run make messages")
        wrong += [f"{path.name}: {problem}" for problem in problems(catalogue)]
    print(
        "\n".join(wrong) or "the catalogues are complete", file=sys.stderr if wrong else sys.stdout
    )
    return 1 if wrong and check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] == ["check"]))
