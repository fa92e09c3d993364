// The frame of all pages: bar, stops, the page itself, and the dialogs that can be opened anywhere.
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { waiting } from "../api/client";
import { loginNeeded } from "../api/credentials";
import { config, logOut, roles, start, startFailure, stranger, user, whyNot } from "../api/session";
import { inboxCount, partialStops, stops, type Stop } from "../api/shared";
import { useKeys, type Key } from "../keys/keys";
import { Button } from "../parts/button";
import { Live } from "../parts/live";
import { Problem } from "../parts/problem";
import { Skeleton } from "../parts/states";
import { Relative } from "../parts/time";
import { Toasts } from "../parts/toast";
import { openStop, StopDialog, stopOpen } from "../stops/dialog";
import { stopKey, stopName } from "../stops/partial";
import { asFailure } from "../api/data";
import { Banners } from "./banners";
import { Commands } from "./commands";
import { KeyHelp } from "./key_help";
import { Login } from "./login";
import { go, link, place, visits } from "./router";
import { findRoute, ROUTES, type Parts, type Route } from "./routes";
import { nextTheme, theme } from "./theme";

const open = signal<"commands" | "keys" | null>(null);

function useTitle(title: string): void {
    const waits = inboxCount.value ? `(${inboxCount.value}) ` : "";
    const where = config.value?.environment.name;
    useEffect(() => {
        document.title = `${waits}${title} · Balrog${where ? ` ${where}` : ""}`;
    });
}

function MenuItem({ route, path }: { route: Route; path: string }): JSX.Element {
    return (
        <li>
            <a
                href={link(route.pattern)}
                aria-current={isWithin(path, route.pattern) ? "page" : undefined}
                title={`Key: ${route.menu?.key}`}>
                {route.menu?.name}
                {route.pattern === "/changes" && inboxCount.value ? (
                    <span class="count" title="Changes that wait for your sign-off">
                        {inboxCount.value}
                    </span>
                ) : null}
            </a>
        </li>
    );
}

// Pages that are needed less often: a list of their own on wide screens, the rest of the menu on narrow ones.
function More({ routes, path }: { routes: Route[]; path: string }): JSX.Element {
    const [shown, setShown] = useState(false);
    const box = useRef<HTMLLIElement>(null);
    useEffect(() => setShown(false), [path]);
    useEffect(() => {
        const close = (event: Event): void => {
            if (!(event.target instanceof Node && box.current?.contains(event.target))) {
                setShown(false);
            }
        };
        document.addEventListener("pointerdown", close);
        document.addEventListener("focusin", close);
        return () => {
            document.removeEventListener("pointerdown", close);
            document.removeEventListener("focusin", close);
        };
    }, []);
    const within = routes.find(route => isWithin(path, route.pattern));
    return (
        <li class="more" ref={box} onKeyDown={event => event.key === "Escape" && setShown(false)}>
            <button type="button" class={within ? "within" : ""} aria-expanded={shown} onClick={() => setShown(!shown)}>
                {within?.menu?.name ?? "More"} <span aria-hidden="true">▾</span>
            </button>
            <ul class={shown ? "open" : ""}>
                {routes.map(route => (
                    <MenuItem key={route.pattern} route={route} path={path} />
                ))}
            </ul>
        </li>
    );
}

function Menu({ path }: { path: string }): JSX.Element {
    const [shown, setShown] = useState(false);
    useEffect(() => setShown(false), [path]);
    const routes = ROUTES.filter(route => route.menu);
    return (
        <>
            <span class="menu-button">
                <Button kind="quiet" expanded={shown} onClick={() => setShown(!shown)}>
                    Menu
                    {inboxCount.value ? <span class="count">{inboxCount.value}</span> : null}
                </Button>
            </span>
            <nav aria-label="Pages" class={shown ? "open" : ""}>
                <ul>
                    {routes
                        .filter(route => !route.menu?.more)
                        .map(route => (
                            <MenuItem key={route.pattern} route={route} path={path} />
                        ))}
                    <More routes={routes.filter(route => route.menu?.more)} path={path} />
                    {user.value ? (
                        <li class="narrow">
                            <Button kind="quiet" onClick={logOut}>
                                Log out {user.value.username}
                            </Button>
                        </li>
                    ) : null}
                </ul>
            </nav>
        </>
    );
}

