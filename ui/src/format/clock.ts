import { signal } from "@preact/signals";
import { serverNow } from "./time";

// The server's time, once a second while the page is visible. A component that reads it is drawn again each second.
export const second = signal(serverNow());
setInterval(() => {
    if (!document.hidden) {
        second.value = serverNow();
    }
}, 1000);
