import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

interface Props<T> {
    label: string;
    placeholder: string;
    text: string;
    onText: (text: string) => void;
    options: T[];
    keyOf: (option: T) => string;
    draw: (option: T) => ComponentChildren;
    onChoose: (option: T) => void;
    none: string;
}

// A text field with a list below it: type to narrow it, arrows to move, Enter to choose.
export function Options<T>(props: Props<T>): JSX.Element {
    const { options } = props;
    const id = useId();
    const [at, setAt] = useState(0);
    const input = useRef<HTMLInputElement>(null);
    const list = useRef<HTMLUListElement>(null);
    const index = Math.min(at, Math.max(0, options.length - 1));
    useEffect(() => input.current?.focus(), []);
    useEffect(() => setAt(0), [props.text]);
    useEffect(() => list.current?.children[index]?.scrollIntoView({ block: "nearest" }), [index]);

    const onKeyDown = (event: KeyboardEvent): void => {
        const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
        const chosen = options[index];
        if (step && options.length) {
            event.preventDefault();
            setAt((index + step + options.length) % options.length);
        } else if (event.key === "Enter") {
            event.preventDefault();
            if (chosen !== undefined && !event.repeat) {
                props.onChoose(chosen);
            }
        }
    };
    return (
        <>
            <input
                ref={input}
                type="text"
                role="combobox"
                aria-expanded="true"
                aria-controls={id}
                aria-activedescendant={options.length ? `${id}-${index}` : undefined}
                aria-label={props.label}
                autocomplete="off"
                spellcheck={false}
                placeholder={props.placeholder}
                value={props.text}
                onInput={event => props.onText(event.currentTarget.value)}
                onKeyDown={onKeyDown}
            />
            {options.length ? (
                <ul class="options" role="listbox" aria-label={props.label} id={id} ref={list}>
                    {options.map((option, i) => (
                        <li
                            key={props.keyOf(option)}
                            id={`${id}-${i}`}
                            role="option"
                            aria-selected={i === index}
                            onMouseMove={() => setAt(i)}
                            onClick={() => props.onChoose(option)}>
                            {props.draw(option)}
                        </li>
                    ))}
                </ul>
            ) : (
                <p class="soft" id={id}>
                    {props.none}
                </p>
            )}
        </>
    );
}
