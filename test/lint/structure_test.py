#!/usr/bin/env python3
"""Checks that structure.py finds each kind of fault, in a small tree that is made for it and compiled."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
FOLDERS = """## The folders of `fcgi/`

| folder | what is in it |
|---|---|
| `first/` | a program. Nothing includes from it |
| `second/` | another one. Nothing includes from it |
| `left/`, `right/` | equals |
| `low/` | the ground |

## Something else
"""
CLEAN = {
    "left/top.h": "int top_get(void);\n",
    "left/top.c": '#include "left/top.h"\n#include "low/ground.h"\nint top_get(void) { return ground_get(); }\n',
    "right/side.c": "enum side { SIDE_A, SIDE_B };\nint side_get(void) { return SIDE_B; }\n",
    "low/ground.h": "struct ground { int n; };\nint ground_get(void);\n",
    "low/ground.c": '#include "low/ground.h"\n/* struct side { is a comment */\nint ground_get(void) { return 1; }\n',
}


def faults_of(changes):
    """What structure.py prints about the clean tree with CHANGES, {file: text}; and its exit status."""
    with tempfile.TemporaryDirectory() as name:
        top = pathlib.Path(name)
        (top / "docs").mkdir()
        (top / "docs/architecture.md").write_text(FOLDERS)
        for path, text in (CLEAN | changes).items():
            source = top / "fcgi" / path
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_text(text)
        for source in top.glob("fcgi/*/*.c"):
            target = top / "build" / source.relative_to(top).with_suffix(".o")
            target.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cc", "-I", top / "fcgi", "-c", source, "-o", target], check=True)
        run = subprocess.run(
            [sys.executable, HERE / "structure.py", "--top", top, top / "build"],
            capture_output=True,
            text=True,
            check=False,
        )
        return run.stdout.splitlines(), run.returncode


class Structure(unittest.TestCase):
    def expect(self, changes, *parts):
        """CHANGES cause exactly one fault, whose line has all PARTS."""
        lines, status = faults_of(changes)
        self.assertEqual(status, 1)
        self.assertEqual(len(lines), 1, lines)
        for part in parts:
            self.assertIn(part, lines[0])

    def test_clean_tree(self):
        self.assertEqual(faults_of({}), ([], 0))

    def test_include_that_points_up(self):
        self.expect({"low/other.c": '#include "left/top.h"\nint other;\n'}, "low/other.c", "left/top.h")

    def test_include_of_an_equal(self):
        self.expect({"right/other.c": '#include "left/top.h"\nint other;\n'}, "right/other.c", "left/top.h")
        changes = {"right/side.h": "int side_get(void);\n", "left/other.c": '#include "right/side.h"\nint other;\n'}
        self.expect(changes, "left/other.c", "right/side.h")

    def test_include_of_a_program(self):
        changes = {"second/main.h": "int second(void);\n", "first/main.c": '#include "second/main.h"\nint first;\n'}
        self.expect(changes, "first/main.c", "second/main.h")

    def test_folder_that_is_not_listed(self):
        self.expect({"new/other.c": "int other_get(void) { return 1; }\n"}, "new/other.c", "does not list")

    def test_circle_of_calls(self):
        call = "int {0}_get(void);\nint {1}_get(void) {{ return {0}_get(); }}\n"
        changes = {"low/one.c": call.format("two", "one"), "low/two.c": call.format("one", "two")}
        self.expect(changes, "circle", "low/one -> low/two", "low/two -> low/one")

    def test_circle_of_a_call_and_a_header(self):
        changes = {
            "low/one.h": '#include "low/two.h"\n',
            "low/one.c": "int one_get(void) { return 1; }\n",
            "low/two.h": "int two_get(void);\n",
            "low/two.c": "int one_get(void);\nint two_get(void) { return one_get(); }\n",
        }
        self.expect(changes, "circle", "low/one -> low/two (include)", "low/two -> low/one")

    def test_tag_twice(self):
        self.expect({"right/other.c": "struct ground { int m; };\n"}, "the tag ground", "low/ground.h", "right/other.c")

    def test_enumerator_twice(self):
        self.expect({"left/other.c": "enum { OTHER, SIDE_B };\n"}, "the enumerator SIDE_B", "right/side.c")

    def test_external_twice(self):
        self.expect({"left/other.c": "int side_get(void) { return 2; }\n"}, "the external name side_get", "right/side")

    def test_bare_verb(self):
        self.expect({"left/other.c": "static int add(int n)\n{\n    return n;\n}\nint other = sizeof add;\n"}, "the function add")


if __name__ == "__main__":
    unittest.main()
