#!/usr/bin/env python3
"""Runs clang-tidy on the sources of core, comm and trainer, as many as a time budget allows.

    scripts/run_clang_tidy.py --build build/ci [--seconds 120] [FILE...]

A source whose preprocessed text passed before is not checked again (build/lint keeps the hashes).
The others are checked with one process a core, those that were changed last before others. When
the time is over the sources that were not reached are named; that is no failure.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import shlex
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TIDY = "clang-tidy-14"


def compile_commands(build):
    """Command by source, for the sources of core, comm and trainer."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    commands = {}
    for entry in entries:
        path = os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT)
        if path.split(os.sep)[0] in ("core", "comm", "trainer") and os.path.exists(
            os.path.join(ROOT, path)
        ):
            commands[path] = entry
    return commands


def preprocessed_hash(entry, settings):
    """Hash of all that the verdict depends on; None when the source cannot be preprocessed."""
    words = shlex.split(entry["command"])
    for option in ("-o", "-MF", "-MT"):
        if option in words:
            del words[words.index(option) : words.index(option) + 2]
    words = [word for word in words if word not in ("-c", "-MD", "-Werror")]
    # -CC keeps comments, as NOLINT is one.
    result = subprocess.run(words + ["-E", "-CC"], cwd=entry["directory"], capture_output=True)
    if result.returncode != 0:
        return None
    return hashlib.sha256(settings + result.stdout).hexdigest()


def most_recent_first(paths):
    """The paths in the order of their last change: not committed, then by commit, newest first."""
    changes = []
    for command in (
        ["git", "diff", "--name-only", "HEAD"],
        ["git", "ls-files", "--others", "--exclude-standard"],
        ["git", "log", "--name-only", "--format="],
    ):
        try:
            result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        except OSError:  # no git
            break
        changes += result.stdout.split("\n")
    ranks = {}
    for path in changes:
        ranks.setdefault(path, len(ranks))
    return sorted(paths, key=lambda path: (ranks.get(path, len(ranks)), path))


def check(path, build, deadline):
    """(passed, output) of clang-tidy on one source; None when the time was over."""
    try:
        result = subprocess.run(
            [TIDY, "--quiet", "-p", build, os.path.join(ROOT, path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=deadline - time.monotonic(),
        )
    except subprocess.TimeoutExpired:
        return None
    # Standard error counts suppressed warnings, and explains when no verdict could be reached.
    output = result.stdout if result.stdout.strip() else result.stderr
    return result.returncode == 0, output


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", required=True, help="folder of compile_commands.json")
    parser.add_argument("--seconds", type=float, default=120.0, help="time budget")
    parser.add_argument("files", nargs="*", help="sources; default: all")
    options = parser.parse_args()
    deadline = time.monotonic() + options.seconds
    build = os.path.abspath(options.build)

    commands = compile_commands(build)
    wanted = [os.path.relpath(os.path.abspath(f), ROOT) for f in options.files] or list(commands)
    unknown = [path for path in wanted if path not in commands]
    if unknown:
        print(f"{unknown[0]}: not in {build}/compile_commands.json", file=sys.stderr)
        return 2

    with open(os.path.join(ROOT, ".clang-tidy"), "rb") as file:
        settings = file.read() + subprocess.check_output([TIDY, "--version"])
    cache = os.path.join(ROOT, "build", "lint", "passed.json")
    try:
        with open(cache, encoding="utf-8") as file:
            passed = json.load(file)
    except (OSError, ValueError):
        passed = {}

    def examine(path):
        """("unchanged", "passed", "failed" or "unreached", what was printed)."""
        if time.monotonic() >= deadline:
            return "unreached", ""
        known = passed.get(path)
        if known and known == preprocessed_hash(commands[path], settings):
            return "unchanged", ""
        verdict = check(path, build, deadline)
        if verdict is None:
            return "unreached", ""
        if not verdict[0]:
            return "failed", verdict[1]
        passed[path] = preprocessed_hash(commands[path], settings)
        return "passed", ""

    found = {"unchanged": [], "passed": [], "failed": [], "unreached": []}
    wanted = most_recent_first(wanted)
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for path, (verdict, output) in zip(wanted, pool.map(examine, wanted)):
            found[verdict].append(path)
            if verdict == "failed":
                print(output.strip(), flush=True)

    os.makedirs(os.path.dirname(cache), exist_ok=True)
    with open(cache + ".new", "w", encoding="utf-8") as file:
        json.dump(passed, file, indent=0, sort_keys=True)
    os.replace(cache + ".new", cache)

    print(
        f"clang-tidy: {len(wanted)} sources, {len(found['unchanged'])} unchanged since they passed, "
        f"{len(found['passed']) + len(found['failed'])} checked, {len(found['failed'])} with findings",
        file=sys.stderr,
    )
    if found["unreached"]:
        names = " ".join(sorted(found["unreached"]))
        print(f"not reached in {options.seconds:g} s: {names}", file=sys.stderr)
    return 1 if found["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
