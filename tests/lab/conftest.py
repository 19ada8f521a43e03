"""Tests over the lab begin with clouds as they were made, whatever a run that was killed left there."""

from __future__ import annotations

import os
import pathlib
import warnings

import pytest
import yaml

from tests.lab.cloud import Cloud


@pytest.fixture(scope='session', autouse=True)
def swept() -> None:
    """Each cloud of LAB_CLOUDS, tidied."""
    if 'LAB_CLOUDS' not in os.environ:
        return
    with warnings.catch_warnings():
        # openstacksdk and what it imports warn of each other's age.
        warnings.simplefilter('ignore')
        for name in yaml.safe_load(pathlib.Path(os.environ['LAB_CLOUDS']).read_text())['clouds']:
            if not name.endswith('-admin'):
                Cloud(name).sweep()
