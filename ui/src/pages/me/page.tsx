// Who I am for this Balrog, what I may do, until when, and how this browser behaves.
import type { JSX } from "preact";
import { method } from "../../api/credentials";
import { config, logOut, roles, user, type User } from "../../api/session";
import { noticeState, switchNotice } from "../../app/notice";
import { link, segment } from "../../app/router";
import { nextTheme, theme } from "../../app/theme";
import { Button } from "../../parts/button";
import { SingleKeysSwitch } from "../../parts/keys";
import { Mark } from "../../parts/mark";
import { Note } from "../../parts/note";
import { Empty } from "../../parts/states";
import { Moment } from "../../parts/time";
import { sentence } from "../../people/permissions";

function how({ method: by }: User): string {
    if (by === "bearer") {
        return "by a token of the login service";
    }
    return method.value === "password"
        ? "by name and password"
        : "by the web server: a certificate, or a service in front";
}

function Login({ me }: { me: User }): JSX.Element {
    return (
        <section class="panel">
            <header>
                <h2>Login</h2>
                {method.value !== "ambient" ? (
                    <Button kind="small" onClick={logOut}>
                        Log out
                    </Button>
                ) : null}
            </header>
            <div class="body">
                <dl class="pairs">
                    <dt>Name</dt>
                    <dd>
                        <a href={link(`/people/${segment(me.username)}`)}>{me.username}</a>
                    </dd>
                    <dt>Logged in</dt>
                    <dd>{how(me)}</dd>
                    <dt>Until</dt>
                    <dd>
                        {me.expires_at ? (
                            <Moment at={me.expires_at} />
                        ) : method.value === "password" ? (
                            "this tab is closed"
                        ) : (
                            "the browser or the service in front ends it"
                        )}
                    </dd>
                    <dt>Environment</dt>
                    <dd>{config.value?.environment.name ?? "has no name"}</dd>
                </dl>
            </div>
        </section>
    );
}

function Rights({ me }: { me: User }): JSX.Element {
    const permissions = Object.entries(me.permissions);
    const all = Object.entries(me.roles);
    return (
        <section class="panel">
            <header>
                <h2>What you may do</h2>
            </header>
            <div class="body stack">
                {permissions.length ? (
                    <ul class="sentences">
                        {permissions.map(([name, { options }]) => (
                            <li key={name}>
                                {sentence(name, options)} <span class="soft small">({name})</span>
                            </li>
                        ))}
                    </ul>
                ) : (
                    <Note>
                        You may read, and change nothing. Somebody with the permission “permission” or “admin” can grant
                        you permissions.
                    </Note>
                )}
                <div class="row">
                    <span class="label">Roles</span>
                    {all.map(([role]) => (
                        <a key={role} href={link("/roles", { role })}>
                            <Mark tone={roles.value.includes(role) ? "accent" : "amber"}>
                                {role}
                                {roles.value.includes(role) ? "" : ": somebody has to confirm it"}
                            </Mark>
                        </a>
                    ))}
                    {all.length ? null : <span class="soft">None: you cannot sign off.</span>}
                </div>
            </div>
        </section>
    );
}

function Browser(): JSX.Element {
    const state = noticeState.value;
    return (
        <section class="panel">
            <header>
                <h2>This browser</h2>
            </header>
            <div class="body stack">
                <div class="row">
                    <Button onClick={nextTheme}>Colours: {theme.value}</Button>
                </div>
                <SingleKeysSwitch />
                <label class="check">
                    <input
                        type="checkbox"
                        checked={state === "on"}
                        disabled={state === "refused"}
                        onChange={event => void switchNotice(event.currentTarget.checked)}
                    />
                    Notify me when a change waits for my sign-off
                </label>
                {state === "refused" ? (
                    <p class="soft small">
                        This browser does not allow this site to show notifications. Allow them in its settings for the
                        site.
                    </p>
                ) : null}
                <p class="soft small">
                    The number of changes that wait for you is in the title of each page in any case.
                </p>
            </div>
        </section>
    );
}

export function Page(): JSX.Element {
    const me = user.value;
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>{me ? me.username : "Nobody is logged in"}</h1>
            </div>
            {me ? (
                <div class="columns">
                    <Rights me={me} />
                    <div class="stack">
                        <Login me={me} />
                        <Browser />
                    </div>
                </div>
            ) : (
                <>
                    <Empty>Log in to see what you may do.</Empty>
                    <Browser />
                </>
            )}
        </>
    );
}
