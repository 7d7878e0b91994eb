/** A board with any program, and no chips, in virtual time. */
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
    /** called at each line of the console, as it is written */
    onLine?(line: string): void
}

export class LoneBoard {
    readonly world = new World()
    readonly lines: string[] = []
    readonly panics: FirmwarePanic[] = []
    readonly board: Board

    /** @param entry the program, below the repository's folder */
    constructor(entry: string, options: LoneOptions = {}) {
        const random = new Random(1)
        const run = new Wire()
        run.a.pull({ level: 1, strength: Strength.ExternalPull })
        this.board = new Board(this.world, {
            name: "lone",
            deviceId: "0011223344556677",
            program: buildProgram(entry),
            settings: options.settings ?? {},
            chips: [],
            spiBus: 0,
            wires: {},
            outputs: {},
            run: run.b,
            vm: options.vm ?? { wasm: plainVmWasm() },
            cpu: () => options.cpu ?? instantCpu,
            random: size => random.bytes(size),
            onConsole: line => {
                this.lines.push(line)
                options.onLine?.(line)
            },
            onPanic: panic => void this.panics.push(panic),
        })
        this.board.setPower(true)
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
