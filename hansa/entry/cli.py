"""The command `hansa`: noun, verb, flags."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import hansa
from hansa.entry import output
from hansa.entry.commands import agent, db, drift, quota, roles, serve, settings, sim, site, status, version, why
from hansa.model.errors import ConfigError, HansaError

_EPILOG = """\
Data goes to stdout, talk to stderr. NO_COLOR is heeded.
Exit codes: 0 done; 1 failed, or the answer is no; 2 wrong usage or configuration; 130 interrupted.
Settings come from flags, then HANSA_… variables, then hansa.toml; see: hansa config check.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    args = _parser().parse_args(argv)
    try:
        code: int = args.run(args)
        sys.stdout.flush()
        return code
    except ConfigError as error:
        output.say(f'hansa: {error}')
        return 2
    except HansaError as error:
        output.say(f'hansa: {error}')
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has seen enough; what is left must not raise again when Python closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='hansa',
        description='Hansa makes one cloud out of many.',
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--version', action='version', version=f'hansa {hansa.__version__}')
    nouns = parser.add_subparsers(metavar='COMMAND', required=True)
    for command in (serve, roles, status, site, agent, drift, quota, why, db, sim, settings, version):
        command.add(nouns)
    return parser


if __name__ == '__main__':
    sys.exit(main())
