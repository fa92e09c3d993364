import type { JSX } from "preact";
import { releaseLink } from "./links";

// The name of a release that a rule or a pin leads to, linked to its page.
export function ReleaseName({ name }: { name: string }): JSX.Element {
    return (
        <a class="release" href={releaseLink(name)}>
            {name}
        </a>
    );
}
