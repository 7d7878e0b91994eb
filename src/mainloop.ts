/** The main loop: goes round ports, link and pair for ever. */
import { readPin } from "./board/bus"
import {
    guestHasNews,
    resumeSessions,
    servePatient,
    servePort,
    serving,
} from "./iscsi/portal"
import { reapTasks } from "./iscsi/task"
import { linkInt, linkIsDue, serveLink } from "./pair/link"
import { pairIsDue, servePair } from "./pair/pair"
import { target } from "./pair/resync"
import { isVerifyBusy } from "./pair/verify"
import { hasProgress, idle, takeProgress, yieldBus } from "./store/progress"
import { endTurn, storageIsWorking } from "./store/storage"

/** Rounds so far: the heartbeat wants to see it grow. */
export let turns = 0

export async function mainLoop() {
    for (;;) {
        turns++
        const progress = hasProgress
        if (progress) takeProgress()
        let worked = false
        for (let i = 0; i < serving.length; ++i) {
            const p = serving[i]
            if (readPin(p.int) === 0 || p.again > 0)
                if (await servePort(p)) worked = true
            if (progress) if (await resumeSessions(p)) worked = true
        }
        const linkHasNews = readPin(linkInt) === 0
        if (linkHasNews || linkIsDue || guestHasNews || worked || progress)
            if (await serveLink(linkHasNews)) worked = true
        if (pairIsDue || (progress && (target || isVerifyBusy)))
            if (await servePair()) worked = true
        if (progress) reapTasks()
        if (!worked) {
            if (storageIsWorking()) {
                await yieldBus()
                continue
            }
            await idle()
            for (let i = 0; i < serving.length; ++i) servePatient(serving[i])
        }
        endTurn()
    }
}
