import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { setQuery } from "../../app/router";
import { parseUtc, serverNow, utc } from "../../format/time";
import { Button } from "../../parts/button";
import { Field } from "../../parts/field";
import { Select } from "../../parts/select";
import { chooseDensity, currentView, DENSITIES, densityFor, type View } from "./view";

const SEPARATOR = "\t";

function ScopeSelect({ view, scopes }: { view: View; scopes: Map<string, string[]> }): JSX.Element {
    const options = [{ value: "", text: "All products" }];
    for (const [product, channels] of scopes) {
        options.push({ value: product, text: product });
        options.push(...channels.map(c => ({ value: product + SEPARATOR + c, text: `${product} · ${c}` })));
    }
    const value = view.product + (view.channel ? SEPARATOR + view.channel : "");
    if (!options.some(option => option.value === value)) {
        options.push({ value, text: `${view.product || "every product"} · ${view.channel}` });
    }
    return (
        <Select
            label="Product and channel"
            hideLabel
            value={value}
            options={options}
            onChange={chosen => {
                const [product, channel] = chosen.split(SEPARATOR);
                setQuery({ product, channel }, "");
            }}
        />
    );
}

function Rewind({ view }: { view: View }): JSX.Element {
    const [open, setOpen] = useState(false);
    const [text, setText] = useState("");
    const [wrong, setWrong] = useState<string | null>(null);
    if (!open) {
        return (
            <Button
                onClick={() => {
                    setText(utc(view.timestamp ?? serverNow()));
                    setOpen(true);
                }}>
                Rewind…
            </Button>
        );
    }
    const apply = (): void => {
        const ms = parseUtc(text);
        if (ms === null) {
            setWrong("For example 2026-11-28 14:00");
        } else if (ms > serverNow()) {
            setWrong("This is in the future");
        } else {
            setOpen(false);
            setQuery({ timestamp: ms, onlyScheduledChanges: null }, "");
        }
    };
    return (
        <form
            class="rewind"
            onSubmit={event => {
                event.preventDefault();
                apply();
            }}>
            <Field label="As it was at (UTC)" hideLabel value={text} onInput={setText} wrong={wrong} autofocus />
            <Button submit>Go</Button>
            <Button kind="quiet" onClick={() => setOpen(false)}>
                Cancel
            </Button>
        </form>
    );
}

export function Filters({
    view,
    scopes,
    count,
}: {
    view: View;
    scopes: Map<string, string[]>;
    count: number;
}): JSX.Element {
    const [words, setWords] = useState(view.words);
    // What was typed last is newer than an address that is drawn late: it must not be taken back.
    const typed = useRef(view.words);
    useEffect(() => {
        const now = currentView().words;
        if (now !== typed.current) {
            typed.current = now;
            setWords(now);
        }
    }, [view.words]);
    const density = densityFor(count);
    return (
        <div class="filters" role="search" aria-label="Filter the rules">
            <ScopeSelect view={view} scopes={scopes} />
            <Field
                label="Words"
                hideLabel
                type="search"
                placeholder="Words in any column"
                value={words}
                inputId="rules-words"
                onInput={text => {
                    typed.current = text.trim();
                    setWords(text);
                    setQuery({ q: text.trim() });
                }}
            />
            {view.timestamp ? null : (
                <label class="check">
                    <input
                        type="checkbox"
                        checked={view.onlyPending}
                        onChange={event => setQuery({ onlyScheduledChanges: event.currentTarget.checked })}
                    />
                    Only pending
                </label>
            )}
            <Rewind view={view} />
            <div class="segments" role="group" aria-label="Density">
                {DENSITIES.map(name => (
                    <Button
                        key={name}
                        kind="small quiet"
                        pressed={name === density}
                        onClick={() => chooseDensity(name)}>
                        {name}
                    </Button>
                ))}
            </div>
        </div>
    );
}
