import type { ComponentChildren, JSX } from "preact";

interface Props {
    children: ComponentChildren;
    kind?:
        | "plain"
        | "primary"
        | "danger"
        | "danger primary"
        | "danger small"
        | "quiet"
        | "small"
        | "small quiet"
        | "small primary";
    onClick?: () => void;
    href?: string;
    // Why it cannot be used now. It stays visible and in the tab order, so that everybody finds out.
    dead?: string | null;
    submit?: boolean;
    label?: string;
    title?: string;
    autofocus?: boolean;
    expanded?: boolean;
    pressed?: boolean;
}

export function Button(props: Props): JSX.Element {
    const { children, kind = "plain", href, dead, onClick } = props;
    const name = `button ${kind}`;
    if (href && !dead) {
        return (
            <a class={name} href={href} title={props.title} aria-label={props.label}>
                {children}
            </a>
        );
    }
    return (
        <button
            type={props.submit && !dead ? "submit" : "button"}
            class={name}
            aria-disabled={dead ? "true" : undefined}
            aria-label={props.label}
            aria-expanded={props.expanded}
            aria-pressed={props.pressed}
            title={dead ?? props.title}
            autofocus={props.autofocus}
            onClick={dead ? undefined : onClick}>
            {children}
        </button>
    );
}
