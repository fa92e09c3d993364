import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { Button } from "../../parts/button";

const LARGEST_MB = 32;

interface Props {
    dead: string | null;
    onFile: (text: string, name: string) => void;
}

// Takes the text of a file. `name`: that of the file, without its ending.
export function UploadButton({ dead, onFile }: Props): JSX.Element {
    const input = useRef<HTMLInputElement>(null);
    const [wrong, setWrong] = useState<string | null>(null);
    const read = async (file: File | undefined): Promise<void> => {
        if (!file) {
            return;
        }
        setWrong(file.size > LARGEST_MB * 1e6 ? `This file has more than ${LARGEST_MB} MB` : null);
        if (file.size <= LARGEST_MB * 1e6) {
            onFile(await file.text(), file.name.replace(/\.json$/i, ""));
        }
    };
    return (
        <>
            <input
                ref={input}
                type="file"
                accept=".json,application/json"
                aria-label="File with JSON"
                hidden
                onChange={event => {
                    void read(event.currentTarget.files?.[0]);
                    event.currentTarget.value = "";
                }}
            />
            <Button kind="small" dead={dead} onClick={() => input.current?.click()}>
                Load a file…
            </Button>
            {wrong ? (
                <span class="wrong" role="alert">
                    {wrong}
                </span>
            ) : null}
        </>
    );
}
