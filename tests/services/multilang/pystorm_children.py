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


def went(component, what, ids, tasks):
    """For the log: where a tuple went, as emit() says, by the tasks that the component was told of."""
    names = []
    for task in ids:
        name = tasks[str(task)]
        index = sum(1 for t, c in tasks.items() if c == name and int(t) < task)
        names.append("%s[%d]" % (name, index))
    component.logger.warning(" ".join(["went", what] + sorted(names)))


class Tell(Bolt):
    """Passes on, and tells where to."""

    def initialize(self, conf, ctx):
        self.tasks = ctx["task->component"]

    def process(self, tup):
        word = tup.values[0]
        went(self, word, self.emit([word], need_task_ids=True), self.tasks)


class TellSpout(ReliableSpout):
    """a, b, c, d; tells where to."""

    def initialize(self, conf, ctx):
        self.tasks = ctx["task->component"]
        self.names = ["a", "b", "c", "d"]

    def next_tuple(self):
        if self.names:
            name = self.names.pop(0)
            went(self, name, self.emit([name], tup_id=name, need_task_ids=True), self.tasks)


class Numbers(ReliableSpout):
    """one, two, three; pystorm brings again what failed."""

    def initialize(self, conf, ctx):
        self.names = ["one", "two", "three"]

    def next_tuple(self):
        if self.names:
            name = self.names.pop(0)
            self.emit([name], tup_id=name)


{
    "split": Split,
    "batches": Batches,
    "numbers": Numbers,
    "tell": Tell,
    "tell-spout": TellSpout,
}[sys.argv[1]]().run()
