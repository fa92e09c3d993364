// A text field for the name of a release, or of a state of one, with names from the server that have the words.
import type { ComponentChildren, JSX } from "preact";
import { useReleaseNames } from "../api/suggestions";
import { Field } from "../parts/field";

interface Props {
    label: string;
    value: string;
    onInput: (value: string) => void;
    help?: ComponentChildren;
    placeholder?: string;
}

export function ReleaseNameField(props: Props): JSX.Element {
    const names = useReleaseNames(props.value.replace(/@\w*$/, ""));
    return <Field {...props} suggestions={names} />;
}
