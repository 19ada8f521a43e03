#!/bin/sh
# Registers Heat in the league's Keystone, as the administrator whom OS_CLOUD names; once for a league.
# HEAT_URL is where users will reach heat-api (https://heat.example.org), without a version;
# HEAT_PASSWORD and HEAT_DOMAIN_PASSWORD are drawn by you, and stand in heat.conf afterwards.
set -eu
: "${HEAT_URL:?}" "${HEAT_PASSWORD:?}" "${HEAT_DOMAIN_PASSWORD:?}"
region=${REGION:-league}

# Heat's own user validates tokens, for which the role service is enough; it is no administrator of the league.
openstack project create service --or-show >/dev/null
openstack user create heat --project service --password="$HEAT_PASSWORD" >/dev/null
openstack role add service --user heat --project service

# Users that stacks make for themselves live in a domain of their own, and only there Heat may make them.
openstack domain create heat >/dev/null
openstack user create heat_domain_admin --domain heat --password="$HEAT_DOMAIN_PASSWORD" >/dev/null
openstack role add admin --user heat_domain_admin --user-domain heat --domain heat

register() {
    openstack service create "$1" --name "$2" >/dev/null
    for interface in public internal admin; do
        openstack endpoint create "$1" "$interface" "$3" --region "$region" >/dev/null
    done
}
register orchestration heat "$HEAT_URL/v1/%(project_id)s"
# Heat writes this address into every server's user data and creates none without it, whether or not heat-api-cfn runs there.
register cloudformation heat-cfn "${HEAT_CFN_URL:-$HEAT_URL}/v1"
