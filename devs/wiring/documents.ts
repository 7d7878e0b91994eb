/** What is committed of the wiring: a document and a drawing of each kind. */
import { document } from "./markdown.ts"
import { wiringOf } from "./nets.ts"
import { drawBoard } from "./svg.ts"

/** Files as they have to be, by their place in the repository. */
export async function documentsOf(
    kind: string,
): Promise<{ file: string; text: string }[]> {
    const wiring = wiringOf(kind)
    const title = `Wiring of a Twinstore board: ${wiring.controller.name}`
    return [
        { file: `boards/wiring-${kind}.md`, text: await document(wiring) },
        {
            file: `boards/wiring-${kind}.svg`,
            text: drawBoard(wiring).svg(title),
        },
    ]
}
