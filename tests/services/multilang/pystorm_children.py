"""Components as somebody writes them with pystorm: pystorm_children.py NAME."""
import sys

from pystorm.bolt import BatchingBolt, Bolt
from pystorm.spout import ReliableSpout


class Split(Bolt):
    """Words of a sentence; raises for one that shouts, which ends the process."""

    def initialize(self, conf, ctx):
        self.greeting = conf["greeting"] + " from " + ctx["componentid"]

    def process(self, tup):
        sentence = tup.values.sentence  # by the name of its field
        if sentence.isupper():
            raise ValueError("too loud: " + sentence)
        if sentence == "hello":
            self.logger.warning(self.greeting)
        for word in sentence.split():
            tasks = self.emit([word], need_task_ids=True)
            assert tasks == [2], tasks


class Batches(BatchingBolt):
    """Sentences between two ticks, joined."""

    ticks_between_batches = 0

    def group_key(self, tup):
        return len(tup.values[0])

    def process_batch(self, key, tups):
        self.emit(["+".join(sorted(t.values[0] for t in tups))])
        self.report_metric("pairs", len(tups))


class Numbers(ReliableSpout):
    """one, two, three; pystorm brings again what failed."""

    def initialize(self, conf, ctx):
        self.names = ["one", "two", "three"]

    def next_tuple(self):
        if self.names:
            name = self.names.pop(0)
            self.emit([name], tup_id=name)


{"split": Split, "batches": Batches, "numbers": Numbers}[sys.argv[1]]().run()
