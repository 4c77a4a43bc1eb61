"""Components as somebody writes them with Storm's own Python module: storm_children.py NAME."""
import sys

import storm


class Split(storm.BasicBolt):
    """Words of a sentence; fails one that shouts."""

    def initialize(self, conf, context):
        self.greeting = conf["greeting"] + " from " + context["componentid"]

    def process(self, tup):
        sentence = tup.values[0]
        if sentence.isupper():
            raise ValueError("too loud: " + sentence)
        if sentence == "hello":
            storm.logWarn(self.greeting)
        for word in sentence.split():
            tasks = storm.emit([word])
            assert tasks == [2], tasks


class Pairs(storm.Bolt):
    """Joins two sentences, anchored to both; dies of one that says so."""

    def initialize(self, conf, context):
        self.first = None

    def process(self, tup):
        if tup.values[0] == "die":
            raise RuntimeError("as it was told")
        if self.first is None:
            self.first = tup
            return
        first, self.first = self.first, None
        storm.emit([first.values[0] + "+" + tup.values[0]], anchors=[first, tup])
        storm.rpcMetrics("pairs", 1)
        storm.ack(first)
        storm.ack(tup)


class Numbers(storm.Spout):
    """one, two, three; again what failed."""

    def initialize(self, conf, context):
        self.names = ["one", "two", "three"]

    def nextTuple(self):
        if self.names:
            name = self.names.pop(0)
            storm.emit([name], id=name)

    def fail(self, id):
        storm.logInfo("again: " + id)
        self.names.append(id)


{"split": Split, "pairs": Pairs, "numbers": Numbers}[sys.argv[1]]().run()
