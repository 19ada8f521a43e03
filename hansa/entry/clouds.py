"""From clouds.yaml to sites, and the clouds.yaml by which users reach the league."""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from hansa.entry import cloudsfile
from hansa.model.errors import ConfigError
from hansa.model.secret import Secret
from hansa.model.site import SiteSpec

SITE_NAME = re.compile('[a-z0-9][a-z0-9-]{0,62}')
MOST_SIMULATED = 1000

_SYNTAX = '--sites must be SITE=ENTRY or SITE=ENTRY:REGION with commas between, e.g. east=east-admin,west=west-admin'


def specs(file: str, sites: str) -> list[SiteSpec]:
    """The sites to join, in the order named. `file` '' looks where OpenStack clients look; `sites` as in --sites.

    Without `sites` every entry is a site of its own name, and of an entry with several regions each is one
    ('entry-region'). Raises ConfigError.
    """
    clouds = cloudsfile.load(file)
    wanted = _pairs(clouds, sites) if sites.strip() else _all(clouds)
    for name, times in Counter(name for name, _, _ in wanted).items():
        check_name(name)
        if times > 1:
            raise ConfigError(f'Site {name!r} is named {times} times; give each site a name of its own with --sites SITE=ENTRY.')
    return [SiteSpec(name, 'openstack', clouds.settings(entry, region)) for name, entry, region in wanted]


def settings(file: str, entry: str) -> dict[str, object]:
    """One entry, written ENTRY or ENTRY:REGION, as plain data with its secrets in it. Raises ConfigError."""
    clouds = cloudsfile.load(file)
    return clouds.settings(*_one(clouds, entry))


def simulated(number: int) -> list[SiteSpec]:
    """So many simulated sites, sim1 and up. Raises ConfigError for a number out of bounds."""
    if not 0 <= number <= MOST_SIMULATED:
        raise ConfigError(f'--sim must be a number from 0 to {MOST_SIMULATED}.')
    return [SiteSpec(f'sim{n}', 'sim', {}) for n in range(1, number + 1)]


def check_name(name: str) -> None:
    """Raises ConfigError where a site cannot be called so: names of sites are names of zones too."""
    if not SITE_NAME.fullmatch(name):
        raise ConfigError(
            f'{name!r} cannot be the name of a site: use up to 63 lower-case letters, digits and hyphens, no hyphen first'
            ' (--sites SITE=ENTRY gives an entry another name).'
        )


def write_clouds_yaml(directory: str, entries: Mapping[str, object], name: str = 'clouds.yaml', opening: str = '') -> Path:
    """Write DIRECTORY/NAME, a comment to open it, for the owner's eyes only; whole or not at all. Returns its path. Raises OSError."""
    import yaml

    path = Path(directory) / name
    handle, draft = tempfile.mkstemp(dir=directory, prefix='.clouds-')  # made with mode 0600
    try:
        with os.fdopen(handle, 'w', encoding='utf-8') as file:
            file.write(opening)
            yaml.safe_dump({'clouds': dict(entries)}, file, sort_keys=False)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return path


def entries(auth_url: str, admin_password: Secret, demo_password: Secret, region: str) -> dict[str, object]:
    """The entries 'hansa-admin' and 'hansa' of a league that runs its own Keystone."""
    return {
        'hansa-admin': entry(auth_url, region, who('admin', 'admin') | {'password': admin_password.reveal()}),
        'hansa': entry(auth_url, region, who('demo', 'demo') | {'password': demo_password.reveal()}),
    }


def without_passwords(auth_url: str, admin: str, project: str, region: str) -> dict[str, object]:
    """The same for the operator's Keystone, whose users we do not know: where to go, the rest is the user's to say."""
    return {'hansa-admin': entry(auth_url, region, who(admin, project)), 'hansa': entry(auth_url, region, {})}


def who(user: str, project: str) -> dict[str, str]:
    """The names of an entry's user and project, both of the domain Default."""
    return {'username': user, 'project_name': project, 'user_domain_name': 'Default', 'project_domain_name': 'Default'}


def entry(auth_url: str, region: str, auth: Mapping[str, str]) -> dict[str, object]:
    """One entry; `auth` is all of its credential but where to go."""
    return {'auth': {'auth_url': auth_url, **auth}, 'region_name': region, 'identity_api_version': 3, 'interface': 'public'}


def _all(clouds: cloudsfile.Clouds) -> list[tuple[str, str, str]]:
    wanted = []
    for entry in clouds.names:
        regions = clouds.regions(entry)
        if len(regions) == 1:
            wanted.append((entry, entry, regions[0]))
        else:
            wanted += [(f'{entry}-{region}'.lower(), entry, region) for region in regions]
    return wanted


def _pairs(clouds: cloudsfile.Clouds, sites: str) -> list[tuple[str, str, str]]:
    wanted = []
    for word in sites.split(','):
        name, equals, entry = (part.strip() for part in word.partition('='))
        if not name or (equals and not entry):
            raise ConfigError(f'{_SYNTAX}; {word.strip()!r} is neither.')
        wanted.append((name, *_one(clouds, entry or name)))
    return wanted


def _one(clouds: cloudsfile.Clouds, word: str) -> tuple[str, str]:
    """ENTRY or ENTRY:REGION taken apart; an entry may itself have a colon in its name."""
    before, colon, after = word.rpartition(':')
    entry, region = (before, after) if colon and word not in clouds.names else (word, '')
    regions = clouds.regions(entry)
    if region and region not in regions:
        raise ConfigError(f'{clouds.path}: entry {entry!r} has no region {region!r}; it has {", ".join(filter(None, regions))}.')
    if not region and len(regions) > 1:
        raise ConfigError(f'{clouds.path}: entry {entry!r} has the regions {", ".join(regions)}; say which, as {entry}:{regions[0]}.')
    return entry, region or regions[0]
