"""A headless Chromium at one Horizon, as its user sees and clicks it. Every wait is for something to be seen, and has an end.

Debian's own browser and driver are used, so that nothing is fetched and the two agree.
"""

from __future__ import annotations

import pathlib
import re
import shutil
from collections.abc import Callable
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import ElementNotInteractableException, NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

SECONDS = 120
# Root has no sandbox; small containers have no room in /dev/shm.
ARGUMENTS = ('--headless=new', '--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--window-size=1400,1200')
COMPLAINT = re.compile(r'(?i)unable to |^error:|not authorized|page you were looking for|something went wrong', re.MULTILINE)
SETTLED = "return document.readyState === 'complete' && (!window.jQuery || jQuery.active === 0)"
# Status and address of each request of the page that failed.
REFUSED = """
return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .filter(entry => entry.responseStatus >= 400).map(entry => entry.responseStatus + ' ' + entry.name)
"""
# So it is in any cloud: a row that shows something being deleted asks for itself until it is told 404, and then goes; a plain
# user may not read the names of the projects that own public images (and those are the landlords', of which a league's
# Keystone has none); and Horizon asks for the metadata of OS::Cinder::Volumes, which Glance calls OS::Cinder::Volume, and
# stumbles over there being none.
EXPECTED = re.compile(
    r'404 .*[?&]action=row_update&|40[34] .*/api/keystone/projects/|500 .*/metadefs/namespaces/\?.*resource_type=OS::Cinder::Volumes(&|$)'
)
# While a page changes under a look at it, what was there is gone, or not there yet; the next look tells.
PASSING = (StaleElementReferenceException, NoSuchElementException, ElementNotInteractableException)


