"""Can one tenant see, touch or outlive another?"""

from gate.check import Check
from validators.channels import (
    body_reference,
    cache_keys,
    concurrency,
    connection_state,
    handoffs,
    issued_credentials,
    leftovers,
    list_leak,
    mass_assignment,
    rate_buckets,
    read_by_id,
    row_security,
    side_channels,
    statements,
    telemetry,
    undocumented_routes,
    write_by_id,
)
from validators.channels import (
    credentials as presented_credentials,
)
from validators.channels import (
    roles as role_rights,
)

# No module may take the name of a package beside it: `validators.roles` would be a check then.
# Reads first, then what changes objects, deletions last; then what lies behind the service.
CHECKS: tuple[Check, ...] = (
    read_by_id.CHECK,
    row_security.CHECK,
    list_leak.CHECK,
    presented_credentials.CHECK,
    body_reference.CHECK,
    role_rights.CHECK,
    mass_assignment.CHECK,
    write_by_id.CHECK,
    undocumented_routes.CHECK,
    side_channels.CHECK,
    issued_credentials.CHECK,
    statements.CHECK,
    connection_state.CHECK,
    cache_keys.CHECK,
    telemetry.CHECK,
    rate_buckets.CHECK,
    concurrency.CHECK,
    handoffs.CHECK,
    leftovers.CHECK,
)
