/**
 * The door from the firmware to its board's pins and SPI bus: what
 * src/board/bench.ts asks for, by a control block in the VM's memory or with
 * the bytes of a transfer.
 */
import { CTL_COPIED, DoorOp, SPI_REFUSED } from "../../src/board/door.ts"
import type { VmInstance } from "../vm/instance.ts"
import { DoorWork, type Cpu } from "./cpu.ts"
import type { Idling } from "./idling.ts"
import type { BoardPins } from "./pins.ts"
import type { SpiController } from "./spi.ts"

/** Leaves a VM in the middle of what it does, for good. */
export class PowerLost extends Error {}

export interface DoorParts {
    pins: BoardPins
    spi: SpiController
    idling: Idling
    /** of the board's clock against the world's */
    rate: number
    /** none: the board has lost its power, or is held in reset */
    vm(): VmInstance | undefined
    cpu(): Cpu
    /** may take the board's power */
    beforeTransfer(bytes: number): void
    /** the VM shall hear in so many microseconds that its transfer is over */
    openAfter(us: number): void
}

export class Door {
    /** where the control block is; 0: the firmware has not told yet */
    private ctl = 0

    constructor(private readonly parts: DoorParts) {}

    /** The program is gone, and its control block. */
    close() {
        this.ctl = 0
    }

    /** @throws PowerLost when what was asked for has taken the VM's power */
    enter(ptr: number, len: number): number {
        const { memory } = this.parts.vm()!
        if (!this.ctl) {
            this.ctl = ptr
            return 0
        }
        if (ptr === this.ctl) return this.operation(memory)
        return this.transfer(memory, ptr, len)
    }

    private operation(memory: Uint8Array): number {
        const { pins, spi, idling, rate } = this.parts
        const cpu = this.parts.cpu()
        const at = this.ctl
        switch (memory[at]) {
            case DoorOp.PinMode:
                cpu.forgive(DoorWork.PinMode)
                cpu.charge(cpu.pinModeUs)
                pins.setMode(memory[at + 1], memory[at + 2])
                if (!this.parts.vm()) throw new PowerLost() // by its own reset line
                return 0
            case DoorOp.PinRead:
                cpu.forgive(DoorWork.PinRead)
                cpu.charge(cpu.pinReadUs)
                return pins.level(memory[at + 1])
            case DoorOp.SpiConfigure:
                spi.configure(wordAt(memory, at + 4))
                return 0
            case DoorOp.SpiSendOnly:
                spi.sendOnly()
                return 0
            case DoorOp.SpiReceiveOnly:
                spi.receiveOnly()
                return 0
            case DoorOp.Idle:
                cpu.forgive(DoorWork.Idle)
                idling.begin((wordAt(memory, at + 4) * 1000) / rate)
                return 0
        }
        throw new Error(`the firmware asks the door for ${memory[at]}`)
    }

    private transfer(memory: Uint8Array, ptr: number, len: number): number {
        const { spi } = this.parts
        const cpu = this.parts.cpu()
        cpu.forgive(DoorWork.Transfer)
        const copied = this.ctl + CTL_COPIED
        if (memory[copied]) {
            memory[copied] = 0
            cpu.forgive(DoorWork.Copy)
        }
        this.parts.beforeTransfer(len)
        if (!this.parts.vm()) throw new PowerLost()
        const busUs = spi.transfer(memory.subarray(ptr, ptr + len))
        if (busUs < 0) return SPI_REFUSED
        cpu.charge(cpu.spiFixedUs)
        if (busUs < Infinity) this.parts.openAfter(busUs)
        return 0
    }
}

function wordAt(memory: Uint8Array, at: number) {
    const high = (memory[at + 3] << 8) | memory[at + 2]
    return ((high << 16) | (memory[at + 1] << 8) | memory[at]) >>> 0
}
