import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useKeys, type Key } from "../keys/keys";

interface Props {
    title: string;
    danger?: boolean;
    onClose: () => void;
    onSubmit?: () => void;
    keys?: Key[];
    children: ComponentChildren;
}

// A modal dialog. The focus starts on the element with `autofocus`, and returns to where it was.
export function Dialog(props: Props): JSX.Element {
    const ref = useRef<HTMLDialogElement>(null);
    useKeys(props.keys ?? [], "dialog");
    useEffect(() => {
        const before = document.activeElement;
        const dialog = ref.current;
        dialog?.showModal();
        return () => {
            // While it is open, nothing behind it can get the focus.
            dialog?.close();
            if (before instanceof HTMLElement && before.isConnected) {
                before.focus();
            }
        };
    }, []);
    return (
        <dialog
            ref={ref}
            class={props.danger ? "danger" : ""}
            aria-label={props.title}
            // A key that is held down does nothing twice.
            onKeyDown={event => event.key === "Enter" && event.repeat && event.preventDefault()}
            onCancel={event => {
                event.preventDefault();
                props.onClose();
            }}
            onClick={event => event.target === ref.current && props.onClose()}>
            <form
                onSubmit={event => {
                    event.preventDefault();
                    props.onSubmit?.();
                }}>
                <h2>{props.title}</h2>
                {props.children}
            </form>
        </dialog>
    );
}
