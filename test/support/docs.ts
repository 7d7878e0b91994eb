/**
 * Documents as a person follows them: the commands of their code blocks, in
 * one shell, in the order in which they stand there.
 *
 * A block's language says what it is: `sh`, commands that are run; `bat`,
 * commands of Windows, which are looked at; `console`, what the block before it
 * has printed, in whatever terminal; `conf`, a part of a file; `text`, anything
 * else.
 */
import { readFileSync } from "node:fs"

export interface Block {
    language: string
    /** where its first line is in the document, from 1 on */
    line: number
    lines: string[]
}

/** @returns all fenced blocks of a Markdown file */
export function blocksOf(file: string): Block[] {
    const blocks: Block[] = []
    let open: Block | undefined
    readFileSync(file, "utf8")
        .split("\n")
        .forEach((text, k) => {
            const fence = /^```(.*)$/.exec(text)
            if (!fence) open?.lines.push(text)
            else if (open) open = undefined
            else {
                open = { language: fence[1], line: k + 2, lines: [] }
                blocks.push(open)
            }
        })
    return blocks
}

/** Parts of a line that differ from time to time. */
const NUMBER = /\d+(?:\.\d+)?/

/** @returns what a line of a `console` block looks like, whatever its numbers */
export function loosened(line: string): RegExp {
    const parts = line
        .trim()
        .split(new RegExp(NUMBER, "g"))
        .map(part => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
        .map(part => part.replace(/ +/g, " +"))
    return new RegExp(`^ *${parts.join(NUMBER.source)} *$`)
}

/** The board that a line is about; each board's lines have an order. */
const boardOf = (line: string) => /^ *[\d.]+ ([ab]) /.exec(line)?.[1] ?? ""

/** @returns the first line of a `console` block that was not printed, if any */
export function notPrinted(
    block: Block,
    printed: string[],
): string | undefined {
    const from = new Map<string, number>()
    return block.lines
        .filter(line => line.trim() !== "")
        .find(line => {
            const board = boardOf(line)
            const like = loosened(line)
            const since = from.get(board) ?? 0
            const at = printed.findIndex((p, k) => k >= since && like.test(p))
            from.set(board, at + 1)
            return at < 0
        })
}
