"""report.py [LABEL=]TESTLOG.json...: counts every test of `meson test` runs.

A program's own tests count one by one: cmocka's, TAP's, and whoever prints lines
`PASS NAME`, `FAIL NAME: what` or `SKIP NAME: reason`; HACKING.md has the rules. Prints each failure
and each skip, then `N passed, N failed, N skipped`; exits with 1 after a failure.
"""
import json
import re
import sys

CMOCKA = re.compile(r"^\[ *(RUN|OK|FAILED|SKIPPED) *\] (\w+)$")
PLAIN = re.compile(r"^(PASS|FAIL|SKIP) ([^\s:]+)(?:: *(.*))?$")
TAP = re.compile(r"^(not )?ok\b *\d* *(?:- )?([^#]*?) *(?:# *(SKIP|TODO)\S* *(.*))?$")
PLAN = re.compile(r"^1\.\.\d+$", re.M)
WHOLE = re.compile(r"^(?:SKIP:|1\.\.0 # *SKIP) *(.*)$", re.I)
NO_REASON = "skipped without a reason"


def items(text):
    """The tests inside a program: {name: (verdict, why)}; a verdict None did not end."""
    found, reasons = {}, {}
    is_tap = PLAN.search(text)
    for line in text.splitlines():
        m = PLAIN.match(line)
        if m:
            found[m[2]] = (m[1], m[3] or "")
            if m[1] == "SKIP":
                reasons[m[2]] = m[3] or ""
            continue
        m = is_tap and TAP.match(line)
        if m:
            verdict = "SKIP" if m[3] == "SKIP" else "FAIL" if m[1] else "PASS"
            found[m[2] or str(len(found) + 1)] = (verdict, m[4] or "")
            continue
        m = CMOCKA.match(line)
        if m and m[1] == "RUN":
            found[m[2]] = (None, "ended in the middle")
        elif m and m[1] == "SKIPPED":
            found[m[2]] = ("SKIP", reasons.get(m[2], ""))
        elif m and m[2] in found:
            found[m[2]] = ("PASS" if m[1] == "OK" else "FAIL", "")
    return found


def results(test):
    """All (name, verdict, why) of one meson test."""
    name, result = test["name"].split(" / ")[-1], test["result"]
    text = test.get("stdout") or ""
    inner = items(text)
    if result == "SKIP" and not inner:  # exit code 77
        why = [m[1] for m in map(WHOLE.match, text.splitlines()) if m]
        return [(name, "SKIP", why[-1] if why else "")]
    ok = result in ("OK", "EXPECTEDFAIL", "SKIP")
    out = [(f"{name}/{n}", v or ("PASS" if ok else "FAIL"), why)
           for n, (v, why) in inner.items()]
    if not ok and not any(v == "FAIL" for _, v, _ in out):
        code = test.get("returncode")
        out.append((name, "FAIL", f"{result.lower()}, exit code {code}"))
    return out or [(name, "PASS", "")]


def tail(test):
    text = (test.get("stdout") or "").splitlines()
    noise = [s for s in text if not CMOCKA.match(s) and not s.startswith("PASS ")]
    return (noise + (test.get("stderr") or "").splitlines())[-30:]


def main(args):
    count = {"PASS": 0, "FAIL": 0, "SKIP": 0}
    skips = []
    for arg in args:
        label, _, path = arg.rpartition("=")
        suffix = f" ({label})" if label else ""
        with open(path, encoding="utf-8", errors="replace") as f:
            tests = [json.loads(line) for line in f if line.strip()]
        for test in tests:
            failed = False
            for name, verdict, why in results(test):
                if verdict == "SKIP" and not why:
                    verdict, why = "FAIL", NO_REASON
                count[verdict] += 1
                if verdict == "FAIL":
                    failed = True
                    print(f"FAIL {name}{suffix}" + (f": {why}" if why else ""))
                elif verdict == "SKIP":
                    skips.append(f"SKIP {name}{suffix}: {why}")
            if failed:
                print("".join(f"    {line}\n" for line in tail(test)), end="")
    print("".join(line + "\n" for line in skips), end="")
    print("{PASS} passed, {FAIL} failed, {SKIP} skipped".format(**count))
    return 1 if count["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
