// Whether whoever looks may change something, and where he says so.

import { useState } from "preact/hooks";
import { change, get, Refused, token, type Access } from "../api";
import { useFetched } from "../fetched";
import { Dialog, Notice } from "./basics";

export function TokenDialog({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState("");
  const { answer } = useFetched<Access>("/api/v1/access", 0);
  const check = async (event: Event): Promise<void> => {
    event.preventDefault();
    token.set(text.trim());
    const access = await get<Access>("/api/v1/access").catch(() => undefined);
    if (access?.change) return onDone();
    token.set("");
    setWrong(access?.reason || "This token is not the right one.");
  };
  return (
    <Dialog title="Token" onClose={onClose}>
      <form onSubmit={event => void check(event)}>
        <p>{answer?.reason || "Changing something needs the token of the control plane."}</p>
        <label>
          Token
          <input type="password" autocomplete="off" value={text} autofocus
                 onInput={event => setText(event.currentTarget.value)} />
        </label>
        {wrong && <Notice kind="bad">{wrong}</Notice>}
        <p class="soft">It is kept until this tab closes, and sent to this process alone.</p>
        <div class="buttons"><button type="submit" disabled={!text.trim()}>Use it</button></div>
      </form>
    </Dialog>
  );
}

/**
 * A button that changes something: asks whether it is meant, for the token where one is needed, then does
 * it and says how it went.
 */
export function ChangeButton(props: {
  text: string;
  title: string;
  question: string;
  method?: "POST" | "PUT";
  path: string;
  done: (answer: unknown) => string;
  onDone?: () => void;
  disabled?: boolean;
}) {
  const [step, setStep] = useState<"none" | "ask" | "token" | "doing">("none");
  const [said, setSaid] = useState<{ kind: "bad" | "good"; text: string }>();
  const act = async (): Promise<void> => {
    setStep("doing");
    try {
      const answer = await change<unknown>(props.method ?? "POST", props.path);
      setSaid({ kind: "good", text: props.done(answer) });
      props.onDone?.();
      setStep("none");
    } catch (error) {
      if (error instanceof Refused && error.status === 401) return setStep("token");
      setSaid({ kind: "bad", text: error instanceof Error ? error.message : String(error) });
      setStep("none");
    }
  };
  return (
    <>
      <button type="button" disabled={props.disabled} onClick={() => { setSaid(undefined); setStep("ask"); }}>{props.text}</button>
      {said && <Notice kind={said.kind}>{said.text}</Notice>}
      {(step === "ask" || step === "doing") && (
        <Dialog title={props.title} onClose={() => setStep(s => (s === "ask" ? "none" : s))}>
          <p>{props.question}</p>
          <div class="buttons">
            <button type="button" class="plain" onClick={() => setStep("none")}>Cancel</button>
            <button type="button" disabled={step === "doing"} onClick={() => void act()}>{props.text}</button>
          </div>
        </Dialog>
      )}
      {step === "token" && <TokenDialog onDone={() => void act()} onClose={() => setStep("none")} />}
    </>
  );
}
