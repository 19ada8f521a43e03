"""What a user does through Horizon's forms: each thing is made, seen, and deleted by the action of its row."""

from __future__ import annotations

from collections.abc import Collection

from tests.lab.horizon.browser import Browser

NAME = 'made-by-form'


def launch(browser: Browser, site: str, sites: Collection[str]) -> None:
    """An instance through the launch dialog, which offers the zones of all `sites`, until it is active; then its end."""
    browser.visit('project/instances/', 'Launch Instance')
    browser.click('#instances__action_launch-ng')
    browser.fill('.modal [name=name]', NAME)
    browser.choose('#availability-zone', site)
    zones = set(browser.options('#availability-zone'))
    assert zones == {'Any Availability Zone', *sites}, zones
    for step, wanted in (('Source', 'cirros'), ('Flavor', 'm1.tiny'), ('Networks', f'net-{site}')):
        browser.click('.ng-wizard .nav-item', step)
        if step == 'Source':
            browser.click('.modal .btn-group label', 'No')  # no volume to boot from
        browser.take(wanted)
    browser.uncomplaining()
    browser.click('.modal button.finish')
    browser.gone('.modal')
    made = (NAME, 'cirros', 'm1.tiny', 'Active', site, 'Running')
    browser.until(lambda: browser.row(*made), f'{made}', browser.text)
    browser.see(NAME)
    _delete(browser, 'Delete Instance')


def network(browser: Browser, site: str) -> None:
    browser.visit('project/networks/', 'Create Network')
    browser.click('#networks__action_create')
    browser.fill('.modal [name=net_name]', NAME)
    browser.pick('.modal [name=az_hints]', site)
    browser.click('.modal .button-next')
    browser.fill('.modal [name=cidr]', '10.8.0.0/24')
    browser.click('.modal .button-next')
    browser.click('.modal .button-final')
    browser.gone('.modal')
    made = (NAME, '10.8.0.0/24', site)
    browser.until(lambda: browser.row(*made), f'{made}', browser.text)
    _delete(browser, 'Delete Network')


def volume(browser: Browser, site: str) -> None:
    browser.visit('project/volumes/', 'Create Volume')
    browser.submit('#volumes__action_create', name=NAME, size='1', availability_zone=site)
    made = (NAME, '1GiB', 'Available', site)
    browser.until(lambda: browser.row(*made), f'{made}', browser.text)
    _delete(browser, 'Delete Volume')


def key_pair(browser: Browser) -> None:
    browser.visit('project/key_pairs', 'Create Key Pair')
    browser.submit('#keypairs__action_create', name=NAME)
    browser.see('Successfully created key pair', NAME)
    _delete(browser, 'Delete Key Pair')


def security_group(browser: Browser) -> None:
    browser.visit('project/security_groups/', 'Create Security Group')
    browser.submit('#security_groups__action_create', name=NAME, description='by a form')
    browser.see('Successfully created security group', 'Manage Security Group Rules', 'Egress')
    browser.visit('project/security_groups/', NAME, 'by a form')
    _delete(browser, 'Delete Security Group')


def _delete(browser: Browser, action: str) -> None:
    browser.act(NAME, action)
    browser.until(lambda: not browser.row(NAME), f'{NAME} to be gone', browser.text)
    browser.uncomplaining()
