"""The policy as the kernel has it: what a domain may do, with every rule of its attributes counted in."""

import functools
import os

import setools

FILE_CLASSES = {"file", "blk_file", "chr_file", "lnk_file", "sock_file", "fifo_file", "dir"}


@functools.cache
def policy() -> setools.SELinuxPolicy:
    """The running policy, or the file that IMMURE_POLICY names."""
    return setools.SELinuxPolicy(os.environ.get("IMMURE_POLICY", "/sys/fs/selinux/policy"))


@functools.cache
def rules_of(domain: str) -> list:
    """The allow rules that apply to the domain, whatever a boolean says now."""
    return list(setools.TERuleQuery(policy(), ruletype=["allow"], source=domain).results())


@functools.cache
def access_of(domain: str) -> dict:
    """{(target type, class): permissions} with attributes expanded and self replaced by the domain."""
    access = {}
    for rule in rules_of(domain):
        for target in targets_of(rule, domain):
            access.setdefault((target, str(rule.tclass)), set()).update(rule.perms)
    return access


def targets_of(rule, domain: str):
    target = str(rule.target)
    if target == "self":
        return [domain]
    return [str(kind) for kind in rule.target.expand()]


def targets_with(domain: str, permission: str, classes=None) -> set:
    """The types on which the domain has the permission, in one of the classes (default: any)."""
    return {
        target
        for (target, object_class), permissions in access_of(domain).items()
        if permission in permissions and (classes is None or object_class in classes)
    }


def sources_with(target: str, object_class: str, permission: str) -> set:
    """The types that have the permission on the target."""
    query = setools.TERuleQuery(policy(), ruletype=["allow"], target=target, tclass=[object_class], perms=[permission])
    return {str(kind) for rule in query.results() for kind in rule.source.expand() if target in targets_of(rule, str(kind))}


def ioctls_of(domain: str, target: str, object_class: str) -> set:
    query = setools.TERuleQuery(policy(), ruletype=["allowxperm"], source=domain, target=target, tclass=[object_class])
    return {number for rule in query.results() for number in numbers_of(rule.perms)}


def numbers_of(permissions):
    """setools gives single numbers or ranges, as its version likes."""
    for item in permissions:
        if isinstance(item, int):
            yield item
        else:
            yield from range(item[0], item[-1] + 1)


def members_of(attribute: str) -> set:
    return {str(kind) for kind in policy().lookup_typeattr(attribute).expand()}
