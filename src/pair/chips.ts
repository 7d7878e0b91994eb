/** The W5500s are looked after: a disturbance must not take a board's network. */
import { event } from "../console/events"
import { Chip } from "../drivers/w5500chip"
import { Health, inspect, mend } from "../drivers/w5500watch"

export function sayMissing(chip: Chip) {
    event(`${chip.name} W5500 does not answer: check its wiring`)
}

/**
 * Looks whether a chip is as it was set up, and mends what can be mended
 * while connections go on.
 * @param n the socket that is looked at
 * @param isInUse it has connections to lose
 * @returns false: its connections are lost, and it is to be set up
 */
export async function isWell(
    chip: Chip,
    n: number,
    isInUse: boolean,
): Promise<boolean> {
    const health = await inspect(chip, n)
    if (!chip.answers) {
        if (health !== Health.Missing)
            event(`${chip.name} W5500 answers again: set up`)
        return false
    }
    if (health === Health.Sound) return true
    if (health === Health.Mended && isInUse) {
        await mend(chip)
        event(`${chip.name} W5500 had a wrong register: set again`)
        return true
    }
    if (health === Health.Missing) sayMissing(chip)
    else event(`${chip.name} W5500 lost its registers: set up again`)
    return false
}
