/** What the boards say of their copies of the volumes, as they say it. */
import { BOARD_NAMES, other, type BoardName } from "../../bench/pair.ts"

/** The firmware's words: SPEC.md, chapter 5. */
type Mode = string

/** What a line tells of a volume at the board that says it. */
const TOLD: [line: RegExp, mode: Mode][] = [
    [/^volume (a|b) alone epoch/, "alone"],
    [/^volume (a|b) resyncing/, "resyncing"],
    [/^volume (a|b) mirrored again/, "mirrored"],
    [/^volume (a|b) (?:is home again|taken)/, "mirrored"],
    [/^volume (a|b) is brought up to date/, "filling"],
    [/^volume (a|b) is a mirror/, "mirror"],
    [/^volume (a|b) given /, "mirror"],
]
/** A board that says so waits for its partner with that volume. */
const LEFT_OWN = /^own copy is outdated/
const LEFT_PARTNERS = /^copy of the partner's volume is outdated/

/** Every write is acknowledged by one card. */
const ALONE: Mode[] = ["alone", "resyncing", "joining"]
const SERVED: Mode[] = [...ALONE, "mirrored"]

/** What one board has said since it started. */
class Told {
    readonly modes: Partial<Record<BoardName, Mode>> = {}
    isFenceWhole = false
    isSplit = false

    line(board: BoardName, text: string) {
        for (const [line, mode] of TOLD) {
            const volume = line.exec(text)?.[1] as BoardName | undefined
            if (volume) this.modes[volume] = mode
        }
        if (LEFT_OWN.test(text)) this.modes[board] = "waiting"
        if (LEFT_PARTNERS.test(text)) this.modes[other(board)] = "waiting"
        if (/^fence whole/.test(text)) this.isFenceWhole = true
        if (/^fence broken/.test(text)) this.isFenceWhole = false
        if (/; discard the copy of one/.test(text)) this.isSplit = true
        if (!text.startsWith("status ")) return
        for (const volume of BOARD_NAMES)
            this.modes[volume] = new RegExp(`volume.${volume}=(\\S+)`).exec(
                text,
            )?.[1]
    }
}

export class Copies {
    private readonly told = { a: new Told(), b: new Told() }

    /** A line of a board's console has come. */
    line(board: BoardName, line: string) {
        const text = /^> [ab]: (.*)$/.exec(line)?.[1]
        if (text !== undefined) this.told[board].line(board, text)
    }

    /** A board has lost its state: what it said does not hold any more. */
    halt(board: BoardName) {
        this.told[board] = new Told()
    }

    modeOf(board: BoardName, volume: BoardName): Mode | undefined {
        return this.told[board].modes[volume]
    }

    /** Whether what is acknowledged of a volume now is on the card. */
    isAlone(volume: BoardName): boolean {
        return BOARD_NAMES.some(board =>
            ALONE.includes(this.modeOf(board, volume) ?? ""),
        )
    }

    /**
     * Whether a board has to serve a volume if its partner dies now.
     * @param isLinkCut it may have left its copy behind, or will
     */
    isOwed(board: BoardName, volume: BoardName, isLinkCut: boolean): boolean {
        const mode = this.modeOf(board, volume) ?? ""
        if (SERVED.includes(mode)) return true
        const mayTakeOver = this.told[board].isFenceWhole && !isLinkCut
        return mode === "mirror" && mayTakeOver
    }

    /** Whether a board waits for an operator to say whose copy shall go. */
    isSplit(board: BoardName): boolean {
        return this.told[board].isSplit
    }
}
