#!/usr/bin/python3
"""scripts/services.d/kafka_acls.py BROKER FILE   (with Debian's Python, which python3-kafka is for)

Makes the rules in FILE the only access rules of the Kafka cluster at BROKER (host:port, a listener
whose callers are super users). Its lines: PRINCIPAL RESOURCE NAME literal|prefixed OPERATION[,...].
"""

import re
import sys

from kafka.admin import (ACL, ACLFilter, ACLOperation, ACLPermissionType, ACLResourcePatternType,
                         KafkaAdminClient, ResourcePattern, ResourcePatternFilter, ResourceType)


def constant(name):
    """TransactionalId -> TRANSACTIONAL_ID"""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()


def rules(path):
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            fields = line.split("#")[0].split()
            if not fields:
                continue
            try:
                principal, resource, name, match, operations = fields
                pattern = ResourcePattern(ResourceType[constant(resource)], name,
                                          ACLResourcePatternType[constant(match)])
                for operation in operations.split(","):
                    yield ACL(principal, "*", ACLOperation[constant(operation)],
                              ACLPermissionType.ALLOW, pattern)
            except (KeyError, ValueError) as error:
                sys.exit(f"{path}:{number}: not a rule: {line.strip()} ({error})")


def key(acl):
    pattern = acl.resource_pattern
    return (acl.principal, acl.host, acl.operation, acl.permission_type, pattern.resource_type,
            pattern.resource_name, pattern.pattern_type)


def refuse_errors(what, failed):
    if failed:
        sys.exit(f"kafka_acls.py: {what} failed: {failed}")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    wanted = {key(acl): acl for acl in rules(sys.argv[2])}
    admin = KafkaAdminClient(bootstrap_servers=sys.argv[1], api_version=(2, 5, 0))
    everything = ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY,
                           ResourcePatternFilter(ResourceType.ANY, None,
                                                 ACLResourcePatternType.ANY))
    there = {key(acl): acl for acl in admin.describe_acls(everything)[0]}
    # New ones first: nobody who keeps a right is without it in between.
    new = [acl for k, acl in wanted.items() if k not in there]
    old = [acl for k, acl in there.items() if k not in wanted]
    if new:
        refuse_errors("adding rules", admin.create_acls(new)["failed"])
    if old:
        deleted = admin.delete_acls([ACLFilter(acl.principal, acl.host, acl.operation,
                                               acl.permission_type, acl.resource_pattern)
                                     for acl in old])
        refuse_errors("removing rules", [r for r in deleted if r[2].errno != 0])
    print(f"kafka: {len(wanted)} access rules hold ({len(new)} added, {len(old)} removed)")


main()
