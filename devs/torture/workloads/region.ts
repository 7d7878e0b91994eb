/** Where on a volume hosts work. */
import type { Random } from "../../sim/random.ts"

/** Blocks next to each other. */
export interface Piece {
    first: number
    blocks: number
}

/** Blocks that all hosts of a volume fight for. */
export interface Region extends Piece {
    /**
     * There are so many pieces of `blocks`, so many blocks apart; absent: one.
     * Then each piece is written seldom, and has marks of its own on the cards.
     */
    scattered?: { pieces: number; apart: number }
}

export function piecesOf({ first, blocks, scattered }: Region): Piece[] {
    const { pieces, apart } = scattered ?? { pieces: 1, apart: 0 }
    return Array.from({ length: pieces }, (_, i) => ({
        first: first + i * apart,
        blocks,
    }))
}

/** All blocks of a region. */
export function lbasOf(region: Region): number[] {
    return piecesOf(region).flatMap(({ first, blocks }) =>
        Array.from({ length: blocks }, (_, i) => first + i),
    )
}

/** Some neighbours within a region. */
export function someOf(random: Random, region: Region, longest: number) {
    const pieces = piecesOf(region)
    const piece = pieces.length > 1 ? random.pick(pieces) : pieces[0]
    const blocks = random.int(1, Math.min(longest, piece.blocks))
    const lba = piece.first + random.int(0, piece.blocks - blocks)
    return { lba, blocks }
}
