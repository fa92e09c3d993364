#!/usr/bin/env python3
"""Checks that docs/capacity.md has the tables that test/bench/capacity.py prints, and that the script notices a difference."""
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
DOCUMENT = TOP / "docs/capacity.md"


def capacity(*arguments):
    """Runs the script; returns its exit status, output and errors."""
    done = subprocess.run([sys.executable, TOP / "test/bench/capacity.py", *map(str, arguments)],
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def check_changed(*changes):
    """Checks a copy of the document. Each change is a pair: a text, and what is in its place in the copy."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "capacity.md"
        copy.write_text(text, encoding="utf-8")
        return capacity("--check", copy)


class Capacity(unittest.TestCase):
    def test_document_is_what_the_script_prints(self):
        self.assertEqual(capacity("--check", DOCUMENT), (0, "", ""))

    def test_changed_document(self):
        status, _, errors = check_changed(("| 10^9 | no | 41,700 |", "| 10^9 | no | 41,800 |"),
                                          ("capacity.py: purge", "capacity.py: purged"))
        self.assertEqual(status, 1)
        self.assertIn("the table 'hosts' is not what", errors)
        self.assertIn("the table 'purge' is missing", errors)
        self.assertIn("has no table 'purged'", errors)

    def test_other_input(self):
        status, _, errors = capacity("--check", DOCUMENT, "--miss-us", 100)
        self.assertEqual(status, 1)
        self.assertIn("the table 'inputs' is not what", errors)

    def test_input_that_was_measured_anew(self):
        spec = importlib.util.spec_from_file_location("capacity", TOP / "test/bench/capacity.py")
        module = importlib.util.module_from_spec(spec)
        sys.dont_write_bytecode = True
        spec.loader.exec_module(module)
        module.INPUTS = [module.INPUTS[0]._replace(text="| (e) 10,000 different URLs | 366 | 1 |")]
        faults = module.check_document(DOCUMENT, dict(module.BLOCK.findall(DOCUMENT.read_text(encoding="utf-8"))))
        self.assertEqual(len(faults), 1)
        self.assertIn("docs/performance.md no longer has", faults[0])

    def test_other_numbers_are_refused(self):
        for option, value in (("--peak", 3), ("--cores", 0), ("--ttl", "x")):
            self.assertEqual(capacity(option, value, "--table", "hosts")[0], 2)


if __name__ == "__main__":
    unittest.main()
