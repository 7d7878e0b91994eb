/**
 * Turns program counters of a compiled DeviceScript program into functions,
 * files and lines, from the `bytecode-dbg.json` that the compiler leaves.
 */
import {
    lastIndexNotAfter,
    lastNotAfter,
    marksOf,
    type Mark,
} from "../optimizer/srcmap.ts"

interface DebugFile {
    functions: {
        name: string
        startpc: number
        size: number
        /** where it stands in the sources, and its length */
        location?: [position: number, length: number]
    }[]
    /** triples of position, length and pc; first and last as differences */
    srcmap: number[]
    /** positions count through all sources, one after the other */
    sources: { path: string; length: number; text: string }[]
}

export interface CodePlace {
    fn: string
    file: string
    line: number
}

/** Counted in a function's size, though it stands elsewhere. */
const DESCRIPTOR_SIZE = 16

export class Symbols {
    private readonly marks: Mark[]
    private readonly functions: { name: string; startpc: number }[]
    /** by where they stand in the sources */
    private readonly located: { name: string; location: [number, number] }[]
    private readonly starts: number[] = []

    constructor(private readonly dbg: DebugFile) {
        this.marks = marksOf(dbg.srcmap)
        this.functions = [...dbg.functions].sort(
            (a, b) => a.startpc - b.startpc,
        )
        this.located = dbg.functions
            .flatMap(({ name, location }) =>
                location ? { name, location } : [],
            )
            .sort((a, b) => a.location[0] - b.location[0])
        let start = 0
        for (const s of dbg.sources) {
            this.starts.push(start)
            start += s.length
        }
    }

    /** The end of the last function's code, which the VM wants below 65,536. */
    get codeEnd() {
        const ends = this.dbg.functions.map(f => f.startpc + f.size)
        return Math.max(...ends) - DESCRIPTOR_SIZE
    }

    /** All functions, by their place in the program image. */
    get allFunctions(): readonly { name: string; startpc: number }[] {
        return this.functions
    }

    /** @param pc counted from the start of the program image */
    place(pc: number): CodePlace {
        const mark = lastNotAfter(this.marks, m => m.pc, pc)
        const pos = mark?.position ?? 0
        const fn =
            this.around(pos) ?? lastNotAfter(this.functions, f => f.startpc, pc)
        return { fn: fn?.name ?? "?", ...this.position(pos) }
    }

    /** The innermost function that stands around a position. */
    private around(pos: number) {
        const k = lastIndexNotAfter(this.located, f => f.location[0], pos)
        for (let i = k; i >= 0; i--) {
            const [start, length] = this.located[i].location
            if (pos < start + length) return this.located[i]
        }
        return undefined
    }

    private position(pos: number) {
        let i = this.starts.length - 1
        while (i > 0 && this.starts[i] > pos) i--
        const source = this.dbg.sources[i]
        const before = source.text.slice(0, pos - this.starts[i])
        return { file: source.path, line: before.split("\n").length }
    }

    /**
     * Adds file and line to a line of the VM's stack trace, such as
     * `!  at flush_F12 (pc:34)`; other lines are returned as they are.
     */
    annotate(line: string) {
        return line.replace(
            /\b(\w+)_F(\d+) \(pc:(\d+)\)/,
            (all, _name: string, index: string, pc: string) => {
                const fn = this.dbg.functions[Number(index)]
                if (!fn) return all
                const p = this.place(fn.startpc + Number(pc) - 1)
                return `${fn.name} (${p.file}:${p.line})`
            },
        )
    }
}
