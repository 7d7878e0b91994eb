/** Where a board's modelled time goes, opcode by opcode. */
import { DoorWork, PicoCpu } from "../bench/cpu.ts"
import { BOARD_NAMES, type BoardName, type Speed } from "../bench/pair.ts"
import { countingVm } from "../vm/counting.ts"
import type { Program } from "../vm/program.ts"

/** Work of `src/board`, in processor time without the wire's. */
interface Asked {
    spiTransfers: number
    spiUs: number
    pinUs: number
}

/** What a function itself does, and what it asks of `src/board`. */
export interface FunctionUse extends Asked {
    name: string
    file: string
    line: number
    us: number
    opcodes: number
    calls: number
}

/** The VM counts program counters in 16 bits. */
const CODE_SIZE = 0x10000
const BOARD = "src/board/"
/** Its opcodes are not a board's; the bench takes them off. */
export const DOOR = "src/board/bench.ts"

const isTransfer = (f: FunctionUse) => f.file === DOOR && f.name === "spiXfer"
/** Whether SPI and pins are asked for by this function. */
const isUser = ({ file }: FunctionUse) =>
    file.startsWith("src/") && !file.startsWith(BOARD)

const nothing = (): Asked => ({ spiTransfers: 0, spiUs: 0, pinUs: 0 })

function give(from: Asked, to: Asked) {
    for (const key of ["spiTransfers", "spiUs", "pinUs"] as const) {
        to[key] += from[key]
        from[key] = 0
    }
}

/** One board's time by function. */
class BoardProfile {
    readonly uses: FunctionUse[] = []
    private readonly byPc: FunctionUse[] = []
    private readonly starts = new Set<number>()
    private cpu?: PicoCpu
    private current: FunctionUse
    private lastUs = 0
    private isOn = false
    private passing = DoorWork.Transfer
    private readonly asked = nothing()
    /** the same for the transfer under way, during which other fibers run */
    private readonly onBus = nothing()
    private isBusy = false

    constructor({ symbols }: Program) {
        symbols.allFunctions.forEach(({ name, startpc }, i, all) => {
            const { file, line } = symbols.place(startpc)
            const counts = { us: 0, opcodes: 0, calls: 0, ...nothing() }
            const use = { name, file, line, ...counts }
            this.uses.push(use)
            this.starts.add(startpc)
            const end = all[i + 1]?.startpc ?? CODE_SIZE
            for (let pc = startpc; pc < end; ++pc) this.byPc[pc] = use
        })
        this.current = this.uses[0]
    }

    attach(cpu: PicoCpu) {
        this.cpu = cpu
        this.lastUs = 0
    }

    /** Forgets what was and counts from now on, or no longer. */
    count(on: boolean) {
        this.isOn = on
        if (!on) return
        this.lastUs = this.cpu?.usedUs() ?? 0
        for (const u of this.uses)
            Object.assign(u, { us: 0, opcodes: 0, calls: 0, ...nothing() })
    }

    /** An opcode begins: what was spent since the last one is the last one's. */
    opcode(pc: number) {
        if (!this.isOn || !this.cpu) return
        const us = this.cpu.usedUs()
        this.current.us += us - this.lastUs
        this.lastUs = us
        const use = this.byPc[pc]
        use.opcodes++
        if (this.starts.has(pc)) use.calls++
        // back from its wait, and not on its way there
        if (use !== this.current && isTransfer(use)) this.isBusy = false
        if (isUser(use)) {
            give(this.asked, use)
            if (!this.isBusy) give(this.onBus, use)
        }
        this.current = use
    }

    /** The door takes its own work off, and then charges a Pico's. */
    passes(what: DoorWork) {
        // a copy is taken off besides the transfer that it is for
        if (what !== DoorWork.Copy) this.passing = what
    }

    charged(us: number) {
        if (!this.isOn) return
        this.lastUs += us
        if (this.passing === DoorWork.Transfer) {
            give(this.asked, this.onBus)
            this.onBus.spiTransfers++
            this.onBus.spiUs += us
            this.isBusy = true
        } else this.asked.pinUs += us
    }
}

class ProfiledCpu extends PicoCpu {
    constructor(private readonly profile: BoardProfile) {
        super()
    }

    override attach(exports: WebAssembly.Exports) {
        super.attach(exports)
        this.profile.attach(this)
    }

    override forgive(what: DoorWork) {
        super.forgive(what)
        this.profile.passes(what)
    }

    override charge(us: number) {
        super.charge(us)
        this.profile.charged(us)
    }
}

/** A Pico's speed, with a profile of both boards. */
export class Profiler {
    readonly speed: Speed
    private readonly profiles: Record<BoardName, BoardProfile>

    constructor(program: Program) {
        const profiles = {
            a: new BoardProfile(program),
            b: new BoardProfile(program),
        }
        this.profiles = profiles
        this.speed = {
            vm: board => countingVm(pc => profiles[board].opcode(pc)),
            cpu: board => new ProfiledCpu(profiles[board]),
        }
    }

    count(on: boolean) {
        for (const name of BOARD_NAMES) this.profiles[name].count(on)
    }

    functions(board: BoardName): FunctionUse[] {
        return this.profiles[board].uses
    }
}
