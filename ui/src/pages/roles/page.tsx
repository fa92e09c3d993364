// Who holds which role, and what it is needed for.
import type { JSX } from "preact";
import { useData } from "../../api/data";
import { user } from "../../api/session";
import { link, place, segment, setQuery } from "../../app/router";
import { plural } from "../../format/number";
import { Mark } from "../../parts/mark";
import { Note } from "../../parts/note";
import { Select } from "../../parts/select";
import { Empty, Loaded } from "../../parts/states";
import { readPolicy, targetName, type Policy } from "../../people/policy";

function Role({ role, policy }: { role: string; policy: Policy }): JSX.Element {
    const holders = policy.holders[role] ?? [];
    const needed = policy.required.filter(row => row.role === role);
    const most = Math.max(0, ...needed.map(row => row.signoffs_required));
    return (
        <section class="panel">
            <header>
                <h2>{role}</h2>
                {user.value && holders.includes(user.value.username) ? <Mark tone="accent">you</Mark> : null}
                <span class="soft">{plural(holders.length, "holder")}</span>
            </header>
            <div class="body stack">
                {holders.length < most ? (
                    <Note tone="red">
                        Too few hold it: {most} have to sign. Nothing that needs it can be done until more do.
                    </Note>
                ) : holders.length === most && most > 0 ? (
                    <Note tone="amber">Everybody who holds it has to sign: if one is away, nothing can be done.</Note>
                ) : null}
                {holders.length ? (
                    <ul class="row">
                        {holders.map(name => (
                            <li key={name}>
                                <a href={link(`/people/${segment(name)}`)}>{name}</a>
                            </li>
                        ))}
                    </ul>
                ) : null}
                {needed.length ? (
                    <p class="soft">
                        Needed for{" "}
                        {needed.map((row, i) => (
                            <span key={targetName(row)}>
                                {i ? ", " : ""}
                                <a href={link("/policy", { product: row.product })}>{targetName(row)}</a> (
                                {row.signoffs_required})
                            </span>
                        ))}
                    </p>
                ) : (
                    <p class="soft">Not needed for anything now.</p>
                )}
            </div>
        </section>
    );
}

export function Page(): JSX.Element {
    const wanted = place.value.query.get("role") ?? "";
    const data = useData("policy", readPolicy);
    const policy = data.value;
    const all = [
        ...new Set([...Object.keys(policy?.holders ?? {}), ...(policy?.required ?? []).map(row => row.role)]),
    ].sort();
    const options = [...new Set(wanted ? [...all, wanted] : all)].map(value => ({ value, text: value }));
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>Roles</h1>
                <span class="grow" />
                <Select
                    label="Role"
                    hideLabel
                    value={wanted}
                    options={[{ value: "", text: "All roles" }, ...options]}
                    onChange={role => setQuery({ role })}
                />
            </div>
            <Loaded data={data}>
                {value => {
                    const shown = all.filter(role => !wanted || role === wanted);
                    return shown.length ? (
                        <div class="cards-grid">
                            {shown.map(role => (
                                <Role key={role} role={role} policy={value} />
                            ))}
                        </div>
                    ) : wanted ? (
                        <Empty>
                            Nobody holds the role “{wanted}”, and nothing needs it.{" "}
                            <a href={link("/roles")}>All roles</a>
                        </Empty>
                    ) : (
                        <Empty>Nobody holds a role yet. Roles are granted on the page of a person.</Empty>
                    );
                }}
            </Loaded>
        </>
    );
}
