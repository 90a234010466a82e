#!/usr/bin/env python3
"""The rules of scripts/check_includes.py: each is fed what it must reject and what it must let pass."""

import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

SCRIPT = os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "check_includes.py"
)
sys.dont_write_bytecode = True
specification = importlib.util.spec_from_file_location("check_includes", SCRIPT)
check_includes = importlib.util.module_from_spec(specification)
specification.loader.exec_module(check_includes)


def findings(path, text):
    return [f"{line}: {what}" for line, what, why in check_includes.check_file(path, text)]


class Layers(unittest.TestCase):
    def test_core_knows_neither_comm_nor_trainer(self):
        text = '#include "core/base/error.hpp"\n#include "comm/transport.hpp"\n'
        self.assertEqual(findings("core/a.cpp", text), ['2: #include "comm/transport.hpp"'])
        text = '#include "trainer/run/loop.hpp"\n'
        self.assertEqual(findings("core/a.hpp", text), ['1: #include "trainer/run/loop.hpp"'])

    def test_angle_brackets_do_not_help(self):
        text = "#include <comm/transport.hpp>\n"
        self.assertEqual(findings("core/a.cpp", text), ['1: #include "comm/transport.hpp"'])

    def test_comm_does_not_know_trainer(self):
        text = '#  include "trainer/run/loop.hpp"\n'
        self.assertEqual(len(findings("comm/a.cpp", text)), 1)
        self.assertEqual(findings("comm/a.cpp", '#include "core/base/error.hpp"\n'), [])

    def test_trainer_and_tests_know_all(self):
        text = '#include "core/a.hpp"\n#include "comm/b.hpp"\n#include "trainer/c.hpp"\n'
        self.assertEqual(findings("trainer/a.cpp", text), [])
        self.assertEqual(findings("tests/trainer/a_test.cpp", text), [])

    def test_mpi_lives_in_comm(self):
        for path in ("core/a.cpp", "trainer/a.cpp", "tests/core/a_test.cpp"):
            self.assertEqual(findings(path, "#include <mpi.h>\n"), ["1: #include <mpi.h>"])
        self.assertEqual(findings("comm/mpi_transport.cpp", "#include <mpi.h>\n"), [])
        self.assertEqual(findings("tests/comm/a_test.cpp", "#include <mpi.h>\n"), [])

    def test_includes_start_at_the_root(self):
        self.assertEqual(findings("core/base/a.cpp", '#include "error.hpp"\n'), ['1: #include "error.hpp"'])

    def test_an_include_in_a_comment_is_none(self):
        self.assertEqual(findings("core/a.cpp", '/*\n#include "comm/b.hpp"\n*/\n// #include <random>'), [])

    def test_the_reason_is_given(self):
        ((line, what, why),) = check_includes.check_file("core/a.cpp", '#include "comm/b.hpp"')
        self.assertEqual(why, "core must not know comm: trainer -> comm -> core")


