"""The base of every end-to-end test."""

import unittest

from support.audit import AuditMark
from support.guest import Guest
from support.leftovers import wait_until_as


class ImmureTest(unittest.TestCase):
    """Guests that a test starts through guest() are killed at its end. Long differences are shown in full."""

    maxDiff = None

    def guest(self, *arguments, **options) -> Guest:
        guest = Guest(*arguments, **options)
        self.addCleanup(guest.kill)
        return guest

    def assert_no_denials(self, mark: AuditMark) -> None:
        denials = mark.denials()
        self.assertEqual(denials, [], "denials in the audit log:\n" + "\n".join(denials))

    def assert_as_before(self, before: dict) -> None:
        """Nothing is left of a launch: see support/leftovers.py for what is compared."""
        self.assertEqual(wait_until_as(before), {})

    def assert_ended(self, done, exit_code: int, *texts: str) -> None:
        """The command ended with this code, and its error message has each of the texts."""
        self.assertEqual(done.returncode, exit_code, f"stdout:\n{done.stdout}\nstderr:\n{done.stderr}")
        for text in texts:
            self.assertIn(text, done.stderr)
