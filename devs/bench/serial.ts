/** A board's serial line, from a computer's side: Jacdac frames to the VM. */
import type { VmInstance } from "../vm/instance.ts"

/** There is nobody at the other end of a board's serial line. */
export class Unreachable extends Error {
    constructor(board: string, why: string) {
        super(`board ${board} ${why}`)
    }
}

export class SerialLine {
    /** on their way, oldest first */
    private readonly frames: Uint8Array[] = []

    /** Whether frames are on their way. */
    get isBusy() {
        return this.frames.length > 0
    }

    send(frame: Uint8Array) {
        this.frames.push(frame)
    }

    /** Hands over one frame: a line is slow, and the VM's queue is short. */
    deliver(vm: VmInstance) {
        const frame = this.frames.shift()
        if (frame) vm.receive(frame)
    }

    /** Who was to hear them is gone. */
    clear() {
        this.frames.length = 0
    }
}
