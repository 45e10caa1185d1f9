#!/usr/bin/env python3
"""Tests of the conformance tool itself: a difference must never pass as equal."""
import contextlib
import io
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import conformance  # noqa: E402
import facts  # noqa: E402
import oracle  # noqa: E402
from facts import modbus  # noqa: E402
from report import Report, kind_of  # noqa: E402


class Module:
    PROTOCOLS = ("a",)
    ORACLES = ("a", "b")

    def __init__(self, answer):
        self.answer = answer

    def facts(self, transactions, flows):
        return self.answer(transactions, flows)


def compare(answer, expected, known=(), transactions=(), flows=()):
    report = Report(list(known), False, "*")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        conformance.check_ot(report, "x/y.pcap", {"m": Module(answer)}, list(flows),
                             list(transactions), expected)
    return report


class ConformanceTest(unittest.TestCase):
    def test_kinds(self):
        self.assertEqual(kind_of({"a": 1, "b": 2}, {"a": 1}), "ours only")
        self.assertEqual(kind_of({"a": 1}, {"a": 1, "b": 2}), "theirs only")
        self.assertEqual(kind_of({"a": 1}, {"a": 2}), "different")
        self.assertEqual(kind_of({"a": 1}, {"b": 1}), "different")
        self.assertEqual(kind_of(3, 0), "ours only")
        self.assertEqual(kind_of(0, 3), "theirs only")
        self.assertEqual(kind_of(2, 3), "different")

    def test_equal_and_different_facts(self):
        report = compare(lambda t, f: {"a": {"n": 2, "d": {"k": 1}}}, {"a": {"n": 2, "d": {"k": 2}}})
        self.assertEqual(report.counts["equal"], 1)
        self.assertEqual(report.failures, ["x/y.pcap: a.d"])

    def test_facts_that_one_side_lacks(self):
        report = compare(lambda t, f: {"a": {"ours": {"k": 1}}}, {"b": {"theirs": 4}})
        self.assertEqual(report.counts["ours only"], 1)
        self.assertEqual(report.counts["theirs only"], 1)
        self.assertEqual(len(report.failures), 2)

    def test_known_difference_needs_its_row(self):
        rows = [("x/*.pcap", "a.n", "why"), ("x/z.pcap", "a.m", "other file")]
        report = compare(lambda t, f: {"a": {"n": 1, "m": 1}}, {"a": {"n": 2, "m": 2}}, rows)
        self.assertEqual(report.failures, ["x/y.pcap: a.m"])
        self.assertEqual(report.used, {rows[0]})

    def test_oracle_without_module_is_not_compared(self):
        report = compare(lambda t, f: {}, {"c": {"n": 2, "m": {}}})
        self.assertEqual(report.not_compared["c"], 2)
        self.assertEqual(report.failures, [])

    def test_a_module_that_fails_fails_the_file(self):
        report = compare(lambda t, f: {"a": {"n": 1 // 0}}, {})
        self.assertEqual(len(report.failures), 1)

    def test_modules_get_their_transactions_and_last_records(self):
        report = compare(lambda t, f: {"a": {"n": len(t), "f": len(f)}}, {"a": {"n": 1, "f": 1}},
                         transactions=[{"protocol": "a"}, {"protocol": "z"}],
                         flows=[{"last": True}, {"last": False}])
        self.assertEqual(report.failures, [])

    def test_counters_are_summed(self):
        flows = [{"counters": {"a.x": 1, "ab.x": 5}}, {"counters": {"a.x": 2, "a.y": 3}}, {}]
        self.assertEqual(facts.counters(flows, "a"), {"x": 3, "y": 3})

    def test_answers_of_two_modules_are_added(self):
        ours = {"n": 1, "d": {"k": 1}}
        facts.add(ours, {"n": 2, "d": {"k": 1, "l": 1}, "e": {"m": 1}})
        self.assertEqual(ours, {"n": 3, "d": {"k": 2, "l": 1}, "e": {"m": 1}})

    def test_lists_of_the_oracle(self):
        rows = [{"appid_ref": "1|a", "packets": 2}, {"appid_ref": "2|b", "packets": 3}]
        got = oracle.ot_facts({"ot": {"goose": rows, "ids": ["x", "x"], "n": {"a": 1}}})
        self.assertEqual(got, {"goose": {"packets": {"1|a": 2, "2|b": 3}},
                               "ids": {"names": {"x": 2}}, "n": {"a": 1}})

    def test_modbus(self):
        request = {"unit": 1, "code": 3, "address": 10, "quantity": 2, "detail": {},
                   "status": "exception", "exception": 2}
        alone = dict(request, status="no-reply", exception=None, address=20)
        reply = dict(request, status="unsolicited", exception=None, address=None, quantity=None)
        got = modbus.facts([request, alone, reply], [])["modbus"]
        self.assertEqual(got["pdus"], {"1/3": 4})
        self.assertEqual(got["requests"], {"1/3": 2})
        self.assertEqual(got["responses"], {"1/3": 2})
        self.assertEqual(got["exceptions"], {"1/3/2": 1})
        self.assertEqual(got["ranges"], {"1/3": [10, 21]})


if __name__ == "__main__":
    unittest.main()