class Bits(unittest.TestCase):
    def test_libm_in_core_and_comm(self):
        for name in ("exp", "log", "tanh", "pow", "sin", "cos", "log1p", "expf"):
            what = name[:-1] if name == "expf" else name
            text = f"double f(double x) {{ return std::{name}(x); }}"
            self.assertEqual(findings("core/metrics/a.cpp", text), [f"1: std::{what}"])
            self.assertEqual(findings("comm/a.cpp", text), [f"1: std::{what}"])
        self.assertEqual(findings("tests/core/a_test.cpp", "double y = std::exp(1.0);"), [])

    def test_exact_functions_pass(self):
        text = "double y = std::sqrt(x) + std::fma(a, b, c) + std::abs(x) + kernel::exp(x) + std::ldexp(x, 2);"
        self.assertEqual(findings("core/kernel/a.cpp", text), [])

    def test_eigen_reductions_in_kernels(self):
        for folder in ("kernel", "model", "optimize"):
            for call in ("x.sum()", "x.norm()", "x.colwise()", "x->dot(y)", "x.row(0)\n  .mean()"):
                self.assertEqual(len(findings(f"core/{folder}/a.cpp", f"auto s = {call};")), 1, call)
        self.assertEqual(findings("core/linalg/a.cpp", "auto s = x.sum();"), [])
        self.assertEqual(findings("core/kernel/a.cpp", "state.sum_ += checksum(x); total.summary();"), [])

    def test_eigen_is_told_its_blocking(self):
        text = "#include <Eigen/QR>\n"
        self.assertEqual(findings("core/linalg/a.cpp", text), ["1: #include <Eigen/QR>"])
        self.assertEqual(findings("tests/a_test.cpp", text), ["1: #include <Eigen/QR>"])
        text += '#include "core/linalg/matrix.hpp"\n'
        self.assertEqual(findings("core/linalg/a.cpp", text), [])
        self.assertEqual(findings("core/linalg/matrix.hpp", "#include <Eigen/Core>\n"), [])

    def test_random_numbers(self):
        for path in ("core/a.cpp", "trainer/a.cpp", "tests/core/a_test.cpp"):
            text = "#include <random>\nstd::normal_distribution<double> d;\nstd::mt19937_64 g;\n"
            expected = ["1: #include <random>", "2: std::normal_distribution", "3: std::mt19937_64"]
            self.assertEqual(findings(path, text), expected)
        self.assertEqual(findings("core/a.cpp", "std::shuffle(a, b, g);"), ["1: std::shuffle"])

    def test_headers_that_clang_rejects(self):
        text = "#include <ranges>\n#include <source_location>\n"
        self.assertEqual(len(findings("core/a.cpp", text)), 2)

    def test_floating_point_reductions_over_several_lines(self):
        text = "void f() {\n  check(MPI_Allreduce(MPI_IN_PLACE, x, n,\n    MPI_DOUBLE, MPI_SUM, c));\n}\n"
        self.assertEqual(findings("comm/a.cpp", text), ["2: MPI reduction of floating-point numbers"])
        text = "MPI_Iallreduce(a, b, n, MPI_FLOAT, MPI_SUM, c, &r);"
        self.assertEqual(len(findings("comm/a.cpp", text)), 1)
        text = "MPI_Allreduce(a, b, n, MPI_INT64_T, MPI_SUM, c); MPI_Isend(a, n, MPI_DOUBLE, 1, 2, c, &r);"
        self.assertEqual(findings("comm/a.cpp", text), [])

    def test_unsafe_flags(self):
        self.assertEqual(findings("core/CMakeLists.txt", "\nadd(x -ffast-math)\n"), ["2: -ffast-math"])
        self.assertEqual(findings("CMakePresets.json", '{"f": "-O2 -Ofast"}'), ["1: -Ofast"])
        self.assertEqual(findings("scripts/a.sh", "g++ -funsafe-math-optimizations a.cpp"),
                         ["1: -funsafe-math-optimizations"])
        self.assertEqual(findings("core/a.cpp", '#pragma GCC optimize("-ffast-math")'), ["1: -ffast-math"])
        self.assertEqual(findings("cmake/a.cmake", "# never -ffast-math\nadd(-O3)\n"), [])


class Text(unittest.TestCase):
    def test_comments_and_strings_may_name_what_they_forbid(self):
        text = (
            "// std::exp(x) differs\n"
            "/* std::exp(x)\n   x.sum() */\n"
            'const char* a = "std::exp(x) \\" std::log(x)";\n'
            'const char* b = R"(std::exp(x)\n std::log(y))";\n'
        )
        self.assertEqual(findings("core/kernel/a.cpp", text), [])

    def test_code_after_them_is_seen_on_its_own_line(self):
        text = "/* one\n two */ char c = '\"'; long n = 1'000; double y = std::exp(x);  // three\n"
        self.assertEqual(findings("core/kernel/a.cpp", text), ["2: std::exp"])
        text = 'const char* b = R"(1\n2)"; double y = std::log(x);\n'
        self.assertEqual(findings("core/kernel/a.cpp", text), ["2: std::log"])

    def test_other_files_have_no_rules(self):
        self.assertEqual(findings("README.md", "-ffast-math std::exp(x)"), [])
        self.assertEqual(findings("scripts/bench/a.py", "'-ffast-math'"), [])


class Program(unittest.TestCase):
    def run_in(self, files):
        with tempfile.TemporaryDirectory(prefix="check includes ") as root:
            os.mkdir(os.path.join(root, "core"))
            for path, text in files.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            return subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True)

    def test_a_clean_project_passes_silently(self):
        result = self.run_in({"core/a.cpp": '#include "core/a.hpp"\n', "build/core/b.cpp": "std::exp(x)"})
        self.assertEqual((result.returncode, result.stdout), (0, ""))

    def test_a_finding_has_its_place_and_reason(self):
        result = self.run_in({"core/model/a.cpp": "\ndouble s = x.sum();\n"})
        self.assertEqual(result.returncode, 1)
        self.assertEqual(
            result.stdout,
            "core/model/a.cpp:2: .sum(): its order of additions depends on position and length; "
            "use the row reductions of core/kernel\n",
        )

    def test_a_folder_that_is_not_the_project(self):
        with tempfile.TemporaryDirectory() as root:
            result = subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True)
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stderr, f"{root}: not the project's folder: it has no core/\n")


if __name__ == "__main__":
    unittest.main()
