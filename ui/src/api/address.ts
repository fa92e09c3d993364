// Where the API is: at this page's own site, unless /ui/config.json there names another one.
let origin = "";

export function useApiAt(text: string): void {
    const url = new URL(text);
    if (url.protocol !== "https:" && !isLoopback(url.hostname)) {
        throw new Error(`/ui/config.json: "api" must begin with https://, and is ${text}`);
    }
    origin = url.origin === window.location.origin ? "" : url.origin;
}

export function apiUrl(path: string): string {
    return origin + path;
}

export const apiHost = (): string => (origin ? new URL(origin).host : window.location.host);

export function isLoopback(host: string): boolean {
    return ["localhost", "127.0.0.1", "[::1]"].includes(host);
}
