/** What a measurement hands back. */

export interface Section {
    title: string
    /** what the numbers mean, in a sentence or two */
    notes?: string[]
    table: string
}

export interface Report {
    sections: Section[]
    /** the same numbers for programs */
    data: unknown
    /** what is not as it must be */
    failures: string[]
}

export function printReport({ sections }: Report) {
    for (const { title, notes, table } of sections) {
        console.log(`\n### ${title}\n`)
        if (notes?.length) console.log(`${notes.join("\n")}\n`)
        console.log(table)
    }
}

/** One line on standard error that is written over again and again. */
export function progress(text: string) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
    else process.stderr.write(`${text}\n`)
}

export function endProgress() {
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K")
}
