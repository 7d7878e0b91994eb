/**
 * A split history: both boards went on alone, because an operator told one to,
 * or because all signs of life were hidden from one, and each copy of a volume
 * has writes that the other has not. Neither may be overwritten before an
 * operator says which.
 */
import { event } from "../console/events"
import { Port } from "../iscsi/port"
import { wakeStorage } from "../store/storage"
import { wantBothCopies } from "../store/superblock"
import { Mode, Volume } from "../store/volume"
import { VolumeFlag } from "../wire/card"
import { DISCARDED, Verdict } from "./coldstart"
import { dropLink, linkIsUp } from "./link"
import { judge, partnerFlags, partnerServes } from "./meeting"
import { withdraw } from "./ports"

let volumes: Volume[]
let index = 0
let ports: Port[]
/** it was told, by volume */
const hasTold = [false, false]

export function startSplit(v: Volume[], boardIndex: number, p: Port[]) {
    volumes = v
    index = boardIndex
    ports = p
}

export function tellSplit(v: Volume) {
    if (hasTold[v.index]) return
    hasTold[v.index] = true
    const isBesideNew = (v.flags ^ partnerFlags[v.index]) & VolumeFlag.Fresh
    const why = isBesideNew
        ? "the newest copy may have been on the card that is gone"
        : "both boards went on alone"
    event(
        `volume ${v.index === 0 ? "a" : "b"}: ${why}; ` +
            "discard the copy of one by its command",
    )
}

async function stopServing(v: Volume, why: string) {
    const port = ports[v.index === index ? 0 : 1]
    if (port.isActive) await withdraw(port, why)
    // nor when its chip has been set up again
    port.isWanted = false
    v.mode = Mode.Waiting
}

/**
 * Two that meet and both serve a volume: hosts shall not write on in either
 * copy. From then on it waits, as after a start of both.
 */
export async function endDoubleService() {
    for (let i = 0; i < volumes.length; ++i) {
        const v = volumes[i]
        if (v.mode !== Mode.Alone || !partnerServes[i]) continue
        if (judge(v) !== Verdict.Split) continue
        await stopServing(v, "both boards serve it")
        // it has heard the same of us
        partnerServes[i] = false
    }
}

/**
 * This board's copy is to become as the partner's.
 * @returns why not
 */
export async function discard(): Promise<string | undefined> {
    if (!linkIsUp()) return "the partner is not on the link"
    let isAny = false
    let isUnserved = false
    for (let i = 0; i < volumes.length; ++i) {
        const v = volumes[i]
        if (v.mode !== Mode.Waiting && v.mode !== Mode.Alone) continue
        if (judge(v) !== Verdict.Split) continue
        isAny = true
        if (!partnerServes[i]) isUnserved = true
        await stopServing(v, "copy discarded")
        v.epoch = DISCARDED
        v.flags = VolumeFlag.Outdated
        wantBothCopies(v)
        wakeStorage()
        hasTold[i] = false
    }
    if (!isAny) return "no volume was written to alone by both boards"
    // the partner shall judge anew, and serve
    if (isUnserved) await dropLink("copy discarded")
    return undefined
}
