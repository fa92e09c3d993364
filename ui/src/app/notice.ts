// A notification of the browser when another change waits for my sign-off, for those who want it. Clicking it opens the
// pending changes.
import { signal } from "@preact/signals";
import { inboxCount } from "../api/shared";
import { plural } from "../format/number";
import { go, link } from "./router";

const STORED = "balrog.notice";

const supported = "Notification" in window;

function present(): "on" | "off" | "refused" {
    if (!supported || Notification.permission === "denied") {
        return "refused";
    }
    return Notification.permission === "granted" && localStorage.getItem(STORED) === "on" ? "on" : "off";
}

export const noticeState = signal(present());

export async function switchNotice(on: boolean): Promise<void> {
    localStorage.setItem(STORED, on ? "on" : "off");
    if (on && supported && Notification.permission === "default") {
        await Notification.requestPermission();
    }
    noticeState.value = present();
}

export function startNotice(): void {
    let before = 0;
    inboxCount.subscribe(now => {
        if (now > before && document.hidden && noticeState.value === "on") {
            // One notification for the site: a newer one takes the place of the last.
            const notice = new Notification(`${plural(now, "change")} for you to sign off`, { tag: "balrog.inbox" });
            notice.onclick = () => {
                window.focus();
                go(link("/changes"));
            };
        }
        before = now;
    });
}
