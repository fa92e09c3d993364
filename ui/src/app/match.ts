// Compares a path with a pattern such as /rules/:id/edit. Returns the named parts, or null.
export function matchPath(pattern: string, path: string): Record<string, string> | null {
    const wanted = pattern.split("/");
    const found = path.split("/");
    if (wanted.length !== found.length) {
        return null;
    }
    const parts: Record<string, string> = {};
    for (const [i, name] of wanted.entries()) {
        const text = found[i] ?? "";
        if (name.startsWith(":")) {
            try {
                parts[name.slice(1)] = decodeURIComponent(text);
            } catch {
                return null;
            }
        } else if (name !== text) {
            return null;
        }
    }
    return parts;
}
