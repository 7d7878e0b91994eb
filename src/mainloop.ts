/** The main loop: goes round ports, link and pair for ever. */
import { readPin } from "./board/bus"
import { resumeSessions, servePatient, servePort } from "./iscsi/portal"
import { Port } from "./iscsi/port"
import { reapTasks } from "./iscsi/task"
import { serveLink } from "./pair/link"
import { servePair } from "./pair/pair"
import { idle, takeProgress, yieldBus } from "./store/progress"
import { endTurn, storageIsWorking } from "./store/storage"

/** Rounds so far: the heartbeat wants to see it grow. */
export let turns = 0

export async function mainLoop(ports: Port[]) {
    for (;;) {
        turns++
        let worked = await serveLink()
        const progress = takeProgress()
        for (let i = 0; i < 2; ++i) {
            const p = ports[i]
            if (!p.isActive) continue
            if (p.again > 0 || readPin(p.int) === 0) {
                if (await servePort(p)) worked = true
            }
            if (progress && (await resumeSessions(p))) worked = true
            if (p.again > 0) worked = true
        }
        if (await servePair()) worked = true
        if (progress) reapTasks()
        if (worked) endTurn()
        else if (storageIsWorking()) await yieldBus()
        else {
            await idle()
            for (let i = 0; i < 2; ++i) servePatient(ports[i])
            endTurn()
        }
    }
}
