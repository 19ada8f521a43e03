"""The accounts that the first start makes, and the file that keeps their passwords."""

from __future__ import annotations

import dataclasses
import pathlib
import secrets

import msgspec

from hansa.keystone import files
from hansa.model.errors import ConfigError
from hansa.model.secret import Secret

ENGINE_USER = 'hansa'


@dataclasses.dataclass(frozen=True)
class Accounts:
    """First passwords of the users `admin` and `demo`, who may change them; `engine_password` is of
    the user `hansa`, with which the league keeps its catalogue, and is put right whenever it does not fit.
    """

    admin_password: Secret
    demo_password: Secret
    engine_password: Secret


class _File(msgspec.Struct):
    admin_password: str
    demo_password: str
    engine_password: str


def keep(path: pathlib.Path) -> Accounts:
    """Read the file, or make it with random passwords. Raises ConfigError where it cannot be understood."""
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        kept = _File(*(secrets.token_urlsafe(18) for _ in range(3)))
        files.write_whole(path, msgspec.json.encode(kept))
    except msgspec.MsgspecError:
        raise ConfigError(f'{path} is not as it was written; take it away to have new passwords.') from None
    return Accounts(Secret(kept.admin_password), Secret(kept.demo_password), Secret(kept.engine_password))
