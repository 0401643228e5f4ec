"""Runs inside the test host, as root: installs the programs, runs the tests, prints each as it ends and a closing line."""

import os
import sys
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENDED = HERE.parent / "ended.txt"
# More failures than this are no accident of the emulation.
MOST_AGAIN = 3
sys.path[:0] = [str(HERE), str(HERE.parent)]

from support import install  # noqa: E402


class LineResult(unittest.TextTestResult):
    """One line for each test: what was promised, whether it held, how long it took."""

    def startTest(self, test):
        self.start = time.monotonic()
        super(unittest.TextTestResult, self).startTest(test)

    def say(self, outcome: str, test) -> None:
        seconds = time.monotonic() - getattr(self, "start", time.monotonic())
        self.stream.writeln(f"{outcome:7} {seconds:6.1f} s  {name_of(test)}")
        self.stream.flush()

    def addSuccess(self, test):
        super(unittest.TextTestResult, self).addSuccess(test)
        self.say("ok", test)

    def addFailure(self, test, err):
        super(unittest.TextTestResult, self).addFailure(test, err)
        self.say("FAILED", test)
        self.stream.writeln(self.failures[-1][1])

    def addError(self, test, err):
        super(unittest.TextTestResult, self).addError(test, err)
        self.say("FAILED", test)
        self.stream.writeln(self.errors[-1][1])

    def addSkip(self, test, reason):
        super(unittest.TextTestResult, self).addSkip(test, reason)
        self.say("skipped", test)
        self.stream.writeln(f"          {reason}")

    def printErrors(self):
        """They were printed when they happened."""


def name_of(test) -> str:
    if not hasattr(test, "_testMethodName"):
        return str(test)
    return f"{type(test).__module__.removeprefix('test_').removeprefix('thorough_')}: {test._testMethodName.removeprefix('test_').replace('_', ' ')}"


def tests_in(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_in(test)
        else:
            yield test


def main(words: list) -> int:
    # What an earlier host, which is gone, has ended of this suite.
    ended = set(ENDED.read_text().splitlines()) if ENDED.exists() else set()
    install.install_programs()
    # The compiled policy's promises are tested beside the behaviour that they explain.
    folders = (HERE, HERE.parent / "policy")
    patterns = ["test_*.py"] + (["thorough_*.py"] if os.environ.get("IMMURE_DEPTH") == "thorough" else [])
    found = [test for folder in folders for pattern in patterns for test in tests_in(unittest.TestLoader().discover(str(folder), pattern=pattern))]
    chosen = [test for test in found if not words or any(word in test.id() or word in name_of(test) for word in words)]
    chosen = [test for test in chosen if name_of(test) not in ended]
    first = run(chosen)
    again = sorted(failed_tests(first), key=name_of)
    results = [first]
    if 0 < len(again) <= MOST_AGAIN:
        print("e2e: as QEMU's emulation may have been at fault (docs/testing.md), what failed runs once more")
        results.append(run(again))
    failed = sum(len(result.failures) + len(result.errors) for result in results)
    if len(results) > 1:
        failed -= len(again)
        for test in again:
            if test not in failed_tests(results[1]):
                print(f"e2e: passed at the second try: {name_of(test)}")
    skipped = sum(len(result.skipped) for result in results)
    # A class whose preparation failed is one failure, though none of its tests ran.
    passed = max(sum(result.testsRun - len(failed_tests(result)) for result in results) - skipped, 0)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return 0 if failed == 0 and passed > 0 else 1


def run(tests: list) -> LineResult:
    runner = unittest.TextTestRunner(stream=sys.stdout, resultclass=LineResult, verbosity=0)
    return runner.run(unittest.TestSuite(tests))


def failed_tests(result) -> set:
    """Those that ran: a class whose preparation failed is among the errors, too."""
    return {test for test, _ in result.failures + result.errors if hasattr(test, "_testMethodName")}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
