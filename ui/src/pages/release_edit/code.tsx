// JSON in a text field, with the numbers of its lines. What is wrong with it is marked at its lines, and said below.
import type { JSX, RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { plural } from "../../format/number";
import { Button } from "../../parts/button";
import type { TextProblem } from "../../releases/json";

const LINE_PX = 20; // the line-height of .code
const LISTED = 20;

function countLines(text: string): number {
    let lines = 1;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
        lines++;
    }
    return lines;
}

interface Visible {
    top: number; // px from the first line
    height: number;
}

function useVisible(field: RefObject<HTMLTextAreaElement>): Visible {
    const [visible, setVisible] = useState({ top: 0, height: 0 });
    useEffect(() => {
        const element = field.current;
        if (!element) {
            return undefined;
        }
        const look = (): void => setVisible({ top: element.scrollTop, height: element.clientHeight });
        const resized = new ResizeObserver(look);
        resized.observe(element);
        element.addEventListener("scroll", look);
        return () => {
            resized.disconnect();
            element.removeEventListener("scroll", look);
        };
    }, []);
    return visible;
}

// Draws only the numbers that are in view: a large release has more than 100,000 lines.
function LineNumbers(props: { lines: number; visible: Visible; wrong: Set<number> }): JSX.Element {
    const { lines, visible, wrong } = props;
    const first = Math.floor(visible.top / LINE_PX);
    const count = Math.min(lines - first, Math.ceil(visible.height / LINE_PX) + 1);
    const numbers = Array.from({ length: Math.max(0, count) }, (_, i) => first + i + 1);
    return (
        <div class="line-numbers" aria-hidden="true" style={{ width: `${Math.max(3, String(lines).length) + 2}ch` }}>
            <div style={{ transform: `translateY(${first * LINE_PX - visible.top}px)` }}>
                {numbers.map(number => (
                    <div key={number} class={wrong.has(number) ? "wrong-line" : undefined}>
                        {number}
                    </div>
                ))}
            </div>
        </div>
    );
}

interface Props {
    text: string;
    onText: (text: string) => void;
    label: string;
    readOnly: boolean;
    problems: TextProblem[];
}

export function Code({ text, onText, label, readOnly, problems }: Props): JSX.Element {
    const field = useRef<HTMLTextAreaElement>(null);
    const visible = useVisible(field);
    const lines = useMemo(() => countLines(text), [text]);
    const wrong = useMemo(() => new Set(problems.map(problem => problem.line)), [problems]);
    const goTo = ({ at, line }: TextProblem): void => {
        const element = field.current;
        if (element) {
            element.setSelectionRange(at, at + 1);
            element.blur();
            element.focus(); // scrolls sideways to the selection
            element.scrollTop = (line - 1) * LINE_PX - element.clientHeight / 2;
        }
    };
    return (
        <div class="stack tight">
            <div class={`code ${problems.length ? "wrong-code" : ""}`}>
                <LineNumbers lines={lines} visible={visible} wrong={wrong} />
                <textarea
                    ref={field}
                    aria-label={label}
                    aria-invalid={problems.length ? "true" : undefined}
                    rows={24}
                    wrap="off"
                    spellcheck={false}
                    autocomplete="off"
                    autocapitalize="off"
                    readOnly={readOnly}
                    value={text}
                    onInput={event => onText(event.currentTarget.value)}
                />
            </div>
            {problems.length ? (
                <ul class="text-problems" role="alert">
                    {problems.slice(0, LISTED).map(problem => (
                        <li key={`${problem.at} ${problem.what}`} class="wrong">
                            <Button kind="small" label={`Go to line ${problem.line}`} onClick={() => goTo(problem)}>
                                Line {problem.line}
                            </Button>
                            <span>
                                column {problem.column}: {problem.what}
                            </span>
                        </li>
                    ))}
                    {problems.length > LISTED ? (
                        <li class="soft small">and {plural(problems.length - LISTED, "more problem")}</li>
                    ) : null}
                </ul>
            ) : null}
        </div>
    );
}
