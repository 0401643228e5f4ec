"""A VMM that somebody has taken over gets nowhere: behind the whole wall, and behind most of it with a part left out."""

import contextlib
import time
from pathlib import Path

from immure_test import ImmureTest
from support.audit import AuditMark
from support.guest import image
from support.hostile.attempts import HOSTILE_VMM, LAUNCHER_WITHOUT_SECCOMP, all_attempts
from support.hostile.page import write_page
from support.hostile.stoppers import AuditTrail
from support.hostile.targets import shared_disk, things_of_the_host, victim
from support.hostile.walls import WALLS
from support.leftovers import snapshot, wait_until_as

# tests/e2e/run fetches it.
PAGE = Path("/opt/immure-tests/hostile-vmm.md")
UNWALLED = "none"
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
                print(f"          wall {wall!r}: {len(answers)} attempts in {time.monotonic() - began:.0f} s", flush=True)
        PAGE.write_text(write_page(cls.attempts, cls.answers, cls.stoppers))

    def successes(self, wall: str) -> dict:
        return {name: (answer.outcome, answer.number, answer.remarks) for name, answer in self.answers[wall].items() if answer.succeeded}

    def test_enough_is_tried(self):
        self.assertGreaterEqual(len(self.attempts), LEAST_ATTEMPTS)
        for wall in self.stoppers:
            self.assertEqual(len(self.answers[wall]), len(self.attempts))

    def test_each_attempt_has_an_effect_where_nothing_stops_it(self):
        stopped = {name: answer for name, answer in self.answers[UNWALLED].items() if answer.outcome not in ("done", "sent")}
        self.assertEqual(stopped, {})

    def test_the_whole_wall_stops_everything(self):
        self.assertEqual(self.successes("whole"), {})

    def test_it_can_be_told_who_stopped_each_attempt(self):
        for wall, stoppers in self.stoppers.items():
            unknown = {name: self.answers[wall][name] for name, stopper in stoppers.items()
                       if stopper is None and not self.answers[wall][name].succeeded}  # fmt: skip
            self.assertEqual(unknown, {}, wall)

    def test_without_seccomp_the_rest_stops_nine_of_ten(self):
        successes = self.successes("without seccomp")
        self.assertLessEqual(len(successes), (1 - LEAST_SHARE) * len(self.attempts), successes)

    def test_with_selinux_permissive_the_rest_stops_nine_of_ten(self):
        successes = self.successes("permissive")
        self.assertLessEqual(len(successes), (1 - LEAST_SHARE) * len(self.attempts), successes)

    def test_nothing_is_left_behind(self):
        self.assertEqual(wait_until_as(self.before), {})
