"""A child that behaves as the test says: multilang_child.py WORD...

Takes tuples of one integer, emits its double and acks. The words make exceptions for tuples:
  die-on=N hang-on=N garbage-on=N fail-on=N nonsense-on=N orphan-on=N double-ack-on=N
  hold                  acks nothing
  flood=N               emits N tuples unasked, each of 1 kB, before it reads the first
  noisy=N               writes N lines to standard error, likewise
  beats=FILE            writes a character for each heartbeat
  mute, stay, no-hello  never answers a heartbeat; outlives its input; never says its pid
  stubborn              does not mind SIGTERM
  die-at-start, fail-initialise
  once=FILE             the exceptions hold until they have happened once: then the file is there
  batch=N               acks when it has N tuples, with one emit anchored to all
  direct=N              emits directly, to the task N + the tuple
  descriptors           emits how many it has
  ids=FILE              emits N, waits for the ids of its tasks, and writes down which they were
  burst=N               the same, N times 1000 and more at once, and waits for all of them
  groupings=FILE        writes what it was told of who reads its default stream
  as=COMMAND            a spout's child, see the end
"""
import json
import os
import signal
import sys
import time

later = []
words = dict((w.split("=", 1) + [""])[:2] for w in sys.argv[1:])


def read():
    return later.pop(0) if later else json_of_input()


def json_of_input():
    lines = []
    for line in sys.stdin:
        if line == "end\n":
            return json.loads("".join(lines))
        lines.append(line)
    if "stay" in words:
        while True:
            time.sleep(60)
    sys.exit(0)


def send(message):
    sys.stdout.write(json.dumps(message) + "\nend\n")
    sys.stdout.flush()


def is_time_for(word, value):
    if words.get(word) != str(value):
        return False
    if "once" in words:
        if os.path.exists(words["once"]):
            return False
        with open(words["once"], "w"):
            pass
    return True


def emit(values, anchors, **more):
    send({"command": "emit", "tuple": values, "anchors": anchors, "need_task_ids": False, **more})


def read_ids():
    """The next answer to an emit; what else comes meanwhile is for later, as in Storm's storm.py."""
    while True:
        message = json_of_input()
        if isinstance(message, list):
            return message
        later.append(message)


def emit_and_write_down(value, **more):
    """Writes the tasks as "component[index]", by what the child was told of them at first."""
    values = [1000 * n + value for n in range(int(words.get("burst", 1)))]
    for n in values:
        send({"command": "emit", "tuple": [n], **more})
    tasks = hello["context"]["task->component"]
    with open(words["ids"], "a") as told:
        for n in values:
            names = []
            for task in read_ids():
                name = tasks[str(task)]
                index = sum(1 for t, c in tasks.items() if c == name and int(t) < task)
                names.append("%s[%d]" % (name, index))
            told.write(" ".join([str(n)] + sorted(names)) + "\n")


def hang():
    while True:
        time.sleep(60)


def take(message, batch=[]):
    identity, (value,) = message["id"], message["tuple"]
    if is_time_for("die-on", value):
        print("about to die of", value, file=sys.stderr, flush=True)
        os._exit(3)
    if is_time_for("hang-on", value):
        hang()
    if is_time_for("garbage-on", value):
        sys.stdout.write("Processing %d now\n" % value)
        sys.stdout.flush()
        hang()
    if is_time_for("fail-on", value):
        send({"command": "error", "msg": "cannot do %d" % value})
        return send({"command": "fail", "id": identity})
    if is_time_for("nonsense-on", value):
        emit(["no number"], [identity])
    if is_time_for("orphan-on", value):
        emit([1], [identity], stream="nowhere")
    if is_time_for("double-ack-on", value):
        send({"command": "ack", "id": identity})
        emit([value], [identity])
    if "hold" in words:
        return None
    if "batch" in words:
        batch.append((identity, value))
        if len(batch) == int(words["batch"]):
            emit([sum(v for _, v in batch)], [i for i, _ in batch])
            for i, _ in batch:
                send({"command": "ack", "id": i})
            batch.clear()
        return None
    if "descriptors" in words:
        # listdir() itself has one while it looks.
        emit([len(os.listdir("/proc/self/fd")) - 1], [identity])
    elif "direct" in words:
        emit([value], [identity], task=int(words["direct"]) + value)
    elif "ids" in words:
        emit_and_write_down(value, anchors=[identity])
    else:
        emit([2 * value], [identity])
    return send({"command": "ack", "id": identity})


def spout(kind, name=[0], failed=[]):
    """Emits 1, 2, 3 ...; again what failed. `limit=N` ends it; `untracked` gives no ids."""
    while True:
        message = read()
        command = message["command"]
        if command == "next" and is_time_for("die-on", name[0] + 1):
            os._exit(3)
        if command == "next" and is_time_for("hang-on", name[0] + 1):
            hang()
        if command == "fail":
            failed.append(message["id"])
        elif command == "next" and failed:
            n = failed.pop()
            send({"command": "emit", "tuple": [n], "id": n, "need_task_ids": False})
        elif command == "next" and name[0] < int(words["limit"]):
            name[0] += 1
            more = {} if "untracked" in words else {"id": name[0]}
            if "ids" in words:
                emit_and_write_down(name[0], **more)
                send({"command": "sync"})
                continue
            send({"command": "emit", "tuple": [name[0]], "need_task_ids": False, **more})
        elif command == "next":
            time.sleep(0.001)
        if "told" in words:
            with open(words["told"], "a") as told:
                told.write("%s %s\n" % (command, message.get("id", "")))
        send({"command": "sync"})


if "stubborn" in words:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "die-at-start" in words:
    print("no such module", file=sys.stderr, flush=True)
    sys.exit(1)
if "no-hello" in words:
    hang()
hello = read()
open(os.path.join(hello["pidDir"], str(os.getpid())), "w").close()
send({"pid": os.getpid()})
if "fail-initialise" in words:
    send({"command": "error", "msg": "no database"})
    sys.exit(0)
for i in range(int(words.get("noisy", 0))):
    print("line", i, file=sys.stderr)
if "groupings" in words:
    with open(words["groupings"], "w") as told:
        for name, grouping in sorted(hello["context"]["stream->target->grouping"]["default"].items()):
            told.write("%s %s\n" % (name, grouping["type"]))
if "as" in words:
    spout(words["as"])
beats = 0
while True:
    message = read()
    if isinstance(message, list):
        continue
    if message["stream"] == "__tick":
        emit([-1], [message["id"]])
        send({"command": "ack", "id": message["id"]})
    elif message["stream"] != "__heartbeat":
        take(message)
    elif beats == 0 or "mute" not in words:
        beats += 1
        if "beats" in words:
            with open(words["beats"], "a") as told:
                told.write(".")
        send({"command": "sync"})
        if beats == 1:
            for i in range(int(words.get("flood", 0))):
                emit([i], [], more="x" * 1000)
