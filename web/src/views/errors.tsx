// The last errors, newest first.

import type { ComponentError } from "../api";
import { count } from "../format";
import { Moment } from "../parts/basics";

export function ErrorList({ errors, named }: { errors: ComponentError[]; named?: boolean }) {
  if (!errors.length) return <p class="soft">No errors since the start.</p>;
  const newest = [...errors].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return (
    <ul class="errors-list">
      {newest.map(e => (
        <li key={`${e.component}${e.task}${e.at}${e.text}`}>
          <span class="soft">
            <Moment ms={Date.parse(e.at)} now={Date.now()} /> {named ? e.component : "task"} [{e.task}]
            {e.times > 1 && <strong> {count(e.times)} times</strong>}
          </span>
          <span class="what">{e.text}</span>
        </li>
      ))}
    </ul>
  );
}
