"""Clients of the object store as their users run them: swift and openstack by their command lines, rclone from Debian, boto3 by a small program."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from tests.lab import league, toolbox

SECONDS = 1800
_BOTO = pathlib.Path(__file__).with_name('boto.py')


class Clients:
    """All of them as the user of one entry of a clouds.yaml. Each fails with what the client said where it does not succeed."""

    def __init__(self, clouds: pathlib.Path, entry: str = 'hansa') -> None:
        auth = yaml.safe_load(clouds.read_text(encoding='utf-8'))['clouds'][entry]['auth']
        self.cloud = league.connect(clouds, entry)
        self._bin = toolbox.installed('objects') / 'bin'
        self._environment = {f'OS_{key.upper()}': str(value) for key, value in auth.items()} | {
            'OS_IDENTITY_API_VERSION': '3',
            'ST_AUTH_VERSION': '3',
            'RCLONE_CONFIG': os.devnull,
            **_rclone(auth),
        }

    def swift(self, *words: str, folder: pathlib.Path | None = None) -> str:
        """`swift WORDS`, in a folder; what it says."""
        return self._run([str(self._bin / 'swift'), *words], folder)

    def openstack(self, *words: str, folder: pathlib.Path | None = None) -> str:
        """`openstack WORDS`."""
        return self._run([str(league.BIN / 'openstack'), *words], folder)

    def rclone(self, *words: str) -> str:
        """`rclone WORDS`; the account is the remote `league:`."""
        return self._run([rclone(), '--retries', '1', *words])

    def boto(self, verb: str, bucket: str, folder: pathlib.Path, site: str = '') -> str:
        """Let boto3 `make` a bucket, `upload` a folder, `list`, `download` or `delete` it, with credentials of the user's own."""
        session = self.cloud.session
        kept = self.cloud.identity
        held = list(kept.credentials(user_id=session.get_user_id(), type='ec2'))
        found = held[0] if held else kept.create_credential(
            user_id=session.get_user_id(), type='ec2', project_id=session.get_project_id(),
            blob=json.dumps({'access': os.urandom(16).hex(), 'secret': os.urandom(16).hex()}),
        )  # fmt: skip
        endpoint = str(session.get_endpoint(service_type='object-store')).partition('/object/')[0] + '/s3'
        order = {**json.loads(found.blob), 'endpoint': endpoint, 'verb': verb, 'bucket': bucket, 'folder': str(folder), 'site': site}
        return self._run([str(self._bin / 'python'), str(_BOTO)], said=json.dumps(order))

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b'') -> Any:
        """One request below the account; its response, whatever it is."""
        return self.cloud.object_store.request(path or '', method, headers=dict(headers or {}), data=body, raise_exc=False)

    def _run(self, command: Sequence[str], folder: pathlib.Path | None = None, said: str = '') -> str:
        done = subprocess.run(
            command, env=league.environment(**self._environment), cwd=folder, input=said, capture_output=True, text=True, check=False, timeout=SECONDS
        )
        assert done.returncode == 0, f'{" ".join(command)}: {done.stdout[-3000:]}\n{done.stderr[-3000:]}'
        return done.stdout + done.stderr


def rclone() -> str:
    """Where rclone is; Debian's is installed where there is none."""
    if found := shutil.which('rclone'):
        return found
    environment = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'}
    for words in (('update', '-qq'), ('install', '-y', '-qq', '--no-install-recommends', 'rclone')):
        subprocess.run(('apt-get', *words), check=True, env=environment, timeout=600, stdout=subprocess.DEVNULL)
    return '/usr/bin/rclone'


def tree(folder: pathlib.Path, objects: int, smallest: int = 1, largest: int = 8192) -> int:
    """So many files of seeded content below a folder, a hundred in each of its folders; their bytes in all."""
    chance, total = random.Random(objects), 0
    for number in range(objects):
        place = folder / f'part {number // 100:03}' / f'ö{number:05}.bin'
        place.parent.mkdir(parents=True, exist_ok=True)
        content = chance.randbytes(chance.randint(smallest, largest))
        place.write_bytes(content)
        total += len(content)
    return total


def digest(folder: pathlib.Path) -> str:
    """What a tree holds, names and contents."""
    found = hashlib.sha256()
    for place in sorted(each for each in folder.rglob('*') if each.is_file()):
        found.update(f'{place.relative_to(folder)}\0'.encode())
        with place.open('rb') as file:
            found.update(hashlib.file_digest(file, 'sha256').digest())
    return found.hexdigest()


@contextlib.contextmanager
def stopped(site: str) -> Iterator[None]:
    """A cloud of the lab whose processes stand still: connections are taken and never answered."""
    pids = [pid for record in (toolbox.HOME / 'clouds' / site / 'run').glob('*.json') for pid in _family(json.loads(record.read_text(encoding='utf-8'))['pid'])]
    assert pids, f'the lab holds no processes of {site}'
    try:
        _signalled(pids, signal.SIGSTOP)
        yield
    finally:
        _signalled(pids, signal.SIGCONT)


def _signalled(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _family(pid: int) -> list[int]:
    below = pathlib.Path(f'/proc/{pid}/task/{pid}/children')
    try:
        return [pid, *(each for child in below.read_text(encoding='ascii').split() for each in _family(int(child)))]
    except OSError:
        return []


def _rclone(auth: Mapping[str, str]) -> dict[str, str]:
    told = {
        'type': 'swift', 'auth': auth['auth_url'], 'auth_version': '3', 'user': auth['username'], 'key': auth['password'],
        'domain': auth['user_domain_name'], 'tenant': auth['project_name'], 'tenant_domain': auth['project_domain_name'],
    }  # fmt: skip
    return {f'RCLONE_CONFIG_LEAGUE_{key.upper()}': value for key, value in told.items()}
