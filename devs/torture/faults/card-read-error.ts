/** A card cannot read a block, once. */
import type { Fault } from "./fault.ts"

/** SD specification 7.3.3.3: error, CC error, card ECC failed */
const TOKENS = [0x01, 0x02, 0x04]

export const cardReadError: Fault = {
    name: "card-read-error",
    family: "card",
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { card } = scene.node(name)
        const token = random.pick(TOKENS)
        card.faults.errorToken = token
        return { what: `card of ${name} answers a read with token ${token}` }
    },
}
