"""The settings of one run of Horizon: those that docs/horizon.md tells an operator to make, and what is the lab's own."""

from __future__ import annotations

import pathlib
import re
import secrets

GUIDE = pathlib.Path(__file__).resolve().parents[2] / 'docs' / 'horizon.md'

OWN = """
# The lab's own: one process, reached on loopback, which keeps nothing outside of this folder.
ALLOWED_HOSTS = ['127.0.0.1']
STATIC_ROOT = {static!r}
SECRET_KEY = {key!r}
SESSION_ENGINE = 'django.contrib.sessions.backends.file'
SESSION_FILE_PATH = {sessions!r}
CACHES = {{'default': {{'BACKEND': 'django.core.cache.backends.locmem.LocMemCache'}}}}
"""


def write(folder: pathlib.Path, identity: str, static: pathlib.Path) -> dict[str, str]:
    """The environment under which Horizon finds the settings written in `folder`; `identity` is a league's, with its version.

    Horizon imports `local.local_settings` along the path, so its own folder stays as it was installed.
    """
    sessions = folder / 'sessions'
    sessions.mkdir(parents=True, exist_ok=True)
    (folder / 'local').mkdir(exist_ok=True)
    (folder / 'local' / '__init__.py').touch()
    own = OWN.format(static=str(static), key=secrets.token_hex(32), sessions=str(sessions))
    (folder / 'local' / 'local_settings.py').write_text(told(identity) + own)
    return {'PYTHONPATH': str(folder), 'DJANGO_SETTINGS_MODULE': 'openstack_dashboard.settings'}


def told(identity: str) -> str:
    """The first block of Python in the guide, with this league in the place of the one named there."""
    [block, *_] = re.findall(r'^```python\n(.*?)^```$', GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    return re.sub(r"^(OPENSTACK_KEYSTONE_URL = ).*$", lambda line: line[1] + repr(identity), block, flags=re.MULTILINE)
