/** Silence on one channel is a broken wire: a board that can be heard is left alone. */
import { other } from "../../bench/pair.ts"
import { faults } from "../faults/index.ts"
import type { Check } from "./check.ts"

/** So long after a fault is over, its silence may still be judged. */
const AFTERMATH_US = 500_000

/**
 * A channel that broke so short a time ago may have been silent for a moment
 * when the other broke: that looks as a death does.
 */
const JUST_NOW_US = 150_000

/** A frame so short a time ago has been heard, unless the link is bad. */
const HEARD_US = 30_000

/** What a fault keeps a board's partner from hearing. */
const SILENCES: Record<string, ("beat" | "link")[]> = {
    "cable-out": ["beat", "link"],
    "card-replaced": ["beat", "link"],
    "spi-noise": ["link"],
    "fence-stuck-low": ["beat", "link"],
    "chip-upset": ["link"],
    "chip-reset": ["link"],
    "chip-address": ["link"],
    // the line still speaks, but a busy moment of the link looks as a death
    "beat-missing": ["beat", "link"],
    "beat-jitter": ["beat", "link"],
}

function silencedBy(name: string): ("beat" | "link")[] {
    if (SILENCES[name]) return SILENCES[name]
    if (name.startsWith("beat-")) return ["beat"]
    if (name.startsWith("link-")) return ["link"]
    return faults.get(name)?.family === "power" ? ["beat", "link"] : []
}

export const noNeedlessFence: Check = {
    name: "no-needless-fence",
    promise: "no board is fenced that its partner can hear on either channel",
    watch(scene) {
        const found: string[] = []
        const spokeAt = { a: -Infinity, b: -Infinity }
        scene.onCable.push((packet, from) => {
            const name = from === scene.node("a").link ? "a" : "b"
            if (packet.kind === "tcp" && packet.data.length)
                spokeAt[name] = scene.world.now
            return packet
        })
        const playsDead = { a: false, b: false }
        scene.onEvent.push((board, text) => {
            if (text === "starting") playsDead[board] = false
            if (/^card failed: leaving/.test(text)) playsDead[board] = true
            if (!/^fencing after/.test(text) || playsDead[other(board)]) return
            const { now } = scene.world
            const recent = scene.recent(now - AFTERMATH_US)
            const silent = new Set(recent.flatMap(f => silencedBy(f.name)))
            const isNew = recent.some(
                f =>
                    f.from > now - JUST_NOW_US && silencedBy(f.name).length > 0,
            )
            const isHeard =
                !silent.has("link") && now - spokeAt[other(board)] < HEARD_US
            if (isHeard || (silent.size < 2 && !isNew))
                found.push(
                    `${board} fences ${other(board)} at ` +
                        `${Math.round(now / 1000)} ms, which it could hear`,
                )
        })
        return () => found
    },
}
