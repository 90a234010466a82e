#!/usr/bin/env python3
"""The tables of equations in core/README.md: no equation of the guide is missing, and what a row
names exists: functions, tests, commands and configuration keys. The checker is fed what it must
reject, too."""

import os
import re
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")

# The guide's headings, in its order, and how many equations each has.
EQUATIONS = {
    "2 Vectors": 4,
    "2 Matrices": 5,
    "2 Eigenvalues and Eigenvectors": 1,
    "3 Derivatives": 11,
    "3 Partial Derivatives": 3,
    "3 Gradient": 1,
    "3 Gradient Descent": 1,
    "4 Probability Basics": 4,
    "4 Expected Value": 4,
    "4 Variance and Standard Deviation": 4,
    "4 Covariance and Correlation": 3,
    "5 Cost Functions": 4,
    "5 Gradient Descent Variants": 3,
    "5 Learning Rate": 2,
    "6 Linear Regression": 3,
    "6 Logistic Regression": 4,
    "6 Neural Networks": 6,
    "6 Support Vector Machine": 2,
    "6 Principal Component Analysis": 3,
    "7 Sigmoid": 2,
    "7 Tanh": 2,
    "7 ReLU": 2,
    "7 Leaky ReLU": 1,
    "7 Softmax": 1,
    "8 L1 Regularization": 2,
    "8 L2 Regularization": 2,
    "8 Elastic Net": 1,
    "9 Euclidean Distance": 1,
    "9 Manhattan Distance": 1,
    "9 Cosine Similarity": 1,
    "9 Minkowski Distance": 4,
    "10 Entropy": 1,
    "10 Cross-Entropy": 1,
    "10 Kullback-Leibler Divergence": 1,
    "10 Mutual Information": 1,
    "11 Singular Value Decomposition": 1,
    "11 QR Decomposition": 1,
}

COLUMNS = ["Equation", "Function", "Test", "Distributed form and command"]
NOTHING = "—"
ARGUMENTS = "trainer/cli/command_specs.cpp"
OPTION_SCHEMA = "trainer/cli/option_schema.cpp"


def project_file(path):
    """The text of a file of the project, or None."""
    try:
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            return file.read()
    except OSError:
        return None


def rows_of(text, first_column):
    """The rows of the table whose first column has this name, as lists of cells; or None."""
    rows = None
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells == [first_column] + COLUMNS:
            rows = []
        elif rows is not None and not line.startswith("|"):
            break
        elif rows is not None and not re.fullmatch(r"[|\-: ]+", line):
            rows.append(cells)
    return rows


def references(cell):
    """What a cell names: ([(name, file)], [commands], [reasons why it cannot be read])."""
    named, commands, waiting, problems = [], [], [], []
    for code, path in re.findall(r"`([^`]*)`|\(([\w./-]+\.[ch]pp)\)", cell):
        if path:
            if not waiting:
                problems.append(f"{path} follows no name")
            named += [(name, path) for name in waiting]
            waiting = []
        elif code.split(" ")[0] == "lockstep":
            commands.append(code)
        else:
            waiting.append(code)
    problems += [f"`{name}` is followed by no file" for name in waiting]
    return named, commands, problems


def without_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)


def declares(header, name):
    """A function or a class of this name; of `Class::member` the class and a word `member`."""
    code = without_comments(header)
    owner, _, member = name.rpartition("::")
    is_class = re.search(rf"\b(class|struct)\s+{re.escape(owner or name)}\b", code)
    if owner:
        return bool(is_class and re.search(rf"\b{re.escape(member)}\b", code))
    return bool(is_class or re.search(rf"\b{re.escape(name)}\s*\(", code))


def header_path(path):
    return path if path.startswith(("trainer/", "comm/")) else "core/" + path


def function_problem(name, path, read):
    header = read(header_path(path))
    if header is None:
        return f"there is no {header_path(path)}"
    return None if declares(header, name) else f"{header_path(path)} does not declare {name}"


