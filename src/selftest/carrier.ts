/** Whether a W5500's PHY has a link. */
import * as ds from "@devicescript/core"
import { PHYCFGR, PHYCFGR_LNK, PHYCFGR_RST } from "../drivers/w5500"
import { Chip, readCommon } from "../drivers/w5500chip"
import { pause } from "./pause"

/** Two PHYs need two or three seconds to agree after a reset. */
const CARRIER_MS = 5000
const LOOK_MS = 20

export async function hasCarrier(chip: Chip): Promise<boolean> {
    const phy = (await readCommon(chip, PHYCFGR, 1))[0]
    return (phy & (PHYCFGR_RST | PHYCFGR_LNK)) === (PHYCFGR_RST | PHYCFGR_LNK)
}

/** Waits for the link. @returns false: there is none */
export async function awaitCarrier(chip: Chip): Promise<boolean> {
    const since = ds.millis()
    while (!(await hasCarrier(chip))) {
        if (ds.millis() - since > CARRIER_MS) return false
        await pause(LOOK_MS)
    }
    return true
}
