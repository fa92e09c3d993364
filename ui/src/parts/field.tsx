import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface Props {
    label: string;
    value: string;
    onInput: (value: string) => void;
    type?: "text" | "password" | "number" | "lines" | "search";
    help?: ComponentChildren;
    wrong?: string | null;
    suggestions?: string[];
    placeholder?: string;
    disabled?: boolean;
    autofocus?: boolean;
    autocomplete?: string;
    min?: number;
    max?: number;
    hideLabel?: boolean;
    inputId?: string;
}

// One labelled input. Numbers do not follow the mouse wheel: they are text fields with a numeric keyboard.
export function Field(props: Props): JSX.Element {
    const own = useId();
    const id = props.inputId ?? own;
    const ref = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
    useEffect(() => {
        if (props.autofocus) {
            ref.current?.focus();
        }
    }, []);
    const described = [props.help ? `${id}-help` : "", props.wrong ? `${id}-wrong` : ""].filter(Boolean).join(" ");
    const common = {
        id,
        ref,
        value: props.value,
        disabled: props.disabled,
        placeholder: props.placeholder,
        "aria-invalid": props.wrong ? ("true" as const) : undefined,
        "aria-describedby": described || undefined,
        onInput: (event: JSX.TargetedInputEvent<HTMLInputElement | HTMLTextAreaElement>) =>
            props.onInput(event.currentTarget.value),
    };
    return (
        <div class="field">
            <label for={id} class={props.hideLabel ? "unseen" : ""}>
                {props.label}
            </label>
            {props.type === "lines" ? (
                <textarea {...common} rows={Math.min(8, Math.max(2, props.value.split("\n").length))} />
            ) : (
                <input
                    {...common}
                    type={props.type === "number" ? "text" : (props.type ?? "text")}
                    inputMode={props.type === "number" ? "numeric" : undefined}
                    autocomplete={props.autocomplete ?? "off"}
                    spellcheck={false}
                    list={props.suggestions?.length ? `${id}-list` : undefined}
                />
            )}
            {props.suggestions?.length ? (
                <datalist id={`${id}-list`}>
                    {props.suggestions.map(text => (
                        <option key={text} value={text} />
                    ))}
                </datalist>
            ) : null}
            {props.help ? (
                <span class="help" id={`${id}-help`}>
                    {props.help}
                </span>
            ) : null}
            {props.wrong ? (
                <span class="wrong" id={`${id}-wrong`} role="alert">
                    {props.wrong}
                </span>
            ) : null}
        </div>
    );
}
