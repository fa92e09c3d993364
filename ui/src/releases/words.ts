// A name cut where words of a search are in it, so that they can be marked. No word is a pattern.
export interface Piece {
    text: string;
    hit: boolean;
}

export function markWords(name: string, words: string): Piece[] {
    const lower = name.toLowerCase();
    const hits = new Array<boolean>(name.length).fill(false);
    for (const word of words.toLowerCase().split(/\s+/).filter(Boolean)) {
        for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, at + 1)) {
            hits.fill(true, at, at + word.length);
        }
    }
    const pieces: Piece[] = [];
    for (let i = 0; i < name.length; i++) {
        const last = pieces[pieces.length - 1];
        if (last && last.hit === hits[i]) {
            last.text += name.charAt(i);
        } else {
            pieces.push({ text: name.charAt(i), hit: hits[i] ?? false });
        }
    }
    return pieces;
}
