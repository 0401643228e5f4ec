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
def rules_by_source() -> dict:
    """{source type or attribute: its allow and allowxperm rules}, whatever a boolean says now. One walk over the seventy
    thousand rules of a policy, which takes long enough in an emulated machine."""
    rules = {}
    for rule in policy().terules():
        if rule.ruletype in (setools.TERuletype.allow, setools.TERuletype.allowxperm):
            rules.setdefault(str(rule.source), []).append(rule)
    return rules


def names_of(domain: str) -> set:
    """The domain and every attribute that it has."""
    return {domain} | {str(attribute) for attribute in policy().lookup_type(domain).attributes()}


@functools.cache
def rules_of(domain: str) -> list:
    """The allow rules that apply to the domain."""
    found = (rule for name in names_of(domain) for rule in rules_by_source().get(name, []))
    return [rule for rule in found if rule.ruletype == setools.TERuletype.allow]


@functools.cache
def access_of(domain: str) -> dict:
    """{(target type, class): permissions} with attributes expanded and self replaced by the domain."""
    access = {}
    for rule in rules_of(domain):
        for target in targets_of(str(rule.target), domain):
            access.setdefault((target, str(rule.tclass)), set()).update(rule.perms)
    return access


def targets_of(target: str, domain: str) -> list:
    return [domain] if target == "self" else members_of(target)


@functools.cache
def members_of(name: str) -> list:
    """The types of an attribute; a type by itself."""
    return [str(kind) for kind in policy().lookup_type_or_attr(name).expand()]


def targets_with(domain: str, permission: str, classes=None) -> set:
    """The types on which the domain has the permission, in one of the classes (default: any)."""
    return {
        target
        for (target, object_class), permissions in access_of(domain).items()
        if permission in permissions and (classes is None or object_class in classes)
    }


def permissions_on(target: str, domain: str) -> set:
    """What the domain may do with another type, in whatever class. Quicker than access_of() for a domain of many rules."""
    names = names_of(target)
    return {permission for rule in rules_of(domain) if str(rule.target) in names for permission in rule.perms}


def sources_with(target: str, object_class: str, permission: str) -> set:
    """The other types that have the permission on the target."""
    names = names_of(target)
    return {
        kind
        for source, rules in rules_by_source().items()
        for rule in rules
        if str(rule.target) in names and str(rule.tclass) == object_class and permission in rule.perms
        for kind in members_of(source)
    }


def ioctls_of(domain: str, target: str, object_class: str) -> set:
    return {
        number
        for name in names_of(domain)
        for rule in rules_by_source().get(name, [])
        if rule.ruletype == setools.TERuletype.allowxperm
        and target in targets_of(str(rule.target), domain)
        and str(rule.tclass) == object_class
        for number in numbers_of(rule.perms)
    }


def numbers_of(permissions):
    """setools gives single numbers or ranges, as its version likes."""
    for item in permissions:
        if isinstance(item, int):
            yield item
        else:
            yield from range(item[0], item[-1] + 1)
