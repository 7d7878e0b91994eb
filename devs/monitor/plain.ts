/** Lines for a log or a pipe, in place of a screen. */
import type { LogEntry } from "./boardview.ts"

/** Time, board, and what happened. */
export function plainLine({ at, board, text }: LogEntry): string {
    return `${at.toISOString()} ${board} ${text}`
}

/** The same, for programs. */
export function jsonLine({ at, board, text }: LogEntry): string {
    return JSON.stringify({ at: at.toISOString(), board, text })
}
