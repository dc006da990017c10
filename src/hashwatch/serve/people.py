"""The people who may sign in, and the role of each: ``people.json`` beside the archive.

The file holds hashes of passwords (Argon2id) and the secret that signs sessions; it is made with
mode 600 and is replaced whole. A person without a password signs in through an authentication
plugin of Datasette's that knows them by that name.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

import msgspec

from hashwatch.errors import ConfigError, HashwatchError
from hashwatch.wording import say

NAME = "people.json"
Role = Literal["viewer", "moderator", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""From the least to the most: each may all that those before it may."""
PASSWORD_LENGTH = 10
_WHO = re.compile(r"[\w][\w .@+-]{0,59}")


class Person(msgspec.Struct, frozen=True):
    """Somebody with a role; ``hash`` is None for one whom a plugin signs in."""

    name: str
    role: Role
    hash: str | None = None
    since: int = 0

    @property
    def mark(self) -> str:
        """Stands in a session for the password that opened it: another password ends it."""
        return hashlib.sha256((self.hash or "").encode()).hexdigest()[:16]


class _File(msgspec.Struct, frozen=True):
    secret: str
    people: tuple[Person, ...] = ()


class People:
    """The people of one data folder; what the file says now, however it came there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held = _File(secrets.token_hex(32))
        self._seen: tuple[int, int] | None = None

    @property
    def secret(self) -> str:
        """What signs sessions; one for this process alone while there is no file."""
        return self._read().secret

    def everybody(self) -> tuple[Person, ...]:
        """All, by name."""
        return tuple(sorted(self._read().people, key=lambda one: one.name.casefold()))

    def find(self, name: str) -> Person | None:
        """The person of that name."""
        return next((one for one in self._read().people if one.name == name), None)

    def with_password(self, name: str, password: str) -> Person | None:
        """The person whose name and password these are; as slow for a name that is unknown."""
        from argon2 import PasswordHasher
        from argon2.exceptions import Argon2Error, InvalidHashError

        person = self.find(name)
        stored = person.hash if person and person.hash else _nobodys_hash()
        try:
            PasswordHasher().verify(stored, password)
        except (Argon2Error, InvalidHashError):
            return None
        return person if person and person.hash else None

    def put(self, name: str, role: Role, password: str | None, now: int) -> Person:
        """Adds a person, or gives them another role and password. ``ConfigError`` says what is
        wrong with either, or that the last admin would be gone.
        """
        if not _WHO.fullmatch(name):
            raise ConfigError(
                [
                    say(
                        "%(name)s is no name to sign in with: use up to 60 letters,"
                        " digits, . @ + -",
                        name=repr(name[:80]),
                    )
                ]
            )
        _known_role(role)
        person = Person(name, role, None if password is None else _hashed(password), now)
        with self._changing() as held:
            others = tuple(one for one in held.people if one.name != name)
            self._write(held, (*others, person))
        return person

    def give_role(self, name: str, role: str) -> None:
        """Gives a person another role; their password stays. Raises as `put` and `remove` do."""
        _known_role(role)
        with self._changing() as held:
            person = _named(held, name)
            changed = msgspec.structs.replace(person, role=role)
            others = tuple(one for one in held.people if one.name != name)
            self._write(held, (*others, changed))

    def remove(self, name: str) -> None:
        """Takes a person out; ``ConfigError`` where there is none of that name."""
        with self._changing() as held:
            gone = _named(held, name)
            self._write(held, tuple(one for one in held.people if one is not gone))

    def _read(self) -> _File:
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            if self._seen is not None:
                self._held, self._seen = _File(secrets.token_hex(32)), None
            return self._held
        seen = (stat.st_mtime_ns, stat.st_ino)
        if seen != self._seen:
            try:
                self._held = msgspec.json.decode(self.path.read_bytes(), type=_File)
            except (msgspec.DecodeError, OSError) as error:
                # Nobody may get in by breaking the file.
                raise HashwatchError(
                    f"{self.path}: cannot be read ({error}); take it from a back-up, or delete it"
                    " and add people anew with hashwatch people add"
                ) from error
            self._seen = seen
        return self._held

    @contextmanager
    def _changing(self) -> Iterator[_File]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_name(f"{NAME}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self._read()

    def _write(self, held: _File, people: tuple[Person, ...]) -> None:
        if held.people and people and not any(one.role == "admin" for one in people):
            raise ConfigError(
                [say("that would leave nobody who is admin; make somebody else admin first")]
            )
        with tempfile.NamedTemporaryFile(dir=self.path.parent, prefix=NAME, delete=False) as file:
            file.write(msgspec.json.format(msgspec.json.encode(_File(held.secret, people))))
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(self.path)  # tempfile makes it with mode 600


def _known_role(role: str) -> None:
    if role not in ROLES:
        raise ConfigError([f"there is no role {role[:40]!r}; there are {', '.join(ROLES)}"])


def _named(held: _File, name: str) -> Person:
    for person in held.people:
        if person.name == name:
            return person
    known = ", ".join(one.name for one in held.people) or "nobody"
    raise ConfigError([f"there is nobody called {name[:80]!r}; there is {known}"])


def new_password() -> str:
    """A password that nobody guesses, in groups that can be read out."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def _hashed(password: str) -> str:
    from argon2 import PasswordHasher

    if len(password) < PASSWORD_LENGTH:
        raise ConfigError(
            [say("a password needs %(length)s characters or more", length=PASSWORD_LENGTH)]
        )
    return PasswordHasher().hash(password)


def _nobodys_hash() -> str:
    """A hash that no password fits, made once, with the parameters of all others."""
    global _nobody
    if _nobody is None:
        from argon2 import PasswordHasher

        _nobody = PasswordHasher().hash(secrets.token_hex(16))
    return _nobody


_nobody: str | None = None
