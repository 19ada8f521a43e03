"""Clouds of an older release: OpenStack Zed (2022.2), as Debian 12 packages it.

The packages are unpacked beside the lab's own environment and never installed
in the system; Debian's Python runs them.  They stand on what of Python's
packages the system has already.  Swift alone is the lab's own: its API has no
versions that could differ.
"""

import shutil
import subprocess
from pathlib import Path

from labconf import HERE, HOME, Cloud

ROOT = HOME / 'zed/root'                # the packages' files
DRIVERS = HOME / 'zed/drivers'          # tells Neutron of the lab's driver
ARCHIVES = HOME / 'zed/archives'        # the packages
STAMP = HOME / 'zed/installed'
LIBRARIES = ROOT / 'usr/lib/x86_64-linux-gnu'

OLDER = {'hills'}                       # the clouds of this release

PACKAGES = ['python3-' + name for name in (
    'keystone', 'nova', 'neutron', 'cinder', 'glance', 'placement',
    'gunicorn')]
# Only their files below /etc and /usr/share, so without what they depend on.
FILES = [name + '-common' for name in ('nova', 'neutron', 'cinder', 'glance')]

PYTHON = Path('/usr/bin/python3')


def cloud(name):
    return (OlderCloud if name in OLDER else Cloud)(name)


def install(run, log):
    """Fetch and unpack, where that has not been done for these packages."""
    if STAMP.exists() and STAMP.read_text().split() == PACKAGES + FILES:
        return
    version = subprocess.run(
        ['sh', '-c', '. /etc/os-release; echo $ID$VERSION_ID'], text=True,
        check=True, stdout=subprocess.PIPE).stdout.strip()
    if version != 'debian12':
        raise SystemExit('lab: the older release runs on Debian 12 only')
    (ARCHIVES / 'partial').mkdir(parents=True, exist_ok=True)
    run(['apt-get', 'update'], log=log)
    if not PYTHON.exists():
        run(['apt-get', 'install', '-y', '--no-install-recommends', 'python3'],
            log=log, env={'DEBIAN_FRONTEND': 'noninteractive'})
    # Not what the system has already: that is used where it is.
    run(['apt-get', 'install', '-y', '--no-install-recommends',
         '--download-only', '-o', 'Dir::Cache::archives=%s' % ARCHIVES,
         *PACKAGES], log=log)
    run(['apt-get', 'download', *FILES], log=log, cwd=ARCHIVES)
    shutil.rmtree(ROOT, ignore_errors=True)
    ROOT.mkdir()
    for package in sorted(ARCHIVES.glob('*.deb')):
        # Programs of the system itself would only come as newer versions.
        if not package.name.startswith(('systemd', 'udev', 'libsystemd',
                                        'libudev', 'libpam', 'libnss', 'sudo')):
            run(['dpkg-deb', '-x', package, ROOT], log=log)
    told = DRIVERS / 'openstack_lab_drivers-1.0.dist-info'
    told.mkdir(parents=True, exist_ok=True)
    (told / 'METADATA').write_text(
        'Metadata-Version: 2.1\nName: openstack-lab-drivers\nVersion: 1.0\n')
    (told / 'entry_points.txt').write_text(
        '[neutron.ml2.mechanism_drivers]\n'
        'lab = labdrivers.neutron_ml2:LabMechanismDriver\n')
    STAMP.write_text('\n'.join(PACKAGES + FILES))


class OlderCloud(Cloud):
    """One cloud of the older release; what of it differs from the lab's own.

    The APIs of Nova, Neutron, Glance and Cinder are run by their own servers,
    as then: under an ordinary WSGI server they need eventlet's patches too.
    """

    schemas = HOME / 'schemas-zed'
    metadefs = ROOT / 'usr/share/glance-common/metadefs'
    python = PYTHON
    environment = {
        'PYTHONPATH': ':'.join(map(str, (
            ROOT / 'usr/lib/python3/dist-packages', HERE / 'labdrivers',
            DRIVERS, ROOT / 'usr/lib/python3.11'))),
        'PYTHONDONTWRITEBYTECODE': '1',     # of labdrivers
        'LD_LIBRARY_PATH': ':'.join(map(str, (
            LIBRARIES, LIBRARIES / 'blas', LIBRARIES / 'lapack',
            LIBRARIES / 'ceph', ROOT / 'lib/x86_64-linux-gnu')))}
    shipped = {
        'nova/api-paste.ini': ROOT / 'usr/share/nova-common/api-paste.ini',
        'neutron/api-paste.ini':
            ROOT / 'usr/share/neutron-common/api-paste.ini',
        'cinder/api-paste.ini': ROOT / 'usr/share/cinder-common/api-paste.ini',
        'cinder/resource_filters.json':
            ROOT / 'etc/cinder/resource_filters.json',
        'cinder/rootwrap.conf': ROOT / 'etc/cinder/rootwrap.conf',
        'glance/glance-api-paste.ini':
            ROOT / 'usr/share/glance-common/glance-api-paste.ini',
    }

    @staticmethod
    def program(name):
        return [PYTHON, ROOT / 'usr/bin' / name]

    def processes(self):
        def own(name, module, path):
            return self._plain(
                name, PYTHON, HERE / 'run_main.py', module,
                '--config-file=%s' % (self.etc / path))

        return [
            self._wsgi('keystone',
                       'keystone.server.wsgi:initialize_public_application', 8,
                       OS_KEYSTONE_CONFIG_DIR=str(self.etc / 'keystone')),
            self._wsgi('placement', 'placement.wsgi:init_application', 4,
                       OS_PLACEMENT_CONFIG_DIR=str(self.etc / 'placement')),
            own('glance', 'glance.cmd.api', 'glance/glance-api.conf'),
            own('neutron', 'neutron.cmd.eventlet.server',
                'neutron/neutron.conf'),
            own('nova-conductor', 'nova.cmd.conductor', 'nova/nova.conf'),
            own('nova-scheduler', 'nova.cmd.scheduler', 'nova/nova.conf'),
            own('nova', 'nova.cmd.api_os_compute', 'nova/nova.conf'),
            self._plain('nova-compute', PYTHON, HERE / 'run_nova_compute.py',
                        '--config-file=%s' % (self.etc / 'nova/nova.conf')),
            own('cinder', 'cinder.cmd.api', 'cinder/cinder.conf'),
            own('cinder-scheduler', 'cinder.cmd.scheduler',
                'cinder/cinder.conf'),
            own('cinder-volume', 'cinder.cmd.volume', 'cinder/cinder.conf'),
            *self._swift_processes(),
        ]

    def _glance(self):
        [(path, conf)] = super()._glance().items()
        conf['DEFAULT'].update(bind_host=self.ip, bind_port=9292, workers=1)
        return {path: conf}

    def _nova(self):
        [(path, conf)] = super()._nova().items()
        conf['DEFAULT'].update(osapi_compute_listen=self.ip,
                               enabled_apis='osapi_compute')
        return {path: conf}

    def _neutron(self):
        [(path, conf)] = super()._neutron().items()
        conf['DEFAULT'].update(bind_host=self.ip)
        return {path: conf}

    def _cinder(self):
        [(path, conf)] = super()._cinder().items()
        conf['DEFAULT'].update(osapi_volume_listen=self.ip)
        return {path: conf}


