"""A VMM that somebody has taken over gets nowhere: behind the whole wall, and behind most of it with a part left out."""

import contextlib
import time
import traceback
from pathlib import Path

from immure_test import ImmureTest
from support.audit import AuditMark
from support.guest import image
from support.hostile import libvirt
from support.hostile.attempts import HOSTILE_VMM, LAUNCHER_WITHOUT_SECCOMP, all_attempts
from support.hostile.beside import NOT_THERE, Column, make_column
from support.hostile.page import write_page
from support.hostile.stoppers import AuditTrail
from support.hostile.targets import shared_disk, things_of_the_host, victim
from support.hostile.walls import WALLS
from support.leftovers import snapshot, wait_until_as

# tests/e2e/run fetches it.
PAGE = Path("/opt/immure-tests/hostile-vmm.md")
UNWALLED, BESIDE = "none", "libvirt"
OURS = ("whole", "without seccomp", "permissive")
LEAST_ATTEMPTS, LEAST_SHARE = 150, 0.9


class TestHostileVmm(ImmureTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for program in (HOSTILE_VMM, LAUNCHER_WITHOUT_SECCOMP):
            if not program.exists():
                raise AssertionError(f"{program.name} was not pushed; build it with: ./tools/build dev")
        cls.attempts = all_attempts()
        # Images of the right names are there before and after.
        shared_disk(), image("victim.raw")
        cls.before = snapshot()
        cls.answers, cls.stoppers = {}, {}
        with contextlib.ExitStack() as surroundings:
            targets = surroundings.enter_context(victim())
            surroundings.enter_context(things_of_the_host())
            for wall, make_behind in WALLS.items():
                began, mark = time.monotonic(), AuditMark()
                answers = cls.answers[wall] = make_behind(cls.attempts, targets)
                if wall != UNWALLED:
                    trail, enforcing = AuditTrail(mark.records()), wall != "permissive"
                    cls.stoppers[wall] = {attempt.name: trail.stopper_of(attempt, answers[attempt.name], enforcing=enforcing)
                                          for attempt in cls.attempts}  # fmt: skip
                cls.say_done(wall, began)
            cls.make_column_beside()
        PAGE.write_text(write_page(cls.attempts, cls.answers, cls.stoppers, cls.beside.facts))

    @classmethod
    def make_column_beside(cls):
        """Libvirt's: where it cannot be made, that is a failure of the tests that ask for it, and of no other."""
        began = time.monotonic()
        cls.beside, cls.beside_failed = Column(), None
        try:
            if libvirt.installed():
                cls.beside = make_column(cls.attempts)
        except Exception:
            cls.beside_failed = traceback.format_exc()
        if cls.beside.answers:
            cls.answers[BESIDE], cls.stoppers[BESIDE] = cls.beside.answers, cls.beside.stoppers
            cls.say_done(BESIDE, began)

    @classmethod
    def say_done(cls, wall: str, began: float):
        print(f"          wall {wall!r}: {len(cls.answers[wall])} attempts in {time.monotonic() - began:.0f} s", flush=True)

    def successes(self, wall: str) -> dict:
        return {name: (answer.outcome, answer.number, answer.remarks) for name, answer in self.answers[wall].items() if answer.succeeded}

    def test_enough_is_tried(self):
        self.assertGreaterEqual(len(self.attempts), LEAST_ATTEMPTS)
        for wall in OURS:
            self.assertEqual(len(self.answers[wall]), len(self.attempts))

    def test_each_attempt_has_an_effect_where_nothing_stops_it(self):
        stopped = {name: answer for name, answer in self.answers[UNWALLED].items() if answer.outcome not in ("done", "sent")}
        self.assertEqual(stopped, {})

    def test_the_whole_wall_stops_everything(self):
        self.assertEqual(self.successes("whole"), {})

    def test_it_can_be_told_who_stopped_each_attempt(self):
        for wall in OURS:
            unknown = {name: self.answers[wall][name] for name, stopper in self.stoppers[wall].items()
                       if stopper is None and not self.answers[wall][name].succeeded}  # fmt: skip
            self.assertEqual(unknown, {}, wall)

    def test_without_seccomp_the_rest_stops_nine_of_ten(self):
        successes = self.successes("without seccomp")
        self.assertLessEqual(len(successes), (1 - LEAST_SHARE) * len(self.attempts), successes)

    def test_with_selinux_permissive_the_rest_stops_nine_of_ten(self):
        successes = self.successes("permissive")
        self.assertLessEqual(len(successes), (1 - LEAST_SHARE) * len(self.attempts), successes)

    def test_the_same_is_tried_in_the_place_of_a_qemu_that_libvirt_started(self):
        self.require_column_beside()
        self.assertEqual(set(self.beside.answers), {attempt.name for attempt in self.attempts} - NOT_THERE)
        unmade = {name: answer for name, answer in self.beside.answers.items() if answer.outcome in ("unmade", "unknown", "silent")}
        self.assertEqual(unmade, {})

    def test_who_tries_it_there_is_what_libvirt_made_of_qemu(self):
        self.require_column_beside()
        theirs, ours = self.beside.places
        self.assertEqual(ours, theirs)
        self.assertRegex(theirs["label"], r":svirt_t:s0:c\d+,c\d+$")
        self.assertEqual((theirs["Seccomp"], theirs["NoNewPrivs"]), ("2", "1"))

    def require_column_beside(self):
        if not libvirt.installed():
            self.skipTest("libvirt is not installed")
        if self.beside_failed:
            self.fail(self.beside_failed)

    def test_nothing_is_left_behind(self):
        self.assertEqual(wait_until_as(self.before), {})