const isWithin = (path: string, pattern: string): boolean =>
    path === pattern || (pattern !== "/" && path.startsWith(`${pattern}/`));

function Who(): JSX.Element {
    const me = user.value;
    return (
        <div class="who">
            <Button kind="quiet" onClick={() => (open.value = "commands")} title="Search and commands">
                Search{" "}
                <span class="wide">
                    <kbd>Ctrl K</kbd>
                </span>
            </Button>
            {me ? (
                <>
                    <Button
                        kind="danger small"
                        dead={whyNot("emergency_shutoff", "create")}
                        onClick={openStop}
                        title="Key: !">
                        Stop…
                    </Button>
                    <a
                        class="small soft wide"
                        href={link("/me")}
                        title={roles.value.length ? `Roles: ${roles.value.join(", ")}` : "No roles"}>
                        {me.username}
                        {roles.value.length ? ` (${roles.value.join(", ")})` : ""}
                    </a>
                    <span class="wide">
                        <Button kind="small quiet" onClick={logOut}>
                            Log out
                        </Button>
                    </span>
                </>
            ) : me === undefined ? null : stranger.value ? (
                <Button kind="small quiet" onClick={logOut}>
                    Log out
                </Button>
            ) : (
                <Button kind="small" onClick={() => (loginNeeded.value = true)}>
                    Log in
                </Button>
            )}
        </div>
    );
}

function Bar({ path }: { path: string }): JSX.Element {
    const environment = config.value?.environment;
    return (
        <header class="bar">
            <a class="brand" href={link("/")}>
                Balrog
                {environment?.name ? <span class="environment">{environment.name}</span> : null}
            </a>
            <Menu path={path} />
            <Who />
        </header>
    );
}

// Since when and by whom, as far as the history knows.
function StopOrigin({ stop }: { stop: Stop }): JSX.Element | null {
    if (stop.created_at) {
        return (
            <span>
                <Relative at={stop.created_at} /> by {stop.created_by}
            </span>
        );
    }
    if (stop.changed_at) {
        return (
            <span>
                reason changed <Relative at={stop.changed_at} /> by {stop.changed_by}
            </span>
        );
    }
    // Who is not logged in may not know.
    return user.value ? <span>since before the history begins</span> : null;
}

function Stops(): JSX.Element | null {
    const all = [...stops.value, ...partialStops.value];
    if (!all.length) {
        return null;
    }
    return (
        <section class="stops" aria-label="Stopped updates">
            <ul>
                {all.map(stop => (
                    <li key={stopKey(stop)}>
                        <strong>Stopped: {stopName(stop)}</strong>
                        {stop.comment ? <span>{stop.comment}</span> : null}
                        <StopOrigin stop={stop} />
                        <a href={link("/stop")}>Turn on…</a>
                    </li>
                ))}
            </ul>
        </section>
    );
}

const pages = new Map<Route, Awaited<ReturnType<Route["load"]>>>();

function PageOf({ route, parts }: { route: Route; parts: Parts }): JSX.Element {
    const [, redraw] = useState(0);
    const [error, setError] = useState<unknown>(null);
    useTitle(route.title(parts));
    useEffect(() => {
        setError(null);
        if (!pages.has(route)) {
            route.load().then(page => {
                pages.set(route, page);
                redraw(n => n + 1);
            }, setError);
        }
    }, [route]);
    const page = pages.get(route);
    if (error) {
        return <Problem error={asFailure(error)} retry={() => window.location.reload()} />;
    }
    return page ? <page.Page key={JSON.stringify(parts)} parts={parts} /> : <Skeleton />;
}

