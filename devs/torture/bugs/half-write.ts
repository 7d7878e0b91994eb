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
            file: "src/pair/frames.ts",
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
            // the VM's code is full: what no power cut needs makes room
            file: "src/pair/mirror.ts",
            find: `    if (
        count === 0 ||
        writeCount > 8 ||
        place < before ||
        place + count > MIRROR_BLOCKS ||
        writeLba < 0 ||
        writeLba + writeCount > v.blocks
    )
        return "write out of range"
`,
            replace: "",
        },
        {
            file: "src/pair/mirror.ts",
            find: `/** The partner tells what it has of a volume that is served here. */
`,
            replace: `/** The partner is dead: its last write counts, whatever has come of it. */
export function endHalf() {
    const v = writeVolume
    if (v && v.mode === Mode.Mirror && writeSeq === v.appended + 1)
        write(v, writeLba, writeCount, writeRun)
}

/** The partner tells what it has of a volume that is served here. */
`,
        },
        {
            file: "src/pair/pair.ts",
            find: 'import { checkPorts, isAnswered, serve, withdraw } from "./ports"',
            replace: `import { endHalf } from "./mirror"
import { checkPorts, isAnswered, serve, withdraw } from "./ports"`,
        },
        {
            file: "src/pair/pair.ts",
            find: `    shutLink()
    endFilling()
    const hadHome = isServed(home)
    const hadForeign = isServed(foreign)
    for (let i = 0; i < volumes.length; ++i) {
        const v = volumes[i]
        if (v.mode === Mode.Mirror) goAlone(v)`,
            replace: `    endHalf()
    shutLink()
    endFilling()
    const hadHome = isServed(home)
    const hadForeign = isServed(foreign)
    for (let i = 0; i < volumes.length; ++i) {
        const v = volumes[i]
        if (v.mode === Mode.Mirror) goAlone(v)`,
        },
    ],
}