def test_problem(name, path, read):
    path = "tests/" + path
    source = read(path)
    if source is None or not path.endswith("_test.cpp"):
        return f"there is no test file {path}"
    suite, _, test = name.partition(".")
    test = r"\w+" if test == "*" else re.escape(test)
    macro = rf"^(TYPED_)?TEST(_F|_P)?\(\s*{re.escape(suite)},\s*{test}\s*\)"
    return None if re.search(macro, source, re.MULTILINE) else f"{path} has no test {name}"


def command_problem(command, read):
    arguments = read(ARGUMENTS)
    _, subcommand, *options = command.split() + [""] * (len(command.split()) < 2)
    # A command is followed by its usage, which has options; an option by the name of its value.
    if subcommand not in re.findall(r'\{"(\w+)",\s*"[^"]*--', arguments):
        return f"lockstep has no command '{subcommand}'"
    for option in options:
        name, _, value = option.removeprefix("--").partition("=")
        if f'"{name}"' not in (read(OPTION_SCHEMA) if "." in name else arguments):
            return f"lockstep has no option --{name}"
        if "." not in name and not value.isdigit() and f'"{value}"' not in arguments:
            return f"--{name} of lockstep does not take '{value}'"
    return None


def row_problems(cells, read):
    """Why a row is wrong, without its place."""
    if len(cells) != 1 + len(COLUMNS):
        return [f"it has {len(cells)} cells instead of {1 + len(COLUMNS)}; is a | not escaped?"]
    _, equation, function, test, distributed = cells
    problems = [] if equation else ["it has no equation"]
    functions, _, unreadable = references(function)
    problems += unreadable + ([] if functions else ["it names no function"])
    tests, _, unreadable = references(test)
    problems += unreadable + ([] if tests else ["it names no test"])
    spread, commands, unreadable = references(distributed)
    problems += unreadable
    if not distributed:
        problems.append(f"its distributed form is empty; write {NOTHING} where there is none")
    found = [function_problem(name, path, read) for name, path in functions + spread]
    found += [test_problem(name, path, read) for name, path in tests]
    found += [command_problem(command, read) for command in commands]
    return problems + [problem for problem in found if problem]


def guide_problems(rows, equations):
    """Headings that have more or fewer rows than equations, stand elsewhere or are unknown."""
    headings = [cells[0] for cells in rows]
    problems = [f"{heading!r} is no heading of the guide" for heading in dict.fromkeys(headings)
                if heading not in equations]
    for heading, count in equations.items():
        if headings.count(heading) != count:
            problems.append(f"{heading}: {count} equations, but {headings.count(heading)} rows")
    order = [heading for heading in equations for _ in range(headings.count(heading))]
    if order != [heading for heading in headings if heading in equations]:
        problems.append("the rows are not in the guide's order")
    return problems


def room_problems(cells):
    """The row of a room names something of that room."""
    paths = [path for _, path in references(cells[2])[0]] if len(cells) > 2 else []
    return [] if any(path.startswith(cells[0] + "/") for path in paths) else [
        f"it names nothing of {cells[0]}/"]


def note_problems(text, rows):
    """Notes are `[a]` at the end of an equation, and `- [a] …` below the table."""
    ends = [re.search(r" (\[[a-z]\])$", equation) for cells in rows for equation in cells[1:2]]
    used = {end.group(1) for end in ends if end}
    there = set(re.findall(r"^- (\[[a-z]\]) ", text, re.MULTILINE))
    return [f"there is no note {note}" for note in sorted(used - there)] + [
        f"no row has the note {note}" for note in sorted(there - used)]


