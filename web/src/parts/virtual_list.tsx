// A table of any number of rows, of which only those in sight are in the document.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { inSight } from "./in_sight";

export interface VirtualColumn<Row> {
  title: string;
  /** CSS width of a grid column. */
  width: string;
  cell: (row: Row) => ComponentChildren;
  /** Sorting by this column; none where it makes no sense. */
  onSort?: () => void;
  sorted?: "ascending" | "descending";
  className?: string;
}

export function VirtualTable<Row>(props: {
  label: string;
  rows: Row[];
  rowHeight: number;
  columns: VirtualColumn<Row>[];
  keyOf: (row: Row) => string;
  empty: ComponentChildren;
}) {
  const { rows, rowHeight, columns } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = (): void => setView({ top: element.scrollTop, height: element.clientHeight });
    look();
    element.addEventListener("scroll", look, { passive: true });
    const size = new ResizeObserver(look);
    size.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      size.disconnect();
    };
  }, []);
  const { from, to } = inSight(view.top, view.height, rowHeight, rows.length);
  const template = { gridTemplateColumns: columns.map(c => c.width).join(" ") };
  return (
    <div class="virtual" role="table" aria-label={props.label} aria-rowcount={rows.length + 1} aria-colcount={columns.length}>
      <div role="rowgroup" class="virtual-head">
        <div role="row" aria-rowindex={1} class="virtual-row" style={template}>
          {columns.map(c => (
            <div role="columnheader" class={c.className} aria-sort={c.onSort ? (c.sorted ?? "none") : undefined} key={c.title}>
              {c.onSort ? (
                <button type="button" class="sort" onClick={c.onSort}>
                  {c.title}
                  <span aria-hidden="true">{c.sorted === "ascending" ? " ▲" : c.sorted === "descending" ? " ▼" : ""}</span>
                </button>
              ) : c.title}
            </div>
          ))}
        </div>
      </div>
      <div ref={box} role="rowgroup" class="virtual-body" tabIndex={0} aria-label={props.label}>
        {rows.length === 0 && <p class="empty">{props.empty}</p>}
        <div style={{ height: `${rows.length * rowHeight}px`, position: "relative" }} role="presentation">
          {rows.slice(from, to).map((row, i) => (
            <div role="row" aria-rowindex={from + i + 2} key={props.keyOf(row)} class="virtual-row"
                 style={{ ...template, height: `${rowHeight}px`, top: `${(from + i) * rowHeight}px` }}>
              {columns.map(c => <div role="cell" class={c.className} key={c.title}>{c.cell(row)}</div>)}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
