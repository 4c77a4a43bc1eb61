"""What perf prints becomes shares and a flame graph."""
import unittest
import xml.etree.ElementTree as xml

import flame

PERF = """\
chain.map 123/124 10.000100:    1000 cpu-clock:
\t    5555 bora::internal::Lane<bora::peers::Sample>::append(bora::peers::Sample const&)+0x12 (/x/bora_peer_bench)
\t    4444 bora::Executor::run()+0xff (/x/bora_peer_bench)

rdk:broker1 123 10.000200:    1000 cpu-clock:
\t    3333 __memcpy_avx (/lib/libc.so.6)

main 123 10.000300:    1000 cpu-clock:
\t    2222 [unknown] ([unknown])
"""


class Flames(unittest.TestCase):
    def test_samples_have_thread_stack_and_library(self) -> None:
        first, second, third = flame.read(PERF.splitlines())
        self.assertEqual(flame.Sample("chain.map", ("bora::Executor::run", "bora::internal::Lane::append"),
                                      "bora_peer_bench"), first)
        self.assertEqual(("rdk:broker1", ("__memcpy_avx",), "libc.so.6"),
                         (second.thread, second.stack, second.library))
        self.assertEqual("main", third.thread)

    def test_names_keep_what_tells_them_apart(self) -> None:
        self.assertEqual("a::operator()", flame.short("a::operator()(int)+0x1")[:13])
        self.assertEqual("std::anon::f", flame.short("std::(anonymous namespace)::f<int, g<h> >(x)"))

    def test_shares_add_up(self) -> None:
        samples = list(flame.read(PERF.splitlines()))
        self.assertIn("| `bora::internal::Lane::append` | 33.3% |", flame.table(samples))
        root = flame.tree_of(samples)
        self.assertEqual(3, sum(node.count for node in root.below.values()))
        xml.fromstring(flame.draw(root, "a & b"))


if __name__ == "__main__":
    unittest.main()
