/** Follows on the consoles which board serves which volume. */
import { BOARD_NAMES, type BoardName } from "../bench/pair.ts"
import type { History, Serving } from "./history.ts"

interface Seen {
    /** since the firmware started */
    hasFenced: boolean
    /** volumes that it serves alone, and since when */
    aloneFrom: number[]
    /** and since when it brings their copies over there up to date */
    resyncFrom: number[]
    /** volumes that it has served */
    hasServed: boolean[]
}

export class Servings {
    private readonly seen = { a: fresh(), b: fresh() }

    constructor(
        private readonly history: History,
        private readonly now: () => number,
        /** by volume: who takes it over may lack what was acknowledged */
        private readonly isAsync: boolean[],
    ) {}

    halt(board: BoardName) {
        this.seen[board] = fresh()
        for (const s of this.history.servings)
            if (s.board === board) this.end(s)
    }

    event(board: BoardName, text: string) {
        for (const [pattern, act] of this.acts) {
            const found = pattern.exec(text)
            if (found) act(board, found)
        }
    }

    private readonly acts: [
        RegExp,
        (board: BoardName, found: RegExpExecArray) => void,
    ][] = [
        [/^fencing after/, board => (this.seen[board].hasFenced = true)],
        [
            /^volume ([ab]) alone/,
            (board, [, name]) => this.alone(board, volumeOf(name)),
        ],
        [
            /^volume ([ab]) resyncing/,
            (board, [, name]) => this.resyncing(board, volumeOf(name)),
        ],
        [
            /^volume ([ab]) mirrored again/,
            (board, [, name]) => this.mirrored(board, volumeOf(name)),
        ],
        [
            // given with all that was written over there
            /^volume ([ab]) (?:is home again|taken)/,
            (board, [, name]) =>
                (this.seen[board].hasServed[volumeOf(name)] = true),
        ],
        [
            // from here on the partner knows more, and may die with it
            /^volume ([ab]) given/,
            (board, [, name]) => {
                const volume = volumeOf(name)
                if (this.isAsync[volume])
                    this.seen[board].hasServed[volume] = false
            },
        ],
        [
            /^(home|partner) port serves .*\.([ab])$/,
            (board, [, port, name]) => this.begin(board, port, volumeOf(name)),
        ],
        [
            /^(home|partner) port withdrawn/,
            (board, [, port]) => this.withdraw(board, port),
        ],
    ]

    private alone(board: BoardName, volume: number) {
        this.seen[board].aloneFrom[volume] = this.now()
        this.seen[board].resyncFrom[volume] = Infinity
        const current = this.current(board, volume)
        if (!current) return
        current.aloneFrom = this.now()
        current.resyncFrom = Infinity
        current.aloneTo = undefined
    }

    private resyncing(board: BoardName, volume: number) {
        this.seen[board].resyncFrom[volume] = this.now()
        const current = this.current(board, volume)
        if (current) current.resyncFrom = this.now()
    }

    private mirrored(board: BoardName, volume: number) {
        this.seen[board].aloneFrom[volume] = Infinity
        const current = this.current(board, volume)
        if (current) current.aloneTo = this.now()
    }

    private begin(board: BoardName, port: string, volume: number) {
        if (this.current(board, volume)) return // the port was set up again
        const seen = this.seen[board]
        const isTakeover =
            port === "partner" && seen.hasFenced && !this.isAsync[volume]
        const goesOn = isTakeover || seen.hasServed[volume]
        seen.hasServed[volume] = true
        this.history.servings.push({
            board,
            volume,
            from: this.now(),
            to: Infinity,
            how: goesOn ? "takeover" : "boot",
            aloneFrom: seen.aloneFrom[volume],
            resyncFrom: seen.resyncFrom[volume],
        })
    }

    private withdraw(board: BoardName, port: string) {
        const own = volumeOf(board)
        const volume = port === "home" ? own : 1 - own
        const current = this.current(board, volume)
        if (current) this.end(current)
    }

    private end(s: Serving) {
        s.to = Math.min(s.to, this.now())
    }

    private current(board: BoardName, volume: number) {
        return this.history.servings.find(
            s => s.board === board && s.volume === volume && s.to === Infinity,
        )
    }
}

function fresh(): Seen {
    return {
        hasFenced: false,
        aloneFrom: [Infinity, Infinity],
        resyncFrom: [Infinity, Infinity],
        hasServed: [false, false],
    }
}

function volumeOf(name: string) {
    return BOARD_NAMES.indexOf(name as BoardName)
}
