#!/usr/bin/env python3
"""Rules that a compiler does not know: layers, and what would make bits depend on the machine.

    scripts/check_includes.py [FOLDER]     FOLDER is the project; default: the one of this script

Prints `file:line: what: why` for each finding and returns 1 if there is one. Comments and string
literals are not looked at, so they may name what they forbid.
"""

import os
import re
import sys

SOURCE_FOLDERS = ("core", "comm", "trainer", "tests")
SOURCE_SUFFIXES = (".cpp", ".hpp")
BUILD_FILES = ("CMakeLists.txt", "CMakePresets.json")

# What a layer may include of the others.
LAYERS = {
    "core": ("core",),
    "comm": ("comm", "core"),
    "trainer": ("trainer", "comm", "core"),
    "tests": ("tests", "trainer", "comm", "core"),
}
MPI_FOLDERS = ("comm/", "tests/comm/", "tests/support/")
EIGEN_HEADER = "core/linalg/matrix.hpp"
KERNEL_FOLDERS = ("core/kernel/", "core/model/", "core/optimize/")
LIBM_FOLDERS = ("core/", "comm/")

EXACT_HEADERS = {
    "random": "the standard leaves the distributions to each library; use core/base/random.hpp",
    "ranges": "clang 14, which lints here, rejects libstdc++'s; write the loop",
    "source_location": "clang 14, which lints here, rejects libstdc++'s",
}

