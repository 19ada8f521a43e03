"""A filter: subunit comes in, one line of JSON goes out for each test that has ended.

It is run by Tempest's own Python, which knows subunit; nothing else of the project is there.
"""

import json
import sys
from typing import Any

import subunit
import testtools

PASSED = ('success', 'xfail')


def main() -> None:
    """Until the stream ends."""
    sink = testtools.StreamToDict(_told)
    sink.startTestRun()
    subunit.ByteStreamToStreamResult(sys.stdin.buffer, non_subunit_name='stdout').run(sink)
    sink.stopTestRun()


def _told(test: dict[str, Any]) -> None:
    if test['status'] in {'exists', 'inprogress', 'unknown'} or test['id'] == 'stdout':
        return
    state = 'pass' if test['status'] in PASSED else 'skip' if test['status'] == 'skip' else 'fail'
    began, ended = test['timestamps']
    seconds = (ended - began).total_seconds() if began and ended else 0.0
    texts = {name: content.as_text() for name, content in test['details'].items() if content.content_type.type == 'text'}
    log = '' if state != 'fail' else '\n'.join(texts.values())
    line = {'id': test['id'], 'state': state, 'seconds': round(seconds, 1), 'why': _why(texts), 'log': log}
    sys.stdout.write(json.dumps(line) + '\n')
    sys.stdout.flush()


def _why(texts: dict[str, str]) -> str:
    """What a skip says of itself, or the last line of the failure that came first."""
    if 'reason' in texts:
        return texts['reason'].strip()
    traces = [text.strip() for name, text in texts.items() if name.startswith('traceback')]
    return traces[0].splitlines()[-1][:500] if traces and traces[0] else ''


if __name__ == '__main__':
    main()
