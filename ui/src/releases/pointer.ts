// JSON pointers (RFC 6901), as the API uses them.
export function join(pointer: string, name: string | number): string {
    return `${pointer}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

export function split(pointer: string): string[] {
    return pointer
        .split("/")
        .slice(1)
        .map(name => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}
