/** What host and card have agreed on since the card got its power (7.2.1). */
import type { Random } from "../../sim/random.ts"
import {
    DEFAULT_SPEED_HZ,
    HIGH_SPEED_HZ,
    INIT_HZ,
    POWER_UP_BYTES,
    VHS,
} from "./protocol.ts"

const HCS = 0x40000000
const SWITCH = 0x80000000
/** CMD6: keep the function as it is, or answer that there is none such. */
const NO_FUNCTION = 15

export interface IdentificationOptions {
    isBlockAddressed: boolean
    hasHighSpeed: boolean
    /** from the first ACMD41 to ready */
    initUs(r: Random): number
}

export class Identification {
    /** bytes' worth of clocks before the first command */
    private clocksSeen = 0
    /** CMD0 has come: until then it is an SD card in SD mode, and silent */
    inSpiMode = false
    isInitialised = false
    isCrcOn = false
    private hasSeenCmd8 = false
    private isFast = false
    private readyAt?: number

    constructor(
        private readonly opts: IdentificationOptions,
        private readonly random: Random,
    ) {}

    reset() {
        this.clocksSeen = 0
        this.inSpiMode = this.isInitialised = this.isCrcOn = false
        this.hasSeenCmd8 = this.isFast = false
        this.readyAt = undefined
    }

    clocks(bytes: number) {
        this.clocksSeen += bytes
    }

    get isAwake() {
        return this.clocksSeen >= POWER_UP_BYTES
    }

    canFollow(hz: number) {
        if (!this.isInitialised) return hz <= INIT_HZ
        return hz <= (this.isFast ? HIGH_SPEED_HZ : DEFAULT_SPEED_HZ)
    }

    /** CMD8. @returns the voltage range that the card accepts, or 0 */
    sendIfCond(arg: number): number {
        const vhs = (arg >> 8) & 15
        if (vhs !== VHS) return 0
        this.hasSeenCmd8 = true
        return vhs
    }

    /**
     * ACMD41. A high-capacity card waits for ever for a host that cannot use
     * it; HCS of a host that has not asked with CMD8 does not count (4.2.3).
     */
    sendOpCond(arg: number, now: number) {
        this.readyAt ??= now + this.opts.initUs(this.random)
        const isHcs = (arg & HCS) !== 0 && this.hasSeenCmd8
        if (now >= this.readyAt && (isHcs || !this.opts.isBlockAddressed))
            this.isInitialised = true
    }

    /** CMD6. @returns the function of group 1, as its answer has it */
    switchFunction(arg: number): number {
        const wanted = arg & 15
        const best = this.opts.hasHighSpeed ? 1 : 0
        if (wanted === NO_FUNCTION) return this.isFast ? 1 : 0
        if (wanted > best) return NO_FUNCTION
        if (arg & SWITCH) this.isFast = wanted === 1
        return wanted
    }
}
