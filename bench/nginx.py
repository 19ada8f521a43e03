"""nginx as the yardstick: a private one that passes everything on to one upstream, or serves files, on a port and in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import subprocess
from collections.abc import Iterator, Sequence

from bench import processes

CONFIGURATION = """\
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000;
{role}
}}
"""
PASSES_ON = """\
    upstream site {{ server 127.0.0.1:{upstream}; keepalive 32; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port};
        client_max_body_size 0;
        location / {{
            proxy_pass http://site;
            proxy_http_version 1.1;
            proxy_set_header Connection '';
            proxy_request_buffering off;
            proxy_max_temp_file_size 0;
        }}
    }}"""
SERVES = """\
    sendfile on;
    tcp_nopush on;
    default_type application/json;
    server {{
        listen 127.0.0.1:{port};
        location / {{ root {files}; }}
    }}"""


SHARES = """
    upstream league {{ {servers} keepalive 32; }}
    upstream intakes {{ {intakes} keepalive 32; }}
    proxy_http_version 1.1;
    proxy_set_header Connection '';
    proxy_set_header Host $http_host;
    proxy_request_buffering off;
    proxy_max_temp_file_size 0;
    proxy_read_timeout 300;
    server {{
        listen 127.0.0.1:{port};
        client_max_body_size 0;
        location / {{ proxy_pass http://league; }}
        location ~ ^/league/v1/sites/[^/]+/(runs|batches|reports|digests|holdings) {{ proxy_pass http://intakes; }}
    }}
"""


@contextlib.contextmanager
def before(upstream: int, folder: pathlib.Path) -> Iterator[tuple[int, processes.Program]]:
    """Run one in front of a port of 127.0.0.1; its own port and the program."""
    port = processes.free_port()
    with _running(folder, port, PASSES_ON.format(upstream=upstream, port=port)) as program:
        yield port, program


@contextlib.contextmanager
def over(upstreams: Sequence[str], intakes: Sequence[str], port: int, folder: pathlib.Path) -> Iterator[processes.Program]:
    """Run one at a port of 127.0.0.1 that shares the requests out among several HOST:PORT, those of agents near their sites among the
    intakes, and leaves out those that do not answer.
    """
    both = [' '.join(f'server {each} max_fails=1 fail_timeout=2;' for each in some) for some in (upstreams, intakes)]
    with _running(folder, port, SHARES.format(servers=both[0], intakes=both[1], port=port)) as program:
        yield program


@contextlib.contextmanager
def serving(files: pathlib.Path, folder: pathlib.Path) -> Iterator[tuple[int, processes.Program]]:
    """Run one that serves the files of a folder; its own port and the program."""
    port = processes.free_port()
    with _running(folder, port, SERVES.format(files=files, port=port)) as program:
        yield port, program


@contextlib.contextmanager
def _running(folder: pathlib.Path, port: int, role: str) -> Iterator[processes.Program]:
    folder.mkdir()
    conf = folder / 'nginx.conf'
    user = 'user root;' if os.geteuid() == 0 else ''
    conf.write_text(CONFIGURATION.format(folder=folder, user=user, role=role), encoding='utf-8')
    command = [_binary(), '-p', str(folder), '-c', str(conf), '-e', str(folder / 'error.log')]
    with processes.running(command, folder / 'out.log', port) as program:
        yield program


def _binary() -> str:
    found = shutil.which('nginx', path=os.environ.get('PATH', '') + ':/usr/sbin')
    if found:
        return found
    if os.geteuid() != 0 or not shutil.which('apt-get'):
        raise SystemExit('The benchmark compares with nginx: install it first (Debian: apt-get install nginx-light).')
    # RUNLEVEL=1 keeps Debian from starting it as a service.
    environment = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive', 'RUNLEVEL': '1'}
    for words in (('update', '-qq'), ('install', '-y', '-qq', '--no-install-recommends', 'nginx-light')):
        subprocess.run(('apt-get', *words), check=True, env=environment, timeout=600, stdout=subprocess.DEVNULL)
    return '/usr/sbin/nginx'
