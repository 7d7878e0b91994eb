/**
 * Status lines: one when something that an operator sees has changed, and one
 * with counters at most every second while they grow. Quiet otherwise.
 */
import { Phase } from "../iscsi/conn"
import { Port } from "../iscsi/port"
import { freeTasks } from "../iscsi/task"
import { readCount } from "../iscsi/transfer"
import { Partner } from "../pair/detector"
import { strangers } from "../pair/lan"
import { lanState, strayBeats } from "../pair/lanbeat"
import { blocksCompared, different, verified } from "../pair/verify"
import { dirtyExtents } from "../store/dirtymap"
import { own } from "../store/pool"
import { cardHasFailed } from "../store/storage"
import {
    bytesBehind,
    isMarking,
    Mirroring,
    Mode,
    Volume,
} from "../store/volume"
import { event } from "./events"

const COUNTERS_MS = 1000
const MODES = [
    "waiting",
    "mirror",
    "filling",
    "alone",
    "resyncing",
    "joining",
    "mirrored",
]
/** What is said in place of the words that mean "sync". */
const MIRRORED = ["mirrored", "mirrored-async", "mirrored"]
const ALONE = ["alone", "alone", "unmirrored"]
const LAN = ["unused", "silent", "heard"]
const PARTNERS = ["unknown", "alive", "beat-lost", "link-lost", "silent"]

let lastStatus = ""
let lastCounters = 0
let countersAt = 0

/** What was said does not count: both lines come with the next `report`. */
export function forgetReported() {
    lastStatus = ""
    lastCounters = -1
    countersAt = -COUNTERS_MS
}

/** Sessions in full feature phase at a port. */
function sessions(port: Port): number {
    let n = 0
    for (let i = 0; i < port.conns.length; ++i)
        if (port.conns[i].phase === Phase.FullFeature) n++
    return n
}

function modeOf(v: Volume): string {
    if (v.mode === Mode.Mirrored) return MIRRORED[v.mirroring]
    // its partner has no home for it, and serves it in need
    if (v.mode === Mode.Alone) return ALONE[v.mirroring]
    return MODES[v.mode]
}

/** Call now and then. @param now milliseconds */
export function report(
    now: number,
    ports: Port[],
    volumes: Volume[],
    partner: Partner,
    isFencing: boolean,
) {
    let serves = ""
    let count = 0
    for (let i = 0; i < ports.length; ++i) {
        if (!ports[i].isActive) continue
        const name = ports[i].unit.volume.index === 0 ? "a" : "b"
        serves += serves === "" ? name : "," + name
        count += sessions(ports[i])
    }
    const status =
        `serves=${serves || "none"} volume.a=${modeOf(volumes[0])} ` +
        `volume.b=${modeOf(volumes[1])} partner=${PARTNERS[partner]} ` +
        `card=${cardHasFailed() ? "failed" : "ok"} sessions=${count} ` +
        `fence=${isFencing ? "held" : "released"} lan=${LAN[lanState(now)]}`
    if (status !== lastStatus) {
        lastStatus = status
        event("status " + status)
    }
    reportCounters(now, volumes)
}

function reportCounters(now: number, volumes: Volume[]) {
    if (now - countersAt < COUNTERS_MS) return
    let sum = readCount
    let text = `counters reads=${readCount}`
    for (let i = 0; i < volumes.length; ++i) {
        const v = volumes[i]
        const name = i === 0 ? "a" : "b"
        sum += v.appended + v.committed + v.durable
        text +=
            ` written.${name}=${v.appended} committed.${name}=${v.committed}` +
            ` durable.${name}=${v.durable} epoch.${name}=${v.epoch}` +
            ` dirty.${name}=${isMarking(v) ? dirtyExtents[i] : 0}`
        if (v.mirroring === Mirroring.Async)
            text += ` behind.${name}=${bytesBehind(v)}`
        if (verified[i] === 0) continue
        sum += verified[i]
        text += ` verified.${name}=${verified[i]} differ.${name}=${different[i]}`
    }
    const free = own.freeBlocks + blocksCompared()
    const spare = freeTasks()
    const others = strangers + strayBeats
    sum = (sum + others) * 1024 + free * 32 + spare
    if (sum === lastCounters) return
    text += ` pool=${free} tasks=${spare}`
    if (others > 0) text += ` strangers=${others}`
    lastCounters = sum
    countersAt = now
    event(text)
}
