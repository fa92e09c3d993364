// The text of the document, and what can be done with it as a whole.
import type { JSX } from "preact";
import { Button } from "../../parts/button";
import { print, type TextProblem } from "../../releases/json";
import type { Json } from "../../releases/merge";
import { Code } from "./code";
import { UploadButton } from "./upload";

interface Props {
    text: string;
    blob: Json | undefined;
    name: string;
    problems: TextProblem[];
    readOnly: boolean;
    busy: boolean;
    onText: (text: string) => void;
    onFile: (text: string, name: string) => void;
}

export function Document(props: Props): JSX.Element {
    const { text, blob, name, problems, readOnly, busy, onText, onFile } = props;
    return (
        <>
            <div class="row">
                <h2 class="minor grow">Document</h2>
                <Button
                    kind="small"
                    dead={blob === undefined ? "The text is not valid JSON" : null}
                    onClick={() => onText(print(blob))}>
                    Indent
                </Button>
                <UploadButton dead={readOnly ? "The release is read-only" : null} onFile={onFile} />
            </div>
            <Code
                text={text}
                onText={onText}
                label={`JSON of ${name || "the new release"}`}
                readOnly={readOnly || busy}
                problems={problems}
            />
        </>
    );
}
