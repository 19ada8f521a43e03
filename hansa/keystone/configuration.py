"""What we tell Keystone: its configuration file, written anew at each start."""

from __future__ import annotations

import pathlib

from hansa.keystone.files import Places

# Changes made around our own Keystone process (by its command line) are seen after so long.
CACHE_SECONDS = 2
BODY_LIMIT = 1 << 20


def text(places: Places, data: pathlib.Path, public_url: str, expiration: int) -> str:
    """The file's content; `data` holds database and keys, `expiration` is seconds that a token lives."""
    sections: dict[str, dict[str, object]] = {
        'DEFAULT': {
            'public_endpoint': f'{public_url}/identity',
            'log_file': places.logs / 'keystone.log',
            'log_rotation_type': 'size',
            'max_logfile_size_mb': 10,
            'max_logfile_count': 2,
            'use_stderr': 'false',
            'insecure_debug': 'false',
        },
        'database': {'connection': f'sqlite:///{data}/keystone.db'},
        'identity': {'max_password_length': 72},
        'token': {'provider': 'fernet', 'expiration': expiration},
        'fernet_tokens': {'key_repository': data / 'fernet'},
        'fernet_receipts': {'key_repository': data / 'fernet'},
        'credential': {'key_repository': data / 'credential'},
        'cache': {
            'enabled': 'true',
            'backend': 'dogpile.cache.memory',
            'proxies': 'hansa.keystone.memory.Bound',
            'expiration_time': CACHE_SECONDS,
        },
        'oslo_middleware': {'max_request_body_size': BODY_LIMIT, 'enable_proxy_headers_parsing': 'false'},
        'oslo_messaging_notifications': {'driver': 'noop'},
        'oslo_policy': {'policy_file': places.private / 'policy.yaml'},
    }
    lines = ['# Written at each start. Additions of your own: *.conf files in conf.d beside this file.']
    for section, options in sections.items():
        lines.append(f'\n[{section}]')
        lines.extend(f'{name} = {_escaped(value)}' for name, value in options.items())
    return '\n'.join(lines) + '\n'


def _escaped(value: object) -> str:
    return str(value).replace('$', '$$')
