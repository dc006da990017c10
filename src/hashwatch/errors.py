"""Every error that hashwatch raises on purpose.

::

    HashwatchError
    ├── ConfigError            config.toml, the programme or an option is wrong (exit code 2)
    ├── InUseError             another process holds the file or the port
    ├── ArchiveError           the archive cannot be trusted or written
    │   └── DamagedError       quick_check found damage; nothing is written
    ├── ConflictError          somebody else decided in the meantime (HTTP 409)
    ├── FilterError            a filter of a page, search or export is wrong (HTTP 400, exit code 2)
    ├── MissingError           there is no such event, post or session (HTTP 404)
    ├── ImportFormatError      the file is not what it was said to be
    └── SourceError            a platform did not give what was asked
        ├── UnreachableError   no answer: DNS, refused, TLS, deadline, 5xx
        ├── RateLimitedError   429 or a spent budget; carries when to try again
        │   └── BudgetError    the money that may be spent is
        ├── DeniedError        401, 403: a token is needed, or was refused
        ├── NotFoundError      404, 410
        └── BadAnswerError     an answer that is not what the platform documents

The message of each is one sentence for a person: what, where, why, and what to do.
"""

from __future__ import annotations


class HashwatchError(Exception):
    """Anything that hashwatch reports as its own; shown without a traceback."""


class ConfigError(HashwatchError):
    """One or more things to mend in what the operator wrote; ``problems`` is a line each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class InUseError(HashwatchError):
    """Another process holds what this one needs."""


class ArchiveError(HashwatchError):
    """The archive cannot be read or written as it must be."""


class DamagedError(ArchiveError):
    """The archive's file is damaged; nothing was written to it."""


class ImportFormatError(HashwatchError):
    """A file to import is not in the stated format, or in none that is known."""


class FilterError(HashwatchError, ValueError):
    """A filter says something that cannot be; ``name`` is the filter's."""

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        super().__init__(f"{name}: {problem}")


class ConflictError(HashwatchError):
    """Another person has decided on the same thing since this one last saw it."""


class MissingError(HashwatchError):
    """What was asked for by its name is not in the dashboard."""


class SourceError(HashwatchError):
    """A platform did not give what was asked of it.

    ``status`` is that of its answer, where one came; ``asked`` is false where the request never
    left, so that it cannot have cost anything.
    """

    status: int | None = None
    asked: bool = True


class UnreachableError(SourceError):
    """No usable answer: name look-up, connection, TLS, total deadline, or a 5xx status."""


class RateLimitedError(SourceError):
    """The platform asks to wait. ``retry_after`` is in seconds from now, capped and positive."""

    def __init__(self, message: str, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class BudgetError(RateLimitedError):
    """Asking might cost more than is left of the money that the operator has set apart."""

    asked = False


class DeniedError(SourceError):
    """The platform refuses. ``wants_token``: it would not with a token, or with one of a person.

    ``excerpt`` is a bounded piece of its answer, where there is one.
    """

    def __init__(self, message: str, *, wants_token: bool = False, excerpt: bytes = b"") -> None:
        self.wants_token = wants_token
        self.excerpt = excerpt[:2000]
        super().__init__(message)


class NotFoundError(SourceError):
    """The platform knows no such thing."""


class BadAnswerError(SourceError):
    """The platform's answer is not what it documents; ``excerpt`` is a bounded piece of it."""

    def __init__(self, message: str, excerpt: bytes = b"") -> None:
        self.excerpt = excerpt[:2000]
        super().__init__(message)