LIBM = (
    "exp exp2 expm1 log log2 log10 log1p pow cbrt hypot sin cos tan asin acos atan atan2 sinh cosh "
    "tanh asinh acosh atanh erf erfc tgamma lgamma"
).split()
LIBM_CALL = re.compile(r"\bstd::(" + "|".join(LIBM) + r")[fl]?\s*\(")
EIGEN_REDUCTION = re.compile(
    r"(?:\.|->)\s*(sum|mean|norm|squaredNorm|stableNorm|blueNorm|dot|colwise|rowwise)\s*\("
)
DISTRIBUTION = re.compile(r"\bstd::(\w+_distribution|mt19937(?:_64)?|default_random_engine)\b")
STANDARD_SHUFFLE = re.compile(r"\bstd::(?:ranges::)?(shuffle|sample)\s*\(")
UNSAFE_FLAG = re.compile(
    r"-(?:Ofast|ffast-math|funsafe-math-optimizations|fassociative-math|freciprocal-math)\b"
)
REDUCING_CALL = re.compile(r"\bP?MPI_I?(?:[Aa]llreduce|[Rr]educe|[Ss]can|[Ee]xscan)\w*\s*\(")
FLOATING_TYPE = re.compile(r"\bMPI_(?:FLOAT|DOUBLE|LONG_DOUBLE)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"([^\s()\\]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'""",
    re.DOTALL,
)


def without_comments_and_strings(text):
    """The text with comments and the insides of literals blanked; lines keep their numbers."""

    def blank(match):
        token = match.group(0)
        kept = re.sub(r"[^\n]", " ", token)
        return '"' + kept[1:-1] + '"' if token[0] in "\"R" and "\n" not in token else kept

    lines = text.split("\n")
    includes = {i: line for i, line in enumerate(lines) if INCLUDE.match(line)}
    blanked = TOKEN.sub(blank, text).split("\n")
    # The name of an included file is a literal that matters, unless it stands in a comment.
    for i, line in includes.items():
        if blanked[i].lstrip().startswith("#"):
            blanked[i] = line
    return blanked


def check_include(path, bracket, name):
    layer = path.split("/", 1)[0]
    if name == "mpi.h" and not path.startswith(MPI_FOLDERS):
        yield "#include <mpi.h>", "MPI is known to comm alone; core and trainer use Team"
    if bracket == "<" and name in EXACT_HEADERS:
        yield f"#include <{name}>", EXACT_HEADERS[name]
    first = name.split("/", 1)[0]
    if first in LAYERS:
        if first not in LAYERS[layer]:
            yield f'#include "{name}"', f"{layer} must not know {first}: trainer -> comm -> core"
    elif bracket == '"':
        yield f'#include "{name}"', 'write it from the project\'s root, as "core/base/error.hpp"'


def check_line(path, line):
    match = INCLUDE.match(line)
    if match:
        yield from check_include(path, match.group(1), match.group(2))
        return
    if path.startswith(LIBM_FOLDERS):
        match = LIBM_CALL.search(line)
        if match:
            yield (
                f"std::{match.group(1)}",
                "libm's bits differ between versions and CPUs; use core/kernel/elementary.hpp",
            )
    if path.startswith(KERNEL_FOLDERS):
        match = EIGEN_REDUCTION.search(line)
        if match:
            yield (
                f".{match.group(1)}()",
                "its order of additions depends on position and length; "
                "use the row reductions of core/kernel",
            )
    match = DISTRIBUTION.search(line)
    if match:
        yield f"std::{match.group(1)}", EXACT_HEADERS["random"]
    match = STANDARD_SHUFFLE.search(line)
    if match:
        yield (
            f"std::{match.group(1)}",
            "each library shuffles differently; use random_permutation of core/base/random.hpp",
        )


def check_reductions(lines):
    """MPI reductions of floating-point numbers; a call may span lines."""
    text = "\n".join(lines)
    for match in REDUCING_CALL.finditer(text):
        end = text.find(";", match.end())
        if FLOATING_TYPE.search(text, match.end(), end if end >= 0 else len(text)):
            yield (
                text.count("\n", 0, match.start()) + 1,
                "MPI reduction of floating-point numbers",
                "its order of additions depends on the ranks; use the tree",
            )


def check_eigen(path, lines):
    """Eigen is told what not to take from the machine where matrix.hpp is included."""
    if path == EIGEN_HEADER:
        return
    included = [(number, INCLUDE.match(line)) for number, line in enumerate(lines, 1)]
    included = [(number, match.group(2)) for number, match in included if match]
    if any(name == EIGEN_HEADER for _, name in included):
        return
    for number, name in included:
        if name.startswith("Eigen/"):
            yield number, f"#include <{name}>", f'include "{EIGEN_HEADER}" as well: it fixes Eigen\'s blocking'


def check_flags(lines):
    for number, line in enumerate(lines, 1):
        match = UNSAFE_FLAG.search(line)
        if match:
            yield number, match.group(0), "it lets the compiler reorder additions, so bits change"


def check_source(path, text):
    """Findings (line, what, why) in the source file `path`, which is relative to the project."""
    lines = without_comments_and_strings(text)
    for number, line in enumerate(lines, 1):
        for what, why in check_line(path, line):
            yield number, what, why
    yield from check_reductions(lines)
    yield from check_eigen(path, lines)
    # A pragma or an attribute names flags in a literal.
    yield from check_flags(re.sub(r"//.*", "", line) for line in text.split("\n"))


def check_build_file(text):
    yield from check_flags(re.sub(r"(^|\s)#.*", "", line) for line in text.split("\n"))


def check_file(path, text):
    """Findings in any file of the project; none in a file that no rule is about."""
    name = os.path.basename(path)
    if path.split("/", 1)[0] in SOURCE_FOLDERS and name.endswith(SOURCE_SUFFIXES):
        yield from check_source(path, text)
    elif name in BUILD_FILES or name.endswith((".cmake", ".sh", ".sbatch")):
        yield from check_build_file(text)


def project_files(root):
    """Paths relative to `root`, sorted, without build trees and hidden folders."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in ("build", "runs") and f[0] != ".")
        for name in sorted(files):
            yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")


def main(arguments):
    if len(arguments) > 1:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    here = os.path.dirname(os.path.abspath(__file__))
    root = arguments[0] if arguments else os.path.dirname(here)
    if not os.path.isdir(os.path.join(root, "core")):
        print(f"{root}: not the project's folder: it has no core/", file=sys.stderr)
        return 2
    findings = 0
    for path in project_files(root):
        if not path.endswith(SOURCE_SUFFIXES + (".cmake", ".sh", ".sbatch", ".txt", ".json")):
            continue
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            text = file.read()
        for line, what, why in sorted(check_file(path, text)):
            print(f"{path}:{line}: {what}: {why}")
            findings += 1
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
