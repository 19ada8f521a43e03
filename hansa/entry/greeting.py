"""What is said when the league is ready: one line for programs on stdout, and for people how to reach it on stderr."""

from __future__ import annotations

import pathlib
import shlex
import shutil
import sys
from collections.abc import Sequence

from hansa.entry.config import Config

_OWN = """
The league answers at {url} with {sites}.
The entry to copy into a clouds.yaml of yours; the password to it is in {file},
beside that of hansa-admin:

    hansa:
      auth:
        auth_url: {url}/identity/v3
        username: demo
        project_name: demo
        user_domain_name: Default
        project_domain_name: Default
      region_name: {region}
      identity_api_version: 3

A first command to try:

    OS_CLIENT_CONFIG_FILE={quoted} {client} --os-cloud hansa availability zone list --compute
"""

_FOREIGN = """
The league answers at {url} with {sites}.
Its users are those of the Keystone at {keystone}, whose passwords the league does not know:
the entries hansa and hansa-admin in {file} have none. Copy one and add username, project_name and password.

A first command to try, which asks for the password:

    OS_CLIENT_CONFIG_FILE={quoted} {client} --os-cloud hansa-admin catalog list
"""


def say(config: Config, directory: pathlib.Path, sites: Sequence[str]) -> None:
    """Say that the league is ready, over so many sites."""
    file = directory / 'clouds.yaml'
    text = (_FOREIGN if config.identity_url else _OWN).format(
        url=config.url, sites=_named(sites), file=file, quoted=shlex.quote(str(file)), client=_client(), region=config.region,
        keystone=config.identity_url,
    )  # fmt: skip
    print(text, file=sys.stderr, flush=True)
    # Last, as whoever waits for this line may go on at once.
    print(f'ready {config.url}', flush=True)


def brief(what: str) -> None:
    """Say that a part of a league is ready to which no user turns."""
    print(f'ready {what}', flush=True)


def _client() -> str:
    """How the OpenStack client is called: it may stand beside our Python and not on the path."""
    beside = pathlib.Path(sys.executable).with_name('openstack')
    return shlex.quote(str(beside)) if shutil.which('openstack') is None and beside.exists() else 'openstack'


def _named(sites: Sequence[str]) -> str:
    if not sites:
        return 'no site yet (hansa site add joins one)'
    return f'{"site" if len(sites) == 1 else "sites"} {", ".join(sites[:10])}' + (', …' if len(sites) > 10 else '')
