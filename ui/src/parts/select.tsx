import type { JSX } from "preact";
import { useId } from "preact/hooks";

interface Props {
    label: string;
    value: string;
    options: { value: string; text: string }[];
    onChange: (value: string) => void;
    hideLabel?: boolean;
    disabled?: boolean;
}

export function Select(props: Props): JSX.Element {
    const id = useId();
    return (
        <div class="field">
            <label for={id} class={props.hideLabel ? "unseen" : ""}>
                {props.label}
            </label>
            <select
                id={id}
                value={props.value}
                disabled={props.disabled}
                onChange={event => props.onChange(event.currentTarget.value)}>
                {props.options.map(({ value, text }) => (
                    <option key={value} value={value} selected={value === props.value}>
                        {text}
                    </option>
                ))}
            </select>
        </div>
    );
}
