// Small pieces that every view is made of.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { moment, utc } from "../format";

/** A time in the reader's zone, with the exact one in UTC behind it. */
export function Moment({ ms, now }: { ms: number; now: number }) {
  return <time dateTime={utc(ms)} title={utc(ms)}>{moment(ms, now)}</time>;
}

export function Meter({ share, label }: { share: number | undefined; label: string }) {
  if (share === undefined) return <span class="soft">–</span>;
  const level = share >= 0.8 ? "high" : share >= 0.5 ? "middle" : "low";
  const text = `${Math.round(share * 100)} %`;
  return (
    <span class={`meter ${level}`} role="img" aria-label={`${label} ${text}`}>
      <span class="meter-bar" style={{ width: `${Math.max(2, share * 100)}%` }} />
      <span class="meter-text">{text}</span>
    </span>
  );
}

export function Table(props: { label: string; head: ComponentChildren[]; children: ComponentChildren; text?: number }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={props.label}>
      <table>
        <thead><tr>{props.head.map((h, i) => <th scope="col" class={i < (props.text ?? 1) ? "text" : ""} key={i}>{h}</th>)}</tr></thead>
        <tbody>{props.children}</tbody>
      </table>
    </div>
  );
}

/** A native modal dialog: it keeps the focus, Escape closes it, and the focus goes back. */
export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    // Taken out of the document while it is open, a dialog would leave the focus nowhere.
    return () => {
      if (before instanceof HTMLElement || before instanceof SVGElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} aria-label={props.title} onClose={props.onClose}
            onClick={event => { if (event.target === dialog.current) dialog.current?.close(); }}>
      <div class="dialog-inner">
        <header>
          <h2>{props.title}</h2>
          <button type="button" class="plain" aria-label="close" onClick={() => dialog.current?.close()}>✕</button>
        </header>
        {props.children}
      </div>
    </dialog>
  );
}

export function Notice({ kind, children }: { kind: "bad" | "good" | "soft"; children: ComponentChildren }) {
  return <p class={`notice ${kind}`} role={kind === "bad" ? "alert" : "status"}>{children}</p>;
}
