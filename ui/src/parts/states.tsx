import type { ComponentChildren, JSX } from "preact";
import type { Data } from "../api/data";
import { Problem } from "./problem";
import { Relative } from "./time";

// Shows data, or why there are none. Content stays while it is loaded again, and when that fails.
export function Loaded<T>(props: { data: Data<T>; children: (value: T) => ComponentChildren }): JSX.Element {
    const { value, error, loading, at, reload } = props.data;
    // The frame's banner says so already.
    const said = error?.kind === "network" && value !== undefined;
    return (
        <div class="stack" aria-busy={loading}>
            {error && !said ? <Problem error={error} retry={() => void reload()} /> : null}
            {error && value !== undefined && at !== null ? (
                <p class="soft">
                    What follows was read <Relative at={at} />.
                </p>
            ) : null}
            {value !== undefined ? props.children(value) : error ? null : <Skeleton />}
        </div>
    );
}

export function Skeleton(): JSX.Element {
    return (
        <div aria-label="Loading" role="status">
            {[1, 2, 3, 4].map(i => (
                <div class="skeleton" key={i} />
            ))}
        </div>
    );
}

export function Empty({ children }: { children: ComponentChildren }): JSX.Element {
    return <div class="empty">{children}</div>;
}
