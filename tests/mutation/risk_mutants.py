#!/usr/bin/env python3
"""Switches off each refusal of the risk gate and each rule of the guardian, one at a time, and sees whether a test notices.

All mutants are compiled into one program (mutant schemata: Untch, Offutt and Harrold, ISSTA 1993): every site becomes
`if (tide_mutant(N)) {} else <site>`, and the environment variable TIDE_MUTANT says which one is off. So the files of
engine/risk are compiled once, in a scratch folder, and each mutant costs a run of the tests.

    risk_mutants.py BUILD [--only N[,N…]] [--list]

BUILD is a build folder in which risk_tests and session_tests are up to date. Exit code 1: some mutant survived.
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
RISK = ROOT / "engine" / "risk"
PROGRAMS = ("risk_tests", "session_tests")

REFUSAL = r"return (?:refuse|with_max_lots|WrongOrder)\b[({]|return \*?no;|return wrong;|return repeated;"
ACTION = (r"(?:return )?(?:raise|clear|ask|kill|flatten|condemn|ask_all|expire_broker_session|end_market_halt)\("
          r"|actions\.warnings\.push_back\(|actions\.cancel_(?:entries|all) = true;")
# Beginning of a statement: after '{', '}', ';', ')' or a line's indentation.
SITE = re.compile(rf"(?<=[\s(){{}};])(?P<site>{REFUSAL}|{ACTION})")
# Helpers that only hand on what others decided, and definitions.
SKIPPED = re.compile(r"^(?:[\w:&<> ]+ )?Guardian::(?:raise|clear|ask|ask_all)\(|^RiskVerdict (?:refuse|with_max_lots)\(")
HEADER = """#pragma once
#include <cstdlib>
inline bool tide_mutant(int n) {
    static const int off = std::getenv("TIDE_MUTANT") ? std::atoi(std::getenv("TIDE_MUTANT")) : 0;
    return n == off;
}
"""


def end_of_statement(text, start):
    depth = 0
    in_text = False
    i = start
    while True:
        c = text[i]
        if in_text:
            if c == "\\":
                i += 1
            elif c == '"':
                in_text = False
        elif c == '"':
            in_text = True
        elif c in "({[":
            depth += 1
        elif c in ")}]":
            depth -= 1
        elif c == ";" and depth == 0:
            return i + 1
        i += 1


def enclosing_function(text, at):
    """The line, at the margin, that begins the function around `at`."""
    head = ""
    for line in text[:at].split("\n"):
        if line and not line[0].isspace() and not line.startswith(("}", "//", "#")):
            head = line
    return head


def mutate(name, text, first, sites):
    out, last, number = [], 0, first
    for match in SITE.finditer(text):
        start = match.start("site")
        line_start = text.rfind("\n", 0, start) + 1
        before = text[line_start:start]
        head = enclosing_function(text, start)
        if "//" in before or '"' in before or SKIPPED.match(head) or re.match(r"^\S", text[line_start:]):
            continue
        # Inside an expression or a definition: not a statement of its own.
        if before.strip() and not before.rstrip().endswith((")", "{", "else", ";", "}")):
            continue
        end = end_of_statement(text, start)
        statement = " ".join(text[start:end].split())
        out.append(text[last:start] + f"if (tide_mutant({number})) {{}} else " + text[start:end])
        # The last statement of a function that must give something.
        if text[start:].startswith("return") and text[end:].lstrip(" ").startswith("\n}") and "void" not in head:
            out.append(" return {};")
        function = re.search(r"([\w:]+)\(", head)
        sites.append((number, name, text.count("\n", 0, start) + 1, function.group(1) if function else "?", statement))
        last = end
        number += 1
    return "".join(out) + text[last:], number


def commands(build):
    text = subprocess.run(["ninja", "-C", build, "-t", "commands", *PROGRAMS], check=True, capture_output=True,
                          text=True).stdout
    return text.splitlines()


def compile_mutants(build, scratch, sites):
    scratch.mkdir(parents=True, exist_ok=True)
    (scratch / "tide_mutant.hpp").write_text(HEADER)
    lines, number, objects = commands(build), 1, []
    for source in sorted(RISK.glob("*.cpp")):
        text, number = mutate(source.name, source.read_text(), number, sites)
        mutated = scratch / source.name
        mutated.write_text(text)
        compiled = scratch / (source.stem + ".o")
        line = next(each for each in lines if each.endswith(f" -c {source}"))
        line = line.replace("-Werror", "-w").replace(f" -c {source}", f" -include {scratch}/tide_mutant.hpp -c {mutated}")
        line = re.sub(r" -MD -MT \S+ -MF \S+", "", line)
        line = re.sub(r" -o \S+", f" -o {compiled}", line)
        subprocess.run(shlex.split(line), check=True, cwd=build)
        objects.append(str(compiled))
    archive = scratch / "libmutants.a"
    archive.unlink(missing_ok=True)
    subprocess.run(["ar", "qcs", str(archive), *objects], check=True)
    for program in PROGRAMS:
        line = next(each for each in lines if f" -o tests/{program} " in each)
        line = line.split("&&")[1].replace("obj/engine/libtide_risk.a", str(archive))
        line = line.replace(f" -o tests/{program} ", f" -o {scratch}/{program} ")
        subprocess.run(shlex.split(line), check=True, cwd=build)


def survives(scratch, number):
    """Whether every program passes. A run that does not end is noticed as well."""
    environment = {**os.environ, "TIDE_MUTANT": str(number)}
    for program in PROGRAMS:
        try:
            run = subprocess.run([str(scratch / program), "--gtest_brief=1", "--gtest_fail_fast"], env=environment,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
        except subprocess.TimeoutExpired:
            return False
        if run.returncode != 0:
            return False
    return True


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    scratch = build / "mutants"
    sites = []
    compile_mutants(build, scratch, sites)
    if "--list" in sys.argv:
        for number, name, line, function, statement in sites:
            print(f"{number:4} {name}:{line} {function}: {statement[:90]}")
        return 0
    if not survives(scratch, 0):
        print("the tests fail without any mutant: mend them first", file=sys.stderr)
        return 2
    only = sys.argv[sys.argv.index("--only") + 1].split(",") if "--only" in sys.argv else None
    tried, killed, alive = {}, {}, []
    for number, name, line, function, statement in sites:
        if only and str(number) not in only:
            continue
        tried[name] = tried.get(name, 0) + 1
        if not survives(scratch, number):
            killed[name] = killed.get(name, 0) + 1
            continue
        alive.append(number)
        print(f"survives: {number} {name}:{line} {function}: {statement[:120]}", flush=True)
    print("\n| file | switched off | noticed |\n|---|---|---|")
    for name in sorted(tried):
        print(f"| `{name}` | {tried[name]} | {killed.get(name, 0)} |")
    print(f"| all | {sum(tried.values())} | {sum(killed.values())} |")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
