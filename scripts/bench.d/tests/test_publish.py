"""Figures get into the page where they belong, again and again."""
import tempfile
import unittest
from pathlib import Path

from publish import DOCS, block_of, publish


class Publishing(unittest.TestCase):
    def test_a_block_is_replaced_and_nothing_else(self) -> None:
        page = "a\n<!-- x -->\nold\n<!-- /x -->\nb <!-- y --><!-- /y -->\n"
        once = block_of(page, "x", r"new \1")
        self.assertEqual("a\n<!-- x -->\nnew \\1\n<!-- /x -->\nb <!-- y --><!-- /y -->\n", once)
        self.assertEqual(once, block_of(once, "x", r"new \1"))
        with self.assertRaisesRegex(ValueError, "0 blocks 'z'"):
            block_of(page, "z", "")

    def test_reports_and_plots_are_taken_along(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            docs, run = Path(folder) / "docs", Path(folder) / "run"
            docs.mkdir()
            run.mkdir()
            (docs / "benchmarks.md").write_text("<!-- peers --><!-- /peers -->", encoding="utf-8")
            (run / "report.md").write_text("figures\n", encoding="utf-8")
            (run / "cpu.svg").write_text("<svg/>", encoding="utf-8")
            publish("peers", [run], docs)
            page = (docs / "benchmarks.md").read_text(encoding="utf-8")
            self.assertIn("figures\n\n![cpu](pictures/bench/cpu.svg)", page)
            self.assertTrue((docs / "pictures/bench/cpu.svg").exists())

    def test_the_page_has_the_blocks_that_it_is_filled_with(self) -> None:
        page = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
        for name in ("peers", "scaling"):
            block_of(page, name, "")


if __name__ == "__main__":
    unittest.main()
