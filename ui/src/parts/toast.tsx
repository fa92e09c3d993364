import { signal } from "@preact/signals";
import type { JSX } from "preact";

interface Toast {
    id: number;
    text: string;
    action?: { does: string; run: () => void };
}

const SHOWN_MS = 8000;
const toasts = signal<Toast[]>([]);
let last = 0;

function remove(id: number): void {
    toasts.value = toasts.value.filter(toast => toast.id !== id);
}

// Says what was done, with a way to take it back.
export function say(text: string, action?: Toast["action"]): void {
    const id = ++last;
    toasts.value = [...toasts.value.slice(-2), { id, text, action }];
    setTimeout(() => remove(id), SHOWN_MS);
}

export function Toasts(): JSX.Element {
    return (
        <div class="toasts" role="status" aria-live="polite">
            {toasts.value.map(toast => (
                <div class="toast" key={toast.id}>
                    <span>{toast.text}</span>
                    {toast.action ? (
                        <button
                            type="button"
                            onClick={() => {
                                remove(toast.id);
                                toast.action?.run();
                            }}>
                            {toast.action.does}
                        </button>
                    ) : null}
                </div>
            ))}
        </div>
    );
}