// Before it is known who is there; or why that cannot be found out.
function Beginning(): JSX.Element {
    const failure = startFailure.value;
    return failure ? (
        <div class="stack">
            <h1 tabIndex={-1}>Balrog cannot be used at the moment</h1>
            <Problem error={failure} retry={() => void start()} />
        </div>
    ) : (
        <Skeleton />
    );
}

function Unknown(): JSX.Element {
    useTitle("Not found");
    return (
        <div class="stack">
            <h1 tabIndex={-1}>There is no such page</h1>
            <p>
                Go to the <a href={link("/")}>overview</a>, or search with <kbd>Ctrl K</kbd>.
            </p>
        </div>
    );
}

// Moves the focus to the heading of a page that was just opened, so that a screen reader reads it.
function useFocusOnHeading(): void {
    const first = useRef(true);
    const visit = visits.value;
    useEffect(() => {
        if (first.current) {
            first.current = false;
            return undefined;
        }
        const focus = (): boolean => {
            const heading = document.querySelector<HTMLElement>("main h1");
            heading?.focus({ preventScroll: true });
            return heading !== null;
        };
        // The page may still have to be loaded. Whoever has gone on meanwhile is not called back.
        const observer = new MutationObserver(() => {
            if (document.activeElement !== document.body || focus()) {
                observer.disconnect();
            }
        });
        const timer = setTimeout(() => {
            if (!focus()) {
                observer.observe(document.getElementById("main") as HTMLElement, { childList: true, subtree: true });
            }
        }, 50);
        return () => {
            clearTimeout(timer);
            observer.disconnect();
        };
    }, [visit]);
}

function frameKeys(): Key[] {
    return [
        { key: "mod+k", does: "Search and commands", run: () => (open.value = "commands") },
        {
            key: "!",
            does: "Stop updates",
            run: () => {
                if (!whyNot("emergency_shutoff", "create")) {
                    openStop();
                }
            },
        },
        { key: "?", does: "Show the keys", run: () => (open.value = "keys") },
        ...ROUTES.filter(route => route.menu).map(route => ({
            key: route.menu?.key ?? "",
            does: `Go to ${route.menu?.name}`,
            run: () => go(link(route.pattern)),
        })),
    ];
}

export function Frame(): JSX.Element {
    const { path } = place.value;
    const found = findRoute(path);
    useFocusOnHeading();
    useKeys(frameKeys(), "frame");
    const close = (): void => void (open.value = null);
    return (
        <div
            class={`frame ${config.value?.environment.name === "production" ? "production" : ""}`}
            style={{ borderTopColor: config.value?.environment.color ?? undefined }}>
            <a class="skip" href="#main" onClick={() => document.querySelector<HTMLElement>("main h1")?.focus()}>
                Skip to the content
            </a>
            {waiting.value ? <div class="loading-bar" /> : null}
            <div class="top">
                <Bar path={path} />
                <Banners />
            </div>
            <Stops />
            <main id="main">
                {user.value === undefined ? (
                    <Beginning />
                ) : found ? (
                    <PageOf route={found.route} parts={found.parts} key={user.value?.username} />
                ) : (
                    <Unknown />
                )}
            </main>
            {open.value === "commands" ? <Commands onClose={close} /> : null}
            {stopOpen.value ? <StopDialog onClose={() => (stopOpen.value = false)} /> : null}
            {open.value === "keys" ? <KeyHelp onClose={close} /> : null}
            {loginNeeded.value ? <Login /> : null}
            <Toasts />
            <Live />
            <footer class="foot">
                <Button kind="small quiet" onClick={() => (open.value = "keys")}>
                    Keys <kbd>?</kbd>
                </Button>
                <Button kind="small quiet" onClick={nextTheme}>
                    Colours: {theme.value}
                </Button>
            </footer>
        </div>
    );
}
