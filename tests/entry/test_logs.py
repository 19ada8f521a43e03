"""The form of the log, and what is not worth a line in it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

from tests.entry import serving

SCRIPT = """
import asyncio, logging, sys
from hansa.entry import config, logs
logs.begin(config.read({}, environ={'HANSA_LOG_FORMAT': sys.argv[1], 'HANSA_LOG_LEVEL': 'debug'}))
log = logging.getLogger('hansa.test')
log.debug('one %s', 'thing')
logging.getLogger('uvicorn.error').info('noise')
for error in (asyncio.CancelledError(), ValueError('wrong')):
    try:
        raise error
    except BaseException:
        logging.getLogger('uvicorn.error').exception('broke')
"""


def _logged(form: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, '-c', SCRIPT, form], env={'PYTHONPATH': str(serving.ROOT)}, cwd='/', capture_output=True, text=True, check=True, timeout=60
    )
    return done.stderr.splitlines()


def test_json() -> None:
    one, broke = [json.loads(line) for line in _logged('json')]
    assert (one['level'], one['logger'], one['message']) == ('debug', 'hansa.test', 'one thing')
    assert set(one) == {'time', 'level', 'logger', 'message'}
    assert broke['message'] == 'broke'
    assert 'ValueError: wrong' in broke['trace']
    assert asyncio.CancelledError.__name__ not in broke['trace']


def test_text() -> None:
    first, second, *_ = _logged('text')
    assert first.endswith('DEBUG   hansa.test: one thing')
    assert second.endswith('ERROR   uvicorn.error: broke')
