import type { ComponentChildren, JSX } from "preact";

export type Tone = "plain" | "red" | "green" | "amber" | "accent";

export function Mark(props: { tone?: Tone; title?: string; children: ComponentChildren }): JSX.Element {
    return (
        <span class={`mark ${props.tone ?? "plain"}`} title={props.title}>
            {props.children}
        </span>
    );
}
