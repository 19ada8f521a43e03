"""Security groups: one in the league, a replica at each site that needs it, all level."""

from __future__ import annotations

from tests import house, virtual
from tests.services import users


def test_a_group_made_once_is_at_every_site_that_needs_it_and_stays_level() -> None:
    async def main() -> None:
        async with house.league() as league:
            web = await users.group(league, 'web')
            await users.rule(league, web, 80)
            home = next(site for site in league.clouds if users.at(league, site, 'security_groups', 'web'))
            other = next(site for site in league.clouds if site != home)
            status, _, told = await users.boot(league, 's', other, security_groups=[{'name': 'web'}])
            assert status == 202, told
            assert users.ports(league, other, 'web') == [80]
            made = (await users.rule(league, web, 443))['security_group_rule']
            assert users.ports(league, home, 'web') == users.ports(league, other, 'web') == [80, 443]
            await league.ok('DELETE', f'/network/v2.0/security-group-rules/{made["id"]}')
            assert users.ports(league, home, 'web') == users.ports(league, other, 'web') == [80]
            await league.clock.sleep(60)
            listed = (await league.ok('GET', '/network/v2.0/security-groups?name=web'))['security_groups']
            assert [each['id'] for each in listed] == [web]

    virtual.run(main)


def test_rules_that_name_groups_bring_those_along() -> None:
    async def main() -> None:
        async with house.league() as league:
            front, back = await users.group(league, 'front'), await users.group(league, 'back')
            await users.rule(league, back, 5432, remote_group_id=front)
            await users.rule(league, back, 5433, remote_group_id=back)
            for zone in league.clouds:
                status, _, told = await users.boot(league, zone, zone, security_groups=[{'name': 'back'}])
                assert status == 202, told
            for site, cloud in league.clouds.items():
                [mine], [other] = users.at(league, site, 'security_groups', 'back'), users.at(league, site, 'security_groups', 'front')
                rules = [each for each in cloud.state.security_group_rules.values() if each['security_group_id'] == mine['id']]
                assert {each['remote_group_id'] for each in rules if each['remote_group_id']} == {mine['id'], other['id']}

    virtual.run(main)


def test_a_replica_changed_behind_our_back_is_levelled() -> None:
    async def main() -> None:
        async with house.league() as league:
            web = await users.group(league, 'web')
            await users.rule(league, web, 80)
            for zone in league.clouds:
                await users.boot(league, zone, zone, security_groups=[{'name': 'web'}])
            await league.clock.sleep(60)
            record = await league.store.get('security_group', web)
            assert record is not None
            other = next(site for site in league.clouds if site != record.site)
            state = league.clouds[other].state
            [replica] = users.at(league, other, 'security_groups', 'web')
            gone = [id for id, each in state.security_group_rules.items() if each['security_group_id'] == replica['id'] and each.get('port_range_min')]
            for id in gone:
                del state.security_group_rules[id]
            replica['_updated'] = league.clock.now()
            await league.clock.sleep(120)
            assert users.ports(league, other, 'web') == [80]

    virtual.run(main)


def test_a_group_in_use_anywhere_refuses_and_nothing_is_half_done() -> None:
    async def main() -> None:
        async with house.league() as league:
            web = await users.group(league, 'web')
            await users.rule(league, web, 80)
            record = await league.store.get('security_group', web)
            assert record is not None
            other = next(site for site in league.clouds if site != record.site)
            body = {'network': {'name': 'n', 'availability_zone_hints': [other]}}
            net = (await league.ok('POST', '/network/v2.0/networks', body))['network']
            port = {'network_id': net['id'], 'security_groups': [web]}
            made = (await league.ok('POST', '/network/v2.0/ports', {'port': port}))['port']
            assert made['security_groups'] == [web]
            status, _, told = await league.ask('DELETE', f'/network/v2.0/security-groups/{web}')
            assert (status, told['NeutronError']['type']) == (409, 'SecurityGroupInUse')
            assert users.ports(league, record.site, 'web') == users.ports(league, other, 'web') == [80]
            await league.ok('DELETE', f'/network/v2.0/ports/{made["id"]}')
            await league.ok('DELETE', f'/network/v2.0/security-groups/{web}')
            assert not any(users.at(league, site, 'security_groups', 'web') for site in league.clouds)
            await league.clock.sleep(60)
            assert [each for each in await league.store.aliases() if each.kind == 'security_group' and each.league == web] == []

    virtual.run(main)


def test_a_group_in_use_where_it_was_made_is_good_everywhere_after_the_refusal() -> None:
    async def main() -> None:
        async with house.league() as league:
            web = await users.group(league, 'web')
            await users.rule(league, web, 80)
            record = await league.store.get('security_group', web)
            assert record is not None
            for zone in league.clouds:
                await users.boot(league, zone, zone, security_groups=[{'name': 'web'}])
            net = (await league.ok('POST', '/network/v2.0/networks', {'network': {'name': 'n', 'availability_zone_hints': [record.site]}}))['network']
            await league.ok('POST', '/network/v2.0/ports', {'port': {'network_id': net['id'], 'security_groups': [web]}})
            status, _, _ = await league.ask('DELETE', f'/network/v2.0/security-groups/{web}')
            assert status == 409
            for zone in league.clouds:
                await users.boot(league, zone, zone, security_groups=[{'name': 'web'}])
                assert users.ports(league, zone, 'web') == [80]

    virtual.run(main)


def test_the_default_group_is_one_in_the_league() -> None:
    async def main() -> None:
        async with house.league() as league:
            for zone in league.clouds:
                status, _, told = await users.boot(league, zone, zone, security_groups=[{'name': 'default'}])
                assert status == 202, told
                await league.ok('POST', '/network/v2.0/networks', {'network': {'name': 'n', 'availability_zone_hints': [zone]}})
            await league.clock.sleep(60)
            listed = (await league.ok('GET', '/network/v2.0/security-groups?name=default'))['security_groups']
            assert len(listed) == 1
            await users.rule(league, listed[0]['id'], 22)
            for cloud in league.clouds.values():
                ssh = [each for each in cloud.state.security_group_rules.values() if each.get('port_range_min') == 22]
                assert len(ssh) == 1

    virtual.run(main)
