/** A board with any program, and no chips, in virtual time. */
import { DoorPin } from "../../../src/board/door.ts"
import { Board, type FirmwarePanic } from "../../../devs/bench/board.ts"
import { instantCpu, type Cpu } from "../../../devs/bench/cpu.ts"
import { Strength, Wire } from "../../../devs/bench/wires.ts"
import { Random } from "../../../devs/sim/random.ts"
import { World } from "../../../devs/sim/world.ts"
import { plainVmWasm, type VmBuild } from "../../../devs/vm/instance.ts"
import { buildProgram } from "../../../devs/vm/program.ts"

export interface LoneOptions {
    vm?: VmBuild
    cpu?: Cpu
    settings?: Record<string, unknown>
    clockRate?: number
    /** called at each line of the console, as it is written */
    onLine?(line: string): void
}

export class LoneBoard {
    readonly world = new World()
    readonly lines: string[] = []
    readonly panics: FirmwarePanic[] = []
    halts = 0
    /** the reset line, and a wire that the program leaves alone */
    readonly runLine = new Wire()
    readonly spare = new Wire()
    readonly board: Board

    /** @param entry the program, below the repository's folder */
    constructor(entry: string, options: LoneOptions = {}) {
        const random = new Random(1)
        this.runLine.a.pull({ level: 1, strength: Strength.ExternalPull })
        this.board = new Board(this.world, {
            name: "lone",
            deviceId: "0011223344556677",
            program: buildProgram(entry),
            settings: options.settings ?? {},
            chips: [],
            spiBus: 0,
            wiring: {
                selects: {},
                wires: { [DoorPin.Fence]: this.spare.a },
                outputs: {},
                resets: [],
                resetsProcessor: true,
                hasPullUp: true,
            },
            run: this.runLine.b,
            vm: options.vm ?? { wasm: plainVmWasm() },
            cpu: () => options.cpu ?? instantCpu,
            random: size => random.bytes(size),
            clockRate: options.clockRate,
            onConsole: line => {
                this.lines.push(line)
                options.onLine?.(line)
            },
            onHalt: () => void this.halts++,
            onPanic: panic => void this.panics.push(panic),
        })
        this.board.setPower(true)
    }

    run(us: number) {
        this.world.runUntil(this.world.now + us)
    }

    /** Runs until a line like this has been written. */
    until(line: RegExp, limitUs = 60e6) {
        this.world.runWhile(
            () => !this.lines.some(l => line.test(l)),
            limitUs,
            `a line like ${line}`,
        )
    }
}
