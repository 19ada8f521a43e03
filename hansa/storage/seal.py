"""Secrets at rest: AES-256-GCM under a key that stands in a file of its own, in the state folder."""

from __future__ import annotations

import os
import pathlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hansa.model.errors import ConfigError

_LENGTH = 32
_NONCE = 12
_FORM = b'\x01'
_CHECK, _CHECKED = 'seal', b'hansa'


class Seal:
    """Seals and opens words; each is bound to the place it is kept at, so that none can be moved to another."""

    __slots__ = ('_cipher',)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def __repr__(self) -> str:
        return 'Seal(…)'

    def close(self, word: bytes, place: str) -> bytes:
        """Ciphertext: one byte of form, 12 of nonce, the sealed word with its 16 bytes of tag."""
        nonce = os.urandom(_NONCE)
        return _FORM + nonce + self._cipher.encrypt(nonce, word, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """The word. Raises ConfigError where it was sealed with another key, for another place, or was altered."""
        body = sealed[len(_FORM) :]
        try:
            if not sealed.startswith(_FORM):
                raise InvalidTag
            return self._cipher.decrypt(body[:_NONCE], body[_NONCE:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise ConfigError(
                f"The stored secret '{place}' does not open with the key in seal.key; put back the key it was sealed with."
            ) from error


def fresh() -> Seal:
    """A seal with a key that is kept nowhere."""
    return Seal(AESGCM.generate_key(_LENGTH * 8))


def load(file: pathlib.Path) -> Seal:
    """The seal of an existing key file. Raises ConfigError where it is missing or no key."""
    try:
        key = file.read_bytes()
    except OSError as error:
        raise ConfigError(
            f'The key file {file} cannot be read ({error.strerror}), and the database beside it holds sealed secrets; put it back.'
        ) from error
    if len(key) != _LENGTH:
        raise ConfigError(f'The key file {file} is not a key of {_LENGTH} bytes; put back the key the secrets were sealed with.')
    return Seal(key)


def make(file: pathlib.Path) -> Seal:
    """The seal of the key file; the file is made, readable by its owner alone, if there is none.

    The key comes to its name whole: a crash leaves either no key or a good one.
    """
    if file.exists():
        return load(file)
    draft = file.with_name(file.name + '.new')
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, 'wb') as out:
        out.write(AESGCM.generate_key(_LENGTH * 8))
        out.flush()
        os.fsync(out.fileno())
    draft.rename(file)
    return load(file)


def belonging(key: pathlib.Path, word: bytes | None) -> tuple[Seal, bytes]:
    """The seal of a key file that belongs to a database, and the word that the database knows it by; `word` is what it has, None where
    it is new: then the key is made if need be.

    Raises ConfigError where the key file is missing or is another database's.
    """
    if word is None:
        made = make(key)
        return made, made.close(_CHECKED, _CHECK)
    known = load(key)
    try:
        known.open(word, _CHECK)
    except ConfigError as error:
        raise ConfigError(f'{key} is not the key of the database beside it; put back the key it was made with.') from error
    return known, word