def problems_of(text, read, equations):
    """Everything that is wrong with the tables in `text`, a sentence each."""
    problems = []
    all_rows = []
    for first_column in ("Guide", "Room"):
        rows = rows_of(text, first_column)
        if rows is None:
            columns = ", ".join([first_column] + COLUMNS)
            problems.append(f"there is no table with the columns {columns}")
            continue
        for i, cells in enumerate(rows):
            place = f"row '{' | '.join(cells[:2])}': "
            wrong = row_problems(cells, read)
            wrong += ["it stands there twice"] if cells[:2] in [r[:2] for r in rows[:i]] else []
            wrong += room_problems(cells) if first_column == "Room" else []
            problems += [place + problem for problem in wrong]
        problems += guide_problems(rows, equations) if first_column == "Guide" else []
        all_rows += rows
    return problems + note_problems(text, all_rows)


class Tables(unittest.TestCase):
    def test_every_equation_has_its_function_and_test(self):
        problems = problems_of(project_file("core/README.md"), project_file, EQUATIONS)
        self.assertEqual(problems, [], "core/README.md:\n" + "\n".join(problems))


FILES = {
    "core/linalg/a.hpp": "/// mean(v)\ndouble dot(Vector u);\nstruct Qr {\n  Matrix R;\n};\n",
    "comm/b.hpp": "template <class T>\nclass Sums final {\n  T total();  // not the mean\n};\n",
    "tests/core/linalg/a_test.cpp": "TEST(Dot, ByHand) {}\nTEST_F(Dot, Again) {}\n"
                                    "TYPED_TEST(Typed, One) {}\n// TEST(Dot, Commented) {}\n",
    ARGUMENTS: '{"train",\n "[--config FILE]", {{"overwrite", "", "x"}}},\n'
               '{"decompose", "--method M", {{"method", "METHOD", "x", true, {"pca", "svd"}}}}',
    OPTION_SCHEMA: 'choice("model.type", x)',
}
RIGHT = ["2 Vectors", "u·v [a]", "`dot`, `Qr` (linalg/a.hpp); `Sums::total` (comm/b.hpp)",
         "`Dot.ByHand`, `Dot.*`, `Typed.One` (core/linalg/a_test.cpp)",
         "sums by `dot` (linalg/a.hpp); `lockstep train --model.type=svm`"]
NOTES = "\n- [a] In any unit.\n"


def table(first_column, rows):
    lines = [[first_column] + COLUMNS, ["---"] * 5] + rows
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


