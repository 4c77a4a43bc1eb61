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


def went(what, ids, tasks):
    """For the log: where a tuple went, as emit() says, by the tasks that the component was told of."""
    names = []
    for task in ids:
        name = tasks[str(task)]
        index = sum(1 for t, c in tasks.items() if c == name and int(t) < task)
        names.append("%s[%d]" % (name, index))
    storm.logInfo(" ".join(["went", what] + sorted(names)))


class Tell(storm.BasicBolt):
    """Passes on, and tells where to."""

    def initialize(self, conf, context):
        self.tasks = context["task->component"]

    def process(self, tup):
        went(tup.values[0], storm.emit([tup.values[0]]), self.tasks)


class TellSpout(storm.Spout):
    """a, b, c, d; tells where to."""

    def initialize(self, conf, context):
        self.tasks = context["task->component"]
        self.names = ["a", "b", "c", "d"]

    def nextTuple(self):
        if self.names:
            name = self.names.pop(0)
            went(name, storm.emit([name], id=name), self.tasks)


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


{
    "split": Split,
    "pairs": Pairs,
    "numbers": Numbers,
    "tell": Tell,
    "tell-spout": TellSpout,
}[sys.argv[1]]().run()
