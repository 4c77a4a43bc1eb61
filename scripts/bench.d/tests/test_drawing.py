"""Plots are well-formed and hold what they were given."""
import unittest
import xml.etree.ElementTree as xml

import curves
import svg
from machine import Noise


class Drawing(unittest.TestCase):
    def test_bars_have_their_values_and_reasons(self) -> None:
        page = svg.bars("a <b>", "x", [svg.Bar("good", 2e6, 1e6, 3e6), svg.Bar("bad", None, note="WRONG & so on")])
        xml.fromstring(page)
        self.assertIn("2 M", page)
        self.assertIn("WRONG &amp; so on", page)

    def test_lines_take_any_range_and_none(self) -> None:
        for points in ([], [(1.0, 1.0)], [(1.0, 3.0), (1e6, 1e-3)], [(0.0, 1.0)]):
            xml.fromstring(svg.lines("t", "x", "y", [svg.Series("s", points)]))

    def test_where_a_line_has_no_value_there_is_a_cross(self) -> None:
        page = svg.lines("t", "x", "y", [svg.Series("s", [(1.0, 1.0), (10.0, 2.0)], refused=[1e4])])
        xml.fromstring(page)
        self.assertEqual(1, page.count("l8 8m0 -8l-8 8"))
        self.assertIn("10 k", page)

    def test_a_long_note_ends_where_the_plot_does(self) -> None:
        self.assertNotIn("x" * 85, svg.bars("t", "u", [svg.Bar("b", None, note="x" * 200)]))

    def test_a_curve_is_a_table_and_a_plot(self) -> None:
        curve = {"name": "tasks", "about": "tasks of it", "points": [
            {"x": nth, "throughput": {"median": 2e6, "least": 1e6, "most": 3e6},
             "cpu_us": {"median": 0.5}} for nth in (1, 8)]}
        self.assertIn("| tasks of it | 8 | 2.000 [1.000..3.000] | 0.500 |", curves.table([curve]))
        xml.fromstring(curves.plot(curve))
        text = curves.report({"rounds": 3, "seconds": 0.4, "curves": [curve]}, Noise(0.25, 0.01))
        self.assertIn("3 rounds of 0.4 s each", text)
        self.assertIn("others had 25% of the machine, the hypervisor 1%", text)


if __name__ == "__main__":
    unittest.main()
