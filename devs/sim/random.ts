/** Randomness that a seed repeats. */
import { uniformInt } from "pure-rand/distribution/uniformInt"
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus"

/** What comes first of a generator is still much like its seed. */
const WARM_UP = 32

/** Spreads seeds, for neighbouring ones make neighbouring numbers. */
function scramble(seed: number) {
    let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    return h ^ (h >>> 16)
}

export class Random {
    private readonly rng

    constructor(readonly seed: number) {
        this.rng = xoroshiro128plus(scramble(seed))
        for (let i = 0; i < WARM_UP; i++) this.rng.next()
    }

    /** Uniform between `min` and `max`, both included. */
    int(min: number, max: number) {
        return uniformInt(this.rng, min, max)
    }

    /** Uniform in [0, 1). */
    unit() {
        return this.int(0, 0x7fffffff) / 0x80000000
    }

    /** True with this probability. */
    chance(probability: number) {
        return this.unit() < probability
    }

    pick<T>(from: readonly T[]): T {
        return from[this.int(0, from.length - 1)]
    }

    bytes(size: number) {
        return Uint8Array.from({ length: size }, () => this.int(0, 255))
    }

    /** Log-normal: half of the values are below `median`. */
    logNormal(median: number, sigma: number) {
        const u = 1 - this.unit()
        const normal =
            Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * this.unit())
        return median * Math.exp(sigma * normal)
    }

    /** A generator of its own, so that its use does not disturb others. */
    fork() {
        return new Random(this.int(0, 0x7fffffff))
    }
}
