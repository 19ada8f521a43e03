"""tempest.conf is the same for every cloud but for what Facts say."""

from __future__ import annotations

import configparser
import pathlib

import msgspec

from conformance import conf, facts, tools

EAST = facts.Facts('http://east.test/v3', 'admin', 'hush', 'admin', 'RegionOne', ('i1', 'i2'), ('1', '2'), 'net', ('router', 'tag'))
LEAGUE = msgspec.structs.replace(EAST, auth_url='http://league.test/v3', region='league', images=('i3', 'i4'))


def _read(cloud: facts.Facts) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read_string(conf.rendered(cloud, pathlib.Path('/somewhere')))
    return parser


def test_both_sides_are_asked_for_the_same() -> None:
    east, league = _read(EAST), _read(LEAGUE)
    differing = {(section, key) for section in east.sections() for key in east[section] if east[section][key] != league[section][key]}
    regions = {(section, 'region') for section in ('compute', 'identity', 'image', 'network', 'placement', 'volume')}
    assert differing == {('identity', 'uri_v3'), ('compute', 'image_ref'), ('compute', 'image_ref_alt'), *regions}


def test_words_are_those_of_the_format() -> None:
    east = _read(EAST)
    assert east['network-feature-enabled']['api_extensions'] == 'router,tag'
    assert east['compute-feature-enabled']['live_migration'] == 'false'
    assert east['compute']['flavor_ref_alt'] == '2'


def test_no_password_is_shown() -> None:
    assert 'hush' not in repr(EAST)


def test_the_lock_names_tempest() -> None:
    assert tools.version('tempest').count('.') == 2
    assert tools.version('no-such-package') == ''
