// What could not be processed: how many, which, why; and back into their topics when that is mended.

import type { DeadLetter, DeadLetters } from "../api";
import { count, plural } from "../format";
import { useFetched } from "../fetched";
import { ChangeButton } from "../parts/access";
import { Moment, Notice } from "../parts/basics";
import { link } from "../route";

const header = (letter: DeadLetter, name: string): string => letter.headers[`bora.dlq.${name}`] ?? "";

function pretty(value: string): string {
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}

function Letter({ letter }: { letter: DeadLetter }) {
  const rest = Object.entries(letter.headers);
  return (
    <li class="letter">
      <details>
        <summary>
          <span class="reason">{header(letter, "reason") || header(letter, "kind") || "no reason given"}</span>
          <span class="soft">
            <Moment ms={Date.parse(letter.at)} now={Date.now()} />
            {letter.key ? ` · key ${letter.key}` : ""} · {header(letter, "component") || "?"} · {header(letter, "topic")}/
            {header(letter, "partition")}/{header(letter, "offset")}
          </span>
        </summary>
        <pre tabIndex={0} aria-label="value">{pretty(letter.value)}</pre>
        {letter.is_cut && <p class="soft">The rest of it is left out here.</p>}
        <dl class="gauges">
          {rest.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
        </dl>
      </details>
    </li>
  );
}

function Letters({ topic }: { topic: DeadLetters }) {
  const path = `/api/v1/dead-letters/${encodeURIComponent(topic.topic)}`;
  const { answer, error, again } = useFetched<{ letters: DeadLetter[] }>(`${path}?limit=100`, 5000);
  return (
    <section aria-label={`dead letters of ${topic.topic}`}>
      <div class="section-head">
        <h3>{topic.topic}</h3>
        <span class="soft">{plural(topic.letters, "letter")} kept, {count(topic.waiting)} not replayed yet</span>
        <ChangeButton text="Replay" title={`Replay dead letters of ${topic.topic}?`} path={`${path}/replay`} onDone={again}
                      disabled={topic.waiting === 0}
                      question={`${plural(topic.waiting, "letter")} not replayed yet will be written back into ${topic.topic}. What made them fail must be mended, or they come back.`}
                      done={() => "It began: the counts show how it goes."} />
      </div>
      {error && <Notice kind="bad">{error}</Notice>}
      <ul class="letters">{answer?.letters.map(l => <Letter key={`${l.partition}/${l.offset}`} letter={l} />)}</ul>
      {answer && answer.letters.length < topic.letters && <p class="soft">The newest {answer.letters.length} are shown.</p>}
    </section>
  );
}

export function DeadLettersView({ chosen }: { chosen?: string }) {
  const { answer, absent, error } = useFetched<{ topics: DeadLetters[] }>("/api/v1/dead-letters", 2000);
  if (absent) return <Notice kind="soft">This process has no dead letters to look at.</Notice>;
  if (!answer) return error ? <Notice kind="bad">{error}</Notice> : <p class="soft">Reading …</p>;
  const filled = answer.topics.filter(t => t.letters > 0);
  const topic = answer.topics.find(t => t.topic === chosen) ?? filled[0];
  return (
    <>
      <div class="section-head"><h2>Dead letters</h2><span class="soft">messages that could not be processed, with the reason</span></div>
      <nav class="chips" aria-label="topics">
        {answer.topics.map(t => (
          <a key={t.topic} href={link("dead-letters", t.topic)} aria-current={t === topic ? "page" : undefined}>
            {t.topic} <span class={t.waiting ? "bad" : "soft"}>{count(t.letters)}</span>
          </a>
        ))}
      </nav>
      {topic ? <Letters key={topic.topic} topic={topic} /> : <p class="good">There are none.</p>}
    </>
  );
}
