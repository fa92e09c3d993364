// Times. The server's clock counts, not the browser's: the API client reports the difference from each answer's Date.
let skewMs = 0;

export function serverNow(): number {
    return Date.now() + skewMs;
}

// The Date header has whole seconds, and the answer has travelled: small differences are noise.
export function correctClock(dateHeader: string | null, sentAt: number): void {
    const date = Date.parse(dateHeader ?? "");
    if (Number.isNaN(date)) {
        return;
    }
    const skew = date + 500 - (sentAt + Date.now()) / 2;
    skewMs = Math.abs(skew) > 2000 ? skew : 0;
}

const pad = (n: number): string => String(n).padStart(2, "0");

// 2026-11-28 14:00
export function utc(ms: number): string {
    return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}

export function local(ms: number): string {
    const d = new Date(ms);
    return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${pad(d.getHours())}:${pad(d.getMinutes())}`;
}

export function utcWithSeconds(ms: number): string {
    return new Date(ms).toISOString().slice(11, 19);
}

// "2026-11-28 14:00" or "2026-11-28T14:00" as UTC; null if it is something else.
export function parseUtc(text: string): number | null {
    const m = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:\s*(?:Z|UTC))?$/i.exec(text.trim());
    const ms = m ? Date.parse(`${m[1]}T${m[2]}${m[3] ?? ":00"}Z`) : NaN;
    return Number.isNaN(ms) ? null : ms;
}

const UNITS: [number, string][] = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "min"],
    [1000, "s"],
];

// 59 min; 2 h 5 min; 3 d 4 h; 12 s.
export function duration(ms: number): string {
    const at = UNITS.findIndex(([size]) => ms >= size);
    const unit = UNITS[at];
    if (!unit) {
        return "0 s";
    }
    const whole = Math.floor(ms / unit[0]);
    const next = UNITS[at + 1];
    const rest = next ? Math.floor((ms % unit[0]) / next[0]) : 0;
    return next && rest && next[1] !== "s" && whole < 10
        ? `${whole} ${unit[1]} ${rest} ${next[1]}`
        : `${whole} ${unit[1]}`;
}

export function relative(ms: number, now: number): string {
    const distance = ms - now;
    if (Math.abs(distance) < 1000) {
        return "now";
    }
    return distance > 0 ? `in ${duration(distance)}` : `${duration(-distance)} ago`;
}
