"""One module per noun of the command line: `add` says its words and flags, the functions below it do them."""

from __future__ import annotations

import argparse
from typing import Protocol


class Nouns(Protocol):
    """Where words are added; what argparse's `add_subparsers` gives."""

    def add_parser(self, name: str, *, help: str | None = None, description: str | None = None) -> argparse.ArgumentParser:
        """A parser for one more word."""
        ...
