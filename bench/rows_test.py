#!/usr/bin/python3
"""Tests of rows.py and svg.py."""

import json
import os
import sys
import tempfile
import unittest
import xml.dom.minidom

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import svg  # noqa: E402
from rows import FIELDS, Rows, is_met, spread  # noqa: E402


class Goals(unittest.TestCase):
    def test_each_sign_holds_at_its_limit_or_not(self):
        self.assertTrue(is_met("value <= 2", 2.0, None))
        self.assertFalse(is_met("value < 2", 2.0, None))
        self.assertTrue(is_met("ratio >= 0.8", 1.0, 0.8))
        self.assertFalse(is_met("ratio > 0.8", 1.0, 0.8))

    def test_all_conditions_must_hold(self):
        self.assertTrue(is_met("value >= 14.88 and ratio >= 0.5", 15.0, 0.6))
        self.assertFalse(is_met("value >= 14.88 and ratio >= 0.5", 15.0, 0.4))
        self.assertFalse(is_met("value >= 14.88 and ratio >= 0.5", 14.0, 0.6))

    def test_nothing_is_met_without_figure_or_goal(self):
        self.assertIsNone(is_met(None, 1.0, 1.0))
        self.assertIsNone(is_met("ratio >= 5", 1.0, None))

    def test_a_goal_that_cannot_be_read_is_an_error(self):
        for goal in ("value = 2", "fast", "ratio >= much"):
            self.assertRaises(ValueError, is_met, goal, 1.0, 1.0)


class Table(unittest.TestCase):
    def test_medians_make_the_ratio_and_spread_the_note(self):
        rows = Rows()
        row = rows.add_samples("a", "s", [1.0, 2.0, 9.0], "peer", [4.0, 4.0], "ratio <= 0.5")
        self.assertEqual((row["value"], row["peer_value"], row["ratio"]), (2.0, 4.0, 0.5))
        self.assertTrue(row["met"])
        self.assertIn("3 rounds, spread 350%, peer 0%", row["note"])
        self.assertEqual(rows.samples["a"]["tapiary"], [1.0, 2.0, 9.0])

    def test_the_goal_is_held_against_the_figure_before_it_is_rounded(self):
        self.assertFalse(Rows().add("a", 1.00004, "s", "peer", 1.0, "ratio <= 1.0")["met"])

    def test_a_row_without_figure_has_all_fields_and_is_not_met(self):
        rows = Rows()
        row = rows.missing("a", "s", "peer", "ratio <= 1.0", "not built")
        self.assertEqual(tuple(row), FIELDS)
        self.assertEqual((row["value"], row["ratio"], row["met"]), (None, None, None))
        self.assertIn("not built", rows.table())

    def test_what_misses_its_goal_is_found(self):
        rows = Rows()
        rows.add("good", 1, "s", goal="value <= 1")
        rows.add("bad", 2, "s", goal="value <= 1")
        rows.add("open", 2, "s")
        self.assertEqual([row["id"] for row in rows.failed()], ["bad"])
        self.assertIn("NO", rows.table())

    def test_json_names_the_machine(self):
        rows = Rows(quick=True)
        rows.add("a", 0.123456, "s")
        with tempfile.TemporaryDirectory() as folder:
            rows.write_json(f"{folder}/out.json")
            with open(f"{folder}/out.json") as file:
                read = json.load(file)
        self.assertTrue(read["quick"])
        self.assertEqual(read["rows"][0]["value"], 0.1235)
        self.assertLessEqual({"cpu", "cores", "kernel"}, set(read["machine"]))

    def test_spread_is_the_furthest_from_the_median(self):
        self.assertAlmostEqual(spread([9.0, 10.0, 12.0]), 0.2)
        self.assertEqual(spread([0.0, 0.0]), 0.0)


class Plots(unittest.TestCase):
    def test_they_are_documents_and_text_is_escaped(self):
        bars = svg.bars("a < b", "MB/s", [("tapiary", 2.0), ("peer & co", None)])
        lines = svg.lines("x", "rate", "cpu", {"a": [[1, 2.0], [3, 1.0]], "b": []})
        for text in (bars, lines, svg.bars("", "", []), svg.lines("", "", "", {})):
            self.assertEqual(xml.dom.minidom.parseString(text).documentElement.tagName, "svg")
        self.assertIn("no figure", bars)


if __name__ == "__main__":
    unittest.main()
