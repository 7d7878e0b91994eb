/**
 * The USB port's own service: who listens tells the board to send its Jacdac
 * frames, and is answered with the same command (jacdac-c, `jd_usb.c`).
 */
import { crc16 } from "../vm/jacdac.ts"

const BRIDGE_CLASS = 0x18f61a4a
/** In place of the device: all that have the service. */
const BROADCAST = 0xaaaaaaaa
const BROADCAST_INDEX = 0x3d
const FLAG_COMMAND = 1
const FLAG_TO_CLASS = 4
const FLAG_LOOPBACK = 0x40

export enum BridgeCommand {
    DisablePackets = 0x80,
    EnablePackets = 0x81,
    DisableLog = 0x82,
    EnableLog = 0x83,
    /** the answer to what is none of these */
    Unknown = 0xff,
}

export function bridgeFrame(command: BridgeCommand): Uint8Array {
    const f = Buffer.alloc(16)
    f[2] = 4
    f[3] = FLAG_TO_CLASS | FLAG_COMMAND | FLAG_LOOPBACK
    f.writeUInt32LE(BRIDGE_CLASS, 4)
    f.writeUInt32LE(BROADCAST, 8)
    f[13] = BROADCAST_INDEX
    f.writeUInt16LE(command, 14)
    f.writeUInt16LE(crc16(f.subarray(2)), 0)
    return f
}

/** @returns the command, of a frame that is for the port itself */
export function bridgeCommand(frame: Uint8Array): number | undefined {
    const f = Buffer.from(frame)
    const isOurs = f[3] & FLAG_TO_CLASS && f.readUInt32LE(4) === BRIDGE_CLASS
    return isOurs ? f.readUInt16LE(14) : undefined
}
