/** The main loop: goes round ports, link and pair for ever. */
import { Board } from "./board/board"
import { servePort } from "./iscsi/portal"
import { Port } from "./iscsi/port"
import { reapTasks } from "./iscsi/task"
import { serveLink } from "./pair/link"
import { servePair } from "./pair/pair"
import { endTurn } from "./store/storage"

/** Rounds so far: the heartbeat wants to see it grow. */
export let turns = 0

/** An idle board looks after its own housekeeping at least so often. */
const IDLE_MS = 5

export async function mainLoop(board: Board, ports: Port[]) {
    for (;;) {
        turns++
        let worked = false
        for (let i = 0; i < ports.length; ++i)
            if (ports[i].isActive && (await servePort(ports[i]))) worked = true
        if (await serveLink()) worked = true
        if (await servePair()) worked = true
        reapTasks()
        endTurn()
        if (!worked) await board.idle(IDLE_MS)
    }
}
