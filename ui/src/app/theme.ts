// Light or dark: as the system says, unless the user has chosen.
import { signal } from "@preact/signals";

const STORED = "balrog.theme";
const CHOICES = ["system", "light", "dark"] as const;
export type Theme = (typeof CHOICES)[number];

export const theme = signal<Theme>(CHOICES.find(choice => choice === localStorage.getItem(STORED)) ?? "system");

export function startTheme(): void {
    theme.subscribe(value => {
        localStorage.setItem(STORED, value);
        if (value === "system") {
            delete document.documentElement.dataset["theme"];
        } else {
            document.documentElement.dataset["theme"] = value;
        }
    });
}

export function nextTheme(): void {
    theme.value = CHOICES[(CHOICES.indexOf(theme.value) + 1) % CHOICES.length] ?? "system";
}