class Checker(unittest.TestCase):
    def problems(self, guide, rooms=(), equations=None, notes=NOTES):
        text = "# core\n\n" + table("Guide", guide) + "\n" + table("Room", list(rooms)) + notes
        return problems_of(text, FILES.get, equations or {"2 Vectors": len(guide)})

    def reasons(self, column, cell):
        """What is wrong with the right row after this change."""
        row = list(RIGHT)
        row[column] = cell
        problems = self.problems([row], notes=NOTES if "[a]" in row[1] else "")
        prefix = f"row '{row[0]} | {row[1]}': "
        for problem in problems:
            self.assertTrue(problem.startswith(prefix), problem)
        return [problem.removeprefix(prefix) for problem in problems]

    def test_what_is_right_passes(self):
        self.assertEqual(self.problems([RIGHT]), [])
        self.assertEqual(self.reasons(4, NOTHING), [])
        self.assertEqual(self.reasons(4, "row by row; `lockstep decompose --method=pca`"), [])
        self.assertEqual(self.reasons(1, "a \\| b"), [])
        room = ["linalg"] + RIGHT[1:]
        self.assertEqual(self.problems([RIGHT], [room]), [])

    def test_functions(self):
        self.assertEqual(self.reasons(2, "`dot` (linalg/b.hpp)"), ["there is no core/linalg/b.hpp"])
        for name in ("do", "mean", "R"):
            self.assertEqual(self.reasons(2, f"`{name}` (linalg/a.hpp)"),
                             [f"core/linalg/a.hpp does not declare {name}"])
        for name in ("Sums::mean", "Sum::total", "total::Sums"):
            self.assertEqual(self.reasons(2, f"`{name}` (comm/b.hpp)"),
                             [f"comm/b.hpp does not declare {name}"])
        self.assertEqual(self.reasons(2, NOTHING), ["it names no function"])
        self.assertEqual(self.reasons(2, "`dot`"),
                         ["`dot` is followed by no file", "it names no function"])
        self.assertEqual(self.reasons(2, "`dot` (linalg/a.hpp) (linalg/a.hpp)"),
                         ["linalg/a.hpp follows no name"])

    def test_tests(self):
        for name in ("Dot.ByHan", "Dot.Commented", "Dots.*", "Typed.Two"):
            self.assertEqual(self.reasons(3, f"`{name}` (core/linalg/a_test.cpp)"),
                             [f"tests/core/linalg/a_test.cpp has no test {name}"])
        self.assertEqual(self.reasons(3, "`Dot.ByHand` (core/a_test.cpp)"),
                         ["there is no test file tests/core/a_test.cpp"])
        self.assertEqual(self.reasons(3, ""), ["it names no test"])

    def test_distributed_forms(self):
        self.assertEqual(self.reasons(4, "`sum` (linalg/a.hpp)"),
                         ["core/linalg/a.hpp does not declare sum"])
        self.assertEqual(self.reasons(4, ""),
                         ["its distributed form is empty; write — where there is none"])

    def test_commands(self):
        self.assertEqual(self.reasons(4, "`lockstep tain`"), ["lockstep has no command 'tain'"])
        self.assertEqual(self.reasons(4, "`lockstep method`"), ["lockstep has no command 'method'"])
        self.assertEqual(self.reasons(4, "`lockstep`"), ["lockstep has no command ''"])
        self.assertEqual(self.reasons(4, "`lockstep train --model.typ=svm`"),
                         ["lockstep has no option --model.typ"])
        self.assertEqual(self.reasons(4, "`lockstep train --speed=1`"),
                         ["lockstep has no option --speed"])
        self.assertEqual(self.reasons(4, "`lockstep decompose --method=pc`"),
                         ["--method of lockstep does not take 'pc'"])

    def test_cells(self):
        self.assertEqual(self.reasons(1, ""), ["it has no equation"])
        problems = self.problems([RIGHT[:1] + ["P(A|B)"] + RIGHT[2:]], notes="")
        self.assertEqual(problems, [
            "row '2 Vectors | P(A': it has 6 cells instead of 5; is a | not escaped?"])

    def test_missing_and_superfluous_rows(self):
        other = ["3 Calculus"] + RIGHT[1:]
        second = RIGHT[:1] + ["u + v"] + RIGHT[2:]
        both = {"2 Vectors": 2, "3 Calculus": 1}
        self.assertEqual(self.problems([RIGHT, second, other], equations=both), [])
        self.assertEqual(self.problems([RIGHT, other], equations=both),
                         ["2 Vectors: 2 equations, but 1 rows"])
        self.assertEqual(self.problems([RIGHT, second], equations=both),
                         ["3 Calculus: 1 equations, but 0 rows"])
        self.assertEqual(self.problems([RIGHT, RIGHT, other], equations=both),
                         ["row '2 Vectors | u·v [a]': it stands there twice"])
        self.assertEqual(self.problems([other, RIGHT, second], equations=both),
                         ["the rows are not in the guide's order"])
        self.assertEqual(self.problems([RIGHT, other], equations={"2 Vectors": 1}),
                         ["'3 Calculus' is no heading of the guide"])

    def test_rooms(self):
        room = ["statistics"] + RIGHT[1:]
        self.assertEqual(self.problems([RIGHT], [room]),
                         ["row 'statistics | u·v [a]': it names nothing of statistics/"])

    def test_notes(self):
        self.assertEqual(self.problems([RIGHT], notes=""), ["there is no note [a]"])
        self.assertEqual(self.problems([RIGHT], notes=NOTES + "- [b] Unused.\n"),
                         ["no row has the note [b]"])

    def test_missing_tables(self):
        problems = problems_of("# core\n", FILES.get, {})
        self.assertEqual(len(problems), 2)
        self.assertIn("no table with the columns Guide, Equation", problems[0])


if __name__ == "__main__":
    unittest.main()