class Browser:
    """`url` is Horizon's, without a slash at its end."""

    def __init__(self, url: str) -> None:
        self._url = url
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which('chromium') or ''
        for argument in ARGUMENTS:
            options.add_argument(argument)
        self._driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which('chromedriver') or ''))
        self._driver.set_page_load_timeout(SECONDS)

    def close(self) -> None:
        self._driver.quit()

    # What is seen

    def visit(self, path: str, *words: str) -> None:
        """Open a page, wait until it shows all of `words`, and see that it complains of nothing."""
        self._driver.get(f'{self._url}/{path}')
        self.see(*words)

    def see(self, *words: str) -> None:
        self.until(lambda: self._driver.execute_script(SETTLED), 'the page to be there')
        self.until(lambda: all(word in self.text() for word in words), f'{words} to be shown', self.text)
        self.uncomplaining()

    def uncomplaining(self) -> None:
        """No message of an error or warning, and no request of the page that failed."""
        boxes = self._driver.find_elements(By.CSS_SELECTOR, '.alert-danger, .alert-warning, .has-error')
        said = [box.text for box in boxes if box.is_displayed()] + COMPLAINT.findall(self.text())
        refused = [one for one in self._driver.execute_script(REFUSED) if not EXPECTED.match(one)]
        assert not said, f'{self.path()} says {said}'
        assert not refused, f'{self.path()} got {refused}'

    def text(self) -> str:
        return str(self.one('body').text)

    def path(self) -> str:
        return str(self._driver.current_url).removeprefix(self._url).strip('/')

    def row(self, *words: str) -> str:
        """Text of the first row of a table that holds all of `words`, '' where there is none."""
        rows = (str(row.text) for row in self._driver.find_elements(By.CSS_SELECTOR, 'tr'))
        return next((text for text in rows if all(word in text for word in words)), '')

    def options(self, selector: str) -> list[str]:
        """What may be chosen there."""
        return [str(option.get_attribute('textContent')).strip() for option in Select(self.one(selector)).options]

    def until(self, holds: Callable[[], object], what: str, seen: Callable[[], str] = lambda: '') -> None:
        """Wait until `holds` says so; what fails meanwhile because the page is changing is asked again."""
        wait = WebDriverWait(self._driver, SECONDS, poll_frequency=0.1, ignored_exceptions=PASSING)
        try:
            wait.until(lambda _: holds())
        except Exception as error:
            raise AssertionError(f'{self.path()}: waited {SECONDS} s for {what}\n{seen()}') from error

    # What is done

    def one(self, selector: str) -> Any:
        return self._driver.find_element(By.CSS_SELECTOR, selector)

    def click(self, selector: str, text: str = '') -> None:
        """Press the first that is shown and whose text holds `text`, as soon as there is one that can be pressed."""
        self.until(lambda: self._pressed(selector, text), f'{selector} {text} to press', self.text)

    def fill(self, selector: str, text: str) -> None:
        self.until(lambda: self.one(selector).is_displayed(), f'{selector} to fill')
        self.one(selector).clear()
        self.one(selector).send_keys(text)

    def choose(self, selector: str, text: str) -> None:
        """Choose from a list, as soon as it offers `text`; Horizon hides most lists behind a menu of its own."""
        self.until(lambda: text in self.options(selector), f'{text} among what {selector} offers')
        if self.one(selector).is_displayed():
            Select(self.one(selector)).select_by_visible_text(text)
            return
        menu = self.one(selector).find_element(By.XPATH, './ancestor::*[contains(@class, "themable-select")]')
        menu.find_element(By.CSS_SELECTOR, '.dropdown-toggle').click()
        self.until(lambda: self._pressed('li', text, menu), f'{text} to choose', self.text)

    def act(self, name: str, action: str) -> None:
        """Choose an action of the row of `name` in the page's table, and confirm it."""
        row = f'//tr[.//td[normalize-space()="{name}"]]'
        self.until(lambda: self._acted(row, action), f'{action} of {name}', self.text)
        self.click('.modal-footer .btn', action)

    def take(self, name: str) -> None:
        """Take an offered thing over, in the step of the launch dialog that is shown; then it is the one taken."""
        offered = f'//transfer-table//tr[td][starts-with(normalize-space(), "{name}")]'
        self.until(lambda: self._taken(offered), f'{name} to take', self.text)

    def pick(self, selector: str, text: str) -> None:
        """Choose in a list that shows all that it offers."""
        self.until(lambda: text in self.options(selector), f'{text} among what {selector} offers')
        Select(self.one(selector)).select_by_visible_text(text)

    def submit(self, opener: str, **fields: str) -> None:
        """Open a form, fill its fields by name (of a list, its word to choose), send it, and wait until it has closed."""
        self.click(opener)
        for name, text in fields.items():
            self._enter(f'.modal [name={name}]', text)
        self.click('.modal-footer [type=submit]')
        self.gone('.modal')

    def gone(self, selector: str) -> None:
        self.until(lambda: not self._driver.find_elements(By.CSS_SELECTOR, selector), f'{selector} to close', self.text)

    def sign_in(self, user: str, password: str) -> None:
        self._driver.get(f'{self._url}/auth/login/')
        self.fill('[name=username]', user)
        self.fill('[name=password]', password)
        self.click('#loginBtn')
        self.until(lambda: not self.path().startswith('auth/'), 'the sign-in', self.text)
        self.see(user)

    def sign_out(self) -> None:
        self._driver.get(f'{self._url}/project/')
        self.click('.user-menu .dropdown-toggle')
        self.click('.user-menu button', 'Sign Out')
        self.until(lambda: self.path().startswith('auth/login'), 'the sign-out', self.text)

    def refused(self, path: str) -> None:
        """A page that leads to the sign-in and shows nothing of its own."""
        self._driver.get(f'{self._url}/{path}')
        self.until(lambda: self.one('[name=password]').is_displayed(), 'the sign-in', self.text)
        assert self.path().startswith('auth/login'), self.path()

    def cookie(self, name: str) -> dict[str, Any]:
        return dict(self._driver.get_cookie(name) or {})

    def restore(self, cookie: dict[str, Any]) -> None:
        self._driver.add_cookie(cookie)

    def keep(self, folder: pathlib.Path, name: str) -> None:
        """What is on the screen now, as a picture and as text."""
        self._driver.save_screenshot(str(folder / f'{name}.png'))
        (folder / f'{name}.txt').write_text(f'{self._driver.current_url}\n{self.text()}\n')

    def _enter(self, selector: str, text: str) -> None:
        self.until(lambda: self.one(selector), f'{selector} to fill', self.text)
        enter = self.choose if self.one(selector).tag_name == 'select' else self.fill
        enter(selector, text)

    def _pressed(self, selector: str, text: str, within: Any = None) -> bool:
        for found in (within or self._driver).find_elements(By.CSS_SELECTOR, selector):
            if found.is_displayed() and found.is_enabled() and text in found.text:
                found.click()
                return True
        return False

    def _taken(self, offered: str) -> bool:
        rows = [row for row in self._driver.find_elements(By.XPATH, offered) if row.is_displayed()]
        if rows:
            rows[0].find_element(By.CSS_SELECTOR, 'button.btn').click()
        return bool(rows)

    def _acted(self, row: str, action: str) -> bool:
        """Buttons that do not fit stand in a menu, which has to be opened first."""
        inside = self._driver.find_element(By.XPATH, row)
        found = [one for one in inside.find_elements(By.CSS_SELECTOR, 'button, a') if action in one.get_attribute('textContent')]
        if found and not found[0].is_displayed():
            inside.find_element(By.CSS_SELECTOR, '.dropdown-toggle').click()
        if found:
            found[0].click()
        return bool(found)
