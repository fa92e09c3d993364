import type { ComponentChildren, JSX } from "preact";

export function Note(props: { tone?: "red" | "amber" | "green"; children: ComponentChildren }): JSX.Element {
    return <div class={`note ${props.tone ?? ""}`}>{props.children}</div>;
}
