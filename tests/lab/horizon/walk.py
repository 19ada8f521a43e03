"""One walk through Horizon, in its environment: python -m tests.lab.horizon.walk WALK URL ENTRY FOLDER

ENTRY is who signs in, of the clouds.yaml that OS_CLIENT_CONFIG_FILE names; FOLDER has the stock of the league and takes what was seen of a failure.
"""

from __future__ import annotations

import json
import os
import pathlib
import sys
import time
from typing import Any

import yaml

from tests.lab.horizon import forms, pages
from tests.lab.horizon.browser import Browser

Stock = dict[str, dict[str, Any]]


def look(browser: Browser, stock: Stock) -> None:
    pages.read(browser, pages.PLAIN, stock)


def look_closer(browser: Browser, stock: Stock) -> None:
    pages.read(browser, pages.ONE, stock)


def administer(browser: Browser, stock: Stock) -> None:
    pages.read(browser, pages.ADMIN, stock)


def launch(browser: Browser, stock: Stock) -> None:
    for site in stock:
        forms.launch(browser, site, stock)


def make(browser: Browser, stock: Stock) -> None:
    [*_, site] = stock
    forms.key_pair(browser)
    forms.security_group(browser)
    forms.volume(browser, site)
    forms.network(browser, site)


def leave(browser: Browser, stock: Stock) -> None:
    """Signed out, a user is asked to sign in at every page, also with what the browser had before."""
    session = browser.cookie('sessionid')
    browser.sign_out()
    browser.refused('project/instances/')
    browser.restore(session)
    browser.refused('project/instances/')


WALKS = {walk.__name__: walk for walk in (look, look_closer, administer, launch, make, leave)}


def main(name: str, url: str, entry: str, place: str) -> None:
    folder = pathlib.Path(place)
    who = yaml.safe_load(pathlib.Path(os.environ['OS_CLIENT_CONFIG_FILE']).read_text())['clouds'][entry]['auth']
    begun = time.monotonic()
    browser = Browser(url)
    try:
        browser.sign_in(who['username'], who['password'])
        WALKS[name](browser, json.loads((folder / 'stock.json').read_text()))
    except Exception:
        browser.keep(folder, name)
        print(f'{name} ended at {browser.path()}; what was seen there is in {folder / name}.png and .txt')  # noqa: T201 what the test shows
        raise
    finally:
        browser.close()
    print(f'{name}: {time.monotonic() - begun:.0f} s')  # noqa: T201 what the test shows


if __name__ == '__main__':
    main(*sys.argv[1:])
