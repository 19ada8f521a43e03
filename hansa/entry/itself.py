"""Telling the league itself from other clouds: it must never become a site of its own."""

from __future__ import annotations

from urllib.parse import urlsplit

from hansa.model.errors import ConfigError
from hansa.model.site import SiteSpec

_HERE = frozenset(('localhost', '127.0.0.1', '::1'))
_PORTS = {'http': 80, 'https': 443}


def auth_url(spec: SiteSpec) -> str:
    """Where a site's Keystone is; '' for kinds that have none."""
    auth = spec.settings.get('auth')
    return str(auth.get('auth_url') or '') if isinstance(auth, dict) else ''


def means(url: str, listen: str, spec: SiteSpec) -> bool:
    """Whether a site would be the league at `url`, which listens on `listen` ('' where that is not known)."""
    wanted = auth_url(spec)
    if not wanted:
        return False
    # Behind a proxy other clouds may stand beside the league at one host and port; on the port it listens on there is nothing else.
    beside = urlsplit(wanted).path.startswith(urlsplit(url).path.rstrip('/') + '/identity')
    return (beside and _place(wanted) == _place(url)) or (bool(listen) and _place(wanted) == _place(f'http://{listen}'))


def refuse(url: str, listen: str, spec: SiteSpec) -> None:
    """Raises ConfigError where the site would be the league."""
    if means(url, listen, spec):
        raise ConfigError(f'Site {spec.name} would be this league itself ({auth_url(spec)}); name the entry of another cloud.')


def _place(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or '', parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return '', 0
    return ('localhost' if host in _HERE else host), port
