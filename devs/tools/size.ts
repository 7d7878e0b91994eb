/** How large a program may be on a board, and how large ours is. */
import type { Program } from "../vm/program.ts"

/** Flash for a program on a Pico with DeviceScript 2.16. */
const PICO_BYTES = 110_464
/** Our own limit: something must be left for repairs. */
const BUDGET_BYTES = 100 * 1024
/** The VM counts program counters in 16 bits: all code lies below this. */
const CODE_LIMIT = 0x10000

/** Prints the sizes. @returns whether they are within their limits */
export function reportSize({ image, symbols }: Program): boolean {
    const share = (n: number, of: number) => `${((100 * n) / of).toFixed(0)} %`
    console.log(
        `program ${image.length} B, ${share(image.length, PICO_BYTES)} of a ` +
            `Pico's ${PICO_BYTES} B; code ends at ${symbols.codeEnd}, ` +
            `${share(symbols.codeEnd, CODE_LIMIT)} of the VM's ${CODE_LIMIT}`,
    )
    if (image.length > BUDGET_BYTES) {
        console.error(`the program is larger than its ${BUDGET_BYTES} B`)
        return false
    }
    return true
}
