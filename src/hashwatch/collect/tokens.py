"""Secrets come from the environment or from a file, never from the configuration itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo

from hashwatch.errors import ConfigError

# Under this name, pydantic's validation context holds the folder of config.toml.
FOLDER = "folder"


def _beside_the_configuration(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get(FOLDER, Path())
    assert isinstance(folder, Path)
    return folder / path.expanduser()


# A path in a source's settings; like every path in config.toml it is relative to that file.
TokenFile = Annotated[Path, AfterValidator(_beside_the_configuration)]


def read_token(where: str, token_env: str | None, token_file: Path | None) -> str | None:
    """The token that ``token_env`` names or ``token_file`` holds; ``None`` when neither is set.

    ``where`` names the setting in the ``ConfigError`` raised for a missing, empty or unusable one;
    its text never holds the token.
    """
    if token_env and token_file:
        raise ConfigError([f"{where}: give token_env or token_file, not both"])
    if token_env:
        origin, token = f"the variable {token_env}", os.environ.get(token_env, "")
    elif token_file:
        origin, token = f"the file {token_file}", _read(where, token_file)
    else:
        return None
    token = token.strip()
    if not token:
        raise ConfigError([f"{where}: {origin} is empty or not set"])
    if not token.isascii() or not token.isprintable():
        raise ConfigError([f"{where}: {origin} holds characters that no token has"])
    return token


def _read(where: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError([f"{where}: the file {path} cannot be read: {reason}"]) from None
