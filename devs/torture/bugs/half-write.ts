/**
 * Shown by a home that dies while a WRITE is on the cable: 0.4 ms for 4 KiB, and
 * much longer on a slow link. What a frame lacks is an older write's.
 */
import type { Bug } from "./bug.ts"

export const halfWrite: Bug = {
    slug: "half-write",
    name: "takes a write for committed before its trailer has come",
    why: "after a takeover a block is half of one write and half of another",
    profile: ["power-mid-write"],
    patches: [
        {
            file: "src/pair/link.ts",
            find: `            need = size
            return pos
`,
            replace: `            if (type === Frame.Write && !beginWrite(b, at)) {
                const data = size - LINK_HEADER - LINK_TRAILER
                let half = n - pos - LINK_HEADER
                if (half > data) half = data
                pool.blitAt(writePlace, b, at + LINK_HEADER, half)
            }
            need = size
            return pos
`,
        },
        {
            file: "src/pair/mirror.ts",
            find: `/** The partner tells what it has of our volume. */
`,
            replace: `/** The partner is dead: its last write counts, whatever has come of it. */
export function endHalf() {
    if (foreign.mode === Mode.Mirror && writeSeq === foreign.appended + 1)
        write(foreign, writeLba, writeCount, writeRun)
}

/** The partner tells what it has of our volume. */
`,
        },
        {
            file: "src/pair/pair.ts",
            find: 'import { checkPorts, serve, withdraw } from "./ports"',
            replace: `import { endHalf } from "./mirror"
import { checkPorts, serve, withdraw } from "./ports"`,
        },
        {
            file: "src/pair/pair.ts",
            find: `    shutLink()
    if (home.mode === Mode.Mirrored) goAlone(home)`,
            replace: `    endHalf()
    shutLink()
    if (home.mode === Mode.Mirrored) goAlone(home)`,
        },
    ],
}
