/** What may break. */
import type { BoardName } from "../../bench/pair.ts"
import type { Random } from "../../sim/random.ts"
import type { Scene } from "../scene.ts"

export type Family =
    "power" | "link" | "wires" | "lan" | "chips" | "card" | "hosts" | "operator"

export interface Fault {
    name: string
    family: Family
    /** shortest and longest, in milliseconds; none: over at once */
    lastsMs?: [number, number]
    /**
     * Begins it.
     * @param random decides where and how; the same again repeats it
     */
    begin(scene: Scene, random: Random): Begun
}

export interface Begun {
    /** what exactly, for people */
    what: string
    /** whose signs of life it keeps from the partner; none: of either */
    hides?: BoardName
    /** Ends it: when its time is over, or when all is healed. */
    end?(): void
}
