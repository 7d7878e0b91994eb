/** Tables as Markdown, readable as they stand. */

export type Cell = string | number

/** Numbers with as many digits as are worth reading. */
export function show(n: number): string {
    if (!Number.isFinite(n)) return "-"
    const digits = Math.abs(n) >= 100 ? 0 : Math.abs(n) >= 10 ? 1 : 2
    return Number(n.toFixed(digits)).toLocaleString("en-US", {
        maximumFractionDigits: digits,
    })
}

/** The first column is text, the others are numbers. */
export function table(head: string[], rows: Cell[][]): string {
    const cells = rows.map(row =>
        row.map(c => (typeof c === "number" ? show(c) : c)),
    )
    const widths = head.map((h, i) =>
        Math.max(3, h.length, ...cells.map(row => row[i].length)),
    )
    const line = (row: string[]) =>
        `| ${row.map((c, i) => pad(c, widths[i], i)).join(" | ")} |`
    const rule = widths.map((w, i) =>
        i ? "-".repeat(w - 1) + ":" : "-".repeat(w),
    )
    return [line(head), line(rule), ...cells.map(line)].join("\n")
}

function pad(text: string, width: number, column: number) {
    return column ? text.padStart(width) : text.padEnd(width)
}
