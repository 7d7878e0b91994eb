/**
 * Pings: signs of life that answer the partner's. Frames may be late, whatever the
 * reason; an answer shows that the partner has heard us since we asked.
 */
import * as ds from "@devicescript/core"
import { Frame } from "../wire/link"
import { heardAnswer } from "./detector"
import { addFrame } from "./frames"
import { detector } from "./heartbeat"

/** Pings whose times are known: those of half a second. */
const KNOWN = 16

const sentAt: number[] = []
for (let i = 0; i < KNOWN; ++i) sentAt.push(0)
/** the last one that we have sent on this connection, and that has come */
let sent = 0
let came = 0

/** Begins with a connection. */
export function startPings() {
    sent = came = 0
}

/** Puts a ping into `out`; there must be room. */
export function addPing() {
    sent++
    sentAt[sent % KNOWN] = ds.millis()
    addFrame(Frame.Ping, 0, sent, came, 0)
}

/** @param answered the last of ours that the partner had when it sent it */
export function takePing(number: number, answered: number) {
    came = number
    if (answered === 0 || answered > sent || sent - answered >= KNOWN) return
    heardAnswer(detector, sentAt[answered % KNOWN])
}
