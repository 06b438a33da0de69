"""Runs the standard library's own tests in a patched process: `python patched_stdlib.py test_queue test_socket …`.

`--without=NAME` leaves a test out, by its name below `test.`.

The last line of standard output is a JSON object: how many tests ran, and the names of those that failed.
"""

from spruce.patching import monkey_patch

monkey_patch()

if __name__ == "__main__":
    import json
    import sys
    import unittest
    from collections.abc import Iterator

    from test import support

    from spruce import green

    support.use_resources = ["network"] if "--network" in sys.argv else []

    class Result(unittest.TextTestResult):
        """Notes the names of what failed."""

        failed: set[str]

        def startTestRun(self) -> None:
            self.failed = set()

        def _note(self, test: unittest.TestCase) -> None:
            name = test.id()
            self.failed.add(name if "(" not in name else name.partition("(")[2].rstrip(")"))

        def addError(self, test, err) -> None:
            super().addError(test, err)
            self._note(test)

        def addFailure(self, test, err) -> None:
            super().addFailure(test, err)
            self._note(test)

        def addSubTest(self, test, subtest, err) -> None:
            super().addSubTest(test, subtest, err)
            if err is not None:
                self._note(test)

    # OS threads that are started on the way would be taken for leaks of the test that runs then
    green.tpool.execute(int)
    green.await_(green.get_hub().loop.run_in_executor(None, int))
    left_out = {f"test.{word.partition('=')[2]}" for word in sys.argv if word.startswith("--without=")}

    def tests_in(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
        """Those that are to run."""
        for each in suite:
            if isinstance(each, unittest.TestSuite):
                yield from tests_in(each)
            elif each.id() not in left_out:
                yield each

    suite = unittest.defaultTestLoader.loadTestsFromNames([f"test.{name}" for name in sys.argv[1:] if name[0] != "-"])
    runner = unittest.TextTestRunner(resultclass=Result, stream=sys.stderr, verbosity=2)
    result = runner.run(unittest.TestSuite(tests_in(suite)))
    sys.stdout.write("\n" + json.dumps({"ran": result.testsRun, "failed": sorted(result.failed)}) + "\n")
    sys.stdout.flush()
