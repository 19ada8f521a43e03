"""tempest.conf: the same for a cloud of the lab and for the league but for address and ids.

What is off is off because the lab's hypervisor, storage and network only pretend: nothing boots, nothing answers ssh,
there is one host.
"""

from __future__ import annotations

import configparser
import io
import pathlib

from conformance import facts

COMPUTE = {
    'attach_encrypted_volume': False,
    'block_migration_for_live_migration': False,
    'change_password': True,
    'cold_migration': False,
    'config_drive': True,
    'console_output': True,
    'enable_instance_password': True,
    'hostname_fqdn_sanitization': True,
    'ide_bus': False,
    'interface_attach': True,
    'live_migration': False,
    'metadata_service': False,
    'pause': True,
    'rescue': True,
    'resize': True,
    'shelve': True,
    'snapshot': True,
    'suspend': True,
    'vnc_console': False,
}
VOLUME = {'backup': False, 'clone': True, 'extend_attached_volume': False, 'manage_snapshot': False, 'manage_volume': False, 'snapshot': True}
SCOPED = ('nova', 'neutron', 'glance', 'cinder', 'placement')
BUILD_SECONDS = 180


def rendered(cloud: facts.Facts, folder: pathlib.Path) -> str:
    """The file's text; `folder` takes its locks and logs."""
    parser = configparser.RawConfigParser()
    for section, values in _sections(cloud, folder).items():
        parser[section] = {key: _word(value) for key, value in values.items()}
    out = io.StringIO()
    parser.write(out)
    return out.getvalue()


def _sections(cloud: facts.Facts, folder: pathlib.Path) -> dict[str, dict[str, object]]:
    waits: dict[str, object] = {'build_timeout': BUILD_SECONDS, 'build_interval': 1, 'region': cloud.region}
    return {
        'DEFAULT': {'log_dir': folder, 'log_file': 'tempest.log'},
        'oslo_concurrency': {'lock_path': folder / 'locks'},
        'auth': {
            'use_dynamic_credentials': True,
            'create_isolated_networks': True,
            'admin_username': cloud.username,
            'admin_password': cloud.password,
            'admin_project_name': cloud.project,
            'admin_domain_name': 'Default',
        },
        'identity': {'uri_v3': cloud.auth_url, 'auth_version': 'v3', 'region': cloud.region},
        'identity-feature-enabled': {'api_v2': False, 'api_v3': True},
        'compute': {
            'image_ref': cloud.images[0],
            'image_ref_alt': cloud.images[1],
            'flavor_ref': cloud.flavors[0],
            'flavor_ref_alt': cloud.flavors[1],
            'min_compute_nodes': 1,
            'max_microversion': 'latest',
            **waits,
        },
        'compute-feature-enabled': dict(COMPUTE),
        'placement': {'max_microversion': 'latest', 'region': cloud.region},
        'image': {'build_timeout': BUILD_SECONDS, 'region': cloud.region, 'http_image': ''},
        'image-feature-enabled': {'import_image': True, 'image_format_enforcement': False},
        'network': {'public_network_id': cloud.public, 'floating_network_name': facts.EXTERNAL, **waits},
        'network-feature-enabled': {
            'api_extensions': ','.join(cloud.extensions),
            'ipv6_subnet_attributes': True,
            'port_security': True,
        },
        'volume': {'max_microversion': 'latest', 'vendor_name': 'lab', 'storage_protocol': 'file', 'backend_names': 'lab', **waits},
        'volume-feature-enabled': dict(VOLUME),
        'validation': {'run_validation': False},
        'service_available': {'cinder': True, 'glance': True, 'horizon': False, 'neutron': True, 'nova': True, 'swift': False},
        'enforce_scope': dict.fromkeys(SCOPED, True),
    }


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
